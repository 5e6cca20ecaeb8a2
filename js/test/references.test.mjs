/** References as values: functions of guests, and values of JavaScript. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposedError, GlobalError, InstantiateError, InvokeError, Sandbox, TableError, Trap, call } from "guestbox";
import { collect } from "./collect.mjs";
import { wat } from "./wat.mjs";

const sandbox = await Sandbox.load();

/** Keeps values in a table, in a variable, and gives them on. */
const KEEPER = wat(`(module (import "env" "swap" (func $swap (param externref i32) (result externref)))
  (import "env" "constant" (global $constant externref))
  (table $values (export "values") 4 8 externref) (global $kept (export "kept") (mut externref) (ref.null extern))
  (func (export "put") (param i32 externref) (table.set $values (local.get 0) (local.get 1)))
  (func (export "get") (param i32) (result externref) (table.get $values (local.get 0)))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func (export "isNull") (param externref) (result i32) (ref.is_null (local.get 0)))
  (func (export "constant") (result externref) (global.get $constant))
  (func (export "swap") (param externref i32) (result externref) (call $swap (local.get 0) (local.get 1)))
  (func (export "several") (param externref) (result i64 externref externref) (i64.const 7) (local.get 0) (global.get $kept)))`);

const VALUES = [{}, "text", 5, -0, 0, NaN, 5n, true, false, undefined, Symbol("own"), () => 1, new Map(), sandbox, Promise.resolve()];

const keeper = (env = {}) => sandbox.compile(KEEPER).instantiate({ env: { swap: (value) => value, constant: null, ...env } });

