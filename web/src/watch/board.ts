// The board as the server last told it, and the one conversation that is being read along.

import { signal } from "@preact/signals";
import { why } from "../shared/refusals";
import { ask, openSocket } from "../shared/socket";
import { hearCase, knowCases, trouble } from "../shared/staff";
import { emptyThread, hasGap, merge, type Thread } from "../shared/thread";
import type { Board, CaseEvent, Message, Phase, Risk, Typing } from "../shared/wire";

export const socket = openSocket("/watch");

export const board = signal<Board | null>(null);
/** When the board was told, in ms: waiting times go on counting from there. */
export const toldAt = signal(0);

export interface Watched {
  readonly conversation: string;
  readonly reason: string;
  readonly thread: Thread;
  readonly phase: Phase | null;
  readonly typing: string;
}

export const watched = signal<Watched | null>(null);
/** A closed conversation that somebody wants to read: it takes a reason first. */
export const wanted = signal<string | null>(null);

let asking = false;

async function read(conversation: string, reason: string): Promise<void> {
  if (asking) return;
  asking = true;
  const payload = reason ? { conversation, reason } : { conversation };
  const answer = await ask<{ transcript: Message[]; phase: Phase }>(socket, "watch", payload);
  asking = false;
  if (!answer.ok) {
    // One that ended between the board and the click takes a reason, like any that is over.
    if (answer.error.code === "not_allowed" && !reason) wanted.value = conversation;
    else trouble.value = why(answer.error);
    return;
  }
  trouble.value = "";
  const old = watched.value;
  const known = old?.conversation === conversation ? old.thread : emptyThread(conversation);
  const thread = merge(known, answer.transcript);
  watched.value = { conversation, reason, thread, phase: answer.phase, typing: "" };
}

export async function watch(conversation: string, reason = ""): Promise<void> {
  if (watched.value && watched.value.conversation !== conversation) await unwatch();
  await read(conversation, reason);
}

export async function unwatch(): Promise<void> {
  const old = watched.value;
  watched.value = null;
  if (old) await ask(socket, "unwatch", { conversation: old.conversation });
}

function take(message: Message): void {
  const now = watched.value;
  if (!now || message.conversation !== now.conversation) return;
  const thread = merge(now.thread, [message]);
  watched.value = { ...now, thread, typing: "" };
  if (hasGap(thread)) void read(now.conversation, now.reason);
}

/** A link from a case names a conversation: one that is over takes a reason first. */
function follow(open: Board): void {
  const linked = decodeURIComponent(location.hash.slice(1));
  if (!linked) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (open.conversations.some((row) => row.conversation === linked)) void watch(linked);
  else wanted.value = linked;
}

export function listen(): void {
  socket.on("board", (data: Board) => {
    board.value = data;
    toldAt.value = Date.now();
    knowCases(data.cases);
    follow(data);
    const now = watched.value;
    const row = now && data.conversations.find((one) => one.conversation === now.conversation);
    if (now?.phase && row && row.phase !== now.phase.phase) {
      watched.value = { ...now, phase: { ...now.phase, phase: row.phase } };
    }
  });
  socket.on("message", take);
  socket.on("phase", (phase: Phase) => {
    const now = watched.value;
    if (now?.conversation === phase.conversation) watched.value = { ...now, phase };
  });
  socket.on("typing", ({ conversation, by, on }: Typing) => {
    const now = watched.value;
    if (now?.conversation === conversation) watched.value = { ...now, typing: on ? by : "" };
  });
  socket.on("risk", ({ conversation, level }: Risk) => {
    const old = board.value;
    if (!old) return;
    const conversations = old.conversations.map((row) => (row.conversation === conversation ? { ...row, level } : row));
    board.value = { ...old, conversations };
  });
  socket.on("case", (event: CaseEvent) => hearCase(event));
  // After a break in the line the server has forgotten who was reading; say it again.
  socket.on("connect", () => {
    const now = watched.value;
    if (now) void read(now.conversation, now.reason);
  });
}
