// A level as colour, word and shape together: never by colour alone.

import type { Level } from "./wire";
import { levelWord } from "./words";

const SHAPE: Record<Level, string> = {
  none: "M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0 1.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z",
  low: "M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
  moderate: "M2 2h8v8H2Z",
  high: "M6 .8 11.2 6 6 11.2.8 6Z",
  imminent: "M6 .6 11.6 11H.4ZM5.4 4.2v3.6h1.2V4.2Zm0 4.4v1.2h1.2V8.6Z",
};

export function LevelBadge({ level, testid }: { level: Level; testid?: string }) {
  return (
    <span class={`level level-${level}`} data-level={level} data-testid={testid}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path fill-rule="evenodd" d={SHAPE[level]} />
      </svg>
      {levelWord(level)}
    </span>
  );
}