describe("values of JavaScript", () => {
  test("come back as they were given, through all doors", async () => {
    const guest = keeper();
    const { same, put, get, isNull, values, kept, several, swap } = guest.exports;
    for (const value of [...VALUES, null, guest]) {
      assert.ok(Object.is(same(value), value), String(value));
      assert.equal(isNull(value), value === null ? 1 : 0);
      put(3, value);
      values.set(2, value);
      kept.value = value;
      const all = [get(2), values.get(3), kept.value, ...several(value).slice(1)];
      assert.ok(
        all.every((one) => Object.is(one, value)),
        String(value),
      );
      if (!(value instanceof Promise)) assert.ok(Object.is(swap(value, 1), value), String(value));
      assert.ok(Object.is(guest.callSync("same", [value]), value));
      const { value: result } = guest.tryCallSync("same", [value]);
      assert.ok(Object.is(result, value));
    }
    const object = {};
    assert.equal(await guest.call("swap", [object, 0]), object);
  });
  test("are what imports are given, and return", async () => {
    const seen = [];
    const next = { next: true };
    const guest = keeper({ swap: call(async (c, value, count) => (seen.push(value, count), await null, next)) });
    assert.equal(await guest.call("swap", ["first", 3]), next);
    assert.deepEqual(seen, ["first", 3]);
    const nothing = keeper({ swap: () => {} });
    assert.equal(nothing.exports.swap("some", 0), undefined);
    assert.equal(keeper({ swap: () => null }).exports.swap("some", 0), null);
  });
  test("are constants, tables and variables that guests share", () => {
    const constant = { constant: 1 };
    const guest = keeper({ constant });
    assert.equal(guest.exports.constant(), constant);
    assert.equal(keeper({ constant: sandbox.global({ value: "externref" }, constant) }).exports.constant(), constant);
    assert.equal(keeper({ constant: guest.exports.kept === undefined ? 1 : "text" }).exports.constant(), "text");
    const table = sandbox.table({ element: "externref", initial: 2, maximum: 4 }, constant);
    assert.deepEqual([table.length, table.get(1), table.grow(1), table.get(2)], [2, constant, 2, undefined]);
    assert.equal(sandbox.table({ element: "externref", initial: 1 }).get(0), undefined);
    assert.equal(sandbox.table({ element: "externref", initial: 1 }, null).get(0), null);
    const global = sandbox.global({ value: "externref", mutable: true }, "first");
    const module = sandbox.compile(
      wat(`(module (import "e" "t" (table $t 1 externref)) (import "e" "g" (global $g (mut externref)))
        (func (export "move") (param i32) (table.set $t (local.get 0) (global.get $g)) (global.set $g (ref.null extern))))`),
    );
    const [one, other] = [1, 2].map(() => module.instantiate({ e: { t: table, g: global } }));
    one.exports.move(0);
    assert.deepEqual([table.get(0), global.value], ["first", null]);
    global.value = VALUES;
    other.exports.move(2);
    assert.deepEqual([table.get(2), global.value], [VALUES, null]);
    one.dispose();
    other.dispose();
    assert.deepEqual([table.get(0), table.get(1), table.get(2)], ["first", constant, VALUES]);
  });
  test("wait in a queue as they are", async () => {
    let go;
    const waits = new Promise((resolve) => (go = resolve));
    const guest = sandbox.compile(KEEPER).instantiate({ env: { swap: () => waits, constant: 0 } }, { overlapping: "queue" });
    const first = guest.call("swap", ["a", 0]);
    // A promise would be waited for.
    const values = VALUES.filter((value) => !(value instanceof Promise));
    const rest = values.map((value) => guest.call("same", [value]));
    // Those that are given meanwhile do not take their places.
    const other = keeper();
    for (let i = 0; i < 5_000; i++) other.exports.same({ i });
    go("b");
    assert.equal(await first, "b");
    const came = await Promise.all(rest);
    assert.ok(came.every((value, at) => Object.is(value, values[at])));
  });
  test("are let go of when no guest has them any more", async () => {
    const mine = await Sandbox.load();
    const guest = mine.compile(KEEPER).instantiate({ env: { swap: (value) => value, constant: 0 } });
    const { same, put, get } = guest.exports;
    const before = mine.memoryBytes;
    const kept = {};
    put(0, kept);
    let freed = 0;
    const registry = new FinalizationRegistry(() => freed++);
    const pass = (i) => {
      const value = { i };
      if (i % 100 === 0) registry.register(value);
      same(value);
      if (i % 200_000 === 0) put(1, value);
    };
    for (let i = 0; i < 1_000_000; i++) pass(i);
    assert.equal(get(0), kept);
    assert.equal(get(1).i, 800_000);
    await collect();
    assert.ok(freed > 9_000, `${freed} of 10,000`);
    registry.unregister(kept);
    assert.ok(mine.memoryBytes - before < 1 << 20, `${mine.memoryBytes - before} bytes more`);
  });
  test("go with their guest, where nobody else has them", async () => {
    let freed = 0;
    const registry = new FinalizationRegistry(() => freed++);
    const table = sandbox.table({ element: "externref", initial: 1 });
    const rounds = 20;
    const pass = (i) => {
      const guest = keeper();
      const value = { i };
      registry.register(value);
      guest.exports.put(0, value);
      // It refers back to its guest.
      value.guest = guest;
      if (i === 0) table.set(0, value);
      guest.dispose();
    };
    for (let i = 0; i < rounds; i++) pass(i);
    await collect();
    assert.equal(freed, rounds - 1);
    assert.equal(table.get(0).i, 0);
    registry.unregister(table);
  });
  test("keep to a limit, and the call that gets one too many ends", async () => {
    const mine = await Sandbox.load({ limits: { totalInstanceBytes: 16_384 } });
    const module = mine.compile(
      wat(`(module (import "e" "next" (func $next (result externref))) (table 200 externref)
        (func (export "collect") (param $many i32) (loop $again (table.set (local.get $many) (call $next))
          (br_if $again (local.tee $many (i32.sub (local.get $many) (i32.const 1)))))))`),
    );
    const guest = module.instantiate({ e: { next: () => ({}) } });
    assert.throws(
      () => guest.exports.collect(199),
      (error) => Trap.is(error, "host-error") && /the limit `totalInstanceBytes` is 16384/.test(error.message),
    );
    guest.dispose();
    const again = module.instantiate({ e: { next: () => ({}) } });
    // What has been overwritten makes room.
    for (let i = 0; i < 100; i++) again.exports.collect(20);
    again.dispose();
    assert.equal(module.instantiate({ e: { next: () => null } }).exports.collect(9), undefined);
    mine.dispose();
  });
});

/** Gives a function as a value, and calls those that it is given. */
const GIVER = wat(`(module (type $answers (func (param i32) (result i32)))
  (import "env" "ask" (func $ask (param funcref) (result funcref)))
  (table $own 4 funcref) (memory (export "memory") 1)
  (global $function (export "function") (mut funcref) (ref.null func))
  (func $next (export "next") (type $answers) (i32.add (local.get 0) (i32.load (i32.const 0))))
  (func $hidden (type $answers) (i32.mul (local.get 0) (i32.const 3)))
  (elem declare func $hidden)
  (func (export "give") (result funcref) (ref.func $next))
  (func (export "hidden") (result funcref) (ref.func $hidden))
  (func (export "call") (param funcref i32) (result i32) (table.set $own (i32.const 1) (local.get 0))
    (call_indirect $own (type $answers) (local.get 1) (i32.const 1)))
  (func (export "ask") (param funcref i32) (result i32) (table.set $own (i32.const 3) (call $ask (local.get 0)))
    (call_indirect $own (type $answers) (local.get 1) (i32.const 3))))`);

const giver = (ask = (function_) => function_) => sandbox.compile(GIVER).instantiate({ env: { ask } });

