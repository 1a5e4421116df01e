import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, minutes, moment, until } from "../src/shared/time";

const now = new Date(2027, 1, 17, 21, 30);

test("a moment of today is a clock time; of another day it carries its date", () => {
  const today = new Date(2027, 1, 17, 9, 5).toISOString();
  const before = new Date(2027, 1, 16, 23, 59).toISOString();
  assert.equal(moment(today, "en", now), "09:05");
  assert.equal(moment(today, "zh", now), "09:05");
  assert.match(moment(before, "en", now), /16 Feb.*23:59/);
  assert.match(moment(before, "zh", now), /2月16日.*23:59/);
});

test("midnight is 00:00, not 24:00", () => {
  assert.equal(moment(new Date(2027, 1, 17, 0, 0).toISOString(), "en", now), "00:00");
  assert.equal(moment(new Date(2027, 1, 17, 0, 0).toISOString(), "zh", now), "00:00");
});

test("a moment that is none shows nothing rather than 'Invalid Date'", () => {
  assert.equal(moment("soon", "en", now), "");
});

test("a clock reads minutes and seconds, hours when there are any, and marks what is past", () => {
  assert.equal(clock(5), "0:05");
  assert.equal(clock(723), "12:03");
  assert.equal(clock(3_723), "1:02:03");
  assert.equal(clock(-65), "−1:05");
});

test("seconds until a moment are negative once it is past", () => {
  assert.equal(until(new Date(now.getTime() + 20_000).toISOString(), now), 20);
  assert.equal(until(new Date(now.getTime() - 90_000).toISOString(), now), -90);
});

test("a wait is told in whole minutes, never none", () => {
  assert.deepEqual([0, 59, 61, 240].map(minutes), [1, 1, 2, 4]);
});
