// The parts of the page that the server has already written: notice, hotlines, language. They work without this.

import { effect } from "@preact/signals";
import { boot } from "../shared/boot";
import { agree, consented, draft, hotlines } from "./session";
import { currentTicket } from "./ticket";
import { t } from "../shared/words";

const find = <E extends HTMLElement>(id: string): E | null => document.getElementById(id) as E | null;

/** The served dialog, never one of our own: it is there when nothing else is. */
export function openHotlines(): void {
  const dialog = find<HTMLDialogElement>("hotlines");
  if (dialog && !dialog.open) dialog.showModal();
}

function wireHotlines(): void {
  const dialog = find<HTMLDialogElement>("hotlines");
  find("hotline-button")?.addEventListener("click", (event) => {
    event.preventDefault();
    openHotlines();
  });
  find("hotlines-close")?.addEventListener("click", (event) => {
    event.preventDefault();
    dialog?.close();
  });
  effect(() => {
    // Which lines are open changes over an evening; the numbers that were served stay as they are.
    for (const hotline of hotlines.value) {
      const row = dialog?.querySelector<HTMLElement>(`[data-number="${CSS.escape(hotline.number)}"]`);
      if (!row) continue;
      row.dataset["open"] = String(hotline.open_now);
      const state = row.querySelector(".hotline-state");
      if (state) state.textContent = t(hotline.open_now ? "hotline.open" : "hotline.closed");
    }
  });
}

function wireNotice(): void {
  const form = find("consent-form");
  find("consent")?.addEventListener("click", () => {
    void agree(find<HTMLSelectElement>("age-band")?.value ?? "");
  });
  if (form) form.hidden = false;
  effect(() => {
    if (!consented.value) return;
    if (form) form.hidden = true;
    const thanks = find("consent-thanks");
    if (thanks) thanks.hidden = false;
  });
}

function wireLanguages(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[hreflang]")) {
    link.addEventListener("click", () => {
      const ticket = currentTicket();
      if (ticket) link.hash = new URLSearchParams({ ticket }).toString();
    });
  }
}

/** What somebody typed before this script had loaded is theirs, and goes on in the box that replaces it. */
export function adoptEarlyDraft(): boolean {
  const early = find<HTMLTextAreaElement>("message");
  if (early?.value) draft.value = early.value;
  return early !== null && document.activeElement === early;
}

/** Asks the worker to keep this page for when the station cannot be reached. The page does without where it may not. */
async function keepForOutages(): Promise<void> {
  const script = find<HTMLScriptElement>("script");
  const worker = script?.dataset["worker"];
  if (!worker || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(worker, { scope: "/chat" });
    const { active } = await navigator.serviceWorker.ready;
    const style = document.querySelector<HTMLLinkElement>('link[rel="stylesheet"]');
    const assets = [script.src, style?.href].filter((url) => url !== undefined);
    active?.postMessage({ shell: `/chat?lang=${boot.lang}`, assets });
  } catch {
    // A private window, or a host app's view that forbids it: everything else works.
  }
}

export function wireShell(): void {
  addEventListener("load", () => void keepForOutages());
  wireHotlines();
  wireNotice();
  wireLanguages();
}
