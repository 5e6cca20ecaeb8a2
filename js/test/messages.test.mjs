// What is said to those who give something else than is wanted, and how things look where they are printed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { GuestboxError, MemoryError, Sandbox, Trap, call } from "guestbox";
import { rejectionOf, thrownBy, wat } from "./wat.mjs";

const sandbox = await Sandbox.load({ limits: { fuel: 10n ** 15n } });
const bytes = wat(`(module (import "e" "f" (func $f (result i64))) (memory (export "memory") 2)
  (func (export "f") (result i64) (call $f)) (func (export "spin") (loop (br 0))) (func (export "two") (result i32 i64) (i32.const 1) (i64.const 2))
  (func (export "trap") unreachable))`);
const module = sandbox.compile(bytes);
const guestOf = (f = () => 7n) => module.instantiate({ e: { f } });
const instance = guestOf();

const says = async (act, name, message) => {
  const error = await (async () => act())().then(
    () => assert.fail("nothing was thrown"),
    (thrown) => thrown,
  );
  assert.equal(`${error.name}: ${error.message}`, `${name}: ${message}`);
};
const BYTES = "the module's bytes are neither a buffer nor a view of one";

describe("where bytes are wanted", () => {
  for (const [what, given, message] of [
    ["a promise", Promise.resolve(bytes), "they are a promise: await it first"],
    ["text", "(module)", "they are a string: compile text to bytes first, or fetch them from where it leads"],
    [
      "a WebAssembly.Module",
      new WebAssembly.Module(wat("(module)")),
      "a WebAssembly.Module is compiled for the runtime's own engine: give the bytes that it was made from",
    ],
    [
      "a WebAssembly.Memory",
      new WebAssembly.Memory({ initial: 1 }),
      "they are a WebAssembly.Memory: give a part of its `buffer`, such as `new Uint8Array(memory.buffer, offset, length)`",
    ],
    ["a Response", new Response(bytes), "they are a Response: give it to `compileStreaming`"],
  ])
    test(`${what} is told from them`, () => says(() => sandbox.compile(given), "TypeError", `${BYTES}; ${message}`));
  test("nothing else says more", () => says(() => sandbox.compile({}), "TypeError", BYTES));
});

describe("imports", () => {
  const NO_OBJECT = "the imports are no object; give objects or Maps of functions by module and name, or nothing";
  for (const given of [null, 5, "e", true])
    test(`are not ${given}`, async () => {
      await says(() => module.instantiate(given), "TypeError", NO_OBJECT);
      await says(() => module.instantiateAsync(given), "TypeError", NO_OBJECT);
      await says(() => instance.fork(given), "TypeError", NO_OBJECT);
    });
  test("are not a promise", () =>
    says(() => module.instantiate(Promise.resolve({})), "TypeError", "the imports are a promise; await it first"));
});

