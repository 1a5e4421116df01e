// One way to open a socket and one way to ask: every question ends in an answer, "no answer" included.

import { io, type Socket } from "socket.io-client";
import type { Answer } from "./wire";

const ANSWER_WITHIN = 10_000;

export type Auth = () => Record<string, unknown>;

export function openSocket(namespace: string, auth?: Auth): Socket {
  return io(namespace, {
    path: "/socket.io",
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    autoConnect: false,
    ...(auth ? { auth: (give: (data: object) => void) => give(auth()) } : {}),
  });
}

/** Asks while connected. Never queues inside the socket: what must not be lost is kept in an outbox instead. */
export async function ask<T = object>(socket: Socket, event: string, payload: object): Promise<Answer<T>> {
  const silence: Answer<T> = { ok: false, error: { code: "no_answer", message: "" } };
  if (!socket.connected) return silence;
  try {
    return ((await socket.timeout(ANSWER_WITHIN).emitWithAck(event, payload)) as Answer<T> | undefined) ?? silence;
  } catch {
    return silence;
  }
}

/** Says something that may be lost without harm: typing, seen. */
export function hint(socket: Socket, event: string, payload: object): void {
  if (socket.connected) socket.emit(event, payload, () => undefined);
}
