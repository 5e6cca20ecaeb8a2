// `npx guestbox`, as people call it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ECHO, TALK, cat, poll, saying, write } from "./programs.mjs";
import { wat } from "./wat.mjs";

const folder = mkdtempSync(join(tmpdir(), "guestbox-cli-"));
after(() => rmSync(folder, { recursive: true }));

/** Writes its arguments and its variables, with a NUL behind each. */
const GIVEN = wat(`(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $argSizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $variableSizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $variables (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 8) (i32.const 1024))
    (drop (call $argSizes (i32.const 0) (i32.const 12)))
    (drop (call $args (i32.const 64) (i32.const 1024)))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
    (drop (call $variableSizes (i32.const 0) (i32.const 12)))
    (drop (call $variables (i32.const 64) (i32.const 1024)))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))))`);
const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

function file(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(bytes));
  return path;
}

/** Calls it and says what came of it; its input is a pipe, or whatever this is told. */
function guestbox(args, input, stdin = "pipe") {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: [stdin, "pipe", "pipe"], timeout: 60_000 });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    if (input === undefined) return;
    child.stdin.end(input);
  });
}

describe("guestbox run", () => {
  test("has the program's streams and exit code", async () => {
    assert.deepEqual(await guestbox(["run", file("talk.wasm", TALK)]), { code: 7, stdout: "outout", stderr: "err" });
  });
  test("gives the program what is typed", async () => {
    assert.deepEqual(await guestbox(["run", file("echo.wasm", ECHO)], "hello\n"), { code: 0, stdout: "hello\n", stderr: "" });
  });
  test("ends though nobody reads what is not typed", async () => {
    assert.equal((await guestbox(["run", file("sleep.wasm", poll(1_000_000, false))])).stdout, "10");
  });
  test("ends though what it waited for is never typed", async (context) => {
    // Node's own pipes are sockets, which it treats in other ways than those of a shell.
    const path = join(folder, "silent");
    execFileSync("mkfifo", [path]);
    const silent = openSync(path, "r+");
    context.after(() => closeSync(silent));
    const ended = await guestbox(["run", file("poll.wasm", poll(1_000_000, true))], undefined, silent);
    assert.deepEqual(ended, { code: 0, stdout: "10", stderr: "" });
  });
  test("gives arguments and variables", async () => {
    const path = file("given.wasm", GIVEN);
    for (const words of [
      ["--env", "NAME=a = b", "--env", "c=", path, "-v", "--env", "x"],
      ["--env=NAME=a = b", "--env=c=", "--fuel", "1_000_000", path, "--", "-v", "--env", "x"],
    ]) {
      const { code, stdout, stderr } = await guestbox(["run", ...words]);
      assert.equal(stderr, "");
      assert.deepEqual([code, stdout.split("\0")], [0, [path, "-v", "--env", "x", "NAME=a = b", "c=", ""]]);
    }
    const { stdout } = await guestbox(["run", path, "--", "--"]);
    assert.deepEqual(stdout.split("\0"), [path, "--", ""]);
  });
  test("gives a copy of a directory, by its own name or another", async () => {
    const dir = join(folder, "dir");
    mkdirSync(join(dir, "sub"), { recursive: true });
    writeFileSync(join(dir, "sub", "text"), "from the host");
    symlinkSync("sub/text", join(dir, "link"));
    for (const path of ["sub/text", "link"]) {
      const { code, stdout } = await guestbox(["run", "--dir", `${dir}::/`, file("cat.wasm", cat(path))]);
      assert.deepEqual([code, stdout], [0, "from the host"]);
    }
    assert.equal((await guestbox(["run", "--dir", dir, file("write.wasm", write("sub/text"))])).code, 0);
    const { stdout } = await guestbox(["run", "--dir", dir, file("cat.wasm", cat("sub/text"))]);
    assert.equal(stdout, "from the host", "the program's changes are its own");
  });
  test("says why a program ended that did not exit", async () => {
    const spin = file("spin.wasm", saying([], "(loop $on (br $on))"));
    const late = await guestbox(["run", "--timeout", "0.2", spin]);
    assert.deepEqual([late.code, late.stdout], [124, "on"]);
    const spent = await guestbox(["run", "--fuel", "1_000_000", spin]);
    assert.equal(spent.code, 134);
    assert.match(spent.stderr, /out of fuel/);
    const trapped = await guestbox(["run", file("trap.wasm", saying([], "unreachable"))]);
    assert.equal(trapped.code, 134);
    const large = await guestbox(["run", "--memory", "1", file("large.wasm", wat('(module (memory 17) (func (export "_start")))'))]);
    assert.equal(large.code, 2);
    assert.match(large.stderr, /memoryPages/);
  });
  test("says what is wrong with how it was called", async () => {
    const talk = file("talk.wasm", TALK);
    for (const args of [["run"], ["run", "--frel", "5", "a"], ["run", "--env", "NAME", talk], ["run", "--fuel", "x", talk], ["go"]]) {
      const { code, stderr } = await guestbox(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /guestbox run \[OPTIONS\]/);
    }
    const missing = await guestbox(["run", join(folder, "nothing.wasm")]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /ENOENT/);
    const { code, stdout } = await guestbox(["--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /guestbox inspect/);
  });
  test("says which version it is", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    assert.deepEqual(await guestbox(["--version"]), { code: 0, stdout: `guestbox ${version}\n`, stderr: "" });
  });
});

test("guestbox inspect says what is in a module", async () => {
  const bytes = wat(`(module (import "env" "f" (func (param i32 f32) (result i64))) (memory (export "memory") 2 5)
    (global (export "g") (mut i32) (i32.const 0)) (func (export "h") (param i32) (drop (i32.extend8_s (local.get 0)))))`);
  const { code, stdout } = await guestbox(["inspect", file("module.wasm", bytes)]);
  assert.equal(code, 0);
  assert.match(stdout, /^imports:\n {2}env f: function \(i32, f32\) -> \(i64\)\nexports:\n/);
  assert.match(stdout, / {2}memory: memory of 2 pages, at most 5\n {2}g: mutable i32 global\n {2}h: function \(i32\) -> \(\)\nneeds:\n/);
  assert.match(stdout, /\nfeatures:\n {2}floats\n {2}mutableGlobals\n {2}signExtension\n$/);
});
