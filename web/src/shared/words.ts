// Words from the catalogue. The shell carries those that the page's script names; see build.mjs.

import { boot } from "./boot";
import type { Help, Level, PhaseName, Role, Status } from "./wire";

export type Facts = Record<string, string | number>;

/** Puts facts into a sentence: "{n} ahead of you" with n. A name without a fact stays as it is. */
export function fill(sentence: string, facts: Facts = {}): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in facts ? String(facts[name]) : whole,
  );
}

/** The words for a key; the key itself when the catalogue lacks it, so that nothing is ever blank. */
export function t(key: string, facts?: Facts): string {
  return fill(boot.words[key] ?? key, facts);
}

const LEVEL: Record<Level, string> = {
  none: "level.none",
  low: "level.low",
  moderate: "level.moderate",
  high: "level.high",
  imminent: "level.imminent",
};

const PHASE: Record<PhaseName, string> = {
  bot: "phase.bot",
  waiting: "phase.waiting",
  live: "phase.live",
  closed: "phase.closed",
};

const ROLE: Record<Role, string> = {
  counsellor: "role.counsellor",
  clinician: "role.clinician",
  responder: "role.responder",
  supervisor: "role.supervisor",
  administrator: "role.administrator",
};

const STATUS: Record<Status, string> = {
  available: "status.available",
  busy: "status.busy",
  away: "status.away",
};

const HELP: Record<Help, string> = {
  none: "help.none",
  alarmed: "help.alarmed",
  acknowledged: "help.acknowledged",
  unanswered: "help.unanswered",
};

const CASE_STATUS: Record<string, string | undefined> = {
  open: "case.status_open",
  acknowledged: "case.status_acknowledged",
  assessed: "case.status_assessed",
  closed: "case.status_closed",
};

export const caseStatusWord = (status: string): string => {
  const key = CASE_STATUS[status];
  return key ? t(key) : status;
};

export const levelWord = (level: Level): string => t(LEVEL[level]);
export const phaseWord = (phase: PhaseName): string => t(PHASE[phase]);
export const roleWord = (role: Role): string => t(ROLE[role]);
export const statusWord = (status: Status): string => t(STATUS[status]);
export const helpWord = (help: Help): string => t(HELP[help]);
