// The outbox: nothing written is lost, doubled or sent out of order.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as outbox from "../src/shared/outbox";

const item = (id: string, at = 0) => outbox.newItem(id, "say", `text of ${id}`, at);
const ids = (box: outbox.Outbox) => box.map(({ id }) => id);
const three = () => ["a", "b", "c"].reduce((box, id) => outbox.add(box, item(id)), [] as outbox.Outbox);

test("items leave in the order in which they were written", () => {
  let box = three();
  const left: string[] = [];
  for (;;) {
    const next = outbox.next(box, 0);
    if (next === null || !("item" in next)) break;
    left.push(next.item.id);
    box = outbox.remove(box, next.item.id);
  }
  assert.deepEqual(left, ["a", "b", "c"]);
});

test("an item added twice stands in the outbox once", () => {
  assert.deepEqual(ids(outbox.add(three(), item("b"))), ["a", "b", "c"]);
});

test("after rate_limited the item waits for retry_after, and nothing overtakes it", () => {
  const box = outbox.refuse(three(), "a", "rate_limited", 2.5, 1_000);
  assert.deepEqual(outbox.next(box, 1_000), { wait: 2_500 });
  const later = outbox.next(box, 3_500);
  assert.ok(later && "item" in later && later.item.id === "a");
});

test("a server that fails is tried again with growing pauses, at most thirty seconds", () => {
  let box: outbox.Outbox = [item("a")];
  const waits: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    box = outbox.refuse(box, "a", "unavailable", null, 0);
    const next = outbox.next(box, 0);
    assert.ok(next && "wait" in next);
    waits.push(next.wait);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("a refusal that will not pass holds the item with its text, and lets later ones go", () => {
  const box = outbox.refuse(three(), "a", "too_long", null, 0);
  assert.equal(box[0]?.text, "text of a");
  assert.equal(box[0]?.held, true);
  const next = outbox.next(box, 0);
  assert.ok(next && "item" in next && next.item.id === "b");
});

test("any code that is not known holds the item rather than dropping it", () => {
  for (const code of ["invalid_payload", "not_allowed", "closed", "something_new"]) {
    assert.deepEqual(ids(outbox.refuse(three(), "b", code, null, 0)), ["a", "b", "c"]);
  }
});

test("a held item goes again in its own place when its writer says so", () => {
  const box = outbox.release(outbox.refuse(three(), "a", "too_long", null, 0), "a");
  const next = outbox.next(box, 0);
  assert.ok(next && "item" in next && next.item.id === "a");
});

test("what the server shows that it has is settled, an acknowledgement lost on the way included", () => {
  assert.deepEqual(ids(outbox.settle(three(), ["a", "c", "unknown"])), ["b"]);
});

test("a new connection ends the pause after a failure, but not a rate limit", () => {
  const failed = outbox.reconnected(outbox.refuse([item("a")], "a", "no_answer", null, 0));
  const next = outbox.next(failed, 0);
  assert.ok(next && "item" in next);
  const limited = outbox.reconnected(outbox.refuse([item("a")], "a", "rate_limited", 5, 0));
  assert.deepEqual(outbox.next(limited, 0), { wait: 5_000 });
});

test("an outbox survives being stored and read again", () => {
  const box = outbox.refuse(three(), "b", "rate_limited", 3, 7);
  assert.deepEqual(outbox.parse(JSON.stringify(box)), box);
});

test("a broken store gives an empty outbox and keeps what can be read", () => {
  assert.deepEqual(outbox.parse(null), []);
  assert.deepEqual(outbox.parse("{not json"), []);
  assert.deepEqual(outbox.parse('{"id":"a"}'), []);
  assert.deepEqual(ids(outbox.parse(JSON.stringify([item("a"), null, { id: 3 }, item("b")]))), ["a", "b"]);
});
