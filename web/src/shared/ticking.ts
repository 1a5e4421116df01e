// The clock of the staff pages: one signal, once a second, so that every countdown on a page agrees.

import { signal } from "@preact/signals";

export const now = signal(new Date());

setInterval(() => (now.value = new Date()), 1_000);
