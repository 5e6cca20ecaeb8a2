// Programs of WASI preview 1: what serves them is in the engine, and JavaScript is asked where something is to be waited for.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AsyncImportError, DisposedError, InstantiateError, Sandbox, Trap } from "guestbox";
import * as wasi from "guestbox/wasi";
import { ECHO, REACTOR, TALK, WORLD, WRITE_TWICE, cat, lines, poll, program, saying, write } from "./programs.mjs";
import { deferred, rejectionOf, thrownBy, wat } from "./wat.mjs";

const { WasiError } = wasi;
const sandbox = await Sandbox.load();
const decoder = new TextDecoder();

/** Runs a program, and says what it wrote besides. */
async function run(bytes, options = {}) {
  let stdout = "";
  const module = sandbox.compile(bytes);
  try {
    const result = await wasi.run(module, { stdout: (bytes) => void (stdout += decoder.decode(bytes)), ...options });
    return { ...result, stdout };
  } finally {
    module.dispose();
  }
}

describe("a command", () => {
  test("writes, in order, and exits", async () => {
    const said = [];
    const { exitCode, fuelUsed } = await run(TALK, {
      stdout: (bytes) => void said.push(["out", decoder.decode(bytes)]),
      stderr: (bytes) => void said.push(["err", decoder.decode(bytes)]),
    });
    assert.equal(exitCode, 7);
    assert.deepEqual(said, [
      ["out", "out"],
      ["err", "err"],
      ["out", "out"],
    ]);
    assert.equal(typeof fuelUsed, "bigint");
    assert.equal((await run(TALK)).fuelUsed, fuelUsed, "the same in each run");
    assert.equal((await run(TALK, { stderr: undefined, stdout: undefined })).exitCode, 7, "nobody has to listen");
  });
  test("that returns has the exit code 0", async () => {
    assert.equal((await run(ECHO)).exitCode, 0);
  });
  test("has its arguments and variables", async () => {
    const bytes = wat(`(module
      (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") (drop (call $args (i32.const 64) (i32.const 1024))) (drop (call $env (i32.const 128) (i32.const 1028)))
        (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 8))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`);
    assert.equal((await run(bytes, { args: ["a", "b"], env: { N: "é" } })).stdout, "a\0b\0N=é");
    assert.equal((await run(bytes, { args: ["a", "b"], env: new Map([["N", "v"]]) })).stdout, "a\0b\0N=v\0");
  });
  test("of 50,000 lines is served within the engine: what crosses is few pieces", async () => {
    let pieces = 0,
      length = 0;
    await run(lines(50_000), { stdout: (bytes) => ((pieces += 1), (length += bytes.length), undefined) });
    assert.equal(length, 500_000);
    assert.ok(pieces < 5_000, `${pieces}`);
  });
  test("traps by a Trap, after what it wrote", async () => {
    let stdout = "";
    const module = sandbox.compile(saying([], "unreachable"));
    const error = await rejectionOf(wasi.run(module, { stdout: (bytes) => void (stdout += decoder.decode(bytes)) }));
    assert.ok(Trap.is(error, "unreachable"), error);
    assert.equal(stdout, "on");
  });
  test("ends by its fuel, its timeout and its signal", async () => {
    const spin = saying([], "(loop $on (br $on))");
    assert.ok(Trap.is(await rejectionOf(run(spin, { fuel: 100_000 })), "out-of-fuel"));
    let stdout = "";
    const took = performance.now();
    const late = await rejectionOf(run(spin, { timeout: 50, stdout: (bytes) => void (stdout += decoder.decode(bytes)) }));
    assert.equal(late.name, "TimeoutError");
    assert.equal(stdout, "on");
    assert.ok(performance.now() - took < 5_000);
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 20);
    assert.equal(await rejectionOf(run(spin, { signal: controller.signal })), reason);
  });
  test("may import functions of others", async () => {
    const bytes = wat(`(module (import "env" "f" (func $f (param i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
      (func (export "_start") (call $f (i32.const 5)) (call $exit (i32.const 3))))`);
    for (const own of [(env) => ({ env }), (env) => new Map([["env", env]])]) {
      const seen = [];
      assert.equal((await run(bytes, { imports: own({ f: async (n) => void seen.push(n) }) })).exitCode, 3);
      assert.deepEqual(seen, [5]);
    }
  });
  test("whose start function exits has run", async () => {
    const bytes = wat(`(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
      (func $go (call $exit (i32.const 9))) (start $go) (func (export "_start") unreachable))`);
    assert.equal((await run(bytes)).exitCode, 9);
  });
});

