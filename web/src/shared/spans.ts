// Cuts a text where screening marked it. Spans count Unicode code points; JavaScript strings count UTF-16 units.

import type { Span } from "./wire";

export interface Piece {
  readonly text: string;
  /** Why it is marked, one reason for each span that covers it; empty for plain text. */
  readonly reasons: readonly string[];
}

/** The text in order, cut at every edge of a span. Spans may overlap; those outside the text are cut to it. */
export function mark(text: string, spans: readonly Span[]): Piece[] {
  const points = Array.from(text);
  const inside = spans
    .map((span) => ({
      ...span,
      start: Math.max(0, Math.min(span.start, points.length)),
      end: Math.max(0, Math.min(span.end, points.length)),
    }))
    .filter((span) => span.start < span.end);
  const edges = new Set([0, points.length]);
  for (const span of inside) edges.add(span.start).add(span.end);
  const cuts = [...edges].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  for (let index = 0; index + 1 < cuts.length; index += 1) {
    const [start, end] = [cuts[index]!, cuts[index + 1]!];
    const covering = inside.filter((span) => span.start <= start && span.end >= end);
    const reasons = [...new Set(covering.map((span) => span.reason))];
    pieces.push({ text: points.slice(start, end).join(""), reasons });
  }
  return pieces;
}

/** How many code points a text has: the unit of the 4,000 limit. */
export function length(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
