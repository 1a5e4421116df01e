// Bundles what the browser gets into dist/, with the content's hash in each name.
//
//   node build.mjs           dist/*.js, dist/*.css (each also gzipped), dist/manifest.json, dist/keys.json
//   node build.mjs --tests   build/tests/*.mjs, for node's own test runner
//
// manifest.json maps a logical name ("chat.js") to the hashed one. keys.json lists, for each script, the catalogue
// keys that its sources name, so that a page carries only the words that its script can say.

import { build } from "esbuild";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const PAGES = ["chat", "desk", "watch", "cases"];
const STYLES = ["chat", "login", "desk", "watch", "cases"];
// A catalogue key as it stands in a source: dotted lower-case words in double quotes.
const KEY = /"([a-z]+(?:\.[a-z0-9_]+)+)"/g;

async function keysNamedIn(inputs) {
  const keys = new Set();
  for (const input of inputs) {
    if (input.includes("node_modules")) continue;
    for (const match of (await readFile(join(here, input), "utf8")).matchAll(KEY)) keys.add(match[1]);
  }
  return [...keys].sort();
}

async function pages() {
  const fresh = join(here, `dist.${process.pid}`);
  const out = join(here, "dist");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const result = await build({
    absWorkingDir: here,
    entryPoints: [
      ...PAGES.map((page) => ({ in: `src/${page}/main.tsx`, out: page })),
      { in: "src/worker/main.ts", out: "worker" },
      ...STYLES.map((style) => ({ in: `styles/${style}.css`, out: style })),
    ],
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome100", "firefox100", "safari15.4"],
    entryNames: "[name]-[hash]",
    outdir: fresh,
    metafile: true,
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    logLevel: "warning",
  });
  const manifest = {};
  const keys = {};
  for (const [path, made] of Object.entries(result.metafile.outputs)) {
    const name = basename(path);
    const logical = name.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1");
    manifest[logical] = name;
    await writeFile(join(fresh, `${name}.gz`), gzipSync(await readFile(join(fresh, name)), { level: 9 }));
    if (logical.endsWith(".js")) {
      const used = Object.entries(made.inputs).filter(([, input]) => input.bytesInOutput > 0);
      keys[logical] = await keysNamedIn(used.map(([input]) => input));
    }
  }
  await writeFile(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(fresh, "keys.json"), `${JSON.stringify(keys, null, 2)}\n`);
  // In one step, so that a server which starts during a build never reads half of it.
  await rm(out, { recursive: true, force: true });
  await rename(fresh, out);
  for (const [logical, name] of Object.entries(manifest)) {
    const bytes = (await readFile(join(out, `${name}.gz`))).length;
    console.log(`${logical.padEnd(12)} ${(bytes / 1024).toFixed(1).padStart(6)} KB gzipped`);
  }
}

async function tests() {
  const out = join(here, "build", "tests");
  await rm(out, { recursive: true, force: true });
  const names = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    absWorkingDir: here,
    entryPoints: names.map((name) => join("test", name)),
    bundle: true,
    platform: "node",
    format: "esm",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
}

await (process.argv.includes("--tests") ? tests() : pages());