describe("standard input", () => {
  async function* pieces(...all) {
    for (const piece of all) {
      await sleep(1);
      yield piece;
    }
  }
  for (const [name, stdin, text] of [
    ["none", () => undefined, ""],
    ["text", () => "héllo", "héllo"],
    ["no text", () => "", ""],
    ["bytes", () => Uint8Array.of(104, 105), "hi"],
    ["a buffer", () => Uint8Array.of(104, 105).buffer, "hi"],
    ["an iterable", () => ["a", "", Uint8Array.of(98)], "ab"],
    ["an async iterable", () => pieces("a", Uint8Array.of(98), "c"), "abc"],
    ["a ReadableStream", () => ReadableStream.from(["a", Uint8Array.of(98)]), "ab"],
    ["much text", () => "x".repeat(100_000), "x".repeat(100_000)],
  ]) {
    test(`may be ${name}`, async () => {
      assert.equal((await run(ECHO, { stdin: stdin() })).stdout, text);
    });
  }
  test("is waited for while the event loop has its turns", async () => {
    const typed = deferred();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    async function* stdin() {
      yield "first ";
      yield await typed.promise;
    }
    let stdout = "";
    const running = run(ECHO, { stdin: stdin(), stdout: (bytes) => void (stdout += decoder.decode(bytes)) });
    await sleep(60);
    assert.equal(stdout, "first ", "what was written is there before more is read");
    typed.resolve("later");
    await running;
    clearInterval(timer);
    assert.equal(stdout, "first later");
    assert.ok(ticks > 5, `${ticks}`);
  });
  test("that fails ends the run by the same error, and one that is not read is ended", async () => {
    const reason = new Error("mine");
    const failing = async function* () {
      yield "x";
      throw reason;
    };
    assert.equal(await rejectionOf(run(ECHO, { stdin: failing() })), reason);
    let ended = false;
    const waiting = (async function* () {
      try {
        yield "a";
        yield "b";
      } finally {
        ended = true;
      }
    })();
    await run(
      program(
        ["fd_read"],
        `(func (export "_start") (i32.store (i32.const 4) (i32.const 1))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))`,
      ),
      { stdin: waiting },
    );
    await sleep(1);
    assert.ok(ended);
  });
  test("that never comes is no obstacle to a timeout and a signal", async () => {
    const never = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });
    assert.equal((await rejectionOf(run(ECHO, { stdin: never(), timeout: 20 }))).name, "TimeoutError");
    assert.equal((await rejectionOf(run(ECHO, { stdin: never(), signal: AbortSignal.timeout(20) }))).name, "TimeoutError");
  });
  test("that is always there keeps nobody from having a turn", async () => {
    const endless = (function* () {
      for (;;) yield "x";
    })();
    assert.equal((await rejectionOf(run(ECHO, { stdin: endless, signal: AbortSignal.timeout(30) }))).name, "TimeoutError");
  });
});

