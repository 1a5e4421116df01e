// A counsellor's conversations: what is known of each, its draft, and what is on its way to it.

import { computed, effect, signal, type Signal } from "@preact/signals";
import { boot } from "../shared/boot";
import { newId } from "../shared/ids";
import { keepIn } from "../shared/keep";
import { rank } from "../shared/levels";
import { newItem } from "../shared/outbox";
import { Sender } from "../shared/sender";
import { ask, hint, openSocket } from "../shared/socket";
import { connected, unreadCount } from "../shared/staff";
import { emptyThread, hasGap, lastSeq, merge, unbroken, type Thread } from "../shared/thread";
import { HEARD_FOR, typingTeller } from "../shared/typing";
import type { Context, Level, Message, Opened, Phase, Risk, Roster, Said, Seen, Typing } from "../shared/wire";

export interface Talk {
  readonly conversation: string;
  readonly level: Level;
  readonly language: string;
  readonly thread: Thread;
  readonly phase: Phase | null;
  readonly context: Context | null;
  readonly unread: number;
  readonly typing: boolean;
  readonly delivered: number;
  readonly read: number;
}

export const socket = openSocket("/desk");

// This tab's alone, and gone with it: a counsellor's machine may be shared, and these are a visitor's matters.
const keep = keepIn(() => sessionStorage);
const owner = boot.me?.id ?? "";

export const talks = signal<ReadonlyMap<string, Talk>>(new Map());
export const selected = signal<string | null>(keep.get(`station.selected.${owner}`));
export const current = computed(() => talks.value.get(selected.value ?? ""));

/** The most endangered first, then those with something unread, then as they came. */
export const listed = computed(() =>
  [...talks.value.values()].sort(
    (a, b) => rank(b.level) - rank(a.level) || Number(b.unread > 0) - Number(a.unread > 0),
  ),
);

effect(() => {
  unreadCount.value = listed.value.reduce((sum, talk) => sum + talk.unread, 0);
});

effect(() => {
  if (selected.value) keep.set(`station.selected.${owner}`, selected.value);
});

function put(conversation: string, change: Partial<Talk>): void {
  const old = talks.value.get(conversation) ?? {
    conversation,
    level: "none" as Level,
    language: "",
    thread: emptyThread(conversation),
    phase: null,
    context: null,
    unread: 0,
    typing: false,
    delivered: 0,
    read: 0,
  };
  talks.value = new Map(talks.value).set(conversation, { ...old, ...change });
}

export function dropTalk(conversation: string): void {
  const left = new Map(talks.value);
  left.delete(conversation);
  talks.value = left;
  drafts.delete(conversation);
  keep.drop(draftKey(conversation));
  if (selected.value === conversation) selected.value = left.keys().next().value ?? null;
}

const drafts = new Map<string, Signal<string>>();
const draftKey = (conversation: string): string => `station.draft.${owner}.${conversation}`;

export function draftOf(conversation: string): Signal<string> {
  const known = drafts.get(conversation);
  if (known) return known;
  const draft = signal(keep.get(draftKey(conversation)) ?? "");
  drafts.set(conversation, draft);
  effect(() => {
    if (draft.value) keep.set(draftKey(conversation), draft.value);
    else keep.drop(draftKey(conversation));
  });
  return draft;
}

const senders = new Map<string, Sender<Said>>();

export function senderOf(conversation: string): Sender<Said> {
  const known = senders.get(conversation);
  if (known) return known;
  const sender = new Sender<Said>({
    keep,
    key: `station.outbox.${owner}.${conversation}`,
    ready: () => connected.value && talks.value.get(conversation)?.phase?.phase === "live",
    transmit: ({ id, text }) => ask<Said>(socket, "say", { conversation, id, text }),
    arrived: ({ id, text }, { seq, at }) =>
      take(conversation, [{ conversation, seq, id, by: "counsellor", name: boot.me?.name ?? "", text, at }]),
  });
  senders.set(conversation, sender);
  return sender;
}

const tellers = new Map<string, ReturnType<typeof typingTeller>>();

export function typingIn(conversation: string): ReturnType<typeof typingTeller> {
  const known = tellers.get(conversation);
  if (known) return known;
  const teller = typingTeller((on) => hint(socket, "typing", { conversation, on }));
  tellers.set(conversation, teller);
  return teller;
}

export function say(conversation: string, text: string): void {
  typingIn(conversation).stopped();
  senderOf(conversation).add(newItem(newId(), "say", text, Date.now()));
}

const isOpen = (conversation: string): boolean =>
  selected.value === conversation && document.visibilityState === "visible";

