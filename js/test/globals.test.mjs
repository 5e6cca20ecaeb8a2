// Globals: read and set with the same care as arguments, made, exported and imported.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { DisposedError, GlobalError, InstantiateError, call } from "guestbox";
import { collect } from "./collect.mjs";
import { thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

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
  test("a reference's value is a function, or null", () => {
    const { exports } = guest(TEXT);
    assert.equal(exports.reference.value, null);
    assert.throws(() => (exports.reference.value = null), { name: "GlobalError", code: "immutable" });
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
    // Also one that was never used before.
    const { i64 } = instance.module.instantiate().exports;
    assert.equal(i64.value, 2n);
    const late = instance.module.instantiate();
    const unused = late.exports.f32;
    late.dispose();
    assert.match(thrownBy(() => unused.value).message, /guest's global was disposed of/);
  });
  test("are one object for each name, however they are come by", async () => {
    let seen;
    const text = '(module (import "e" "f" (func $f)) (global (export "g") (mut i32) (i32.const 1)) (func (export "run") (call $f)))';
    const instance = guest(text, { e: { f: call((c) => void (seen = c.exports.g)) } });
    const { g } = instance.exports;
    instance.exports.run();
    assert.equal(seen, g);
    await instance.call("run");
    assert.equal(seen, g);
    assert.notEqual(instance.fork().exports.g, g);
  });
});

const COUNTS = sandbox.compile(
  wat(`(module (import "e" "g" (global $g (mut i32))) (export "again" (global $g)) (func (export "get") (result i32) (global.get $g))
    (func (export "add") (param i32) (result i32) (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g)))`),
);
const counts = (g, options) => COUNTS.instantiate({ e: { g } }, options);
const BASED = sandbox.compile(
  wat(`(module (import "e" "g" (global $g i32)) (import "e" "m" (memory 1)) (data (global.get $g) "here")
    (global (export "end") i32 (i32.add (global.get $g) (i32.const 4))) (export "g" (global $g)))`),
);

/** A type, what is given for it and what comes back, as numbers and as bits. */
const VALUES = [
  ["i32", "number", 5, 5],
  ["i32", "number", 2 ** 32 - 1, -1],
  ["i32", "bits", -(2 ** 31), -(2 ** 31)],
  ["i64", "number", -(2n ** 63n), -(2n ** 63n)],
  ["i64", "bits", 2n ** 64n - 1n, -1n],
  ["f32", "number", 0.1, Math.fround(0.1)],
  ["f32", "number", -0, -0],
  ["f32", "bits", 0x7fa0_0001, 0x7fa0_0001],
  ["f64", "number", NaN, NaN],
  ["f64", "number", Number.MIN_VALUE, Number.MIN_VALUE],
  ["f64", "bits", 0xfff4_0000_0000_0001n, 0xfff4_0000_0000_0001n],
];

const WRONG_VALUES = [
  ["i32", "number", 2 ** 32, RangeError],
  ["i32", "number", 0.5, RangeError],
  ["i32", "number", 1n, TypeError],
  ["i32", "number", undefined, TypeError],
  ["i64", "number", 1, TypeError],
  ["i64", "number", 2n ** 64n, RangeError],
  ["f32", "bits", -1, RangeError],
  ["f32", "bits", 1n, TypeError],
  ["f64", "number", 1n, TypeError],
  ["f64", "bits", 1, TypeError],
  ["f64", "bits", -1n, RangeError],
];

const importing = (type) => sandbox.compile(wat(`(module (global (export "g") (import "e" "g") ${type}))`));

