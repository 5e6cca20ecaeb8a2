// Imports: how names are looked up, what is refused, and what an import is told about its call.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InstantiateError, InvokeError, MemoryError, call } from "guestbox";
import { thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

const ODD_NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "", "then", "\u{1F600}", "\uFEFFf", "a\u0000b"];
const asWatString = (text) => [...new TextEncoder().encode(text)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
/** A guest that imports and exports a function of one name, from a module of that name. */
const named = (module, name) =>
  `(module (import "${asWatString(module)}" "${asWatString(name)}" (func $f (result i32)))
     (func (export "${asWatString(name)}") (result i32) (call $f)))`;

describe("names", () => {
  for (const name of ODD_NAMES) {
    const shown = JSON.stringify(name);
    test(`${shown} is a name like any other, in objects`, () => {
      const { exports } = guest(named(name, name), { [name]: { [name]: () => 7 } });
      assert.equal(exports[name](), 7);
      assert.deepEqual(Object.keys(exports), [name]);
    });
    test(`${shown} is a name like any other, in Maps`, () => {
      const { exports } = guest(named(name, name), new Map([[name, new Map([[name, () => 8]])]]));
      assert.equal(exports[name](), 8);
    });
    test(`${shown} is not found where it is not given`, () => {
      // Every object inherits some of these: only a property of its own is given.
      for (const imports of [{}, { [name]: {} }, new Map(), new Map([[name, new Map()]]), new Map([[name, {}]])]) {
        const error = thrownBy(() => guest(named(name, name), imports));
        assert.ok(error instanceof InstantiateError, String(error));
        assert.equal(error.code, "import");
      }
    });
  }
  test("what all objects inherit is not given, but what a class has is", () => {
    class Environment {
      f() {
        return 1;
      }
    }
    for (const fields of [new Environment(), Object.create({ f: () => 1 })]) guest(named("e", "f"), { e: fields });
    for (const fields of [new Environment(), Object.create({ f: () => 1 })]) {
      assert.throws(() => guest(named("e", "constructor"), { e: fields }), InstantiateError);
      assert.throws(() => guest(named("e", "valueOf"), { e: fields }), InstantiateError);
    }
  });
  test("objects without a prototype, and Maps and objects mixed, will do", () => {
    const bare = Object.assign(Object.create(null), { f: () => 1 });
    assert.equal(guest(named("e", "f"), Object.assign(Object.create(null), { e: bare })).exports.f(), 1);
    assert.equal(guest(named("e", "f"), new Map([["e", { f: () => 2 }]])).exports.f(), 2);
    assert.equal(guest(named("e", "f"), { e: new Map([["f", () => 3]]) }).exports.f(), 3);
  });
  test("one name may be imported with several signatures", () => {
    const seen = [];
    const { f } = guest(
      `(module (import "e" "f" (func $a (param i32))) (import "e" "f" (func $b (param i64 f32)))
        (func (export "f") (call $a (i32.const 1)) (call $b (i64.const 2) (f32.const 3))))`,
      { e: { f: (...args) => void seen.push(args) } },
    ).exports;
    f();
    assert.deepEqual(seen, [[1], [2n, 3]]);
  });
  test("exports have no prototype and cannot be changed", () => {
    const { exports } = guest('(module (func (export "f")))');
    assert.equal(Object.getPrototypeOf(exports), null);
    assert.equal(exports.toString, undefined);
    assert.throws(() => (exports.f = 1), TypeError);
    assert.equal(exports.f, exports.f);
  });
});

describe("what is missing or of the wrong kind", () => {
  const refused = (text, imports, ...says) => {
    const error = thrownBy(() => guest(text, imports));
    assert.ok(error instanceof InstantiateError, String(error));
    assert.equal(error.code, "import");
    for (const word of says) assert.ok(error.message.includes(word), `"${error.message}" does not name ${word}`);
  };
  const FUNCTION = '(module (import "env" "speak" (func (param i32))))';
  const MEMORY = '(module (import "env" "store" (memory 1)))';

  test("a missing function is named", () => {
    refused(FUNCTION, undefined, "env", "speak", "a function (i32) -> () is asked for, nothing");
    refused(FUNCTION, { env: {} }, "env", "speak", "a function (i32) -> () is asked for, nothing");
    refused(FUNCTION, { env: { speak: undefined } }, "env", "speak", "a function (i32) -> () is asked for, nothing");
    refused(FUNCTION, { env: null }, "env", "speak");
    refused(FUNCTION, { env: 1 }, "env", "speak");
  });
  test("a missing memory is named", () => refused(MEMORY, { env: {} }, "env", "store", "a memory of a page or more is asked for, nothing"));
  test("something of another kind is named", () => {
    for (const target of [1, null, "f", {}, sandbox.memory({ initial: 1 })]) {
      refused(FUNCTION, { env: { speak: target } }, "env", "speak", "function");
    }
    for (const target of [() => {}, {}, new WebAssembly.Memory({ initial: 1 }), new Uint8Array(65_536)]) {
      refused(MEMORY, { env: { store: target } }, "env", "store", "memory");
    }
  });
  test("what is no table is named", () => {
    const own = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
    for (const [target, given] of [
      [undefined, "nothing of this name"],
      [[], "an object"],
      [() => {}, "a function"],
      [5, "a number"],
      [sandbox.memory({ initial: 1 }), "a memory"],
      [sandbox.global({ value: "i32" }, 0), "a global"],
      [own, "a WebAssembly.Table, which is the runtime's own; make one by `sandbox.table({ initial })`,"],
    ]) {
      const expected = `a funcref table of 1 elements or more is asked for, ${given} is given`;
      refused('(module (import "env" "t" (table 1 funcref)))', { env: { t: target } }, "env", "t", expected);
    }
  });
  test("a memory that is too small, or may grow too large, is named", () => {
    const memory = sandbox.memory({ initial: 1 });
    refused('(module (import "env" "store" (memory 2)))', { env: { store: memory } }, "env", "store");
    refused('(module (import "env" "store" (memory 1 4)))', { env: { store: memory } }, "env", "store");
  });
  test("a memory of another sandbox is refused", async () => {
    const other = await workbench();
    const error = thrownBy(() => guest(MEMORY, { env: { store: other.sandbox.memory({ initial: 1 }) } }));
    assert.ok(error instanceof MemoryError);
    assert.equal(error.code, "other-store");
  });
  test("nothing is left behind, and the module can be instantiated after", () => {
    const module = sandbox.compile(
      wat('(module (import "e" "f" (func $f (result i32))) (memory 4) (func (export "f") (result i32) call $f))'),
    );
    const before = sandbox.memoryPagesInUse;
    for (let i = 0; i < 100; i++) assert.throws(() => module.instantiate({}), InstantiateError);
    assert.equal(sandbox.memoryPagesInUse, before);
    assert.equal(module.instantiate({ e: { f: () => 5 } }).exports.f(), 5);
  });
  test("a getter that throws passes its error on", () => {
    const reason = new Error("no");
    const imports = {
      env: Object.defineProperty({}, "speak", {
        get: () => {
          throw reason;
        },
      }),
    };
    assert.equal(
      thrownBy(() => guest(FUNCTION, imports)),
      reason,
    );
  });
});

describe("the context of a call", () => {
  const SAYS = '(import "e" "say" (func $say (param i32 i32)))';

  test("it comes before the arguments of a function made with `call`, and only there", () => {
    const seen = [];
    const target = (...args) => void seen.push(args);
    const { run } = guest(
      `(module (import "e" "plain" (func $a (param i32))) (import "e" "marked" (func $b (param i32)))
        (func (export "run") (call $a (i32.const 1)) (call $b (i32.const 2))))`,
      { e: { plain: target, marked: call(target) } },
    ).exports;
    run();
    assert.deepEqual(seen[0], [1]);
    assert.equal(seen[1].length, 2);
    assert.equal(seen[1][1], 2);
    assert.equal(typeof seen[1][0].state, "number");
  });
  test("it names the guest, its memory and the state of the instantiation or of the call", async () => {
    const seen = [];
    const text = `(module ${SAYS} (memory (export "memory") 1) (data (i32.const 8) "hello")
      (func (export "run") (call $say (i32.const 8) (i32.const 5))))`;
    const say = call((c, pointer, length) => void seen.push([c.guest, c.memory.readString(pointer, length), c.state]));
    const instance = guest(text, { e: { say } }, { state: 41 });
    instance.exports.run();
    await instance.call("run", [], { state: 42 });
    await instance.call("run");
    assert.deepEqual(
      seen.map(([, ...rest]) => rest),
      [
        ["hello", 41],
        ["hello", 42],
        ["hello", 41],
      ],
    );
    assert.ok(seen.every(([caller]) => caller === instance));
  });
  test("a state is 32 bits, and without one it is 0", () => {
    let state;
    const text = `(module ${SAYS} (func (export "run") (call $say (i32.const 8) (i32.const 5))))`;
    const say = call((c) => void ({ state } = c));
    guest(text, { e: { say } }).exports.run();
    assert.equal(state, 0);
    guest(text, { e: { say } }, { state: 2 ** 32 - 1 }).exports.run();
    assert.equal(state, 2 ** 32 - 1);
    for (const wrong of [-1, 2 ** 32, 0.5, NaN]) assert.throws(() => guest(text, { e: { say } }, { state: wrong }), RangeError);
    for (const wrong of ["1", 1n, null]) assert.throws(() => guest(text, { e: { say } }, { state: wrong }), TypeError);
  });
  test("the memory is the imported one, else the export `memory`, else the first exported", () => {
    const say = call((c) => c.memory.write(0, Uint8Array.of(7)));
    const first = (memory) => memory.read(0, 1)[0];
    const runs = '(func (export "run") (call $say (i32.const 0) (i32.const 0)))';
    const imported = sandbox.memory({ initial: 1 });
    guest(`(module ${SAYS} (import "e" "m" (memory 1)) ${runs})`, { e: { say, m: imported } }).exports.run();
    assert.equal(first(imported), 7);
    const two = guest(`(module ${SAYS} (memory $a 1) (memory $b 1) (export "a" (memory $a)) (export "memory" (memory $b)) ${runs})`, {
      e: { say },
    });
    two.exports.run();
    assert.deepEqual([first(two.exports.a), first(two.exports.memory)], [0, 7]);
    const one = guest(`(module ${SAYS} (memory (export "a") 1) ${runs})`, { e: { say } });
    one.exports.run();
    assert.equal(first(one.exports.a), 7);
  });
  test("a guest without a memory can be served; only asking for the memory is an error", () => {
    const text = `(module ${SAYS} (func (export "run") (call $say (i32.const 0) (i32.const 0))))`;
    guest(text, { e: { say: call(() => {}) } }).exports.run();
    const error = thrownBy(() => guest(text, { e: { say: call((c) => void c.memory) } }).exports.run());
    assert.ok(error instanceof InvokeError);
    assert.equal(error.code, "no-memory");
  });
  test("a start function's imports have the memory too, and it is the one that is exported", () => {
    const seen = [];
    const text = `(module ${SAYS} (memory (export "memory") 1) (data (i32.const 8) "early")
      (func $start (call $say (i32.const 8) (i32.const 5))) (start $start))`;
    const say = call((c, pointer, length) => void seen.push(c.memory, c.memory.readString(pointer, length)));
    const instance = guest(text, { e: { say } });
    assert.equal(seen[1], "early");
    assert.equal(instance.exports.memory, seen[0]);
    instance.dispose();
  });
});