describe("an import's error that is the guest's fault", () => {
  const text =
    wat(`(module (import "e" "log" (func $log (param i32 i32))) (memory (export "memory") 1) (data (i32.const 0) "fine") (data (i32.const 8) "\\80")
    (func $inner (export "log") (param i32 i32) (call $log (local.get 0) (local.get 1))))`);
  const loud = sandbox.compile(text, { frames: true });
  let guest;
  const ways = {
    "by its context": call((c, at, length) => void c.memory.readString(at, length)),
    "by the guest": (at, length) => void guest.exports.memory.readString(at, length),
    "after a wait": call(async (c, at, length) => {
      await sleep(1);
      c.memory.readString(at, length);
    }),
  };
  for (const [way, log] of Object.entries(ways)) {
    for (const [place, problem] of [
      [[65_534, 5], "the 5 bytes at 65534 cannot be reached in a memory of 65536 bytes"],
      [[-5, 3], "the 3 bytes at 4294967291 cannot be reached in a memory of 65536 bytes"],
      [[8, 1], "the byte at 8 cannot be read as UTF-8; `{ lossy: true }` reads any bytes"],
    ])
      test(`is a trap, ${way}: ${problem}`, async () => {
        guest = loud.instantiate({ e: { log } });
        const outcome = await guest.tryCall("log", place);
        assert.equal(outcome.status, "trap");
        const { trap } = outcome;
        assert.ok(trap instanceof Trap);
        assert.deepEqual(
          [trap.code, trap.message],
          ["host-error", `the guest gave the import \`e\` \`log\` a place that cannot be used: ${problem}`],
        );
        assert.equal(trap.fuelUsed, outcome.fuelUsed);
        assert.deepEqual([trap.reason.name, trap.reason.message], ["MemoryError", problem]);
        assert.ok(trap.fuelUsed > 0n);
        assert.deepEqual(
          trap.frames.map(({ functionIndex }) => functionIndex),
          [1],
        );
        // Where in the guest, and where in the supervisor.
        assert.match(trap.stack, /wasm-function\[1\][^]*readString[^]*messages\.test\.mjs/);
        if (way === "after a wait") return;
        const thrown = thrownBy(() => guest.exports.log(...place));
        assert.deepEqual([thrown.code, thrown.message], [trap.code, trap.message]);
        assert.equal(guest.exports.log(0, 4), undefined);
      });
  }
  test("is not what a signal ends the call with, whatever that is", async () => {
    const reason = thrownBy(() => loud.instantiate({ e: { log() {} } }).exports.memory.read(65_536, 1));
    const waiting = loud.instantiate({ e: { log: () => new Promise(() => {}) } });
    const refused = thrownBy(() => waiting.exports.memory.read(65_536, 1));
    for (const given of [reason, refused]) {
      const controller = new AbortController();
      const rejected = rejectionOf(waiting.call("log", [0, 4], { signal: controller.signal }));
      setTimeout(() => controller.abort(given), 5);
      assert.equal(await rejected, given);
    }
  });
  test("is whatever it is where the import catches it", () => {
    const seen = [];
    const log = call((c, at, length) => {
      try {
        c.memory.read(at, length);
      } catch (error) {
        seen.push(error);
      }
    });
    loud.instantiate({ e: { log } }).exports.log(65_536, 1);
    assert.deepEqual(
      seen.map(({ name, code }) => [name, code]),
      [["MemoryError", "out-of-bounds"]],
    );
  });
  test("is one of the guest's own memory also where 32 bits do not hold the place", () => {
    const log = call((c, at) => void c.memory.read((at >>> 0) + 8, 1));
    assert.equal(thrownBy(() => loud.instantiate({ e: { log } }).exports.log(-1, 0)).code, "host-error");
  });
  test("and one of the supervisor's comes out as the same object", async () => {
    const others = [
      sandbox.memory({ initial: 1 }),
      (await Sandbox.load()).memory({ initial: 1 }),
      loud.instantiate({ e: { log() {} } }).exports.memory,
    ];
    const ofOthers = others.map((memory) => thrownBy(() => memory.read(65_536, 1)));
    for (const error of [
      ...ofOthers,
      new RangeError("x"),
      new MemoryError("out-of-bounds", "x"),
      new Trap("unreachable", "x", 0n),
      undefined,
      "text",
    ]) {
      const log = () => {
        throw error;
      };
      try {
        loud.instantiate({ e: { log } }).exports.log(0, 4);
        assert.fail("nothing was thrown");
      } catch (thrown) {
        assert.equal(thrown, error);
      }
    }
  });
});