describe("globals that are made", () => {
  test("have the value that they were given, and a mutable one what it is set to", () => {
    for (const [value, floats, given, got] of VALUES) {
      const constant = sandbox.global({ value, floats }, given);
      const mutable = sandbox.global({ value, floats, mutable: true }, value === "i64" || (floats === "bits" && value === "f64") ? 0n : 0);
      mutable.value = given;
      for (const global of [constant, mutable]) assert.ok(Object.is(global.value, got), `${value} ${floats} ${given}: ${global.value}`);
      assert.ok(GlobalError.is(thrownBy(() => (constant.value = given), "immutable")));
    }
  });
  test("take no value that is not of their type", () => {
    for (const [value, floats, given, ErrorClass] of WRONG_VALUES) {
      const error = thrownBy(() => sandbox.global({ value, floats }, given));
      assert.ok(error instanceof ErrorClass, `${value} ${floats} ${String(given)}: ${error}`);
      assert.match(error.message, new RegExp(`^the value of the global is not a value of type ${value}`));
    }
  });
  test("are of a type, and of options that are known", () => {
    for (const value of ["anyref", "anyfunc", "I32", "toString", "", undefined, null, 5, {}, Symbol("i32")]) {
      const error = thrownBy(() => sandbox.global({ value }, 0));
      assert.ok(error instanceof TypeError);
      assert.equal(error.message, 'value is none of "i32", "i64", "f32", "f64", "v128", "funcref" and "externref"');
    }
    assert.match(thrownBy(() => sandbox.global({ value: "i32", mutabel: true }, 0)).message, /did you mean `mutable`/);
    assert.throws(() => sandbox.global({ value: "i32", mutable: 1 }, 0), TypeError);
    assert.throws(() => sandbox.global({ value: "f32", floats: "bit" }, 0), TypeError);
    for (const given of [undefined, null, "i32", 5]) assert.throws(() => sandbox.global(given, 0), TypeError);
  });
  test("are printed by their type", () => {
    const global = sandbox.global({ value: "i32", mutable: true }, 5);
    assert.equal(inspect([global, guest(TEXT).exports.reference]), "[ Global (mutable i32), Global (constant funcref) ]");
    global.dispose();
    assert.equal(inspect(global), "Global (disposed of)");
  });
});

