// The visitor's side of the conversation: what is known, what is on its way, and the socket between.

import { computed, effect, signal } from "@preact/signals";
import type { Socket } from "socket.io-client";
import { boot } from "../shared/boot";
import { newId } from "../shared/ids";
import { keepIn } from "../shared/keep";
import { newItem, type Item } from "../shared/outbox";
import { Sender } from "../shared/sender";
import { ask, hint, openSocket } from "../shared/socket";
import { emptyThread, hasGap, merge, unbroken, type Thread } from "../shared/thread";
import { HEARD_FOR, typingTeller } from "../shared/typing";
import type { Answer, Help, Hotline, Message, Phase, Said, Seen, Typing, Welcome } from "../shared/wire";
import { t } from "../shared/words";
import { currentTicket, embedded, forgetTicket, listenForTicket } from "./ticket";

const RESUME = "station.resume";
const DRAFT = "station.draft";
const OUTBOX = "station.outbox";
const CONSENT = "station.consent";
const TICKET_WITHIN = 1_500;

const keep = keepIn(() => localStorage);

export const line = signal<"connecting" | "on" | "off">("connecting");
/** This visit's conversations, the current one last: a closed one stays readable above the next. */
export const threads = signal<readonly Thread[]>([]);
export const phase = signal<Phase | null>(null);
export const hotlines = signal<readonly Hotline[]>([]);
export const otherTypes = signal<Typing | null>(null);
export const marks = signal<{ delivered: number; read: number }>({ delivered: 0, read: 0 });
export const consented = signal(keep.get(CONSENT) === (boot.notice_version ?? ""));
export const draft = signal(keep.get(DRAFT) ?? "");
/** One sentence for the person, about something they asked for; empty when there is nothing to say. */
export const word = signal("");
export const help = computed<Help>(() => phase.value?.help ?? "none");

const current = computed<Thread | undefined>(() => threads.value.at(-1));
let syncing = false;

const socket: Socket = openSocket("/visitor", () => ({
  language: boot.lang,
  ticket: currentTicket(),
  resume: keep.get(RESUME) ?? undefined,
  after: current.value ? unbroken(current.value) : 0,
}));

function take(conversation: string, messages: readonly Message[]): void {
  const all = threads.value;
  const known = all.find((thread) => thread.conversation === conversation);
  const next = merge(known ?? emptyThread(conversation), messages);
  if (next === known) return;
  threads.value = known ? all.map((thread) => (thread === known ? next : thread)) : [...all, next];
  sender.settle(messages.filter((message) => message.by === "visitor").map((message) => message.id));
  if (next === current.value && hasGap(next)) void sync();
}

async function sync(): Promise<void> {
  const thread = current.value;
  if (!thread || syncing) return;
  syncing = true;
  const answer = await ask<{ messages: Message[]; phase: Phase }>(socket, "sync", { after: unbroken(thread) });
  syncing = false;
  if (!answer.ok) return;
  take(answer.phase.conversation, answer.messages);
  phase.value = answer.phase;
}

function transmit(item: Item): Promise<Answer<Said>> {
  const { id, text, contact } = item;
  return item.kind === "say"
    ? ask<Said>(socket, "say", { id, text })
    : ask<Said>(socket, "leave_message", contact ? { id, text, contact } : { id, text });
}

function arrived(item: Item, { conversation, seq, at }: Said): void {
  if (item.kind === "leave") {
    word.value = t("chat.leave_done");
    return;
  }
  take(conversation, [{ conversation, seq, id: item.id, by: "visitor", name: "", text: item.text, at }]);
}

export const sender = new Sender<Said>({
  keep,
  key: OUTBOX,
  ready: () => socket.connected && phase.value !== null,
  transmit,
  arrived,
});

const typing = typingTeller((on) => hint(socket, "typing", { on }));
export const typed = typing.typed;

export function say(text: string): void {
  typing.stopped();
  sender.add(newItem(newId(), "say", text, Date.now()));
}

export function leaveMessage(text: string, contact: string): void {
  sender.add(newItem(newId(), "leave", text, Date.now(), contact));
}

/** Back into the box, to be written anew; what already stands there stays below it. */
export function edit(item: Item): void {
  sender.remove(item.id);
  draft.value = draft.value ? `${item.text}\n${draft.value}` : item.text;
}

const why = (code: string): string => t(code === "rate_limited" ? "chat.slow_down" : "chat.not_reached");

