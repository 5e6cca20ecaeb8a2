// A sandbox in a worker: the same as one on this thread, but for what is one thread's own. The package's other entry without
// a wasm module of its own is here, too.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  CompileError,
  DisposedError,
  InstantiateError,
  InvokeError,
  LoadError,
  MemoryError,
  PoisonedError,
  Sandbox,
  Trap,
  call,
} from "guestbox";
import { WorkerSandbox } from "guestbox/worker";
import { deferred, rejectionOf, wat } from "./wat.mjs";

const ASKS = wat(`(module (import "env" "ask" (func $ask (param i32) (result i32))) (import "env" "base" (global $base i32))
  (func (export "run") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (global.get $base)))
  (func (export "wide") (param i64 f64) (result i64 f64) (i64.mul (local.get 0) (i64.const 3)) (local.get 1)))`);
const LOOPS = wat(`(module (memory (export "memory") 1) (global $rounds (mut i32) (i32.const 0))
  (func (export "run") (param i32) (result i32) (loop (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
    (br_if 0 (i32.ne (global.get $rounds) (local.get 0)))) (global.get $rounds))
  (func (export "spin") (loop (br 0))) (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "fine") (result i32) (i32.const 7)))`);
const GREETS = wat(`(module (import "env" "log" (func $log (param i32 i32))) (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "deallocate") (param i32 i32) (i32.store8 (i32.const 0) (i32.const 1)))
  (func (export "greet") (param i32 i32) (result i32) (call $log (local.get 0) (local.get 1))
    (i32.store8 (local.get 0) (i32.const 74)) (local.get 0)))`);
const STARTS = wat('(module (import "env" "begin" (func $begin)) (start $begin) (func (export "fine") (result i32) (i32.const 7)))');
const REFERS = wat(`(module (func (export "same") (param externref) (result externref) (local.get 0))
  (func $f (export "f")) (func (export "give") (result funcref) (ref.func $f)))`);
const ENDLESS = { fuel: 2n ** 63n };

