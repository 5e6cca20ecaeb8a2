// Values across the border: none is rounded, wrapped or converted, in either direction.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { thrownBy, workbench } from "./wat.mjs";

const { guest } = await workbench();

/** A function `f` of one type that returns what it is given, after an import had it, and counts its runs. */
const echo = (type, imports = { e: { f: (value) => value } }, options) =>
  guest(
    `(module (import "e" "f" (func $f (param ${type}) (result ${type})))
       (global $runs (export "runs") (mut i32) (i32.const 0))
       (func (export "f") (param ${type}) (result ${type})
         (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
         (call $f (local.get 0))))`,
    imports,
    options,
  ).exports;

const refused = (type, value, ErrorClass, options) => {
  const exports = echo(type, undefined, options);
  const error = thrownBy(() => exports.f(value));
  assert.equal(error.constructor, ErrorClass, `${String(error)} for a ${typeof value}`);
  assert.equal(exports.runs.value, 0, "the guest ran");
};

const anObject = { valueOf: () => 1, toString: () => "1" };

describe("i32", () => {
  const { f } = echo("i32");
  for (const [given, got] of [
    [0, 0],
    [-0, 0],
    [1, 1],
    [-1, -1],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [-(2 ** 31), -(2 ** 31)],
  ]) {
    test(`${given} comes back`, () => assert.equal(f(given), got));
  }
  test("an unsigned number up to 2^32 - 1 is taken and comes back signed", () => {
    assert.equal(f(2 ** 32 - 1), -1);
    assert.equal(f(2 ** 31), -(2 ** 31));
  });
  for (const value of [2 ** 32, -(2 ** 31) - 1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, Number.MIN_VALUE]) {
    test(`${value} is a RangeError before the guest runs`, () => refused("i32", value, RangeError));
  }
  for (const value of [1n, "1", true, null, undefined, anObject, [1], () => 1, Symbol("1")]) {
    test(`a ${value === null ? "null" : typeof value} is a TypeError before the guest runs`, () => refused("i32", value, TypeError));
  }
  test("no code of a refused object runs", () => {
    let ran = false;
    refused("i32", { valueOf: () => (ran = true), toString: () => (ran = true), [Symbol.toPrimitive]: () => (ran = true) }, TypeError);
    assert.equal(ran, false);
  });
});

