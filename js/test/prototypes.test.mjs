// What a page gives Object.prototype and Array.prototype: setters, getters and fixed values, of every name that the
// package uses, that call the sandbox while it is at work. Nothing is poisoned, and every result is what it was.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { PoisonedError, Sandbox, call } from "guestbox";
import { ScaleStore, decodeReturnValue, encodeArguments, encodeEnvironment, encodeResult } from "guestbox/scale";
import { wat } from "./wat.mjs";

const dist = new URL("../dist/", import.meta.url);
// The wasm module in base64 has thousands of words, and none of them is a name.
const sources = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith(".js") && !file.endsWith("inline-bytes.js"));
const words = sources.flatMap((file) =>
  readFileSync(new URL(file, dist), "utf8")
    .replace(/^\s*(\*|\/\/|\/\*).*$/gm, "")
    .match(/[A-Za-z_$][\w$]*/g),
);
const INDICES = ["-1", "0", "1", "2", "3", "5", "10"];
/** What is there already is not given anything: who replaces `Array.prototype.map` has replaced it. */
const NAMES = [...new Set([...words, ...INDICES])].filter((name) => !(name in Object.prototype) && !(name in Array.prototype));

const GUEST = wat(`(module
  (import "e" "m" (memory 1)) (import "e" "add" (func $add (param i32 i32) (result i32))) (import "e" "two" (func $two (param i64) (result i32 f64)))
  (memory (export "own") 1 9) (global (export "g") (mut i64) (i64.const 5)) (table (export "t") 1 funcref)
  (func (export "sum") (param i32 i32 i32) (result i32) (call $add (local.get 0) (call $add (local.get 1) (local.get 2))))
  (func (export "pair") (param i64) (result i32 f64) (call $two (local.get 0)))
  (func $inner (unreachable)) (func (export "trap") (call $inner))
  (func (export "spin") (param i32) (result i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 3)))`);
const OTHER = wat(
  '(module (memory (export "m") 1) (func (export "f") (param i32 i32 i32) (result i32) (i32.mul (local.get 0) (i32.mul (local.get 1) (local.get 2)))))',
);
const COUNTS = wat(`(module (global $n (import "e" "n") (mut i32)) (import "e" "c" (global $c i32)) (import "e" "d" (global $d i64))
  (export "n" (global $n)) (func (export "run") (result i64) (global.set $n (i32.add (global.get $n) (global.get $c)))
    (i64.add (i64.extend_i32_s (global.get $n)) (global.get $d))))`);
const LINKS = wat(`(module (import "e" "t" (table $t 2 funcref)) (import "e" "f" (func $f (param i32) (result i32)))
  (type $unary (func (param i32) (result i32))) (export "t" (table $t)) (elem (i32.const 1) $twice)
  (func $twice (param i32) (result i32) (i32.mul (call $f (local.get 0)) (i32.const 2)))
  (func (export "negated") (param i32) (result i32) (i32.sub (i32.const 0) (local.get 0)))
  (func (export "run") (param i32 i32) (result i32) (call_indirect $t (type $unary) (local.get 1) (local.get 0))))`);
const LONG = wat(`(module ${Array.from({ length: 8 }, (_, i) => `(func (export "f${i}") (result i32) (i32.const ${i}))`).join(" ")})`);

const HEAP = wat(`(module (memory (export "memory") 1)
  (func (export "malloc") (param i32) (result i32) (i32.const 64)) (func (export "free") (param i32)))`);

const sandbox = await Sandbox.load({ limits: { memoryPages: 20 } });
const frames = { frames: true };
const other = sandbox.compile(OTHER).instantiate();
const store = await ScaleStore.load();

/** The code of what something throws, and what it says. */
const failure = (use) => {
  try {
    return use();
  } catch (error) {
    const { message, code, fuelUsed, frames } = { __proto__: null, message: error.message, ...error };
    return `${error.constructor.name} ${code} ${message} ${fuelUsed} ${frames?.length}`;
  }
};
const imports = (memory) => ({
  e: { m: memory, add: call((c, a, b) => a + b + c.state + Number(c.fuel > 0n) + c.frames.length), two: (long) => [Number(long), 0.5] },
});