describe("output", () => {
  test("is awaited where its buffer is full", async () => {
    let length = 0,
      under = 0,
      most = 0;
    const stdout = async (bytes) => {
      most = Math.max(most, ++under);
      await sleep(1);
      under--;
      length += bytes.length;
    };
    await run(lines(20_000), { stdout, limits: { outputBuffer: 1_000 } });
    assert.equal(length, 200_000);
    assert.equal(most, 1, "one after the other");
  });
  test("may go to a WritableStream, which can be used after", async () => {
    let text = "";
    const stream = new WritableStream({ write: async (bytes) => (await sleep(1), void (text += decoder.decode(bytes))) });
    assert.equal((await run(TALK, { stdout: stream, stderr: () => {} })).exitCode, 7);
    assert.equal(text, "outout");
    assert.equal(stream.locked, false);
  });
  test("may be taken by who calls other guests, whatever the program then waits for", async () => {
    const other = sandbox.compile(wat('(module (func (export "f") (param i64 i64)))')).instantiate();
    const bytes = saying(
      ["poll_oneoff"],
      `(i32.store (i32.const 1016) (i32.const 1)) (i64.store (i32.const 1024) (i64.const 5000000))
      (drop (call $poll_oneoff (i32.const 1000) (i32.const 2000) (i32.const 1) (i32.const 16)))`,
    );
    const stdout = () => other.exports.f(2n ** 62n, 2n ** 62n);
    assert.equal((await run(bytes, { stdout, timeout: 20_000 })).exitCode, 0);
  });
  test("that cannot be taken ends the run by the same error", async () => {
    const reason = new Error("mine");
    const fail = () => {
      throw reason;
    };
    assert.equal(await rejectionOf(run(TALK, { stdout: fail })), reason);
    assert.equal(await rejectionOf(run(lines(1_000_000), { stdout: () => Promise.reject(reason) })), reason);
  });
  test("beyond its limit is a Trap that names it", async () => {
    const error = await rejectionOf(run(lines(1_000), { limits: { outputBytes: 5_000 } }));
    assert.ok(Trap.is(error, "host-error"), error);
    assert.match(error.message, /the limit `outputBytes` is 5000/);
  });
});

describe("time", () => {
  test("a program sleeps as long as it says, and others go on", async () => {
    const began = performance.now();
    const { stdout } = await run(poll(40_000_000, false));
    assert.equal(stdout, "10");
    assert.ok(performance.now() - began >= 39, `${performance.now() - began}`);
  });
  test("a sleeping program is ended at once", async () => {
    const began = performance.now();
    const error = await rejectionOf(run(poll(3_600_000_000_000, false), { signal: AbortSignal.timeout(20) }));
    assert.equal(error.name, "TimeoutError");
    assert.ok(performance.now() - began < 2_000);
  });
  test("input ends a sleep that waits for it too, and is not lost where it comes later", async () => {
    assert.equal(
      (
        await run(poll(3_600_000_000_000, true), {
          stdin: (async function* () {
            await sleep(5);
            yield "x";
          })(),
        })
      ).stdout,
      "11",
    );
    const typed = deferred();
    const wasiOf = new wasi.Wasi(sandbox, {
      stdin: (async function* () {
        yield await typed.promise;
      })(),
    });
    const guest = sandbox
      .compile(
        program(
          ["poll_oneoff", "fd_read"],
          `
      (func (export "poll") (result i32)
        (i32.store (i32.const 1016) (i32.const 1)) (i64.store (i32.const 1024) (i64.const 5000000))
        (i32.store8 (i32.const 1056) (i32.const 1))
        (drop (call $poll_oneoff (i32.const 1000) (i32.const 2000) (i32.const 2) (i32.const 16))) (i32.load8_u (i32.const 2010)))
      (func (export "read") (result i32)
        (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 1))
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))) (i32.load8_u (i32.const 1024)))`,
        ),
      )
      .instantiate(wasiOf.imports());
    assert.equal(await guest.call("poll"), 0, "the clock");
    typed.resolve("y");
    assert.equal(await guest.call("read"), 121);
  });
  test("a program that yields lets others have their turn", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const bytes = program(
      ["sched_yield"],
      `(func (export "_start") (local $n i32)
      (loop $on (drop (call $sched_yield)) (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 2000)))))`,
    );
    await run(bytes);
    clearInterval(timer);
    assert.ok(ticks > 0);
  });
  test("a program that has yielded often has slices as short as others", async () => {
    const bytes = program(
      ["sched_yield"],
      `(func (export "_start") (local $n i32)
        (loop $on (drop (call $sched_yield)) (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000))))
        (loop $spin (br $spin)))`,
    );
    const began = performance.now();
    assert.equal((await rejectionOf(run(bytes, { timeout: 1_000 }))).name, "TimeoutError");
    assert.ok(performance.now() - began < 3_000, `${performance.now() - began}`);
  });
  test("and randomness are the same in each run, unless they are asked for from outside", async () => {
    const world = async (options) => {
      let bytes;
      await run(WORLD, { stdout: (given) => void (bytes = given), ...options });
      return { time: new DataView(bytes.buffer).getBigUint64(0, true), random: Buffer.from(bytes.subarray(8)).toString("hex") };
    };
    const first = await world({});
    assert.deepEqual(await world({}), first);
    assert.equal(first.time, 1_700_000_000_000_001_000n);
    assert.notEqual((await world({ random: 5 })).random, first.random);
    assert.equal((await world({ random: 5n })).random, (await world({ random: 5 })).random);
    assert.equal((await world({ clock: { start: 1_000, tick: 7 } })).time, 1_000_000_007n);
    assert.equal((await world({ clock: { start: new Date(1_000) } })).time, 1_000_001_000n);
    const { time, random } = await world({ clock: "host", random: "host" });
    assert.ok(Math.abs(Number(time / 1_000_000n) - Date.now()) < 10_000);
    assert.notEqual(random, (await world({ random: "host" })).random);
    assert.equal((await world({ random: (bytes) => bytes.fill(0xab) })).random, "ab".repeat(8));
  });
  test("a program that waits for what never comes is stuck", async () => {
    const error = await rejectionOf(run(poll(-1, false)));
    assert.ok(WasiError.is(error, "stuck"), error);
  });
});

