// What has been written and is not yet known to be on the server: an ordered list, as pure functions.
//
// Items leave one at a time and in order. The server knows each by its id, so sending one again after a lost
// answer stores nothing twice. Nothing here drops an item: it goes when it is settled, or when its writer takes it.

export type Kind = "say" | "leave";

export interface Item {
  readonly id: string;
  readonly kind: Kind;
  readonly text: string;
  readonly contact?: string;
  /** When it was written, in ms since the epoch. */
  readonly at: number;
  /** How often it has been tried without success. */
  readonly tries: number;
  /** Not to be sent again before this moment, in ms since the epoch. */
  readonly notBefore: number;
  /** The code of the last refusal, or null. */
  readonly refusal: string | null;
  /** Held items wait for their writer (edit, try again), and let later ones pass. */
  readonly held: boolean;
}

export type Outbox = readonly Item[];

export type Next = { item: Item } | { wait: number } | null;

/** Refusals that pass by themselves. Any other code needs the writer. */
const PASSING = new Set(["rate_limited", "unavailable", "internal", "no_answer"]);
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

export function newItem(id: string, kind: Kind, text: string, now: number, contact?: string): Item {
  const item = { id, kind, text, at: now, tries: 0, notBefore: 0, refusal: null, held: false };
  return contact ? { ...item, contact } : item;
}

export function add(box: Outbox, item: Item): Outbox {
  return box.some((other) => other.id === item.id) ? box : [...box, item];
}

export function remove(box: Outbox, id: string): Outbox {
  return box.filter((item) => item.id !== id);
}

/** Takes out what the server shows that it has, an acknowledgement lost on the way included. */
export function settle(box: Outbox, ids: Iterable<string>): Outbox {
  const known = new Set(ids);
  return box.some((item) => known.has(item.id)) ? box.filter((item) => !known.has(item.id)) : box;
}

/** What may leave now, or in how many ms to look again; null when nothing waits to leave. */
export function next(box: Outbox, now: number): Next {
  const item = box.find((candidate) => !candidate.held);
  if (!item) return null;
  return item.notBefore > now ? { wait: item.notBefore - now } : { item };
}

/** Doubles from one second up to thirty. */
export function pause(tries: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.max(0, tries - 1));
}

/** After a refusal: wait and try again where that can help, else hold the item for its writer. */
export function refuse(box: Outbox, id: string, code: string, retryAfter: number | null, now: number): Outbox {
  return box.map((item) => {
    if (item.id !== id) return item;
    const tries = item.tries + 1;
    if (!PASSING.has(code)) return { ...item, tries, refusal: code, held: true };
    const wait = retryAfter === null ? pause(tries) : retryAfter * 1_000;
    return { ...item, tries, refusal: code, notBefore: now + wait };
  });
}

/** The writer says: try again, now. */
export function release(box: Outbox, id: string): Outbox {
  return box.map((item) => (item.id === id ? { ...item, held: false, notBefore: 0, refusal: null } : item));
}

/** A new connection is a new chance: pauses that only a failing server caused end. */
export function reconnected(box: Outbox): Outbox {
  return box.map((item) => (item.refusal === "rate_limited" || item.held ? item : { ...item, notBefore: 0 }));
}

/** Reads what a former page kept; anything that is not an item is left out rather than breaking the page. */
export function parse(text: string | null): Outbox {
  if (!text) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.filter(
    (item: unknown): item is Item =>
      typeof item === "object" &&
      item !== null &&
      typeof (item as Item).id === "string" &&
      typeof (item as Item).text === "string" &&
      ((item as Item).kind === "say" || (item as Item).kind === "leave") &&
      typeof (item as Item).notBefore === "number",
  );
}