/** Adds to an array, whatever its prototype has. */
const add = (list, value) => Object.defineProperty(list, list.length, { __proto__: null, value, enumerable: true });

let current;
/** Uses most of the package, and says what came out. */
function use() {
  const said = [];
  const say = (value) => add(said, value);
  const memory = sandbox.memory({ initial: 1, maximum: 4 });
  const module = sandbox.compile(GUEST, frames);
  for (const list of [module.imports, module.exports])
    for (let i = 0; i < list.length; i++) say(`${list[i].kind} ${list[i].name} ${Object.keys(list[i]).length}`);
  const guest = (current = module.instantiate(imports(memory), { state: 7, fuel: 100_000 }));
  const { exports } = guest;
  say(exports.sum(1, 2, 3));
  say(exports.pair(9n).join());
  exports.g.value = 8n;
  say(exports.g.value);
  say(exports.own.grow(1));
  exports.own.writeString(3, "text");
  say(exports.own.readString(2, 6));
  memory.write(0, new Uint8Array([1, 2, 3]));
  say(memory.read(1, 2).join());
  say(guest.callSync("sum", [4, 5, 6], { state: 1, fuel: 50_000 }));
  const { status, value, fuelUsed } = guest.tryCallSync("sum", [1, 1, 1], { keepStack: true });
  say(`${status} ${value} ${fuelUsed}`);
  const snapshot = guest.snapshot();
  exports.g.value = 1n;
  guest.restore(snapshot);
  say(exports.g.value);
  say(sandbox.snapshot(snapshot.bytes).bytes.length);
  const noted = module.instantiate(imports(sandbox.memory({ initial: 1, maximum: 4 })), { journal: true });
  say(noted.exports.sum(1, 2, 3));
  noted.exports.own.writeString(3, "text");
  const parked = sandbox.parked(noted.park().bytes);
  say(`${parked.bytes.length} ${parked.waiting.length} ${parked.fuel}`);
  noted.record();
  say(noted.park().fuel);
  say(failure(() => guest.park()));
  noted.dispose();
  const count = sandbox.global({ value: "i32", mutable: true }, 40);
  const counting = sandbox.compile(COUNTS).instantiate({ e: { n: count, c: 2, d: 5n } });
  say(`${counting.exports.run()} ${count.value} ${counting.exports.n.value}`);
  say(failure(() => counting.fork({ e: { n: 1, c: 0.5, d: count } })));
  say(failure(() => sandbox.global({ value: "i64" }, 1)));
  counting.dispose();
  count.dispose();
  say(failure(() => count.value));
  const table = sandbox.table({ element: "anyfunc", initial: 2, maximum: 4 });
  const linked = sandbox.compile(LINKS).instantiate({ e: { t: table, f: call((c, n) => n + Number(c.guest === linked)) } });
  say(`${table.length} ${table.get(0)} ${table.get(1)(20)} ${linked.exports.run(1, 30)}`);
  table.set(0, linked.exports.negated);
  say(
    `${table.grow(1, table.get(1))} ${linked.exports.run(0, 8)} ${linked.exports.t.get(2)(1)} ${table.get(0) === linked.exports.negated}`,
  );
  const shares = sandbox.compile(LINKS).instantiate({ e: { t: linked.exports.t, f: (n) => -n } });
  say(`${linked.exports.run(1, 5)} ${shares.exports.run(2, 5)}`);
  for (const wrong of [() => table.get(9), () => table.set(0, () => 1), () => table.set(0, exports.sum), () => table.grow(9)])
    say(failure(wrong));
  say(failure(() => sandbox.table({ initial: 2, maximum: 1 })));
  say(failure(() => sandbox.table({ initial: 1, minimum: 1 })));
  shares.dispose();
  say(failure(() => linked.exports.run(1, 5)));
  say(failure(() => table.get(1)));
  linked.dispose();
  say(table.get(0));
  table.dispose();
  say(failure(() => table.length));
  const fork = guest.fork(imports(sandbox.memory({ initial: 1 })));
  say(fork.exports.sum(5, 5, 5));
  say(failure(() => exports.trap()));
  say(failure(() => exports.sum(1)));
  say(failure(() => exports.sum(1, 2, "x")));
  say(failure(() => guest.callSync("spin", [0], { fuel: 100 })));
  say(failure(() => guest.callSync("none")));
  say(failure(() => sandbox.compile(new Uint8Array(9))));
  say(failure(() => sandbox.memory({ initial: 21 })));
  say(failure(() => memory.grow(99)));
  say(failure(() => memory.read(65_536, 1)));
  say(failure(() => module.instantiate()));
  say(failure(() => module.instantiate({}, { nonsense: 1 })));
  say(failure(() => guest.restore(other.snapshot())));
  const long = sandbox.compile(LONG);
  say(
    Object.values(long.instantiate().exports)
      .map((f) => f())
      .join(),
  );
  const heap = sandbox.compile(HEAP).instantiate();
  say(heap.withString("text", (pointer, length) => heap.readString(pointer) + length));
  heap.dispose();
  say(Object.values(sandbox.limits).join());
  guest.dispose();
  say(failure(() => exports.sum(1, 2, 3)));
  fork.dispose();
  memory.dispose();
  const number = store.instantiate((args) => encodeResult({ type: "i32", value: args.length }), ASKS, ENVIRONMENT, 0);
  say(
    decodeReturnValue(
      store.invoke(
        (args) => encodeResult({ type: "i32", value: args.length }),
        number,
        "f",
        encodeArguments([{ type: "i32", value: 5 }]),
        0,
      ),
    ).value,
  );
  say(failure(() => store.invoke(() => {}, number, "none", encodeArguments([]), 0)));
  store.instanceTeardown(number);
  return said;
}
const ASKS = wat(
  '(module (import "e" "f" (func $f (param i32) (result i32))) (func (export "f") (param i32) (result i32) (call $f (local.get 0))))',
);
const ENVIRONMENT = encodeEnvironment([{ module: "e", name: "f", entity: { function: 0 } }]);