describe("a sandbox in a worker", () => {
  let sandbox;
  before(async () => {
    sandbox = await WorkerSandbox.load({ limits: { totalMemoryPages: 20 } });
  });
  after(() => sandbox.dispose());
  const guest = async (bytes, imports, options) => (await sandbox.compile(bytes)).instantiate(imports, options);

  test("says what a module imports and exports, and calls a guest with imports of this side", async () => {
    const module = await sandbox.compile(ASKS);
    const here = (await Sandbox.load()).compile(ASKS);
    assert.deepEqual([module.imports, module.exports], [here.imports, here.exports]);
    class Env {
      base = 100;
      ask = async (n) => n * 2;
    }
    for (const env of [new Env(), new Map(Object.entries(new Env())), { base: 100, ask: (n) => n * 2 }]) {
      const asking = await module.instantiate({ env });
      assert.equal(await asking.call("run", [4]), 108);
      assert.deepEqual(await asking.call("wide", [-5n, NaN]), [-15n, NaN]);
      asking.dispose();
    }
    module.dispose();
    assert.equal((await rejectionOf(module.instantiate({}))).code, "torn-down");
  });
  test("leaves the bytes that it is given as they are", async () => {
    const bytes = ASKS.slice();
    await sandbox.compile(bytes);
    assert.deepEqual(bytes, ASKS);
  });
  test("an error of an import comes out as the same object, also of a start function", async () => {
    for (const reason of [new Error("mine"), "text", undefined]) {
      const env = {
        base: 0,
        ask: () => {
          throw reason;
        },
        begin: () => Promise.reject(reason),
      };
      const asking = await guest(ASKS, { env });
      const [thrown] = await asking.call("run", [1]).then(assert.fail, (error) => [error]);
      assert.equal(thrown, reason);
      const [started] = await guest(STARTS, { env }).then(assert.fail, (error) => [error]);
      assert.equal(started, reason);
    }
  });
  test("errors are of the same classes, with codes, fuel and frames", async () => {
    const refused = await rejectionOf(sandbox.compile(Uint8Array.of(1, 2, 3)));
    assert.ok(CompileError.is(refused));
    const missing = await rejectionOf(guest(ASKS, { env: { base: 1 } }));
    assert.ok(InstantiateError.is(missing, "import"));
    const here = await Sandbox.load();
    const local = await rejectionOf((async () => here.compile(ASKS).instantiate({ env: { base: 1 } }))());
    assert.equal(missing.message, local.message);

    const looping = await (await sandbox.compile(LOOPS, { frames: true })).instantiate();
    const trap = await rejectionOf(looping.call("divide", [0]));
    assert.ok(Trap.is(trap, "integer-division-by-zero") && trap.fuelUsed > 0n);
    assert.match(trap.stack, /wasm-function\[2\]/);
    assert.equal((await rejectionOf(looping.call("nothing"))).code, "export-not-found");
    assert.match((await rejectionOf(looping.call("run", [1.5]))).message, /1\.5/);
    assert.ok((await rejectionOf(looping.call("run", [1.5]))) instanceof RangeError);
    assert.match((await rejectionOf(looping.call("fine", [], { timeOut: 1 }))).message, /unknown option `timeOut`; did you mean `timeout`/);
    assert.ok((await rejectionOf(looping.call("fine", [], "text"))) instanceof TypeError);
    assert.ok(MemoryError.is(await rejectionOf(looping.memory.read(65_536, 1)), "out-of-bounds"));
    assert.ok(Trap.is(await rejectionOf(looping.call("spin", [], { fuel: 1_000 })), "out-of-fuel"));
  });
  test("outcomes: with the fuel that was used here, and those that are out of it go on", async () => {
    const here = (await Sandbox.load()).compile(LOOPS).instantiate();
    const looping = await guest(LOOPS);
    const expected = await here.tryCall("run", [1_000], { fuel: 1_000 });
    const outcome = await looping.tryCall("run", [1_000], { fuel: 1_000 });
    assert.deepEqual([outcome.status, outcome.fuelUsed, outcome.frames.length], ["out-of-fuel", expected.fuelUsed, 0]);
    assert.equal((await rejectionOf(looping.call("fine"))).code, "busy");
    const ended = await outcome.resume(1_000_000n);
    assert.deepEqual(ended, await expected.resume(1_000_000n));
    assert.ok(InvokeError.is(await rejectionOf(outcome.resume(1)), "call-over"));
    const given = await looping.tryCall("spin", [], { fuel: 1_000 });
    given.abort();
    assert.equal(await looping.call("fine"), 7);
    const trapped = await looping.tryCall("divide", [0]);
    assert.equal(JSON.parse(JSON.stringify(trapped)).trap.code, "integer-division-by-zero");
  });
  test("an endless loop is ended by a signal with its reason, a timeout and a deadline, and this thread goes on", async () => {
    const looping = await guest(LOOPS);
    let turns = 0;
    const ticking = setInterval(() => void turns++, 1);
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), 50);
    assert.equal(await looping.call("spin", [], { ...ENDLESS, signal: controller.signal }).catch((reason) => reason), "enough");
    clearInterval(ticking);
    assert.ok(turns > 10, `${turns}`);
    assert.equal(await looping.call("fine", [], { signal: controller.signal }).catch((reason) => reason), "enough");
    for (const until of [{ timeout: 20 }, { deadline: performance.now() + 20 }, { signal: AbortSignal.timeout(20) }]) {
      assert.equal((await rejectionOf(looping.call("spin", [], { ...ENDLESS, ...until }))).name, "TimeoutError");
    }
    assert.equal(await looping.call("fine"), 7);
  });
  test("a signal that is aborted while an import waits ends the call", async () => {
    const { promise } = deferred();
    const asking = await guest(ASKS, { env: { base: 0, ask: () => promise } });
    const controller = new AbortController();
    const called = asking.call("run", [1], { signal: controller.signal });
    controller.abort("enough");
    assert.equal(await called.catch((reason) => reason), "enough");
  });
  test("text goes in and out, and an import reads it while its call waits", async () => {
    const logged = [];
    const greeting = await guest(GREETS, {
      env: { log: async (pointer, length) => void logged.push(await greeting.readString(pointer, length)) },
    });
    const answer = await greeting.withString("Hé", async (pointer, length) =>
      greeting.readString(await greeting.call("greet", [pointer, length]), length),
    );
    assert.deepEqual([logged, answer], [["Hé"], "Jé"]);
    assert.deepEqual(await greeting.memory.read(0, 1), Uint8Array.of(1), "it was freed");
    const room = await greeting.allocate(Uint8Array.of(1, 2, 3));
    assert.deepEqual([room.pointer, room.length], [1024, 3]);
    assert.deepEqual(await greeting.memory.read(1024, 3), Uint8Array.of(1, 2, 3));
    await room.free();
    await room.free();
    await greeting.memory.write(8, new Uint16Array([0x4142]));
    assert.equal(await greeting.memory.readString(8, 2), "BA");
    assert.equal(await greeting.memory.writeString(8, "é"), 2);
    assert.equal(await greeting.memory.readString(8, 2, { encoding: "utf-8" }), "é");
  });
  test("values cross as copies, and what cannot be copied is an error", async () => {
    const referring = await guest(REFERS);
    const value = { deep: [1n], bytes: Uint8Array.of(1, 2) };
    const back = await referring.call("same", [value]);
    assert.deepEqual(back, value);
    assert.notEqual(back, value);
    assert.equal((await rejectionOf(referring.call("same", [() => {}]))).name, "DataCloneError");
    assert.equal((await rejectionOf(referring.call("give"))).name, "DataCloneError");
  });
  test("what is of one thread is not taken", async () => {
    const here = await Sandbox.load();
    const env = { ask: call((c, n) => n), base: 0 };
    assert.match((await rejectionOf(guest(ASKS, { env }))).message, /`env` `ask`: what `call` makes gets a context/);
    const base = here.global({ value: "i32" }, 1);
    assert.match((await rejectionOf(guest(ASKS, { env: { ask: () => 0, base } }))).message, /`env` `base`: a global is of one thread/);
    assert.ok((await rejectionOf(guest(ASKS, 5))) instanceof TypeError);
  });
  test("what was disposed of says so, and frees what it had", async () => {
    const module = await sandbox.compile(LOOPS);
    const guests = [];
    for (let at = 0; at < 60; at++) {
      guests.push(await module.instantiate());
      guests.shift().dispose();
    }
    const looping = await module.instantiate();
    looping.dispose();
    looping.dispose();
    for (const used of [
      looping.call("fine"),
      looping.tryCall("fine"),
      looping.memory.read(0, 1),
      looping.readString(0, 1),
      looping.allocate(1),
    ]) {
      assert.ok(DisposedError.is(await rejectionOf(used), "torn-down"));
    }
  });
  test("what a page gave all objects has no say", async () => {
    const names = ["ask", "kind", "serve", "failure", "signal", "fuel", "deadline", "timeout"];
    for (const name of names) Object.defineProperty(Object.prototype, name, { value: 1, writable: true, configurable: true });
    try {
      const asking = await guest(ASKS, { env: { base: 1, ask: (n) => n } });
      assert.equal(await asking.call("run", [4], {}), 5);
    } finally {
      for (const name of names) delete Object.prototype[name];
    }
  });
  test("`instantiate` takes the options of guests", async () => {
    const looping = await guest(LOOPS, {}, { fuel: 500, floats: "bits" });
    assert.ok(Trap.is(await rejectionOf(looping.call("run", [1_000])), "out-of-fuel"));
    assert.match((await rejectionOf(guest(LOOPS, {}, { fule: 1 }))).message, /did you mean `fuel`/);
  });
});