describe("files", () => {
  test("are read from where they were mounted, however these are given", async () => {
    const contents = "in a file";
    for (const files of [
      { "/": { "a/b.txt": contents } },
      { "/": { a: { "b.txt": new TextEncoder().encode(contents) } } },
      new Map([["/", new Map([["a", new Map([["b.txt", new TextEncoder().encode(contents).buffer]])]])]]),
      { "/": wasi.mount({ "a/b.txt": contents }, { readOnly: true }) },
      { "/": { "c.txt": contents, "a/b.txt": wasi.symbolicLink("../c.txt") } },
    ]) {
      const { stdout, exitCode } = await run(cat("a/b.txt"), { files });
      assert.deepEqual([exitCode, stdout], [0, contents]);
    }
    assert.equal((await run(cat("a/b.txt"), { files: { "/": {} } })).exitCode, 44, "NOENT");
    assert.equal((await run(cat("../x"), { files: { "/": {} } })).exitCode, 63, "PERM");
  });
  test("are given back as they have become, and can be given again", async () => {
    const link = wasi.symbolicLink("kept");
    const { files, exitCode } = await run(write("out.txt"), {
      files: { "/": { kept: "k", link, empty: {}, "full/x": "y" }, "/ro": wasi.mount({ x: "y" }, { readOnly: true }) },
    });
    assert.equal(exitCode, 0);
    assert.deepEqual(Object.keys(files), ["/"]);
    const { kept, link: after, empty, ...rest } = files["/"];
    assert.equal(decoder.decode(kept), "k");
    assert.equal(after.target, "kept");
    assert.deepEqual(empty, {});
    assert.deepEqual(Object.keys(rest), ["full/x", "out.txt"]);
    assert.equal(decoder.decode(rest["out.txt"]), "written");
    assert.equal((await run(cat("out.txt"), { files })).stdout, "written");
  });
  test("are refused where they are read-only, and handed over where they are written back", async () => {
    assert.equal((await run(write("x"), { files: { "/": wasi.mount({}, { readOnly: true }) } })).exitCode, 69, "ROFS");
    const written = [];
    const onWrite = async (path, bytes) => {
      await sleep(1);
      written.push([path, decoder.decode(bytes)]);
    };
    await run(write("x"), { files: { "/": wasi.mount({}, { onWrite }) } });
    assert.deepEqual(written, [["x", "written"]]);
  });
  test("with several names are copied once, so that a program cannot have ten thousand copies made", async () => {
    const told = [];
    const { exitCode, files } = await run(WRITE_TWICE, { files: { "/": wasi.mount({}, { onWrite: (...all) => void told.push(all) }) } });
    assert.equal(exitCode, 0);
    assert.equal(decoder.decode(files["/"].x), "written");
    assert.equal(files["/"].x, files["/"].y);
    assert.deepEqual(told.map(([path]) => path).sort(), ["x", "y"]);
    assert.equal(told[0][1], told[1][1]);
  });
  test("that are lazy are loaded once they are read", async () => {
    let loads = 0;
    const lazy = wasi.lazyFile(4, async () => (loads++, await sleep(1), "lazy"));
    const { stdout, files } = await run(cat("x"), { files: { "/": { x: lazy, y: lazy } } });
    assert.deepEqual([stdout, loads], ["lazy", 1]);
    assert.equal(decoder.decode(files["/"].x), "lazy");
    assert.equal(files["/"].y, lazy, "it was never asked for");
    assert.equal((await run(cat("x"), { files: { "/": { x: wasi.lazyFile(4, () => "once") } } })).stdout, "once");
    const reason = new Error("mine");
    const failing = wasi.lazyFile(4, () => Promise.reject(reason));
    assert.equal(await rejectionOf(run(cat("x"), { files: { "/": { x: failing } } })), reason);
    assert.equal((await run(cat("x"), { files: { "/": { x: wasi.lazyFile(4, () => "other") } } })).exitCode, 29, "IO");
  });
});