/** The same for what is awaited. */
async function useAsync() {
  const said = [];
  const say = (value) => add(said, value);
  const memory = sandbox.memory({ initial: 1 });
  const module = sandbox.compile(GUEST);
  const e = { m: memory, add: async (a, b) => a + b, two: call(async (c, long) => [await c.call("spin", [Number(long)]), 0.5]) };
  const guest = (current = await module.instantiateAsync({ e }, { overlapping: "queue", fuel: 100_000 }));
  const all = await Promise.all([guest.call("sum", [1, 2, 3]), guest.call("sum", [4, 5, 6]), guest.tryCall("pair", [9n])]);
  say(`${all[0]} ${all[1]} ${all[2].value}`);
  let outcome = await guest.tryCall("spin", [1_000], { fuel: 500, slice: 100 });
  for (let i = 0; i < 99 && outcome.status === "out-of-fuel"; i++) outcome = await outcome.resume(1_000, { slice: 50 });
  say(`${outcome.status} ${outcome.value} ${outcome.fuelUsed}`);
  try {
    await guest.call("trap", [], { signal: new AbortController().signal });
  } catch (error) {
    say(`${error.code} ${error.message} ${error.fuelUsed}`);
  }
  guest.dispose();
  memory.dispose();
  const table = sandbox.table({ initial: 2 });
  const linked = [1, 2].map((more) => sandbox.compile(LINKS).instantiate({ e: { t: table, f: async (n) => n + more } }));
  say(`${await linked[0].call("run", [1, 5])} ${await linked[1].call("run", [1, 5])}`);
  for (let at = 0; at < linked.length; at++) linked[at].dispose();
  table.dispose();
  return said;
}

let calls = 0;
let isWithin = false;
const poisoned = [];
/** What the properties do: use the sandbox, also the guest that is at work where that can be. */
function interfere() {
  if (isWithin) return;
  isWithin = true;
  calls += 1;
  try {
    assert.equal(other.exports.f(100, 200, 300), 6_000_000);
    assert.equal(other.exports.m.read(0, 4).length, 4);
    assert.equal(sandbox.compile(OTHER).exports.length, 2);
    for (const attempt of [
      () => current.exports.sum(50, 60, 70),
      () => current.exports.own.write(9, new Uint8Array(1)),
      () => current.exports.spin(1),
      () => other.exports.f(),
    ]) {
      try {
        attempt();
      } catch (error) {
        // The guest at work may be busy, or gone.
        if (error instanceof PoisonedError) throw error;
      }
    }
  } catch (error) {
    add(poisoned, error);
  } finally {
    isWithin = false;
  }
}

