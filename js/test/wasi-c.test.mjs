// A program in C, built by clang, does here what it was recorded to do natively: `tests/tests/all/wasi/programs.rs`.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Sandbox } from "guestbox";
import * as wasi from "guestbox/wasi";

const file = new URL("../../target/terminal/sums.wasm", import.meta.url);
assert.ok(existsSync(file), "there is no program in C; `make programs` builds it");
const { args, files, filesLeft, stdin, stdout, exitCode, fuelUsed } = JSON.parse(
  readFileSync(new URL("../../tests/wasi/programs/recorded/sums.json", import.meta.url), "utf8"),
);
const decoder = new TextDecoder();

test("a program in C asks, sleeps and writes a file, with the bytes and the fuel that were recorded", async () => {
  const sandbox = await Sandbox.load();
  let said = "";
  const result = await wasi.run(sandbox.compile(readFileSync(file)), {
    ...{ args, stdin, files: { "/": files } },
    stdout: (bytes) => void (said += decoder.decode(bytes)),
  });
  const left = Object.entries(result.files["/"]).map(([path, bytes]) => [path, decoder.decode(bytes)]);
  assert.equal(said, stdout);
  assert.deepEqual(Object.fromEntries(left), filesLeft);
  assert.deepEqual([result.exitCode, result.fuelUsed], [exitCode, BigInt(fuelUsed)]);
});