/** Asks for a change of phase. Whether it was granted; when not, `word` says why. */
export async function turn(event: "ask_human" | "leave_queue" | "end"): Promise<boolean> {
  word.value = "";
  const answer = await ask<{ phase: Phase }>(socket, event, {});
  if (answer.ok) phase.value = answer.phase;
  else word.value = why(answer.error.code);
  return answer.ok;
}

export async function agree(ageBand: string): Promise<void> {
  const version = boot.notice_version ?? "";
  const payload = ageBand ? { version, agreed: true, age_band: ageBand } : { version, agreed: true };
  const answer = await ask(socket, "consent", payload);
  if (answer.ok) {
    keep.set(CONSENT, version);
    consented.value = true;
  } else {
    word.value = why(answer.error.code);
  }
}

export async function rate(payload: { mood?: number; score?: number; comment?: string }): Promise<boolean> {
  const answer = await ask(socket, "rate", payload);
  if (!answer.ok) word.value = why(answer.error.code);
  return answer.ok;
}

/** Leaves nothing of this talk on the device. The station keeps its record. */
export function forgetHere(): void {
  for (const key of [RESUME, DRAFT, OUTBOX, CONSENT]) keep.drop(key);
  location.replace(location.pathname + location.search);
}

export function tellSeen(): void {
  const thread = current.value;
  if (!thread || document.visibilityState !== "visible") return;
  const theirs = thread.messages.findLast((message) => message.by !== "visitor");
  if (theirs && theirs.seq > seenUpTo) {
    seenUpTo = theirs.seq;
    hint(socket, "seen", { seq: theirs.seq });
  }
}
let seenUpTo = 0;

function welcome(data: Welcome): void {
  keep.set(RESUME, data.resume);
  if (data.conversation !== current.value?.conversation) {
    seenUpTo = 0;
    marks.value = { delivered: 0, read: 0 };
    otherTypes.value = null;
  }
  phase.value = data.phase;
  hotlines.value = data.hotlines;
  line.value = "on";
  if (!threads.value.some((thread) => thread.conversation === data.conversation)) {
    threads.value = [...threads.value, emptyThread(data.conversation)];
  }
  take(data.conversation, data.messages);
  sender.connected();
}

let quiet: ReturnType<typeof setTimeout> | undefined;

function hear(data: Typing): void {
  clearTimeout(quiet);
  otherTypes.value = data.on ? data : null;
  if (data.on) quiet = setTimeout(() => (otherTypes.value = null), HEARD_FOR);
}

function seen(data: Seen): void {
  if (data.by === "visitor" || data.conversation !== current.value?.conversation) return;
  const { delivered, read } = marks.value;
  marks.value = {
    delivered: Math.max(delivered, data.seq),
    read: data.state === "read" ? Math.max(read, data.seq) : read,
  };
}

let refusals = 0;

/** The server said no to the connection itself: come back without the ticket rather than not at all. */
function refused(error: Error & { data?: { code?: string; message?: string } }): void {
  line.value = "off";
  if (socket.active) return;
  if (error.data?.code !== "rate_limited" && error.data?.code !== "unavailable") forgetTicket();
  refusals += 1;
  setTimeout(() => socket.connect(), Math.min(30_000, 500 * 2 ** refusals));
}

export function start(): void {
  effect(() => {
    if (draft.value) keep.set(DRAFT, draft.value);
    else keep.drop(DRAFT);
  });
  addEventListener("storage", (event) => {
    if (event.key === OUTBOX) sender.reload();
  });
  addEventListener("online", () => socket.connect());
  document.addEventListener("visibilitychange", tellSeen);
  socket.on("welcome", (data: Welcome) => {
    refusals = 0;
    welcome(data);
  });
  socket.on("message", (data: Message) => {
    take(data.conversation, [data]);
    if (data.by !== "visitor") otherTypes.value = null;
  });
  socket.on("phase", (data: Phase) => {
    const shown = current.value;
    if (!shown || shown.conversation === data.conversation) phase.value = data;
  });
  socket.on("typing", hear);
  socket.on("seen", seen);
  socket.on("disconnect", (reason) => {
    line.value = "off";
    otherTypes.value = null;
    // The server closed it (a restart, or another device of this visitor's): it will not be retried by itself.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1_000);
  });
  socket.on("connect_error", refused);
  listenForTicket(() => {
    if (socket.connected) socket.disconnect();
    socket.connect();
  });
  const wait = embedded() && !currentTicket() && !keep.get(RESUME) ? TICKET_WITHIN : 0;
  setTimeout(() => socket.connect(), wait);
}

