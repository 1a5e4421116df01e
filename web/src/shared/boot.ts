// What the shell of a page hands to its script: facts in #boot, words from the catalogue in the same map.

import type { Person, Role } from "./wire";

export interface Boot {
  lang: "zh" | "en";
  words: Record<string, string>;
  csrf_token?: string;
  me?: { id: string; name: string; role: Role } | null;
  notice_version?: string;
  case_id?: string;
  /** Origins of host pages that may hand over a ticket by postMessage. */
  host_origins?: string[];
  seniors?: Person[];
}

function read(): Boot {
  const text = typeof document === "undefined" ? null : document.getElementById("boot")?.textContent;
  if (!text) return { lang: "en", words: {} };
  return JSON.parse(text) as Boot;
}

export const boot: Boot = read();
