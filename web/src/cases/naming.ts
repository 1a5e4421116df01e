// How the case pages name steps, outcomes and what a step's form said.

import { levelWord, t } from "../shared/words";
import type { Level } from "../shared/wire";
import { LEVELS } from "../shared/levels";

type Words = Record<string, string | undefined>;

const named = (words: Words, code: string): string => {
  const key = words[code];
  return key ? t(key) : code;
};

const STEP: Words = {
  opened: "step.opened",
  raised: "step.raised",
  acknowledge: "step.acknowledge",
  assess: "step.assess",
  contact: "step.contact",
  plan: "step.plan",
  look_up: "step.look_up",
  stop_live: "step.stop_live",
  lock: "step.lock",
  refer: "step.refer",
  confirm: "step.confirm",
  observe: "step.observe",
  close: "step.close",
  review: "step.review",
};

export const OUTCOMES = [
  ["safe_by_agreement", "outcome.safe_by_agreement"],
  ["rescued", "outcome.rescued"],
  ["taken_to_hospital", "outcome.taken_to_hospital"],
  ["not_found", "outcome.not_found"],
  ["handed_on", "outcome.handed_on"],
  ["false_alarm", "outcome.false_alarm"],
  ["died", "outcome.died"],
] as const;

const OUTCOME: Words = Object.fromEntries(OUTCOMES);

const SUBJECT: Words = { writer: "case.subject_writer", other: "case.subject_other" };

const FACT: Words = {
  level: "fact.level",
  was: "fact.was",
  source: "fact.source",
  seq: "fact.seq",
  reason: "fact.reason",
  grade: "fact.grade",
  begun: "fact.begun",
  means: "fact.means",
  alone: "fact.alone",
  false_alarm: "fact.false_alarm",
  outcome: "fact.outcome",
  confirmed: "fact.confirmed",
  round: "fact.round",
};

const BY: Words = { screening: "fact.screening", station: "shared.brand", clock: "shared.brand" };

export const stepWord = (step: string): string => named(STEP, step);
export const outcomeWord = (outcome: string): string => named(OUTCOME, outcome);
export const subjectWord = (subject: string): string => named(SUBJECT, subject);
export const factWord = (name: string): string => named(FACT, name);
export const byWord = (name: string): string => named(BY, name);

/** What a form said, as a person says it. A missing answer is "not known", never "no". */
export function factValue(value: unknown): string {
  if (value === null || value === undefined) return t("case.unknown");
  if (value === true) return t("shared.yes");
  if (value === false) return t("shared.no");
  if (typeof value === "string") {
    if ((LEVELS as readonly string[]).includes(value)) return levelWord(value as Level);
    return OUTCOME[value] ? outcomeWord(value) : byWord(value);
  }
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
