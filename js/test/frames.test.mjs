// Frames: where a guest was when it trapped or paused, as V8 has it for the same module.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GuestboxError, Sandbox, Trap, call } from "guestbox";
import { rejectionOf, thrownBy, wat } from "./wat.mjs";

const sandbox = await Sandbox.load();

/** The bytes of a module with names of its functions, and its own. */
function named(text, names, module) {
  const bytes = new TextEncoder().encode("name");
  const own = module === undefined ? [] : [0, module.length + 1, module.length, ...new TextEncoder().encode(module)];
  const entries = names.flatMap((name, index) => {
    const utf8 = new TextEncoder().encode(name);
    return [index, utf8.length, ...utf8];
  });
  const section = [bytes.length, ...bytes, ...own, 1, entries.length + 1, names.length, ...entries];
  assert.ok(section.length < 128 && names.length < 128);
  return Uint8Array.from([...wat(text), 0, section.length, ...section]);
}

const TEXT = `(module (import "e" "ask" (func $ask (param i32) (result i32))) (memory 1)
  (func $fail (param i32)
    (if (i32.eqz (local.get 0)) (then unreachable))
    (if (i32.eq (local.get 0) (i32.const 1)) (then (drop (i32.load offset=65536 (i32.const 0)))))
    (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (call $ask (i32.const 7)))))
    (if (i32.eq (local.get 0) (i32.const 3)) (then (loop (br 0)))))
  (func $middle (param i32) (call $fail (i32.const 9)) (call $fail (local.get 0)))
  (func (export "run") (param i32) (call $middle (local.get 0)))
  (func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))) unreachable)
  (func (export "deep") (param i32) (call $down (local.get 0))))`;
const NAMES = ["ask", "fail", "middle", "run", "down"];
const BYTES = named(TEXT, NAMES);
const raise = (value) => {
  throw value;
};

const guest = (ask = () => 0, options = {}) => sandbox.compile(BYTES, { frames: true }).instantiate({ e: { ask } }, options);
const names = (frames) => frames.map(({ name }) => name);

/** The frames that V8 has, and its names where it has them. */
function framesInV8(name, argument) {
  const module = new WebAssembly.Module(BYTES);
  const { exports } = new WebAssembly.Instance(module, { e: { ask: () => raise(new Error("host")) } });
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 1_000;
  const { stack } = thrownBy(() => exports[name](argument));
  Error.stackTraceLimit = before;
  const lines = stack.matchAll(/ at (\S+) \(wasm:[^)]*wasm-function\[(\d+)\]:0x([0-9a-f]+)\)/g);
  return Array.from(lines, ([, name, index, offset]) => ({
    functionIndex: Number(index),
    name: name.replace(/^.*\./, ""),
    module: undefined,
    offset: parseInt(offset, 16),
  }));
}

