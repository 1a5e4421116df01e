// The desk itself: who I am here, who waits, what is offered to me, and the commands.

import { signal } from "@preact/signals";
import { isCrisis } from "../shared/levels";
import { why } from "../shared/refusals";
import { ask } from "../shared/socket";
import { hearCase, knowCases, trouble } from "../shared/staff";
import type { Answer, CaseEvent, CaseRow, Level, Offer, Opened, Person, Roster, Status, Waiting } from "../shared/wire";
import { t } from "../shared/words";
import { dropTalk, known, opened, reopen, select, socket, talks } from "./talks";

export const status = signal<Status>("away");
export const capacity = signal(0);
export const seniors = signal<readonly Person[]>([]);
/** The queue as it was told, and when: waiting times go on counting from there. */
export const queue = signal<{ waiting: readonly Waiting[]; at: number }>({ waiting: [], at: 0 });
export const offers = signal<readonly Offer[]>([]);

/** Answers whether it was done; when not, says why where the counsellor looks. */
function done<T>(answer: Answer<T>): answer is { ok: true } & T {
  if (!answer.ok) trouble.value = why(answer.error);
  else trouble.value = "";
  return answer.ok;
}

const withdraw = (conversation: string): void => {
  offers.value = offers.value.filter((offer) => offer.conversation !== conversation);
};

export async function setStatus(wanted: Status): Promise<void> {
  const answer = await ask<{ status: Status }>(socket, "status", { status: wanted });
  if (done(answer)) status.value = answer.status;
}

export async function accept(conversation: string): Promise<void> {
  const answer = await ask<Opened>(socket, "accept", { conversation });
  withdraw(conversation);
  if (!done(answer)) return;
  opened(conversation, answer);
  select(conversation);
}

export async function decline(conversation: string): Promise<void> {
  withdraw(conversation);
  done(await ask(socket, "decline", { conversation }));
}

export interface CloseForm {
  disposition: string;
  risk: { asked: boolean; answer?: string };
  note?: string;
  agreed_by?: string;
}

/** The forms answer with what went wrong, to be shown where the words still stand; empty when it is done. */
const told = <T>(answer: Answer<T>): string => (answer.ok ? "" : why(answer.error));

export async function close(conversation: string, form: CloseForm): Promise<string> {
  const answer = await ask(socket, "close", { conversation, ...form });
  if (answer.ok) dropTalk(conversation);
  else if (answer.error.code === "not_allowed" && isCrisis(talks.value.get(conversation)?.level ?? "none")) {
    return t("desk.needs_agreement");
  }
  return told(answer);
}

export async function escalate(conversation: string, level: Level, reason: string): Promise<string> {
  const answer = await ask<{ case: string }>(socket, "escalate", { conversation, level, reason });
  if (answer.ok) void reopen(conversation);
  return told(answer);
}

export async function note(conversation: string, text: string): Promise<string> {
  const answer = await ask(socket, "note", { conversation, text });
  if (answer.ok) void reopen(conversation);
  return told(answer);
}

type FullRoster = Roster & { queue?: { waiting: Waiting[] }; cases?: CaseRow[]; offers?: Offer[] };

export function listenDesk(): void {
  socket.on("roster", (roster: FullRoster) => {
    status.value = roster.status;
    capacity.value = roster.capacity;
    seniors.value = roster.seniors ?? [];
    offers.value = roster.offers ?? [];
    if (roster.queue) queue.value = { waiting: roster.queue.waiting, at: Date.now() };
    if (roster.cases) knowCases(roster.cases);
    known(roster);
  });
  socket.on("queue", ({ waiting }: { waiting: Waiting[] }) => {
    queue.value = { waiting, at: Date.now() };
    // What left the queue is no longer on offer.
    const there = new Set(waiting.map((row) => row.conversation));
    offers.value = offers.value.filter((offer) => there.has(offer.conversation));
  });
  socket.on("offer", (offer: Offer) => {
    withdraw(offer.conversation);
    offers.value = [...offers.value, offer];
  });
  socket.on("case", (event: CaseEvent) => hearCase(event));
}