describe("a guest's names", () => {
  const name = "log\n    at trusted (file:///server.js:1:1)\u001b[2J";
  const escaped = "log\\u{a}    at trusted (file:///server.js:1:1)\\u{1b}[2J";
  const text = JSON.stringify(name).slice(1, -1).replaceAll("\\u001b", "\\1b");
  const module = sandbox.compile(
    wat(
      `(module (import "e" "${text}" (func $f (param i32))) (memory (export "memory") 1) (func (export "run") (call $f (i32.const -1))))`,
    ),
  );
  test("stay on one line, in stacks too", () => {
    const missing = thrownBy(() => module.instantiate({}));
    assert.equal(missing.message, `import \`e\` \`${escaped}\`: a function (i32) -> () is asked for, nothing of this name is given`);
    const trap = thrownBy(() => module.instantiate({ e: { [name]: call((c, at) => c.memory.read(at, 1)) } }).exports.run());
    assert.ok(trap.stack.startsWith(`Trap: the guest gave the import \`e\` \`${escaped}\` a place that cannot be used: `), trap.stack);
  });
  test("are no more than can be read", () => {
    const many = sandbox.compile(wat(`(module ${'(import "e" "f" (func))'.repeat(100)})`));
    const { message } = thrownBy(() => many.instantiate({}));
    assert.deepEqual([message.split("`e` `f`").length, message.endsWith("; and 80 more")], [21, true]);
  });
});

describe("imports that nobody gave", () => {
  for (const name of ["toString", "constructor", "hasOwnProperty", "valueOf", "f"])
    test(`__proto__ ${name}`, () => {
      class Host {
        f() {}
      }
      const module = sandbox.compile(wat(`(module (import "__proto__" "${name}" (func)))`));
      for (const imports of [undefined, {}, { e: {} }, new Host(), new (class extends Host {})(), new Map()]) {
        assert.equal(thrownBy(() => module.instantiate(imports)).code, "import");
      }
      assert.ok(module.instantiate({ ["__proto__"]: { [name]: () => {} } }));
    });
});

describe("what is not supported", () => {
  for (const [given, proposal, message] of [
    [wat("(module (memory 1 1 shared))"), "threads", "first used at byte 0xb; compile the module without it"],
    [
      wat("(module (func) (func (drop (v128.const i64x2 0 0))))"),
      "simd",
      "first used in function 1 at byte 0x1b; compile the module without it, or load the sandbox with `simd: true`",
    ],
    [
      Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 13, 3, 1, 0, 0),
      "exception-handling",
      "first used at byte 0x10; compile the module without it",
    ],
  ])
    test(`${proposal} is named with the place`, () => {
      const error = thrownBy(() => sandbox.compile(given));
      assert.deepEqual([error.name, error.code, error.proposal], ["CompileError", "unsupported", proposal]);
      assert.equal(error.message, `the proposal \`${proposal}\` is not supported; ${message}`);
      const copy = GuestboxError.from(structuredClone(error));
      assert.deepEqual([copy.name, copy.code, copy.proposal, copy.message], [error.name, error.code, proposal, error.message]);
      assert.equal(GuestboxError.from(JSON.parse(JSON.stringify(error))).proposal, proposal);
    });
  test("a component is told from a module", () => {
    const error = thrownBy(() => sandbox.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)));
    assert.deepEqual([error.code, error.proposal], ["unsupported", "component-model"]);
    assert.match(error.message, /^a component .* is no core module; .*`wasm-tools component unbundle`/);
  });
  test("what is invalid has no proposal", () => {
    const error = thrownBy(() => sandbox.compile(Uint8Array.of(1, 2, 3)));
    assert.deepEqual([error.code, error.proposal], ["invalid", undefined]);
  });
});

describe("arguments", () => {
  for (const given of [null, 4, {}])
    test(`are not ${JSON.stringify(given)}`, () =>
      says(() => instance.call("f", given), "TypeError", "the arguments are no array; give `[a, b]`, or nothing"));
});

test("what is no response is told from one", async () => {
  for (const given of [null, bytes, new Blob([bytes])])
    await says(() => sandbox.compileStreaming(given), "TypeError", "this is no response; give what `fetch` returns, or bytes to `compile`");
});

describe("memories that do not fit", () => {
  test("say what is wanted and what is given", async () => {
    const picky = sandbox.compile(wat('(module (import "e" "m" (memory 3 4)))'));
    const m = sandbox.memory({ initial: 1, maximum: 8 });
    await says(
      () => picky.instantiate({ e: { m } }),
      "InstantiateError",
      "import `e` `m`, a memory of 3 to 4 pages: a memory of 1 to 8 pages is given, which does not fit",
    );
  });
});

