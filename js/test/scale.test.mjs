// The lower level: what the scenarios do not show, which is how JavaScript's own ways are met.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AsyncImportError, DisposedError, GuestboxError, InstantiateError, MemoryError, Trap } from "guestbox";
import * as scale from "guestbox/scale";
import { rejectionOf, thrownBy, wat } from "./wat.mjs";

const { MEM_UNLIMITED, ScaleStore, encodeArguments, encodeEnvironment, encodeResult } = scale;

const NOTHING = Uint8Array.of(0);
const NO_THUNK = () => assert.fail("no import is called");
const CALLS = wat(`(module (import "e" "f" (func $f (param i32) (result i32)))
  (func (export "run") (param i32) (result i32) (call $f (local.get 0))))`);
const ENVIRONMENT = encodeEnvironment([{ module: "e", name: "f", entity: { function: 3 } }]);
const i32 = (value) => ({ type: "i32", value });

/** A store with an instance of a guest, and what calls it with a thunk. */
async function calling(options) {
  const store = await ScaleStore.load(options);
  const instance = store.instantiate(NO_THUNK, CALLS, ENVIRONMENT, 0);
  const run = (thunk, value = 5, state = 0) =>
    scale.decodeReturnValue(store.invoke(thunk, instance, "run", encodeArguments([i32(value)]), state));
  return { store, instance, run };
}

describe("a dispatch thunk", () => {
  test("gets arguments, state and function, and what it returns goes to the guest", async () => {
    const { run } = await calling();
    const seen = [];
    const thunk = (args, state, func) => {
      seen.push([scale.decodeArguments(args), state, func]);
      return encodeResult(i32(-2));
    };
    assert.deepEqual(run(thunk, 2 ** 32 - 1, 2 ** 32 - 1), i32(-2));
    assert.deepEqual(seen, [[[i32(-1)], 2 ** 32 - 1, 3]]);
  });
  test("that throws ends the call with the same object, whatever it is", async () => {
    const { run } = await calling();
    // Errors with a name and code are what the wasm module throws itself: those of others are not taken for them.
    const coded = Object.assign(new Error("mine"), { name: "Trap", code: "ENOENT" });
    for (const reason of [new Error("mine"), coded, new WebAssembly.RuntimeError("unreachable"), "text", 0, NaN, null, undefined]) {
      const error = thrownBy(() =>
        run(() => {
          throw reason;
        }),
      );
      assert.ok(Object.is(error, reason));
    }
    assert.deepEqual(
      run(() => encodeResult(i32(1))),
      i32(1),
    );
  });
  test("that throws 10,000 times leaves the store usable", async () => {
    const { run } = await calling();
    const reason = new Error("again");
    const failing = () => {
      throw reason;
    };
    for (let i = 0; i < 10_000; i++)
      assert.equal(
        thrownBy(() => run(failing)),
        reason,
      );
    assert.deepEqual(
      run(() => encodeResult(i32(1))),
      i32(1),
    );
  });
  test("may use the store: memories, instances, and the calling instance itself", async () => {
    const { store, run } = await calling();
    const thunk = (args) => {
      const [{ value }] = scale.decodeArguments(args);
      const memory = store.memoryNew(1, 1);
      store.memorySet(memory, 0, Uint8Array.of(value));
      assert.deepEqual(store.memoryGet(memory, 0, 1), Uint8Array.of(value));
      store.memoryTeardown(memory);
      store.instanceTeardown(store.instantiate(NO_THUNK, CALLS, ENVIRONMENT, 0));
      return encodeResult(value === 0 ? i32(0) : i32(run(thunk, value - 1).value + value));
    };
    assert.deepEqual(run(thunk, 20), i32(210));
    const trap = thrownBy(() => run(thunk, 40));
    assert.deepEqual([trap instanceof Trap, trap.code], [true, "nesting-too-deep"]);
  });
  test("may tear down the calling instance; the call finishes", async () => {
    const { store, instance, run } = await calling();
    assert.deepEqual(
      run(() => (store.instanceTeardown(instance), encodeResult(i32(8)))),
      i32(8),
    );
    assert.ok(thrownBy(() => run(NO_THUNK)) instanceof DisposedError);
  });
  test("that returns a promise ends the call with an AsyncImportError", async () => {
    const { run } = await calling();
    assert.ok(thrownBy(() => run(async () => encodeResult(i32(1)))) instanceof AsyncImportError);
    assert.ok(thrownBy(() => run(() => Promise.reject(new Error("late")))) instanceof AsyncImportError);
  });
  test("that returns anything but the right bytes is a Trap", async () => {
    const { run } = await calling();
    for (const result of [
      undefined,
      null,
      1,
      "x",
      [0, 0],
      new Uint8Array(0),
      Uint8Array.of(2),
      Uint8Array.of(0, 1, 0),
      encodeResult({ type: "i64", value: 1n }),
      encodeResult(undefined),
    ]) {
      const error = thrownBy(() => run(() => result));
      assert.ok(error instanceof Trap, String(error));
      assert.ok(["host-error", "result-type"].includes(error.code), error.code);
    }
    assert.equal(thrownBy(() => run(() => encodeResult("host-error"))).code, "host-error");
  });
  test("that returns more bytes than a result may have is a Trap", async () => {
    const { run } = await calling({ limits: { argumentBytes: 6 } });
    const trap = thrownBy(() => run(() => encodeResult(i32(1))));
    assert.equal(trap.code, "host-error");
    assert.match(trap.message, /the limit `argumentBytes` is 6, 7 requested; raise it in `limits`$/);
  });
});