describe("functions of guests", () => {
  test("are the same object, whichever way they come", () => {
    const { next, give, hidden, call: callBy, ask, function: global } = giver().exports;
    assert.equal(give(), next);
    assert.equal(hidden(), hidden());
    assert.deepEqual([hidden()(5), callBy(next, 4), callBy(hidden(), 4), ask(next, 3)], [15, 4, 12, 3]);
    global.value = hidden();
    assert.equal(global.value, hidden());
    global.value = null;
    assert.equal(global.value, null);
    assert.throws(
      () => callBy(null, 1),
      (error) => Trap.is(error, "indirect-call-to-null"),
    );
  });
  test("are taken for nothing else", async () => {
    const guest = giver(() => () => 1);
    for (const wrong of [undefined, () => 1, 5, {}, "next"]) {
      assert.throws(() => guest.exports.call(wrong, 1), /argument 1 of `call` is not a value of type funcref/);
      assert.throws(() => (guest.exports.function.value = wrong), TypeError);
    }
    assert.throws(() => guest.exports.ask(null, 1), /the result of the import `env` `ask` is not a value of type funcref: a function/);
    const other = await Sandbox.load();
    const foreign = other.compile(GIVER).instantiate({ env: { ask: () => null } }).exports.next;
    assert.throws(() => guest.exports.call(foreign, 1), /is of a guest in another sandbox/);
    assert.throws(
      () =>
        guest.exports.call(
          sandbox.function({ parameters: [], results: [] }, () => {}),
          1,
        ),
      /put it into one first/,
    );
    assert.equal(guest.exports.call(guest.exports.next, 1), 1);
  });
  test("of a guest that shares nothing are refused by name", async () => {
    const [one, other] = [giver(), giver()];
    const { next } = other.exports;
    const isApart = (error) => InvokeError.is(error, "apart");
    assert.throws(() => one.exports.call(next, 1), isApart);
    assert.throws(() => one.callSync("call", [next, 1]), isApart);
    assert.throws(() => one.tryCallSync("call", [next, 1]), isApart);
    await assert.rejects(one.call("call", [next, 1]), isApart);
    assert.throws(
      () => (one.exports.function.value = next),
      (error) => GlobalError.is(error, "apart"),
    );
    const asked = giver(() => next);
    assert.throws(
      () => asked.exports.ask(null, 1),
      (error) => Trap.is(error, "host-error"),
    );
    other.dispose();
    assert.throws(() => one.exports.call(next, 1), DisposedError);
    assert.equal(one.exports.call(one.exports.next, 1), 1);
  });
  test("in a global go to those that import it, and keep their guest", async () => {
    const text = `(module (type $answers (func (param i32) (result i32))) (import "e" "f" (global $f funcref)) (table $own 1 funcref)
      (func (export "call") (param i32) (result i32) (table.set $own (i32.const 0) (global.get $f))
        (call_indirect $own (type $answers) (local.get 0) (i32.const 0))))`;
    const module = sandbox.compile(wat(text));
    const function_ = (() => {
      const owner = giver();
      return sandbox.global({ value: "funcref" }, owner.exports.next);
    })();
    await collect();
    const guest = module.instantiate({ e: { f: function_ } });
    assert.equal(guest.exports.call(7), 7);
    const given = giver();
    assert.equal(module.instantiate({ e: { f: given.exports.next } }).exports.call(8), 8);
    assert.throws(
      () => module.instantiate({ e: { f: () => 1 } }),
      (error) => InstantiateError.is(error, "import"),
    );
  });
});

describe("vectors", () => {
  test("are BigInts of 128 bits in globals", () => {
    const global = sandbox.global({ value: "v128", mutable: true }, (1n << 127n) | 5n);
    assert.equal(global.value, (1n << 127n) | 5n);
    global.value = 0xffff_ffff_ffff_ffffn << 64n;
    assert.equal(global.value, 0xffff_ffff_ffff_ffffn << 64n);
    for (const wrong of [-1n, 1n << 128n]) assert.throws(() => (global.value = wrong), RangeError);
    for (const wrong of [1, "1", null, new Uint8Array(16)]) assert.throws(() => (global.value = wrong), TypeError);
  });
});

describe("tables of any values", () => {
  test("are bounded, and take no part in those of functions", () => {
    const table = sandbox.table({ element: "externref", initial: 1, maximum: 2 }, "x");
    assert.throws(
      () => table.get(1),
      (error) => TableError.is(error, "out-of-bounds"),
    );
    assert.throws(
      () => table.grow(2, "x"),
      (error) => TableError.is(error, "maximum"),
    );
    const module = sandbox.compile(wat('(module (import "e" "t" (table 1 funcref)))'));
    assert.throws(() => module.instantiate({ e: { t: table } }), /a externref table of 1 to 2 elements is given/);
    table.dispose();
    assert.throws(() => table.get(0), DisposedError);
  });
});