describe("frames", () => {
  for (const [argument, code] of ["unreachable", "memory-out-of-bounds"].entries()) {
    test(`of the trap ${code} are those of V8`, async () => {
      const expected = framesInV8("run", argument);
      assert.equal(expected.length, 3);
      const { exports } = guest();
      const trap = thrownBy(() => exports.run(argument));
      assert.ok(Trap.is(trap, code));
      assert.deepEqual(trap.frames, expected);
      const instance = guest();
      assert.deepEqual((await rejectionOf(instance.call("run", [argument]))).frames, expected);
      const outcome = await instance.tryCall("run", [argument]);
      assert.deepEqual(outcome.trap.frames, expected);
      assert.deepEqual(thrownBy(() => instance.callSync("run", [argument])).frames, expected);
    });
  }
  test("of a host call are those of V8", async () => {
    const expected = framesInV8("run", 2);
    const seen = [];
    const ask = call((c) => {
      seen.push(c.frames);
      return 1;
    });
    guest(ask).exports.run(2);
    await guest(ask).call("run", [2]);
    assert.deepEqual(seen, [expected, expected]);
  });
  test("are in the stack, above JavaScript's own, and not in the message", () => {
    const trap = thrownBy(() => guest().exports.run(0));
    const [head, ...lines] = trap.stack.split("\n");
    assert.ok(head.endsWith(trap.message) && trap.message === "unreachable executed");
    const expected = trap.frames.map(
      ({ name, functionIndex, offset }) => `    at ${name} (wasm-function[${functionIndex}]:0x${offset.toString(16)})`,
    );
    assert.deepEqual(lines.slice(0, 3), expected);
    assert.match(lines[3], /^ {4}at .*\.(js|mjs)/);
  });
  test("of many the innermost are listed", () => {
    const trap = thrownBy(() => guest().exports.deep(500));
    assert.equal(trap.frames.length, 100);
    assert.equal(trap.frames.leftOut, 402);
    assert.deepEqual([...trap.frames], framesInV8("deep", 500).slice(0, 100));
    assert.match(trap.stack, /\n {4}at 402 more\n/);
    const overflow = thrownBy(() => guest().exports.deep(1 << 30));
    assert.equal(overflow.code, "stack-overflow");
    assert.equal(overflow.frames.length + overflow.frames.leftOut, sandbox.limits.guestFrames);
  });
  test("of a call that is out of fuel say where it loops", async () => {
    const at = ["fail", "middle", "run"];
    const instance = guest();
    const trap = thrownBy(() => instance.callSync("run", [3], { fuel: 10_000n }));
    assert.deepEqual([trap.code, names(trap.frames)], ["out-of-fuel", at]);
    assert.equal(BYTES[trap.frames[0].offset], 0x03);
    const rejected = await rejectionOf(instance.call("run", [3], { fuel: 10_000n }));
    assert.deepEqual([rejected.code, names(rejected.frames)], ["out-of-fuel", at]);
    assert.deepEqual(names(thrownBy(() => guest(undefined, { fuel: 5_000n }).exports.run(3)).frames), at);
    const outcome = await instance.tryCall("run", [3], { fuel: 10_000n });
    assert.deepEqual([outcome.status, names(outcome.frames)], ["out-of-fuel", at]);
    const next = await outcome.resume(10_000n);
    assert.deepEqual([outcome.frames.length, names(next.frames)], [0, at]);
    next.abort();
    assert.equal(next.frames.length, 0);
  });
  test("of a call that cannot pay a charge", async () => {
    const instance = guest(call((c) => c.charge(1n << 60n)));
    const at = ["fail", "middle", "run"];
    assert.deepEqual(names(thrownBy(() => instance.exports.run(2)).frames), at);
    assert.deepEqual(names((await rejectionOf(instance.call("run", [2]))).frames), at);
  });
  test("of a start function and of an instance that is called while it waits", async () => {
    const starts = named(`(module (func unreachable) (func (call 0)) (start 1))`, ["fail", "begin"]);
    const module = sandbox.compile(starts, { frames: true });
    assert.deepEqual(names(thrownBy(() => module.instantiate()).frames), ["fail", "begin"]);
    assert.deepEqual(names((await rejectionOf(module.instantiateAsync())).frames), ["fail", "begin"]);
    const inner = [];
    const nested = guest(
      call((c) => {
        inner.push(thrownBy(() => c.guest.exports.deep(3)).frames);
        return c.frames.length;
      }),
    );
    nested.exports.run(2);
    assert.deepEqual(inner.map(names), [["down", "down", "down", "down", undefined]]);
    const deepest = guest(call((c) => c.guest.exports.run(2)));
    const trap = thrownBy(() => deepest.exports.run(2));
    assert.deepEqual([trap.code, names(trap.frames)], ["nesting-too-deep", ["fail", "middle", "run"]]);
  });
  test("of calls in turns on one guest are their own", async () => {
    const waiting = [];
    const seen = [];
    const ask = call(async (c) => {
      seen.push(names(c.frames));
      await new Promise((resolve) => waiting.push(resolve));
      return 0;
    });
    const instance = guest(ask, { overlapping: "allow" });
    const calls = [1, 2, 3].map(() => instance.call("run", [2]));
    await new Promise(setImmediate);
    const trap = thrownBy(() => instance.exports.deep(50));
    assert.equal(trap.frames.length, 52);
    waiting.reverse().forEach((resolve) => resolve());
    await Promise.all(calls);
    assert.deepEqual(seen, Array(3).fill(["fail", "middle", "run"]));
  });
});

