// Where the host app's ticket comes from: the URL's fragment, or a message from the page that opened this one.
//
// It stays in memory: never in storage, never in the address bar for longer than it takes to read it. A message is
// heard only from origins that the station lists, since a stranger's ticket would file this talk under a stranger.

import { boot } from "../shared/boot";

let ticket: string | undefined;

export const currentTicket = (): string | undefined => ticket;

export function forgetTicket(): void {
  ticket = undefined;
}

export function takeFromFragment(): void {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const found = fragment.get("ticket");
  if (!found) return;
  ticket = found;
  fragment.delete("ticket");
  const rest = fragment.toString();
  history.replaceState(history.state, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
}

/** Whether a host page may still hand a ticket over. */
export const embedded = (): boolean =>
  (boot.host_origins ?? []).length > 0 && (window.parent !== window || window.opener !== null);

export function listenForTicket(arrived: () => void): void {
  const origins = boot.host_origins ?? [];
  if (!embedded()) return;
  addEventListener("message", (event: MessageEvent<unknown>) => {
    if (!origins.includes(event.origin)) return;
    if (event.source !== window.parent && event.source !== window.opener) return;
    const data = event.data;
    if (typeof data !== "object" || data === null) return;
    const { type, ticket: given } = data as { type?: unknown; ticket?: unknown };
    if (type !== "station:ticket" || typeof given !== "string" || given === ticket) return;
    ticket = given;
    arrived();
  });
  const host: Window = window.parent === window ? (window.opener as Window) : window.parent;
  for (const origin of origins) host.postMessage({ type: "station:ready" }, origin);
}