const PROPERTIES = {
  "an accessor": { get: interfere, set: interfere, configurable: true },
  "a value that cannot be written": { value: 1, writable: false, configurable: true },
};

/** With a `return` that is no function the language itself takes no array apart. */
const breaksTheLanguage = (name, property) => name === "return" && property.value !== undefined;

for (const [prototypeName, prototype] of [
  ["Object.prototype", Object.prototype],
  ["Array.prototype", Array.prototype],
]) {
  describe(prototypeName, () => {
    for (const [kind, property] of Object.entries(PROPERTIES)) {
      test(`with ${kind} of each name that the package uses`, async () => {
        assert.ok(
          NAMES.length > 500 && ["code", "fuelUsed", "__wbg_ptr", "get", "value", "return", "then"].every((name) => NAMES.includes(name)),
        );
        const [expected, awaited] = [use(), await useAsync()];
        const wrong = [];
        for (let at = 0; at < NAMES.length; at++) {
          const name = NAMES[at];
          if (breaksTheLanguage(name, property)) continue;
          Object.defineProperty(prototype, name, property);
          let said, later;
          try {
            said = use();
            // Elements that all arrays have are too much for the event loop of Node itself.
            const isTurn = prototype === Object.prototype || at % 8 === 0;
            if (isTurn && !INDICES.includes(name)) later = await useAsync();
          } catch (error) {
            said = [error];
          }
          delete prototype[name];
          for (let i = 0; i < expected.length; i++)
            if (said[i] !== expected[i]) add(wrong, `${name}: ${said[i]?.stack ?? said[i]} for ${expected[i]}`);
          if (later !== undefined && later.join() !== awaited.join()) add(wrong, `${name}: ${later.join()} for ${awaited.join()}`);
        }
        assert.deepEqual(poisoned, []);
        assert.deepEqual(wrong, []);
        if (property.get !== undefined) assert.ok(calls > 0);
      });
    }
  });
}

test("the language's prototypes may be frozen", () => {
  const script = `
    const { Sandbox, Trap, call } = await import("guestbox");
    const all = [Object, Array, Function, Error, RangeError, TypeError, Map, Set, WeakSet, Promise, String, Number, BigInt, RegExp, DataView, Uint8Array, FinalizationRegistry];
    for (const { prototype } of all) Object.freeze(prototype);
    const sandbox = await Sandbox.load();
    const guest = sandbox.compile(Uint8Array.from(${JSON.stringify([...GUEST])}), { frames: true }).instantiate({
      e: { m: sandbox.memory({ initial: 1 }), add: call((c, a, b) => a + b), two: () => [1, 2] },
    });
    let code;
    try { guest.exports.trap(); } catch (error) { code = error.code + error.frames.length + (error instanceof Trap); }
    const { status } = await guest.tryCall("spin", [1000], { fuel: 100 });
    process.stdout.write([code, status].join());`;
  const cwd = new URL(".", import.meta.url);
  assert.equal(
    execFileSync(process.execPath, ["--input-type=module", "--eval", script], { cwd, encoding: "utf8" }),
    "unreachable2true,out-of-fuel",
  );
});

test("a sandbox can be loaded meanwhile", async () => {
  const wrong = [];
  for (const property of Object.values(PROPERTIES)) {
    for (let at = 0; at < NAMES.length; at++) {
      const name = NAMES[at];
      if (INDICES.includes(name) || breaksTheLanguage(name, property)) continue;
      Object.defineProperty(Object.prototype, name, property);
      let error;
      try {
        const fresh = await Sandbox.load();
        if (fresh.compile(LONG).instantiate().exports.f5() !== 5) throw new Error("another result");
      } catch (thrown) {
        error = thrown;
      }
      delete Object.prototype[name];
      if (error !== undefined) add(wrong, `${name}: ${error.stack}`);
    }
  }
  assert.deepEqual(wrong, []);
});