describe("without the option", () => {
  test("there are none, and nothing in the stack", async () => {
    const instance = sandbox.compile(BYTES).instantiate({ e: { ask: call((c) => c.frames.length) } });
    const trap = thrownBy(() => instance.exports.run(0));
    assert.deepEqual([trap.frames.length, trap.frames.leftOut], [0, 0]);
    assert.ok(!trap.stack.includes("wasm-function[1]:"));
    instance.exports.run(2);
    const outcome = await instance.tryCall("run", [3], { fuel: 1_000n });
    assert.deepEqual([outcome.status, outcome.frames.length], ["out-of-fuel", 0]);
    outcome.abort();
  });
  test("the option is a boolean, and streaming takes it too", async () => {
    for (const frames of [1, "yes", null, {}]) {
      assert.ok(thrownBy(() => sandbox.compile(BYTES, { frames })) instanceof TypeError);
    }
    const module = await sandbox.compileStreaming(new Response(BYTES), { frames: true });
    const trap = thrownBy(() => module.instantiate({ e: { ask: () => 0 } }).exports.run(0));
    assert.equal(trap.frames.length, 3);
    assert.equal(thrownBy(() => sandbox.compile(new Uint8Array(9), { frames: true })).code, "invalid");
  });
});

test("what is unprintable in a name is escaped in the stack", () => {
  const name = "a\n\u001b[\u202e'é";
  const bytes = named('(module (func (export "run") unreachable))', [name]);
  const trap = thrownBy(() => sandbox.compile(bytes, { frames: true }).instantiate().exports.run());
  assert.equal(trap.frames[0].name, name);
  assert.ok(trap.stack.includes("    at a\\u{a}\\u{1b}[\\u{202e}'é (wasm-function[0]:0x"), trap.stack);
});

test("a snapshot fits modules compiled with and without", () => {
  const text =
    '(module (memory 1) (func (export "set") (i32.store (i32.const 0) (i32.const 9))) (func (export "get") (result i32) (i32.load (i32.const 0))))';
  const [plain, framed] = [sandbox.compile(wat(text)), sandbox.compile(wat(text), { frames: true })];
  for (const [from, to] of [
    [plain, framed],
    [framed, plain],
  ]) {
    const first = from.instantiate();
    first.exports.set();
    assert.equal(to.instantiate({}, { snapshot: first.snapshot() }).exports.get(), 9);
  }
  assert.deepEqual(framed.exports, plain.exports);
});

describe("frames of guests that call each other", () => {
  const relay = (place, more) => `(module (import "e" "t" (table 4 funcref)) (type $f (func (param i32)))
    (func (param i32) (if (i32.eqz (local.get 0)) (then unreachable))
      (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const ${place}))) ${more})`;
  const bank = named(relay(0, "(elem (i32.const 1) 0)"), ["pay"], "bank");
  const shop = named(relay(1, '(elem (i32.const 0) 0) (export "run" (func 0))'), ["buy"], "shop");
  /** Those of V8, or ours, as lines. */
  const linesOf = (stack) => stack.split("\n").filter((line) => line.includes("wasm-function["));

  test("are in one list, with the modules of the others", () => {
    const t = sandbox.table({ element: "anyfunc", initial: 4 });
    sandbox.compile(bank, { frames: true }).instantiate({ e: { t } });
    const guest = sandbox.compile(shop, { frames: true }).instantiate({ e: { t } });
    const trap = thrownBy(() => guest.exports.run(2));
    const found = trap.frames.map(({ functionIndex, name, module }) => [functionIndex, name, module]);
    assert.deepEqual(found, [
      [0, "buy", undefined],
      [0, "pay", "bank"],
      [0, "buy", undefined],
    ]);

    const inV8 = new WebAssembly.Table({ initial: 4, element: "anyfunc" });
    const run = (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { t: inV8 } }).exports.run;
    run(bank);
    const { stack } = thrownBy(() => run(shop)(2));
    const expected = linesOf(stack).map((line) =>
      line.replace(/at (?:\w+\.)?(\w+) \(wasm:\/\/wasm\/(\w+)-\w+:/, "at $1 ($2:").replace("shop:", ""),
    );
    assert.deepEqual(linesOf(trap.stack), expected);
    assert.equal(expected.length, 3);
    assert.deepEqual([...GuestboxError.from(JSON.parse(JSON.stringify(trap))).frames], [...trap.frames]);
  });
  test("are none where one of them has none", () => {
    const t = sandbox.table({ element: "anyfunc", initial: 4 });
    sandbox.compile(bank).instantiate({ e: { t } });
    const guest = sandbox.compile(shop, { frames: true }).instantiate({ e: { t } });
    assert.deepEqual([...thrownBy(() => guest.exports.run(2)).frames], []);
  });
});
