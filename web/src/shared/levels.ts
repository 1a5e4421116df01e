// The order of levels. Strings do not sort by danger; this does.

import type { Level } from "./wire";

export const LEVELS: readonly Level[] = ["none", "low", "moderate", "high", "imminent"];

export const rank = (level: Level): number => LEVELS.indexOf(level);

/** Whether a level is `high` or above: a case is open, and closing takes a second person. */
export const isCrisis = (level: Level): boolean => rank(level) >= 3;