describe("options of calls", () => {
  test("signals are AbortSignals", async () => {
    const message = "signal is no AbortSignal; give an AbortController's `signal`, or `AbortSignal.timeout(milliseconds)`";
    for (const signal of [{}, null, "signal", new AbortController()])
      await says(() => instance.call("f", [], { signal }), "TypeError", message);
  });
  test("fuel that no number holds exactly is given as a BigInt", async () => {
    const message = "fuel is a number from 2^53 on, which may not be the one that was meant; give a BigInt: ";
    await says(() => instance.call("f", [], { fuel: 2 ** 53 }), "RangeError", `${message}9007199254740992n`);
    await says(() => instance.callSync("f", [], { fuel: 1e18 }), "RangeError", `${message}1000000000000000000n`);
    for (const fuel of [1.5, -1, 2 ** 64, NaN, Infinity])
      await says(() => instance.call("f", [], { fuel }), "RangeError", `fuel is not a whole number from 0 to 2^64 - 1: ${fuel}`);
  });
  test("a timeout is counted from now, and the earlier of it and a deadline holds", async () => {
    await says(() => instance.call("f", [], { timeout: "5" }), "TypeError", "timeout is not a number");
    await says(() => instance.call("f", [], { timeout: NaN }), "RangeError", "timeout is NaN");
    for (const options of [
      { timeout: 5 },
      { timeout: 5, deadline: Infinity },
      { timeout: 1e9, deadline: performance.now() + 5 },
      { timeout: 0 },
      { timeout: -1 },
    ]) {
      assert.equal((await rejectionOf(instance.call("spin", [], options))).name, "TimeoutError");
    }
    assert.equal(await instance.call("f", [], { timeout: Infinity }), 7n);
    assert.equal(await instance.call("f", [], { timeout: 2 ** 40 }), 7n);
  });
  test("a timeout of an outcome is that of the call, unless another is given", async () => {
    const outcome = await instance.tryCall("spin", [], { fuel: 1_000, timeout: 30 });
    const again = await outcome.resume(1_000);
    await sleep(40);
    assert.equal((await rejectionOf(again.resume(1_000))).name, "TimeoutError");
    const last = await again.resume(1_000, { timeout: 60_000 });
    assert.equal(last.status, "out-of-fuel");
    assert.equal((await rejectionOf(last.resume(10n ** 14n, { timeout: 5 }))).name, "TimeoutError");
    assert.equal(await instance.call("f"), 7n);
  });
});

describe("JSON", () => {
  test("of outcomes has digits for BigInts", async () => {
    const parsed = (outcome) => JSON.parse(JSON.stringify(outcome));
    const { fuelUsed } = await instance.tryCall("f");
    assert.deepEqual(parsed(await instance.tryCall("f")), { status: "ok", value: "7", fuelUsed: String(fuelUsed) });
    assert.deepEqual(parsed(instance.tryCallSync("f")), { status: "ok", value: "7", fuelUsed: String(fuelUsed) });
    assert.deepEqual(parsed(instance.tryCallSync("two")).value, [1, "2"]);
    assert.equal("value" in parsed(await guestOf(() => 0n).tryCall("trap")), false);
    const trapped = parsed(await instance.tryCall("trap"));
    assert.deepEqual([trapped.status, trapped.trap.code], ["trap", "unreachable"]);
    const outcome = await instance.tryCall("spin", [], { fuel: 100 });
    assert.deepEqual(parsed(outcome), { status: "out-of-fuel", fuelUsed: String(outcome.fuelUsed) });
    outcome.abort();
  });
});