describe("mutable globals that are imported", () => {
  test("are shared by guests and the page", () => {
    const global = sandbox.global({ value: "i32", mutable: true }, 5);
    const [one, other] = [counts(global), counts(global)];
    assert.deepEqual([one.exports.add(1), other.exports.add(10), global.value], [6, 16, 16]);
    global.value = -1;
    assert.deepEqual([one.exports.get(), other.exports.get(), one.exports.again.value], [-1, -1, -1]);
    other.exports.again.value = 3;
    assert.deepEqual([one.exports.get(), global.value], [3, 3]);
  });
  test("are as a model has them, over guests that come and go", () => {
    let seed = 7;
    const random = (below) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const globals = Array.from({ length: 3 }, (_, at) => ({
      global: sandbox.global({ value: "i32", mutable: true }, at),
      value: at,
      guests: [],
    }));
    const reached = new Set();
    for (let round = 0; round < 3_000; round++) {
      const one = globals[random(3)];
      const { global, guests } = one;
      const at = random(guests.length);
      switch (random(7)) {
        case 0:
          if (guests.length < 4) guests.push(counts(global));
          break;
        case 1:
          if (guests.length > 0) guests.splice(at, 1)[0].dispose();
          break;
        case 2:
          global.value = one.value = random(1_000);
          break;
        case 3:
          if (guests.length > 0) guests[at].exports.again.value = one.value = random(1_000);
          break;
        case 4:
          // What a guest imports and exports is the global itself.
          if (guests.length > 0 && guests.length < 4) guests.push(counts(guests[at].exports.again));
          break;
        default:
          if (guests.length > 0) {
            const by = random(100) - 50;
            one.value += by;
            assert.equal(guests[at].exports.add(by), one.value);
          }
      }
      reached.add(guests.length);
      assert.equal(global.value, one.value, `round ${round}`);
      for (const { exports } of guests) assert.equal(exports.get(), one.value, `round ${round}`);
    }
    assert.deepEqual([...reached].sort(), [0, 1, 2, 3, 4]);
    for (const { guests } of globals) for (const one of guests) one.dispose();
  });
  test("that one guest exports another imports, also after the first has gone", () => {
    const owner = guest('(module (global (export "g") (mut i32) (i32.const 3)) (memory (export "m") 2))');
    const { g } = owner.exports;
    const one = counts(g);
    assert.deepEqual([one.exports.add(4), g.value], [7, 7]);
    g.value = 1;
    assert.equal(one.exports.get(), 1);
    const other = counts(one.exports.again);
    owner.dispose();
    assert.throws(() => g.value, DisposedError);
    assert.match(thrownBy(() => counts(g)).message, /guest's global was disposed of/);
    assert.deepEqual([one.exports.add(1), other.exports.get(), other.exports.again.value], [2, 2, 2]);
  });
  test("that are disposed of, once or twice, are gone for the page; guests keep them", () => {
    const global = sandbox.global({ value: "i32", mutable: true }, 1);
    const [one, other] = [counts(global), counts(global)];
    global.dispose();
    global.dispose();
    for (const use of [() => global.value, () => (global.value = 2), () => counts(global)]) {
      const error = thrownBy(use);
      assert.ok(DisposedError.is(error, "torn-down"), String(error));
      assert.match(error.message, /supervisor's global was disposed of/);
    }
    const next = sandbox.global({ value: "i32", mutable: true }, 100);
    assert.deepEqual([one.exports.add(1), other.exports.add(1), next.value], [2, 3, 100]);
    // A guest's own goes with its guest, but the object can be let go of before.
    const { again } = one.exports;
    again.dispose();
    assert.throws(() => again.value, DisposedError);
    other.exports.again.dispose();
    assert.equal(other.exports.get(), 3);
  });
  test("of live guests that use them apart cannot be brought together; once they are gone they can", () => {
    const [a, b] = [1, 2].map((value) => sandbox.global({ value: "i32", mutable: true }, value));
    const both = sandbox.compile(wat('(module (import "e" "a" (global (mut i32))) (import "e" "b" (global (mut i32))))'));
    const [one, other] = [counts(a), counts(b)];
    assert.ok(InstantiateError.is(thrownBy(() => both.instantiate({ e: { a, b } }), "apart")));
    assert.deepEqual([one.exports.get(), other.exports.get()], [1, 2]);
    other.dispose();
    both.instantiate({ e: { a, b } });
  });
  test("are in snapshots, which restore them, and forks are given others", () => {
    const global = sandbox.global({ value: "i32", mutable: true }, 10);
    const instance = counts(global);
    const snapshot = instance.snapshot();
    assert.equal(instance.exports.add(5), 15);
    instance.restore(snapshot);
    assert.deepEqual([instance.exports.get(), global.value], [10, 10]);
    const [forked, from] = [0, 1].map((value) => sandbox.global({ value: "i32", mutable: true }, value));
    const fork = instance.fork({ e: { g: forked } });
    assert.deepEqual([fork.exports.add(1), forked.value, global.value], [11, 11, 10]);
    const made = counts(from, { snapshot });
    assert.deepEqual([made.exports.get(), from.value], [10, 10]);
    assert.ok(
      InstantiateError.is(
        thrownBy(() => instance.fork()),
        "import",
      ),
    );
    assert.match(thrownBy(() => instance.fork({ e: { g: 5 } })).message, /a mutable i32 global is asked for, 5 is a number; make a global/);
  });
  test("are told of where they are dropped, and kept by guests and by those that import them", async () => {
    const leaks = [];
    const own = await workbench({ onLeak: ({ kind }) => leaks.push(kind) });
    const module = own.sandbox.compile(wat('(module (global (export "g") (import "e" "g") (mut i32)) (memory 1))'));
    const make = (value) => own.sandbox.global({ value: "i32", mutable: true }, value);
    // Neither a function nor its variables keep what is made in it.
    const one = () => assert.equal(make(1).value, 1);
    for (let i = 0; i < 100; i++) one();
    await collect();
    assert.deepEqual(leaks, Array(100).fill("global"));
    leaks.length = 0;
    let last = (() => module.instantiate({ e: { g: module.instantiate({ e: { g: make(7) } }).exports.g } }))();
    await collect();
    assert.deepEqual(leaks, []);
    assert.equal(last.exports.g.value, 7);
    last = undefined;
    await collect(8);
    assert.deepEqual(leaks.sort(), ["global", "guest", "guest"]);
    assert.equal(own.sandbox.memoryPagesInUse, 0);
    make(1).dispose();
    await collect();
    assert.equal(leaks.length, 3);
  });
  test("as many as were let go of can be made again, without more memory", () => {
    const one = () => {
      const global = sandbox.global({ value: "i32", mutable: true }, 1);
      const instance = counts(global);
      assert.equal(instance.exports.add(1), global.value);
      assert.equal(instance.exports.again.value, 2);
      instance.dispose();
      global.dispose();
    };
    for (let i = 0; i < 500; i++) one();
    const before = sandbox.memoryBytes;
    for (let i = 0; i < 5_000; i++) one();
    assert.equal(sandbox.memoryBytes, before);
  });
});

describe("constants that are imported", () => {
  test("are given as numbers, BigInts or globals, of every type", () => {
    for (const [type, floats, given, got] of VALUES) {
      const module = importing(type);
      for (const g of [given, sandbox.global({ value: type, floats }, given)]) {
        const { exports } = module.instantiate({ e: { g } }, { floats });
        assert.ok(Object.is(exports.g.value, got), `${type} ${floats} ${given}: ${exports.g.value}`);
        assert.ok(
          GlobalError.is(
            thrownBy(() => (exports.g.value = given)),
            "immutable",
          ),
        );
      }
    }
  });
  test("of values that are not of the type are refused by name", () => {
    for (const [type, floats, given] of WRONG_VALUES.filter(([, , given]) => given !== undefined)) {
      const error = thrownBy(() => importing(type).instantiate({ e: { g: given } }, { floats }));
      assert.ok(InstantiateError.is(error, "import"), `${type} ${floats} ${given}: ${error}`);
      const shown = typeof given === "bigint" ? `${given}n` : given;
      assert.equal(error.message, `import \`e\` \`g\`: a constant ${type} global is asked for, ${shown} is no value of type ${type}`);
    }
  });
  test("place segments and begin globals, beside memories", () => {
    const memory = sandbox.memory({ initial: 1 });
    const { exports } = BASED.instantiate({ e: { g: 1_024, m: memory } });
    assert.equal(memory.readString(1_023, 6), "\0here\0");
    assert.deepEqual([exports.g.value, exports.end.value], [1_024, 1_028]);
    const next = BASED.instantiate({ e: { g: exports.end, m: memory } });
    assert.equal(memory.readString(1_024, 8), "herehere");
    assert.equal(next.exports.end.value, 1_032);
    assert.ok(
      InstantiateError.is(
        thrownBy(() => BASED.instantiate({ e: { g: 65_533, m: memory } })),
        "segment",
      ),
    );
  });
  test("each come by their own name, a thousand too, and nothing is left of them", () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `n${at}`);
    const fields = names.map((name) => `(global (export "${name}") (import "e" "${name}") i64)`).join("\n");
    const module = sandbox.compile(wat(`(module ${fields})`));
    const e = Object.fromEntries(names.map((name, at) => [name, BigInt(at) * 3n]));
    const one = () => {
      const instance = module.instantiate({ e });
      const { exports } = instance;
      for (const at of [0, 1, 500, 999]) assert.equal(exports[`n${at}`].value, BigInt(at) * 3n);
      instance.dispose();
    };
    for (let i = 0; i < 5; i++) one();
    const before = sandbox.memoryBytes;
    for (let i = 0; i < 20; i++) one();
    assert.ok(sandbox.memoryBytes - before <= 2 ** 17, `${sandbox.memoryBytes - before} bytes more`);
  });
  test("live on in guests that are forked, restored and made from snapshots, which are given theirs", () => {
    const module = sandbox.compile(
      wat(`(module (import "e" "c" (global $c i32)) (global $n (mut i32) (i32.const 0))
        (func (export "run") (result i32) (global.set $n (i32.add (global.get $n) (global.get $c))) (global.get $n)))`),
    );
    const instance = module.instantiate({ e: { c: 5 } });
    assert.equal(instance.exports.run(), 5);
    const snapshot = instance.snapshot();
    assert.equal(instance.exports.run(), 10);
    instance.restore(snapshot);
    assert.equal(instance.exports.run(), 10);
    assert.equal(instance.fork({ e: { c: 100 } }).exports.run(), 110);
    assert.equal(module.instantiate({ e: { c: 1_000 } }, { snapshot }).exports.run(), 1_005);
    // The numbers of a fork are as those of its guest.
    const bits = importing("f64").instantiate({ e: { g: 1n } }, { floats: "bits" });
    assert.equal(bits.fork({ e: { g: 2n } }).exports.g.value, 2n);
    assert.throws(() => bits.fork({ e: { g: 2 } }), InstantiateError);
  });
  test("are let go of where what is given besides does not fit", async () => {
    const other = await workbench();
    const foreign = other.sandbox.memory({ initial: 1 });
    const before = sandbox.memoryBytes;
    for (let i = 0; i < 20_000; i++)
      assert.throws(() => BASED.instantiate({ e: { g: i, m: foreign } }), { name: "MemoryError", code: "other-store" });
    assert.ok(sandbox.memoryBytes - before < 2 ** 19, `${sandbox.memoryBytes - before}`);
  });
});

