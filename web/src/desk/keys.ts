// Everything the desk does, by keyboard. Keys are read by their place, since Alt changes what a key types.

import { accept, offers, queue } from "./desk";
import { panel } from "./dialogs";
import { current, listed, select, selected } from "./talks";

const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select");

function step(by: 1 | -1): void {
  const all = listed.value;
  if (all.length === 0) return;
  const at = all.findIndex((talk) => talk.conversation === selected.value);
  const next = all[(at + by + all.length) % all.length];
  if (next) select(next.conversation);
  queueMicrotask(() => document.getElementById("message")?.focus());
}

export function acceptFirst(): void {
  const first = offers.value[0]?.conversation ?? queue.value.waiting[0]?.conversation;
  if (first) void accept(first);
}

const LIVE_ONLY: Record<string, "escalate" | "close" | undefined> = { KeyE: "escalate", KeyC: "close" };

export function listenKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.key === "?" && !writes(event.target)) {
      event.preventDefault();
      panel.value = "keys";
      return;
    }
    if (event.key === "Escape" && writes(event.target)) {
      (event.target as HTMLElement).blur();
      return;
    }
    if (!event.altKey) return;
    const live = current.value?.phase?.phase === "live";
    const opens = LIVE_ONLY[event.code];
    if (event.code === "ArrowDown") step(1);
    else if (event.code === "ArrowUp") step(-1);
    else if (event.code === "KeyA") acceptFirst();
    else if (event.code === "KeyN") document.getElementById("note")?.focus();
    else if (opens && live) panel.value = opens;
    else return;
    event.preventDefault();
  });
}
