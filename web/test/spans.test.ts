// Marks count code points, as screening does; JavaScript counts something else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { length, mark } from "../src/shared/spans";

const span = (start: number, end: number, reason = "why") => ({ start, end, rule: "r", reason });
const marked = (text: string, ...spans: ReturnType<typeof span>[]) =>
  mark(text, spans)
    .filter((piece) => piece.reasons.length > 0)
    .map((piece) => piece.text);

test("a mark after emoji falls on the right characters", () => {
  assert.deepEqual(marked("😢😢我想死了", span(3, 5)), ["想死"]);
});

test("a family emoji counts each of its code points", () => {
  const family = "👩‍👩‍👧";
  assert.equal(length(family), 5);
  assert.deepEqual(marked(`${family}不想活`, span(5, 8)), ["不想活"]);
});

test("the pieces put together are the text as written, whatever the spans", () => {
  const text = "a😀b\u200bc\nd累";
  const spans = [span(0, 3), span(2, 6), span(2, 2), span(5, 3), span(-4, 1), span(7, 99)];
  assert.equal(
    mark(text, spans)
      .map((piece) => piece.text)
      .join(""),
    text,
  );
});

test("where spans overlap, both reasons are given, each once", () => {
  const pieces = mark("abcdef", [span(0, 4, "one"), span(2, 6, "two"), span(2, 6, "two")]);
  assert.deepEqual(
    pieces.map(({ text, reasons }) => [text, reasons.join("+")]),
    [["ab", "one"], ["cd", "one+two"], ["ef", "two"]],
  );
});

test("a text without spans is one plain piece", () => {
  assert.deepEqual(mark("好的", []), [{ text: "好的", reasons: [] }]);
});

test("an empty text has no pieces", () => {
  assert.deepEqual(mark("", [span(0, 2)]), []);
});