describe("printed", () => {
  test("things are a line each", async () => {
    const own = await Sandbox.load();
    const made = own.compile(bytes);
    const guest = made.instantiate({ e: { f: call((c) => BigInt(inspect(c.guest).length)) } });
    const memory = own.memory({ initial: 1 });
    const snapshot = guest.snapshot();
    const outcome = await guest.tryCall("spin", [], { fuel: 100 });
    assert.equal(inspect(own), "Sandbox (3 pages of guests in use)");
    assert.equal(inspect(made), "Module (1 import, 5 exports)");
    assert.equal(inspect(guest), "Guest (5 exports)");
    assert.equal(inspect({ memory, own: guest.exports.memory }), "{ memory: Memory (1 page), own: Memory (2 pages) }");
    assert.equal(
      inspect({ ...guest.exports }),
      "{\n  memory: Memory (2 pages),\n  f: [Function: f],\n  spin: [Function: spin],\n  two: [Function: two],\n  trap: [Function: trap]\n}",
    );
    assert.equal(inspect(snapshot), `Snapshot (${snapshot.bytes.length} bytes)`);
    assert.equal(inspect(outcome), `OutOfFuel (${outcome.fuelUsed} units used)`);
    outcome.abort();
    own.dispose();
    assert.equal(inspect(own), "Sandbox (disposed of)");
    assert.equal(inspect(memory), "Memory (disposed of)");
  });
  test("a thing that was disposed of does not throw", () => {
    const memory = sandbox.memory({ initial: 0 });
    memory.dispose();
    assert.equal(inspect(memory), "Memory (disposed of)");
    const table = sandbox.table({ initial: 1 });
    assert.equal(inspect(table), "Table (1 element)");
    table.dispose();
    assert.equal(inspect(table), "Table (disposed of)");
    assert.equal(thrownBy(() => memory.size).code, "torn-down");
  });
});

describe("imports by name", () => {
  const ASKS = sandbox.compile(
    wat(`(module (import "e" "add" (func (param i32 i32) (result i32))) (import "e" "name" (func (result i32))) (import "x" "m" (memory 2 5)) (import "e" "toString" (func (result i32)))
    (import "e" "constructor" (func (result i32)))
    (func (export "add") (param i32 i32) (result i32) (call 0 (local.get 0) (local.get 1))) (func (export "name") (result i32) (call 1))
    (func (export "text") (result i32) (call 2)) (func (export "made") (result i32) (call 3)))`),
  );
  const memory = sandbox.memory({ initial: 2, maximum: 5 });

  test("that do not fit are named all at once, with what is wanted and what is given", async () => {
    const wants = (what) => `a ${what} is asked for`;
    const add = wants("function (i32, i32) -> (i32)"),
      get = wants("function () -> (i32)"),
      pages = wants("memory of 2 to 5 pages");
    await says(
      () =>
        ASKS.instantiate({
          e: { add: 5, name: () => 1, toString: null, constructor: {} },
          x: { m: new WebAssembly.Memory({ initial: 2 }) },
        }),
      "InstantiateError",
      "4 imports: " +
        [
          `\`e\` \`add\`: ${add}, a number is given`,
          `\`x\` \`m\`: ${pages}, a WebAssembly.Memory, which is the runtime's own; make one by \`sandbox.memory({ initial })\`, is given`,
          `\`e\` \`toString\`: ${get}, null is given`,
          `\`e\` \`constructor\`: ${get}, an object is given`,
        ].join("; "),
    );
    await says(
      () => ASKS.instantiate(),
      "InstantiateError",
      "5 imports: " +
        [
          ["e", "add", add],
          ["e", "name", get],
          ["x", "m", pages],
          ["e", "toString", get],
          ["e", "constructor", get],
        ]
          .map(([module, name, wanted]) => `\`${module}\` \`${name}\`: ${wanted}, nothing of this name is given`)
          .join("; "),
    );
    await says(
      () => ASKS.instantiate({ e: { add() {}, name() {}, toString() {}, constructor() {} }, x: { m: memory.read(0, 1).buffer } }),
      "InstantiateError",
      `import \`x\` \`m\`: ${pages}, a buffer, which is no memory; make one by \`sandbox.memory({ initial })\`, is given`,
    );
  });

  test("are methods of instances of classes, also inherited ones, and what Proxies give", () => {
    class Base {
      value = 40;
      add(a, b) {
        return a + b + this.value;
      }
      toString() {
        return 7;
      }
    }
    class Host extends Base {
      name() {
        return this.value + 1;
      }
    }
    const host = Object.assign(new Host(), { constructor: () => 9 });
    const proxy = new Proxy({}, { get: (_, name) => (name === "m" ? memory : () => String(name).length) });
    const made = ASKS.instantiate({ e: host, x: { m: memory } });
    assert.deepEqual([made.exports.add(1, 1), made.exports.name(), made.exports.text(), made.exports.made()], [42, 41, 7, 9]);
    const e = new Proxy(
      { constructor: () => 1 },
      { get: (own, name) => (Object.hasOwn(own, name) ? own[name] : () => String(name).length) },
    );
    const byProxy = ASKS.instantiate({ e, x: proxy });
    assert.deepEqual([byProxy.exports.add(1, 1), byProxy.exports.name(), byProxy.exports.text()], [3, 4, 8]);
  });

  test("are nothing that all objects inherit", () => {
    const own = { add: () => 1, name: () => 1 };
    for (const e of [own, Object.create(null, Object.getOwnPropertyDescriptors(own)), new Map(Object.entries(own))]) {
      assert.match(
        thrownBy(() => ASKS.instantiate({ e, x: { m: memory } })).message,
        /^2 imports: `e` `toString`: .* nothing .*; `e` `constructor`: .* nothing/,
      );
    }
    Object.prototype.add = () => 1;
    try {
      assert.match(thrownBy(() => ASKS.instantiate({ e: {}, x: { m: memory } })).message, /`add`: .*nothing of this name/);
    } finally {
      delete Object.prototype.add;
    }
  });
});

