// The order of levels. Strings do not sort by danger; this does.

import type { Level, Message } from "./wire";

export const LEVELS: readonly Level[] = ["none", "low", "moderate", "high", "imminent"];

export const rank = (level: Level): number => LEVELS.indexOf(level);

/** Whether a level is `high` or above: a case is open, and closing takes a second person. */
export const isCrisis = (level: Level): boolean => rank(level) >= 3;

export interface Rise {
  readonly seq: number;
  readonly at: string;
  readonly level: Level;
}

/** Where a conversation's level rose, read from what screening said of each message. It never falls by itself. */
export function rises(messages: readonly Message[]): Rise[] {
  const found: Rise[] = [];
  let highest: Level = "none";
  for (const { seq, at, assessment } of messages) {
    if (!assessment || rank(assessment.level) <= rank(highest)) continue;
    highest = assessment.level;
    found.push({ seq, at, level: highest });
  }
  return found;
}
