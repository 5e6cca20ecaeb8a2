// Exported globals: read and set with the same care as arguments.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposedError, GlobalError } from "guestbox";
import { thrownBy, workbench } from "./wat.mjs";

const { guest } = await workbench();

const TEXT = `(module
  (global (export "constant") i32 (i32.const -5))
  (global (export "i32") (mut i32) (i32.const 1)) (global (export "i64") (mut i64) (i64.const 2))
  (global (export "f32") (mut f32) (f32.const 3)) (global (export "f64") (mut f64) (f64.const 4))
  (global (export "reference") funcref (ref.null func))
  (global $own (export "__proto__") (mut i32) (i32.const 6))
  (func (export "own") (result i32) (global.get $own))
  (func (export "bump") (global.set $own (i32.add (global.get $own) (i32.const 1)))))`;

describe("globals", () => {
  test("have the values that the guest gave them", () => {
    const { exports } = guest(TEXT);
    const values = ["constant", "i32", "i64", "f32", "f64", "__proto__"].map((name) => exports[name].value);
    assert.deepEqual(values, [-5, 1, 2n, 3, 4, 6]);
  });
  test("what is set the guest sees, and what the guest sets is seen", () => {
    const { exports } = guest(TEXT);
    exports["__proto__"].value = 10;
    assert.equal(exports.own(), 10);
    exports.bump();
    assert.equal(exports["__proto__"].value, 11);
  });
  test("every type can be set to its extremes", () => {
    const { exports } = guest(TEXT);
    for (const [name, given, got] of [
      ["i32", 2 ** 32 - 1, -1],
      ["i32", -(2 ** 31), -(2 ** 31)],
      ["i64", 2n ** 64n - 1n, -1n],
      ["f32", 0.1, Math.fround(0.1)],
      ["f64", Number.MIN_VALUE, Number.MIN_VALUE],
      ["f64", NaN, NaN],
    ]) {
      exports[name].value = given;
      assert.ok(Object.is(exports[name].value, got), `${name} = ${given}`);
    }
  });
  test("wrong types and ranges are refused and change nothing", () => {
    const { exports } = guest(TEXT);
    for (const [name, value, ErrorClass] of [
      ["i32", 2 ** 32, RangeError],
      ["i32", 1n, TypeError],
      ["i64", 1, TypeError],
      ["i64", 2n ** 64n, RangeError],
      ["f32", "1", TypeError],
      ["f64", undefined, TypeError],
    ]) {
      const before = exports[name].value;
      assert.throws(() => (exports[name].value = value), ErrorClass);
      assert.equal(exports[name].value, before);
    }
  });
  test("an immutable one is a GlobalError", () => {
    const error = thrownBy(() => (guest(TEXT).exports.constant.value = 1));
    assert.ok(error instanceof GlobalError);
    assert.equal(error.code, "immutable");
  });
  test('with floats: "bits" a signalling NaN keeps its bits', () => {
    const { exports } = guest(TEXT, {}, { floats: "bits" });
    assert.equal(exports.f32.value, 0x4040_0000);
    exports.f32.value = 0x7fa0_0001;
    exports.f64.value = 0x7ff4_0000_0000_0001n;
    assert.equal(exports.f32.value, 0x7fa0_0001);
    assert.equal(exports.f64.value, 0x7ff4_0000_0000_0001n);
  });
  test("a reference is exported, but its value cannot be had", () => {
    const { exports } = guest(TEXT);
    assert.throws(() => exports.reference.value, TypeError);
    assert.equal(exports.own(), 6);
  });
  test("each instance has its own", () => {
    const [one, other] = [guest(TEXT), guest(TEXT)];
    one.exports.i32.value = 100;
    assert.equal(other.exports.i32.value, 1);
  });
  test("a disposed guest's are gone", () => {
    const instance = guest(TEXT);
    const { i32, constant } = instance.exports;
    instance.dispose();
    assert.throws(() => i32.value, DisposedError);
    assert.throws(() => (i32.value = 1), DisposedError);
    assert.throws(() => (constant.value = 1), DisposedError);
  });
});