describe("what does not fit a global's import", () => {
  const refused = (type, given, message) => {
    const error = thrownBy(() => importing(type).instantiate({ e: { g: given } }));
    assert.ok(InstantiateError.is(error, "import"), String(error));
    assert.equal(error.message, `import \`e\` \`g\`${message}`);
  };
  const made = "make one by `sandbox.global({ value, mutable }, number)`,";
  for (const [what, type, given, message] of [
    [
      "another type",
      "(mut i32)",
      sandbox.global({ value: "i64", mutable: true }, 0n),
      ", a mutable i32 global: a mutable i64 global is given, which does not fit",
    ],
    [
      "a constant",
      "(mut i32)",
      sandbox.global({ value: "i32" }, 0),
      ", a mutable i32 global: a constant i32 global is given, which does not fit",
    ],
    [
      "one that is mutable",
      "f32",
      sandbox.global({ value: "f32", mutable: true }, 0),
      ", a constant f32 global: a mutable f32 global is given, which does not fit",
    ],
    ["nothing", "(mut i32)", undefined, ": a mutable i32 global is asked for, nothing of this name is given"],
    ["nothing for a constant", "i64", undefined, ": a constant i64 global is asked for, nothing of this name is given"],
    [
      "a number",
      "(mut i32)",
      5,
      ": a mutable i32 global is asked for, 5 is a number; make a global by `sandbox.global({ value, mutable: true }, number)`",
    ],
    ["a memory", "i32", sandbox.memory({ initial: 1 }), ": a constant i32 global is asked for, a memory is given"],
    ["a function", "i32", () => 5, ": a constant i32 global is asked for, a function is given"],
    ["text", "i32", "5", ": a constant i32 global is asked for, a string is given"],
    ["null", "i32", null, ": a constant i32 global is asked for, null is given"],
    ["an object of a value", "i32", { value: 5 }, ": a constant i32 global is asked for, an object is given"],
    [
      "a WebAssembly.Global",
      "i32",
      new WebAssembly.Global({ value: "i32" }, 5),
      `: a constant i32 global is asked for, a WebAssembly.Global, which is the runtime's own; ${made} is given`,
    ],
    [
      "a number for a reference",
      "externref",
      sandbox.global({ value: "i32" }, 0),
      ", a constant externref global: a constant i32 global is given, which does not fit",
    ],
    ["a value for a variable", "(mut externref)", "any", ": a mutable externref global is asked for, a string is given"],
    ["no function", "funcref", () => 1, ": a constant funcref global is asked for, a function is given"],
  ])
    test(what, () => refused(type, given, message));
  test("a global where something else is wanted", () => {
    const g = sandbox.global({ value: "i32" }, 0);
    assert.match(
      thrownBy(() => guest('(module (import "e" "g" (memory 1)))', { e: { g } })).message,
      /a memory of a page or more is asked for, a global is given$/,
    );
    assert.match(
      thrownBy(() => guest('(module (import "e" "g" (func)))', { e: { g } })).message,
      /a function \(\) -> \(\) is asked for, a global is given$/,
    );
  });
  test("one of another sandbox", async () => {
    const other = await workbench();
    const own = sandbox.global({ value: "i32", mutable: true }, 1);
    for (const g of [other.sandbox.global({ value: "i32", mutable: true }, 0), other.guest(TEXT).exports.i32]) {
      const error = thrownBy(() => counts(g));
      assert.ok(GlobalError.is(error, "other-store"), String(error));
      assert.throws(() => counts(own).fork({ e: { g } }), { name: "GlobalError", code: "other-store" });
    }
    other.sandbox.dispose();
    assert.equal(counts(own).exports.add(1), 2);
  });
  test("one whose sandbox a getter disposes of meanwhile", async () => {
    const other = await workbench();
    const module = other.sandbox.compile(wat('(module (import "e" "g" (global i32)))'));
    const e = {
      get g() {
        other.sandbox.dispose();
        return 5;
      },
    };
    assert.ok(
      DisposedError.is(
        thrownBy(() => module.instantiate({ e })),
        "sandbox",
      ),
    );
  });
  test("all of it is named at once", () => {
    const module = sandbox.compile(
      wat(
        '(module (import "e" "a" (global i32)) (import "e" "b" (global (mut f64))) (import "e" "t" (table 1 funcref)) (import "e" "m" (memory 1)))',
      ),
    );
    assert.equal(
      thrownBy(() => module.instantiate({ e: { a: 0.5, b: 1 } })).message,
      "4 imports: `e` `a`: a constant i32 global is asked for, 0.5 is no value of type i32; " +
        "`e` `b`: a mutable f64 global is asked for, 1 is a number; make a global by `sandbox.global({ value, mutable: true }, number)`; " +
        "`e` `t`: a funcref table of 1 elements or more is asked for, nothing of this name is given; `e` `m`: a memory of a page or more is asked for, nothing of this name is given",
    );
  });
});
