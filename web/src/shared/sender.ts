// Empties an outbox into a socket: one at a time, in order, kept in storage until it is known to have arrived.

import { signal, type Signal } from "@preact/signals";
import type { Keep } from "./keep";
import * as outbox from "./outbox";
import type { Answer } from "./wire";

export interface Line<T> {
  keep: Keep;
  key: string;
  ready: () => boolean;
  transmit: (item: outbox.Item) => Promise<Answer<T>>;
  arrived: (item: outbox.Item, answer: T) => void;
}

export class Sender<T> {
  readonly box: Signal<outbox.Outbox>;
  readonly #line: Line<T>;
  #busy = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(line: Line<T>) {
    this.#line = line;
    this.box = signal(outbox.parse(line.keep.get(line.key)));
  }

  /** Takes over what another tab of the same visitor wrote into the store. */
  reload(): void {
    this.box.value = outbox.parse(this.#line.keep.get(this.#line.key));
  }

  add(item: outbox.Item): void {
    this.#change((box) => outbox.add(box, item));
    void this.pump();
  }

  remove(id: string): void {
    this.#change((box) => outbox.remove(box, id));
  }

  retry(id: string): void {
    this.#change((box) => outbox.release(box, id));
    void this.pump();
  }

  settle(ids: Iterable<string>): void {
    this.#change((box) => outbox.settle(box, ids));
  }

  connected(): void {
    this.#change(outbox.reconnected);
    void this.pump();
  }

  async pump(): Promise<void> {
    if (this.#busy || !this.#line.ready()) return;
    clearTimeout(this.#timer);
    const due = outbox.next(this.box.value, Date.now());
    if (due === null) return;
    if ("wait" in due) {
      this.#timer = setTimeout(() => void this.pump(), due.wait);
      return;
    }
    this.#busy = true;
    const answer = await this.#line.transmit(due.item);
    this.#busy = false;
    if (answer.ok) {
      this.#line.arrived(due.item, answer);
      this.#change((box) => outbox.remove(box, due.item.id));
    } else {
      const { code, retry_after: retryAfter } = answer.error;
      this.#change((box) => outbox.refuse(box, due.item.id, code, retryAfter ?? null, Date.now()));
    }
    void this.pump();
  }

  #change(by: (box: outbox.Outbox) => outbox.Outbox): void {
    // From the store, not from memory: another tab may have added or settled something since.
    const stored = outbox.parse(this.#line.keep.get(this.#line.key));
    const next = by(stored);
    if (next.length === 0) this.#line.keep.drop(this.#line.key);
    else this.#line.keep.set(this.#line.key, JSON.stringify(next));
    this.box.value = next;
  }
}
