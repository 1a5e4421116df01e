// How staff pages name things that arrive as codes.

import { t } from "./words";

/** The end of an id: enough to tell two conversations apart aloud. */
export const shortId = (id: string): string => `#${id.slice(-5)}`;

const LANGUAGE: Record<string, string | undefined> = { zh: "staff.language_zh", en: "staff.language_en" };

/** The word for a code; the code itself where there is none, so that nothing a server says is hidden. */
function named(words: Record<string, string | undefined>, code: string | null | undefined): string {
  const key = words[code ?? ""];
  return key ? t(key) : (code ?? "");
}

export const language = (code: string | null | undefined): string => named(LANGUAGE, code);

const TOPIC: Record<string, string | undefined> = {
  family: "topic.family",
  relationships: "topic.relationships",
  school: "topic.school",
  work: "topic.work",
  loneliness: "topic.loneliness",
  sleep: "topic.sleep",
  body: "topic.body",
  money: "topic.money",
  other: "topic.other",
};

export const topicWord = (topic: string | null | undefined): string => named(TOPIC, topic);

const CATEGORY: Record<string, string | undefined> = {
  past_attempt: "category.past_attempt",
  passive_ideation: "category.passive_ideation",
  active_ideation: "category.active_ideation",
  method: "category.method",
  plan: "category.plan",
  attempt_in_progress: "category.attempt_in_progress",
  farewell: "category.farewell",
  self_harm: "category.self_harm",
  harm_to_others: "category.harm_to_others",
  abuse: "category.abuse",
  psychosis_or_confusion: "category.psychosis_or_confusion",
  eating_disorder_danger: "category.eating_disorder_danger",
  third_party: "category.third_party",
};

export const categoryWord = (category: string): string => named(CATEGORY, category);

interface Said {
  summary?: string | null;
  messages?: number;
  categories?: string[];
}

/** What is known of a conversation in one line: how much was written, and what screening found in it. */
export function briefly(said: Said): string {
  if (said.messages === undefined) return said.summary ?? "";
  const found = (said.categories ?? []).map(categoryWord);
  return [t("desk.messages", { n: said.messages }), ...found].join(" · ");
}
