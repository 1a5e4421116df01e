// One case: what the server says of it, and the steps one can ask for.

import { signal } from "@preact/signals";
import { boot } from "../shared/boot";
import { call, type Reply } from "../shared/api";
import { keepIn } from "../shared/keep";
import { why } from "../shared/refusals";
import { trouble } from "../shared/staff";
import type { CaseWhole } from "../shared/wire";
import { t } from "../shared/words";

const id = boot.case_id ?? "";
const path = `/api/cases/${encodeURIComponent(id)}`;
const keep = keepIn(() => sessionStorage);

export const room = signal<CaseWhole | null>(null);
/** After a step that came out of order: what is open instead. */
export const instead = signal<readonly string[] | null>(null);

export async function refreshRoom(): Promise<void> {
  const reply = await call<CaseWhole>(path);
  if (reply.ok) room.value = reply.body;
  else trouble.value = t("cases.not_loaded");
}

/** Takes a step. Empty when it was taken, else what to tell; the form keeps what was written either way. */
export async function take(step: string, form: object): Promise<string> {
  instead.value = null;
  const reply: Reply<{ case: unknown }> = await call(`${path}/${step}`, form);
  if (reply.ok) {
    forget(step);
    await refreshRoom();
    return "";
  }
  if (reply.status !== 409) return why(reply.error);
  instead.value = reply.error.allowed ?? [];
  await refreshRoom();
  return t("case.out_of_order");
}

const draftKey = (step: string): string => `station.case.${id}.${step}`;

/** What was begun in a step's form, kept over a reload in this tab. */
export function draftOf<T extends object>(step: string, blank: T): T {
  try {
    return { ...blank, ...(JSON.parse(keep.get(draftKey(step)) ?? "{}") as Partial<T>) };
  } catch {
    return blank;
  }
}

export const keepDraft = (step: string, form: object): void => keep.set(draftKey(step), JSON.stringify(form));
const forget = (step: string): void => keep.drop(draftKey(step));