describe("i64", () => {
  const { f } = echo("i64");
  for (const value of [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    test(`${value} comes back as a BigInt`, () => assert.equal(f(value), value));
  }
  test("an unsigned BigInt up to 2^64 - 1 is taken and comes back signed", () => {
    assert.equal(f(2n ** 64n - 1n), -1n);
    assert.equal(f(2n ** 63n), -(2n ** 63n));
  });
  for (const value of [2n ** 64n, -(2n ** 63n) - 1n]) {
    test(`${value} is a RangeError before the guest runs`, () => refused("i64", value, RangeError));
  }
  for (const value of [1, NaN, "1", undefined, anObject]) {
    test(`${typeof value === "object" ? "an object" : String(value)} is a TypeError before the guest runs`, () =>
      refused("i64", value, TypeError));
  }
});

describe("floats as numbers", () => {
  const [f32, f64] = [echo("f32").f, echo("f64").f];
  for (const value of [0, -0, 1.5, Infinity, -Infinity, NaN, 2 ** -149]) {
    test(`f32 ${Object.is(value, -0) ? "-0" : value} comes back`, () => assert.ok(Object.is(f32(value), value)));
  }
  for (const value of [-0, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, NaN]) {
    test(`f64 ${Object.is(value, -0) ? "-0" : value} comes back`, () => assert.ok(Object.is(f64(value), value)));
  }
  test("an f32 gets the nearest number it has", () => assert.equal(f32(0.1), Math.fround(0.1)));
  for (const type of ["f32", "f64"]) {
    test(`${type}: only numbers are taken`, () => {
      for (const value of [1n, "1", undefined, null, true, anObject]) refused(type, value, TypeError);
    });
  }
});

describe('floats: "bits"', () => {
  const options = { floats: "bits" };
  // A signalling NaN changes in a JavaScript number on most machines; as bits it never does.
  for (const bits of [0x7fa0_0001, 0xffa1_2345, 0x7fc0_0000, 0x8000_0000, 0]) {
    test(`f32 0x${bits.toString(16)} keeps its bits on the way in and out, and through an import`, () => {
      let seen;
      const { f } = echo("f32", { e: { f: (value) => (seen = value) } }, options);
      assert.equal(f(bits), bits);
      assert.equal(seen, bits);
    });
  }
  for (const bits of [0x7ff4_0000_0000_0001n, 0xfff0_dead_beef_0001n, 0x8000_0000_0000_0000n]) {
    test(`f64 0x${bits.toString(16)} keeps its bits on the way in and out, and through an import`, () => {
      let seen;
      const { f } = echo("f64", { e: { f: (value) => (seen = value) } }, options);
      assert.equal(f(bits), bits);
      assert.equal(seen, bits);
    });
  }
  test("out of range and of the wrong type are refused", () => {
    for (const value of [-1, 2 ** 32, 0.5, NaN]) refused("f32", value, RangeError, options);
    for (const value of [-1n, 2n ** 64n]) refused("f64", value, RangeError, options);
    refused("f32", 1n, TypeError, options);
    refused("f64", 1, TypeError, options);
  });
  test("a NaN that the guest computes is canonical", () => {
    const { nan32, nan64 } = guest(
      `(module (func (export "nan32") (result f32) (f32.sqrt (f32.const -1)))
               (func (export "nan64") (result f64) (f64.div (f64.const 0) (f64.const 0))))`,
      {},
      options,
    ).exports;
    assert.equal(nan32(), 0x7fc0_0000);
    assert.equal(nan64(), 0x7ff8_0000_0000_0000n);
  });
  test("another mode is a TypeError", () => {
    for (const floats of ["bit", "toString", 1, null]) assert.throws(() => guest("(module)", {}, { floats }), TypeError);
  });
});

describe("lists of values", () => {
  const swap = `(module (import "e" "swap" (func $swap (param i32 i64 f32) (result f32 i64 i32)))
    (func (export "swap") (param i32 i64 f32) (result f32 i64 i32)
      (call $swap (local.get 0) (local.get 1) (local.get 2))))`;
  const swapping = (result) => guest(swap, { e: { swap: result } }).exports.swap;

  test("several results are an array, of an import and of a call", () => {
    assert.deepEqual(swapping((a, b, c) => [c, b, a])(7, -8n, 1.5), [1.5, -8n, 7]);
  });
  test("several results of an import come in any array, but only in one, of the right length and types", () => {
    assert.throws(() => swapping(() => 1)(7, 8n, 1.5), TypeError);
    assert.throws(() => swapping(() => undefined)(7, 8n, 1.5), TypeError);
    assert.throws(() => swapping(() => [1.5, 8n])(7, 8n, 1.5), TypeError);
    assert.throws(() => swapping(() => [1.5, 8n, 7, 9])(7, 8n, 1.5), TypeError);
    assert.throws(() => swapping(() => [1.5, 8, 7])(7, 8n, 1.5), TypeError);
    assert.throws(() => swapping(() => [1.5, 8n, 2 ** 32])(7, 8n, 1.5), RangeError);
    // eslint-disable-next-line no-sparse-arrays -- a hole is no value
    assert.throws(() => swapping(() => [, 8n, 7])(7, 8n, 1.5), TypeError);
    assert.throws(() => swapping(() => ({ 0: 1.5, 1: 8n, 2: 7, length: 3 }))(7, 8n, 1.5), TypeError);
  });
  test("too few and too many arguments are a TypeError", () => {
    const call = swapping((a, b, c) => [c, b, a]);
    assert.throws(() => call(7, 8n), TypeError);
    assert.throws(() => call(7, 8n, 1.5, 0), TypeError);
    assert.throws(() => call(), TypeError);
  });
  test("32 parameters of all types keep their order", () => {
    const types = Array.from({ length: 32 }, (_, i) => ["i32", "i64", "f32", "f64"][i % 4]);
    const given = types.map((type, i) => (type === "i64" ? BigInt(i) : i));
    let seen;
    const { f } = guest(
      `(module (import "e" "f" (func $f (param ${types.join(" ")})))
        (func (export "f") (param ${types.join(" ")}) (call $f ${types.map((_, i) => `(local.get ${i})`).join("")})))`,
      { e: { f: (...args) => void (seen = args) } },
    ).exports;
    assert.equal(f(...given), undefined);
    assert.deepEqual(seen, given);
  });
});

describe("results of imports", () => {
  test("a wrong one is a TypeError or RangeError of the call, and the guest stays usable", () => {
    let result;
    const { f } = echo("i32", { e: { f: () => result } });
    for (result of [undefined, null, 1n, "1", true, {}]) assert.throws(() => f(1), TypeError);
    for (result of [0.5, 2 ** 32, NaN]) assert.throws(() => f(1), RangeError);
    result = 3;
    assert.equal(f(1), 3);
  });
  test("what an import without a result returns is passed over, as in the standard API", () => {
    let result;
    const { f } = guest('(module (import "e" "f" (func $f)) (func (export "f") call $f))', { e: { f: () => result } }).exports;
    assert.equal(f(), undefined);
    for (result of [0, null, "x", []]) assert.equal(f(), undefined);
  });
});