describe("a reactor", () => {
  const reactor = (options) => {
    const system = new wasi.Wasi(sandbox, options);
    const guest = sandbox.compile(REACTOR).instantiate(system.imports());
    return { system, guest };
  };
  test("is initialized and called, synchronously too", async () => {
    let stdout = "";
    const { system, guest } = reactor({ stdin: "ab", stdout: (bytes) => void (stdout += decoder.decode(bytes)) });
    await system.initialize(guest);
    assert.equal(await guest.call("count"), 41);
    assert.equal(guest.exports.count(), 42);
    assert.equal(guest.callSync("read"), 97);
    assert.equal(guest.exports.read(), 98);
    assert.equal(guest.exports.read() | 0, -1, "the end");
    guest.exports.say();
    assert.equal(stdout, "said\n");
    assert.equal(guest.tryCallSync("say").status, "ok");
    assert.equal(stdout, "said\nsaid\n");
    await guest.call("say");
    assert.equal(stdout, "said\nsaid\nsaid\n");
  });
  test("that waits in a synchronous call ends by an AsyncImportError, and can be called again", async () => {
    const { guest } = reactor({
      stdin: (async function* () {
        yield "xy";
      })(),
    });
    assert.ok(thrownBy(() => guest.exports.read()) instanceof AsyncImportError);
    assert.ok(thrownBy(() => guest.callSync("read")) instanceof AsyncImportError);
    assert.ok(thrownBy(() => guest.tryCallSync("read")) instanceof AsyncImportError);
    assert.equal(await guest.call("read"), 120);
    assert.equal(guest.exports.read(), 121, "what was read of the input is there");
  });
  test("that exits says so by a WasiError with the code", async () => {
    const { guest } = reactor();
    for (const error of [
      await rejectionOf(guest.call("exit", [5])),
      await rejectionOf(guest.tryCall("exit", [5])),
      thrownBy(() => guest.exports.exit(5)),
      thrownBy(() => guest.callSync("exit", [5])),
      thrownBy(() => guest.tryCallSync("exit", [5])),
    ]) {
      assert.ok(WasiError.is(error, "exit"), error);
      assert.equal(error.exitCode, 5);
      assert.ok(error.fuelUsed > 0n);
    }
    assert.equal(guest.exports.count(), 1, "it can be called still");
  });
  test("is made anew by a snapshot, and forked", async () => {
    let stdout = "";
    const { system, guest } = reactor({ stdout: (bytes) => void (stdout += decoder.decode(bytes)) });
    await system.initialize(guest);
    const snapshot = guest.snapshot();
    assert.equal(guest.exports.count(), 41);
    guest.restore(snapshot);
    assert.equal(guest.exports.count(), 41);
    guest.exports.say();
    const fork = guest.fork();
    assert.equal(fork.exports.count(), 42);
    fork.exports.say();
    const other = guest.module.instantiate(system.imports(), { snapshot });
    assert.equal(other.exports.count(), 41);
    other.exports.say();
    assert.equal(stdout, "said\nsaid\nsaid\n");
  });
  test("waits for its turn where another guest waits for the same system", async () => {
    const typed = [deferred(), deferred()];
    const { system, guest } = reactor({
      stdin: (async function* () {
        for (const { promise } of typed) yield await promise;
      })(),
    });
    const other = sandbox.compile(REACTOR).instantiate(system.imports());
    const both = Promise.all([guest.call("read"), other.call("read")]);
    await sleep(5);
    typed[0].resolve("a");
    await sleep(5);
    typed[1].resolve("b");
    assert.deepEqual((await both).sort(), [97, 98]);
    const controller = new AbortController();
    const never = reactor({ stdin: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) } });
    const ended = rejectionOf(never.guest.call("read", [], { signal: controller.signal }));
    controller.abort();
    await ended;
    assert.equal(never.guest.exports.count(), 1);
  });
  test("goes on after its system was disposed of, as long as nothing has to be waited for", () => {
    const { system, guest } = reactor({ stdin: "a" });
    system.dispose();
    system.dispose();
    assert.equal(guest.exports.read(), 97);
    assert.ok(DisposedError.is(thrownBy(() => guest.module.instantiate(system.imports()))));
    assert.ok(DisposedError.is(thrownBy(() => system.files)));
  });
});

