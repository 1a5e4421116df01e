// Messages by seq: each once, in order, and gaps are noticed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rises } from "../src/shared/levels";
import { emptyThread, hasGap, lastSeq, merge, unbroken } from "../src/shared/thread";
import type { Level, Message } from "../src/shared/wire";

const message = (seq: number, text = `m${seq}`, level?: Level): Message => ({
  conversation: "c",
  seq,
  id: `id${seq}`,
  by: "visitor",
  name: "",
  text,
  at: "2027-01-01T13:00:00+08:00",
  ...(level ? { assessment: { level, score: 1, about: "self", categories: [], spans: [] } } : {}),
});
const seqs = (messages: readonly Message[]) => messages.map(({ seq }) => seq);

test("whatever order messages arrive in, and however often, they stand once and in order", () => {
  const orders = [[1, 2, 3, 4], [4, 3, 2, 1], [2, 2, 4, 1, 3, 1], [3, 1, 4, 2, 2]];
  for (const order of orders) {
    const thread = order.reduce((so, seq) => merge(so, [message(seq)]), emptyThread("c"));
    assert.deepEqual(seqs(thread.messages), [1, 2, 3, 4], order.join());
    assert.equal(hasGap(thread), false);
  }
});

test("a message that is there already is kept as it was", () => {
  const thread = merge(emptyThread("c"), [message(1, "first")]);
  assert.equal(merge(thread, [message(1, "again")]), thread);
});

test("a missing message is a gap, and sync asks from the last one before it", () => {
  const thread = merge(emptyThread("c"), [message(1), message(2), message(5)]);
  assert.equal(hasGap(thread), true);
  assert.equal(unbroken(thread), 2);
  assert.equal(lastSeq(thread), 5);
  assert.equal(hasGap(merge(thread, [message(3), message(4)])), false);
});

test("a thread that does not begin at 1 asks for everything", () => {
  assert.equal(unbroken(merge(emptyThread("c"), [message(3)])), 0);
});

test("messages of another conversation stay out", () => {
  assert.equal(merge(emptyThread("c"), [{ ...message(1), conversation: "d" }]).messages.length, 0);
});

test("an empty thread has no gap", () => {
  assert.equal(hasGap(emptyThread("c")), false);
  assert.equal(lastSeq(emptyThread("c")), 0);
});

test("the level over time shows each rise, and no fall", () => {
  const said: Level[] = ["none", "low", "none", "high", "moderate", "high", "imminent"];
  const messages = said.map((level, index) => message(index + 1, "x", level));
  assert.deepEqual(
    rises(messages).map(({ seq, level }) => [seq, level]),
    [[2, "low"], [4, "high"], [7, "imminent"]],
  );
});