describe("the worker", () => {
  test("is ended by `dispose`, whatever it does, and then all is refused", async () => {
    const sandbox = await WorkerSandbox.load();
    const looping = await (await sandbox.compile(LOOPS)).instantiate();
    const called = looping.call("spin", [], ENDLESS);
    sandbox.dispose();
    assert.ok(DisposedError.is(await rejectionOf(called), "sandbox"));
    assert.ok(DisposedError.is(await rejectionOf(sandbox.compile(LOOPS)), "sandbox"));
    sandbox.dispose();
  });
  test("takes limits, and what is wrong with them is said", async () => {
    const sandbox = await WorkerSandbox.load({ limits: { fuel: 1_000 } });
    const looping = await (await sandbox.compile(LOOPS)).instantiate();
    assert.ok(Trap.is(await rejectionOf(looping.call("run", [100_000])), "out-of-fuel"));
    sandbox.dispose();
    assert.match((await rejectionOf(WorkerSandbox.load({ limits: { fule: 1 } }))).message, /unknown limit `fule`/);
    assert.match((await rejectionOf(WorkerSandbox.load({ onLeak: () => {} }))).message, /unknown option `onLeak`/);
    assert.ok(LoadError.is(await rejectionOf(WorkerSandbox.load({ wasm: Uint8Array.of(1) })), "not-wasm"));
  });
  test("with vectors", async () => {
    const bytes = wat(`(module (func (export "sum") (result i32) (i32x4.extract_lane 3 (v128.const i32x4 1 2 3 4))))`);
    const sandbox = await WorkerSandbox.load({ simd: true });
    assert.equal(await (await (await sandbox.compile(bytes)).instantiate()).call("sum"), 4);
    sandbox.dispose();
  });
  test("can be given, and one that ends or does not load is named", async () => {
    const worker = new Worker(new URL(import.meta.resolve("guestbox/worker/thread")));
    const sandbox = await WorkerSandbox.load({ worker });
    const looping = await (await sandbox.compile(LOOPS)).instantiate();
    assert.equal(await looping.call("fine"), 7);
    const called = looping.call("spin", [], ENDLESS);
    await worker.terminate();
    assert.ok(PoisonedError.is(await rejectionOf(called)));
    assert.ok(PoisonedError.is(await rejectionOf(looping.call("fine"))));

    const missing = await rejectionOf(WorkerSandbox.load({ worker: new Worker(new URL("file:///nowhere/thread.js")) }));
    assert.ok(LoadError.is(missing, "unreachable"));
    assert.match(missing.message, /^cannot start the worker \(.*nowhere.*`guestbox\/worker\/thread`/);
  });
  test("keeps no process alive that waits for nothing of it", () => {
    const code = `import { WorkerSandbox } from "guestbox/worker";
      const sandbox = await WorkerSandbox.load();
      const guest = await (await sandbox.compile(Uint8Array.of(${LOOPS}))).instantiate();
      console.log(await guest.call("run", [100_000]));`;
    const cwd = new URL(".", import.meta.url);
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", code], { cwd, encoding: "utf8", timeout: 60_000 });
    assert.equal(printed, "100000\n");
  });
});

test("`guestbox/slim` has no engine, and takes one", () => {
  const url = new URL(import.meta.resolve("guestbox/guestbox.wasm"));
  // In a process of its own: another entry would bring an engine along.
  const code = `import { readFileSync } from "node:fs";
    import { LoadError, Sandbox } from "guestbox/slim";
    const error = await Sandbox.load().catch((error) => error);
    console.log(LoadError.is(error, "unreachable"), error.message);
    const bytes = readFileSync(new URL("${url}"));
    for (const wasm of [bytes, new WebAssembly.Module(bytes)]) console.log((await Sandbox.load({ wasm })).memoryPagesInUse);`;
  const cwd = new URL(".", import.meta.url);
  const [error, ...loaded] = execFileSync(process.execPath, ["--input-type=module", "--eval", code], { cwd, encoding: "utf8" })
    .trim()
    .split("\n");
  assert.match(error, /^true `guestbox\/slim` has no engine; serve the file `guestbox\/guestbox.wasm` and give its URL/);
  assert.deepEqual(loaded, ["0", "0"]);
});