describe("what is imported", () => {
  test("has to have the types that it has", () => {
    const bytes = wat('(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))))');
    const error = thrownBy(() => sandbox.compile(bytes).instantiate(new wasi.Wasi(sandbox).imports()));
    assert.ok(InstantiateError.is(error), error);
    assert.match(error.message, /fd_close/);
  });
  test("is of this version of WASI, and of one system of the sandbox", async () => {
    const old = wat('(module (import "wasi_unstable" "fd_close" (func (param i32) (result i32))))');
    assert.match((await rejectionOf(run(old))).message, /wasm32-wasip1/);
    const two = wat(`(module (import "a" "f" (func (param i32) (result i32))) (import "b" "f" (func (param i32) (result i32))))`);
    const close = (of) => ({ f: new wasi.Wasi(of).imports().wasi_snapshot_preview1.fd_close });
    const error = thrownBy(() => sandbox.compile(two).instantiate({ a: close(sandbox), b: close(sandbox) }));
    assert.match(error.message, /a second WASI system/);
    const other = await Sandbox.load();
    assert.match(thrownBy(() => sandbox.compile(two).instantiate({ a: close(other), b: close(other) })).message, /of another sandbox/);
    other.dispose();
  });
  test("may be of your own in part", async () => {
    const system = new wasi.Wasi(sandbox);
    const { wasi_snapshot_preview1: all } = system.imports();
    const guest = sandbox.compile(WORLD).instantiate({ wasi_snapshot_preview1: { ...all, random_get: () => 0 } });
    await guest.call("_start");
    assert.throws(() => all.fd_close(1), TypeError);
  });
});

describe("options", () => {
  const refused = (options) => rejectionOf(run(TALK, options));
  test("that cannot be are errors with a class", async () => {
    for (const [options, code] of [
      [{ args: ["a\0b"] }, "zero"],
      [{ env: { "a=b": "c" } }, "variable-name"],
      [{ files: { "": {} } }, "mount-name"],
      [{ files: { "/": { "../x": "y" } } }, "path"],
      [{ files: { "/": { x: "1234" } }, limits: { fileBytes: 3 } }, "limit"],
      [{ args: ["x".repeat(70_000)] }, "limit"],
    ]) {
      const error = await refused(options);
      assert.ok(WasiError.is(error, code), `${code}: ${error}`);
    }
    for (const options of [
      { arg: [] },
      { args: "x" },
      { env: [] },
      { files: { "/": 5 } },
      { stdin: 5 },
      { stdout: 5 },
      { random: "yes" },
      { terminal: 1 },
      { limits: { nodes: 1 } },
      { clock: { begin: 1 } },
    ]) {
      assert.ok((await refused(options)) instanceof TypeError, JSON.stringify(options));
    }
    assert.throws(() => wasi.lazyFile(-1, () => ""), RangeError);
    assert.throws(() => wasi.mount({}, { readOnly: true, onWrite: () => {} }), TypeError);
    assert.throws(() => new wasi.Wasi({}), TypeError);
  });
});