/** Heard before the answer to `accept` or `open` that makes the conversation known here. */
const early = new Map<string, Message[]>();
const EARLY_MOST = 50;

function take(conversation: string, messages: readonly Message[]): void {
  const talk = talks.value.get(conversation);
  if (!talk) {
    early.set(conversation, [...(early.get(conversation) ?? []), ...messages].slice(-EARLY_MOST));
    return;
  }
  const thread = merge(talk.thread, messages);
  if (thread === talk.thread) return;
  const fromVisitor = messages.filter((message) => message.by === "visitor").length;
  put(conversation, { thread, unread: isOpen(conversation) ? 0 : talk.unread + fromVisitor });
  senderOf(conversation).settle(messages.filter((m) => m.by === "counsellor").map((m) => m.id));
  if (hasGap(thread)) void reopen(conversation);
  tellSeen();
}

/** Takes in what `accept` and `open` answer: the transcript is added to, never replaced. */
export function opened(conversation: string, { transcript, phase, context }: Opened): void {
  const known = talks.value.get(conversation);
  const heard = early.get(conversation) ?? [];
  early.delete(conversation);
  const thread = merge(known?.thread ?? emptyThread(conversation), [...transcript, ...heard]);
  put(conversation, {
    thread,
    phase,
    context,
    level: context.level ?? known?.level ?? "none",
    language: context.language ?? known?.language ?? "",
  });
  senderOf(conversation).settle(thread.messages.map((message) => message.id));
  senderOf(conversation).connected();
  tellSeen();
}

const opening = new Set<string>();

export async function reopen(conversation: string): Promise<void> {
  if (opening.has(conversation)) return;
  opening.add(conversation);
  const after = unbroken(talks.value.get(conversation)?.thread ?? emptyThread(conversation));
  const answer = await ask<Opened>(socket, "open", { conversation, after });
  opening.delete(conversation);
  if (answer.ok) opened(conversation, answer);
}

export function select(conversation: string): void {
  selected.value = conversation;
  if (talks.value.has(conversation)) put(conversation, { unread: 0 });
  tellSeen();
}

const seenUpTo = new Map<string, number>();

export function tellSeen(): void {
  const talk = current.value;
  if (!talk || document.visibilityState !== "visible" || !connected.value) return;
  if (talk.unread > 0) put(talk.conversation, { unread: 0 });
  const seq = lastSeq(talk.thread);
  if (seq === 0 || seq <= (seenUpTo.get(talk.conversation) ?? 0)) return;
  seenUpTo.set(talk.conversation, seq);
  hint(socket, "seen", { conversation: talk.conversation, seq });
}

/** What is mine, from the roster. One that is no longer mine stays in sight, since words may wait in it. */
export function known(roster: Roster): void {
  for (const row of roster.conversations) {
    const { conversation, level, language, unread } = row;
    put(conversation, { level, language, unread });
    void reopen(conversation);
  }
  const mine = new Set(roster.conversations.map((row) => row.conversation));
  for (const conversation of talks.value.keys()) if (!mine.has(conversation)) void reopen(conversation);
  if (!selected.value || !talks.value.has(selected.value)) {
    selected.value = roster.conversations[0]?.conversation ?? null;
  }
}

const quiet = new Map<string, ReturnType<typeof setTimeout>>();

export function listen(): void {
  socket.on("message", (message: Message) => take(message.conversation, [message]));
  socket.on("phase", (phase: Phase) => {
    if (!talks.value.has(phase.conversation)) return;
    put(phase.conversation, { phase });
    void senderOf(phase.conversation).pump();
  });
  socket.on("risk", ({ conversation, level }: Risk) => {
    if (!talks.value.has(conversation)) return;
    put(conversation, { level });
    // The person's column changes with it: a case, what was found, the state of help.
    void reopen(conversation);
  });
  socket.on("typing", ({ conversation, by, on }: Typing) => {
    if (by !== "visitor" || !talks.value.has(conversation)) return;
    clearTimeout(quiet.get(conversation));
    put(conversation, { typing: on });
    if (on) quiet.set(conversation, setTimeout(() => put(conversation, { typing: false }), HEARD_FOR));
  });
  socket.on("seen", ({ conversation, by, seq, state }: Seen) => {
    const talk = talks.value.get(conversation);
    if (!talk || by !== "visitor") return;
    put(conversation, {
      delivered: Math.max(talk.delivered, seq),
      read: state === "read" ? Math.max(talk.read, seq) : talk.read,
    });
  });
  document.addEventListener("visibilitychange", tellSeen);
  // Signing out leaves nothing of anybody's talk in this browser.
  document.getElementById("logout")?.addEventListener("submit", () => sessionStorage.clear());
}