describe("the store", () => {
  test("takes whole numbers of 32 bits, names without lone surrogates, and bytes", async () => {
    const { store, instance } = await calling();
    for (const wrong of [-1, 2 ** 32, 0.5, NaN]) {
      for (const use of [
        () => store.memoryNew(wrong, 1),
        () => store.memoryNew(1, wrong),
        () => store.memoryGet(0, wrong, 1),
        () => store.memoryGet(0, 0, wrong),
        () => store.memorySet(wrong, 0, NOTHING),
        () => store.memoryTeardown(wrong),
        () => store.instanceTeardown(wrong),
        () => store.getGlobalVal(wrong, "g"),
        () => store.instantiate(NO_THUNK, CALLS, ENVIRONMENT, wrong),
        () => store.invoke(NO_THUNK, wrong, "run", NOTHING, 0),
        () => store.invoke(NO_THUNK, instance, "run", NOTHING, wrong),
      ])
        assert.throws(use, RangeError, String(use));
    }
    for (const use of [
      () => store.memoryNew("1", 1),
      () => store.memorySet(0, 0, [1]),
      () => store.memorySet(0, 0, "text"),
      () => store.instantiate(NO_THUNK, "wasm", ENVIRONMENT, 0),
      () => store.instantiate(NO_THUNK, CALLS, undefined, 0),
      () => store.invoke(NO_THUNK, instance, "run", [0], 0),
      () => store.invoke(NO_THUNK, instance, "\uD800", NOTHING, 0),
      () => store.invoke(NO_THUNK, instance, 1, NOTHING, 0),
      () => store.getGlobalVal(instance, "\uDFFF"),
    ])
      assert.throws(use, TypeError, String(use));
    assert.equal(store.memoryNew(1, MEM_UNLIMITED), 0);
  });
  test("says by class and code what went wrong", async () => {
    const { store, instance } = await calling({ limits: { memoryPages: 10, argumentBytes: 100 } });
    const memory = store.memoryNew(1, 1);
    const invoke = (id, args) => store.invoke(NO_THUNK, id, "run", args, 0);
    const instantiate = (bytes, environment) => store.instantiate(NO_THUNK, bytes, environment, 0);
    for (const [use, ErrorClass, code] of [
      [() => store.memoryNew(11, 11), MemoryError, "limit"],
      [() => store.memoryGet(memory, 65_530, 7), MemoryError, "out-of-bounds"],
      [() => store.memoryGet(memory, 2 ** 32 - 1, 2 ** 32 - 1), MemoryError, "out-of-bounds"],
      [() => store.memoryGet(9, 0, 0), DisposedError, "unknown"],
      [() => instantiate(NOTHING, ENVIRONMENT), InstantiateError, "module-decoding"],
      [() => instantiate(CALLS, Uint8Array.of(4)), InstantiateError, "environment-corrupted"],
      [() => instantiate(CALLS, NOTHING), InstantiateError, "instantiation"],
      [() => invoke(instance, Uint8Array.of(4)), GuestboxError, "arguments"],
      [() => invoke(instance, encodeArguments(Array(20).fill(i32(1)))), GuestboxError, "limit"],
      [() => invoke(9, NOTHING), DisposedError, "unknown"],
    ]) {
      const error = thrownBy(use);
      assert.ok(error instanceof ErrorClass, `${String(use)}: ${error}`);
      assert.equal(error.code, code, String(error));
    }
  });
  test("unknown limits are a TypeError", async () => {
    assert.equal((await rejectionOf(ScaleStore.load({ limits: { fuels: 1 } }))).constructor, TypeError);
  });
});

