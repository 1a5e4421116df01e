// The messages of one conversation by `seq`: no doubles, in order, and aware of what is missing. Pure.

import type { Message } from "./wire";

export interface Thread {
  readonly conversation: string;
  /** In order of `seq`, each once. */
  readonly messages: readonly Message[];
}

export const emptyThread = (conversation: string): Thread => ({ conversation, messages: [] });

/** Takes messages in, whatever their order. One already there stays, so that nothing on the screen jumps. */
export function merge(thread: Thread, incoming: readonly Message[]): Thread {
  const known = new Set(thread.messages.map((message) => message.seq));
  const fresh: Message[] = [];
  for (const message of incoming) {
    if (message.conversation !== thread.conversation || known.has(message.seq)) continue;
    known.add(message.seq);
    fresh.push(message);
  }
  if (fresh.length === 0) return thread;
  const messages = [...thread.messages, ...fresh].sort((a, b) => a.seq - b.seq);
  return { ...thread, messages };
}

/** The highest `seq` up to which nothing is missing; 0 for none. This is what `after` and `sync` say. */
export function unbroken(thread: Thread): number {
  let seq = 0;
  for (const message of thread.messages) {
    if (message.seq !== seq + 1) break;
    seq = message.seq;
  }
  return seq;
}

/** Whether a message is missing before one that is there. */
export function hasGap(thread: Thread): boolean {
  return (thread.messages.at(-1)?.seq ?? 0) !== unbroken(thread);
}

export const lastSeq = (thread: Thread): number => thread.messages.at(-1)?.seq ?? 0;
