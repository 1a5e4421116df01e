// What was built: its size, its names, and that every word it says is in both catalogues.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const read = (path: string) => readFileSync(path, "utf8");
const manifest = JSON.parse(read("dist/manifest.json")) as Record<string, string>;
const keys = JSON.parse(read("dist/keys.json")) as Record<string, string[]>;
const gzipped = (logical: string) => gzipSync(readFileSync(`dist/${manifest[logical]}`), { level: 9 }).length;

const keysIn = (lang: string) =>
  new Set([...read(`locale/${lang}/LC_MESSAGES/station.po`).matchAll(/^msgid "(.+)"$/gm)].map(([, key]) => key));

// Names of what is kept in the browser's storage look like keys and are none.
const STORED = /^station\./;

test("the chat page's script and style are 40 KB gzipped at most", () => {
  const bytes = gzipped("chat.js") + gzipped("chat.css");
  assert.ok(bytes <= 40 * 1024, `${(bytes / 1024).toFixed(1)} KB`);
});

test("every page has its script and its style, named by content", () => {
  for (const page of ["chat", "desk", "watch", "cases"]) {
    assert.match(manifest[`${page}.js`] ?? "", /^[a-z]+-[A-Z0-9]{8}\.js$/);
    assert.match(manifest[`${page}.css`] ?? "", /^[a-z]+-[A-Z0-9]{8}\.css$/);
  }
  assert.match(manifest["login.css"] ?? "", /^login-[A-Z0-9]{8}\.css$/);
});

for (const lang of ["zh", "en"]) {
  test(`every word that a script says is in the catalogue (${lang})`, () => {
    const known = keysIn(lang);
    const missing = Object.values(keys).flat().filter((key) => !STORED.test(key) && !known.has(key));
    assert.deepEqual(missing, []);
  });
}
