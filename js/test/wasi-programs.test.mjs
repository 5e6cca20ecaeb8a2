// The programs of tests/wasi/programs, built by Rust: what they write, their files and their fuel are as natively.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Sandbox } from "guestbox";
import * as wasi from "guestbox/wasi";
import { difference } from "../../tests/traces/run.mjs";
import { programs } from "../../tests/wasi/files.mjs";
import { runProgram } from "../../tests/wasi/run.mjs";

const native = fileURLToPath(new URL("../../target/debug/wasi-programs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "guestbox-"));
after(() => rmSync(folder, { recursive: true }));

describe("programs of Rust's standard library", () => {
  test("need the native program: `cargo build -p guestbox-tests --bin wasi-programs` makes it", () => {
    assert.ok(existsSync(native));
    execFileSync(native, [folder], { stdio: "pipe" });
    assert.ok(programs.length >= 4);
  });
  for (const given of programs) {
    test(given.name, async () => {
      const lines = await runProgram({ Sandbox, wasi }, given, readFileSync(join(folder, `${given.name}.wasm`)));
      assert.equal(difference(given.name, readFileSync(join(folder, `${given.name}.txt`), "utf8"), lines), undefined);
    });
  }
});