describe("values of other types", () => {
  const text = `(module (import "e" "f" (func $f (result i32))) (import "e" "two" (func $two (result f64 i64))) (global (export "g") (mut f32) (f32.const 0))
    (func (export "f") (result i32) (call $f)) (func (export "two") (result f64 i64) (call $two)) (func (export "three") (param i32 i64 f64)))`;
  const made = sandbox.compile(wat(text));
  const withImports = (e, options) => made.instantiate({ e: { f: () => 1, two: () => [1, 2n], ...e } }, options);
  const { exports } = withImports({});

  test("name the argument and the export", async () => {
    await says(() => exports.three(1), "TypeError", "`three` has 3 arguments, 1 is given");
    await says(() => exports.f(1, 2), "TypeError", "`f` has 0 arguments, 2 are given");
    await says(() => exports.three("1", 2n, 3), "TypeError", 'argument 1 of `three` is not a value of type i32: "1"');
    await says(() => exports.three(2 ** 32, 2n, 3), "RangeError", "argument 1 of `three` is not a value of type i32: 4294967296");
    await says(() => exports.three(1, 2, 3), "TypeError", "argument 2 of `three` is not a value of type i64: 2");
    await says(
      () => withImports({}, { floats: "bits" }).exports.three(1, 2n, 3),
      "TypeError",
      "argument 3 of `three` is not a value of type f64 bits: 3",
    );
    await says(() => (exports.g.value = "1"), "TypeError", 'the value of the global `g` is not a value of type f32: "1"');
  });
  test("name the result and the import", async () => {
    for (const run of [
      (guest, name) => guest.exports[name](),
      (guest, name) => guest.call(name),
      (guest, name) => guest.tryCallSync(name),
    ]) {
      await says(
        () => run(withImports({ f: () => undefined }), "f"),
        "TypeError",
        "the result of the import `e` `f` is not a value of type i32: undefined",
      );
      await says(
        () => run(withImports({ f: () => 0.5 }), "f"),
        "RangeError",
        "the result of the import `e` `f` is not a value of type i32: 0.5",
      );
      await says(
        () => run(withImports({ two: () => 1 }), "two"),
        "TypeError",
        "the import `e` `two` has 2 results; return them as an array",
      );
      await says(() => run(withImports({ two: () => [1] }), "two"), "TypeError", "the import `e` `two` has 2 results, 1 is given");
      await says(
        () => run(withImports({ two: () => [1, {}] }), "two"),
        "TypeError",
        "result 2 of the import `e` `two` is not a value of type i64: an object",
      );
    }
  });
});