describe("the wire", () => {
  const extremes = [
    i32(-(2 ** 31)),
    i32(2 ** 31 - 1),
    { type: "i64", value: -(2n ** 63n) },
    { type: "i64", value: 2n ** 63n - 1n },
    { type: "f32", bits: 0x7fa0_0001 },
    { type: "f64", bits: 0x7ff4_0000_0000_0001n },
  ];
  test("values come back, in lists of every length of length", () => {
    for (const count of [0, 1, 6, 63, 64, 16_383, 16_384]) {
      const values = Array.from({ length: count }, (_, n) => extremes[n % extremes.length]);
      assert.deepEqual(scale.decodeArguments(encodeArguments(values)), values);
    }
    for (const value of [undefined, ...extremes]) assert.deepEqual(scale.decodeReturnValue(encodeResult(value).subarray(1)), value);
  });
  test("numbers out of range and of the wrong type are refused, not wrapped", () => {
    const wrong = [
      i32(2 ** 32),
      i32(-(2 ** 31) - 1),
      i32(0.5),
      i32(NaN),
      { type: "i64", value: 2n ** 64n },
      { type: "f32", bits: -1 },
      { type: "f64", bits: -1n },
    ];
    for (const value of wrong) assert.throws(() => encodeArguments([value]), RangeError, value.type);
    for (const value of [
      i32(1n),
      i32("1"),
      { type: "i64", value: 1 },
      { type: "f64", bits: 1 },
      { type: "v128", value: 1n },
      { type: "toString" },
    ]) {
      assert.throws(() => encodeArguments([value]), TypeError, value.type);
    }
    assert.throws(() => encodeEnvironment([{ module: "e", name: "f", entity: { function: 2 ** 32 } }]), RangeError);
  });
  test("lone surrogates in names are refused: two of them would be one name", () => {
    for (const name of ["\uD800", "\uDFFF"]) {
      assert.throws(() => encodeEnvironment([{ module: "e", name, entity: { function: 1 } }]), TypeError);
      assert.throws(() => encodeEnvironment([{ module: name, name: "f", entity: { memory: 1 } }]), TypeError);
    }
  });
  test("bytes that are cut or claim too much are a RangeError", () => {
    const bytes = encodeArguments(extremes);
    for (let length = 0; length < bytes.length; length++) assert.throws(() => scale.decodeArguments(bytes.subarray(0, length)), RangeError);
    for (const claim of [
      [0xfe, 0xff, 0xff, 0xff],
      [0x03, 0, 0, 0, 0],
      [4, 4, 0, 0, 0, 0],
    ]) {
      assert.throws(() => scale.decodeArguments(Uint8Array.from(claim)), RangeError);
    }
  });
});
