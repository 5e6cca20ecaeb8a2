// A supervisor that is a WebAssembly.Instance, over the host functions that JavaScript gives it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CompileError, GuestboxError, InstantiateError, InvokeError, PoisonedError, Trap } from "guestbox";
import { MEM_UNLIMITED, encodeArguments, encodeEnvironment, encodeResult } from "guestbox/scale";
import { Substrate, SupervisorTrap } from "guestbox/substrate";
import { smallEngine } from "./small-engine.mjs";
import { rejectionOf, thrownBy, wat } from "./wat.mjs";

const ERR_OK = 0;
const ERR_MODULE = 0xffff_ffff;
const ERR_OUT_OF_BOUNDS = 0xffff_fffe;
const ERR_EXECUTION = 0xffff_fffd;
const HEAP_BASE = 65_536;
const PAGES = 4;
const MEMORY_BYTES = PAGES * 65_536;
const THUNK = 1;
const OTHER_THUNK = 2;

/** Name, parameters and result of each host function. */
const FUNCTIONS = [
  ["sandbox_instantiate", "i32 i64 i64 i32", "i32"],
  ["sandbox_invoke", "i32 i64 i64 i32 i32 i32", "i32"],
  ["sandbox_memory_new", "i32 i32", "i32"],
  ["sandbox_memory_get", "i32 i32 i32 i32", "i32"],
  ["sandbox_memory_set", "i32 i32 i32 i32", "i32"],
  ["sandbox_memory_teardown", "i32", ""],
  ["sandbox_instance_teardown", "i32", ""],
  ["sandbox_get_global_val", "i32 i64", "i64"],
  ["allocator_malloc", "i32", "i32"],
  ["allocator_free", "i32", ""],
];

/** A supervisor that exports each host function, and whose dispatch thunks ask the test what to do. */
const supervisorText = ({
  memory = `(memory (export "memory") ${PAGES})`,
  heapBase = `(global (export "__heap_base") i32 (i32.const ${HEAP_BASE}))`,
  table = `(table (export "__indirect_function_table") 8 funcref)`,
} = {}) => `(module
  ${FUNCTIONS.map(([name, params, result]) => `(import "env" "ext_${name}_version_1" (func $${name} (param ${params}) (result ${result})))`).join("\n")}
  (import "test" "thunk" (func $thunk (param i32 i32 i32 i32 i32) (result i64)))
  ${memory} ${heapBase} ${table}
  (elem (i32.const 1) $first $second $wrong $fewer)
  (func $first (param i32 i32 i32 i32) (result i64) (call $thunk (i32.const 1) (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $second (param i32 i32 i32 i32) (result i64) (call $thunk (i32.const 2) (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $wrong (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func $fewer (param i32 i32 i32) (result i64) (i64.const 0))
  ${FUNCTIONS.map(
    ([name, params]) =>
      `(func (export "${name}") (type $${name}_type) ${params
        .split(" ")
        .map((_, n) => `(local.get ${n})`)
        .join(" ")} (call $${name}))`,
  ).join("\n")}
  ${FUNCTIONS.map(([name, params, result]) => `(type $${name}_type (func (param ${params}) (result ${result})))`).join("\n")})`;

const SUPERVISOR = wat(supervisorText());

const GUEST = wat(`(module
  (import "env" "f" (func $f (param i32) (result i32)))
  (global (export "answer") i64 (i64.const 500))
  (func (export "run") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "nothing"))
  (func (export "trap") unreachable)
  (func (export "spin") (loop (br 0))))`);
const ENVIRONMENT = encodeEnvironment([{ module: "env", name: "f", entity: { function: 3 } }]);
const i32 = (value) => ({ type: "i32", value });
const NOTHING = Uint8Array.of(0);
const slice = (ptr, length) => BigInt.asIntN(64, (BigInt(length) << 32n) | BigInt(ptr));

/** A host with its supervisor, and what the tests do as the supervisor. */
async function workbench({ limits, wasm, onFailure, bytes = SUPERVISOR, memory } = {}) {
  const host = await Substrate.load({ ...(limits && { limits }), ...(wasm && { wasm }), ...(onFailure && { onFailure }) });
  const bench = { host, thunk: () => assert.fail("no host call was expected"), seen: [] };
  const thunk = (which, ptr, len, state, func) => {
    const args = [...view().subarray(ptr, ptr + len)];
    bench.seen.push({ which, args, state: state >>> 0, func });
    return bench.thunk({ ptr, len, state, func });
  };
  const { instance } = await WebAssembly.instantiate(bytes, { env: { ...host.imports, memory }, test: { thunk } });
  host.attach(instance, memory && { memory });
  const view = () => new Uint8Array((memory ?? instance.exports.memory).buffer);
  const place = (ptr, bytes) => (view().set(bytes, ptr), slice(ptr, bytes.length));
  const call = (name, ...args) => {
    const result = instance.exports[name](...args);
    return typeof result === "number" ? result >>> 0 : result;
  };
  return Object.assign(bench, {
    instance,
    view,
    place,
    call,
    instantiate: (index, wasm, environment = ENVIRONMENT, state = 7) =>
      call("sandbox_instantiate", index, place(1024, wasm), place(32_768, environment), state),
    invoke: (id, name, args = NOTHING, [ptr, len] = [512, 10]) =>
      call("sandbox_invoke", id, place(128, new TextEncoder().encode(name)), place(1024, args), ptr, len, 9),
    /** Invokes `run`, and returns the code and the i32 that was written. */
    run(id, value) {
      place(512, new Uint8Array(10).fill(0xee));
      const code = this.invoke(id, "run", encodeArguments([i32(value)]));
      return [code, ...(view()[512] === 1 ? [new DataView(view().buffer).getInt32(514, true)] : [])];
    },
    /** Puts a thunk's result where the supervisor allocated, packed as a thunk returns it. */
    reply(bytes) {
      const ptr = call("allocator_malloc", bytes.length);
      place(ptr, bytes);
      return (BigInt(ptr) << 32n) | BigInt(bytes.length);
    },
    /** The addresses of the next blocks of 8 bytes, in order. */
    freeBlocks: (count) => Array.from({ length: count }, () => call("allocator_malloc", 8)).sort((a, b) => a - b),
    answer(value) {
      bench.thunk = () => this.reply(encodeResult(i32(value)));
    },
  });
}

/** Fails unless an error of this class and code is thrown. */
function assertThrows(call, code, Class = GuestboxError) {
  const error = thrownBy(call);
  assert.ok(error instanceof Class, String(error));
  assert.equal(error.code, code, String(error));
  return error;
}

describe("host functions", () => {
  test("are the ten of the ABI", async () => {
    const { host } = await workbench();
    assert.deepEqual(Object.keys(host.imports).sort(), FUNCTIONS.map(([name]) => `ext_${name}_version_1`).sort());
  });
  test("run a guest, with both packings of regions", async () => {
    const bench = await workbench();
    const guest = bench.instantiate(THUNK, GUEST);
    assert.equal(guest, 0);
    bench.answer(42);
    assert.deepEqual(bench.run(guest, 5), [ERR_OK, 42]);
    assert.deepEqual(bench.seen, [{ which: 1, args: [4, 0, 5, 0, 0, 0], state: 9, func: 3 }]);
    const name = bench.place(300, new TextEncoder().encode("answer"));
    const packed = BigInt.asUintN(64, bench.call("sandbox_get_global_val", guest, name));
    // Behind the two blocks of 8 bytes that the host call took and gave back.
    const ptr = HEAP_BASE + 2 * 16 + 8;
    assert.equal(packed, (10n << 32n) | BigInt(ptr));
    assert.deepEqual([...bench.view().subarray(ptr, ptr + 10)], [1, 1, 0xf4, 1, 0, 0, 0, 0, 0, 0]);
    bench.call("allocator_free", ptr);
    assert.equal(bench.call("allocator_malloc", 10), ptr);
    assert.equal(bench.call("sandbox_instance_teardown", guest), undefined);
  });
  test("copy between memories", async () => {
    const bench = await workbench();
    const memory = bench.call("sandbox_memory_new", 1, MEM_UNLIMITED);
    bench.place(200, [1, 2, 3]);
    assert.equal(bench.call("sandbox_memory_set", memory, 65_533, 200, 3), ERR_OK);
    assert.equal(bench.call("sandbox_memory_get", memory, 65_532, 300, 4), ERR_OK);
    assert.deepEqual([...bench.view().subarray(300, 304)], [0, 1, 2, 3]);
    for (const [offset, ptr, len] of [
      [65_534, 200, 3],
      [0, MEMORY_BYTES - 1, 2],
      [0, -1, 1],
      [0, -1, -1],
      [-1, -1, -1],
      [0, MEMORY_BYTES + 1, 0],
    ]) {
      for (const name of ["sandbox_memory_get", "sandbox_memory_set"])
        assert.equal(bench.call(name, memory, offset, ptr, len), ERR_OUT_OF_BOUNDS, name);
    }
    bench.call("sandbox_memory_teardown", memory);
  });
  test("tell by codes what is wrong with a guest", async () => {
    const bench = await workbench({ limits: { fuel: 100_000 } });
    assert.equal(bench.instantiate(THUNK, NOTHING), ERR_MODULE);
    assert.equal(bench.instantiate(THUNK, GUEST, Uint8Array.of(4)), ERR_MODULE);
    assert.equal(bench.instantiate(THUNK, GUEST, NOTHING), ERR_MODULE);
    assert.equal(bench.instantiate(THUNK, wat("(module (func $s unreachable) (start $s))")), ERR_EXECUTION);
    const guest = bench.instantiate(THUNK, GUEST);
    for (const name of ["trap", "spin", "missing", "answer", "run"]) assert.equal(bench.invoke(guest, name), ERR_EXECUTION, name);
    assert.equal(bench.invoke(guest, "nothing", NOTHING, [-1, -1]), ERR_OK);
  });
  test("use a memory that the supervisor imports", async () => {
    const memory = new WebAssembly.Memory({ initial: PAGES });
    const bench = await workbench({
      memory,
      bytes: wat(
        supervisorText({ memory: `(import "env" "memory" (memory ${PAGES}))` }).replace(/(\(import "env" "memory" .*?\)\))(.*)$/s, "$1$2"),
      ),
    });
    bench.answer(42);
    assert.deepEqual(bench.run(bench.instantiate(THUNK, GUEST), 5), [ERR_OK, 42]);
  });
  test("see the supervisor's memory as it is after it grew, also within a thunk", async () => {
    const bench = await workbench();
    const guest = bench.instantiate(THUNK, GUEST);
    bench.thunk = () => {
      const pages = bench.instance.exports.memory.grow(1);
      bench.place(pages * 65_536, encodeArguments([i32(4)]));
      // Only there is room for this much.
      assert.equal(bench.call("allocator_malloc", 131_072 + 1), HEAP_BASE + 8 + 16);
      return bench.reply(encodeResult(i32(pages)));
    };
    bench.instance.exports.memory.grow(4);
    assert.deepEqual(bench.run(guest, 5), [ERR_OK, 8]);
  });
});

describe("a thunk", () => {
  test("is the one the instance was made with, whatever becomes of the table", async () => {
    const bench = await workbench();
    const [first, second] = [bench.instantiate(THUNK, GUEST), bench.instantiate(OTHER_THUNK, GUEST)];
    bench.answer(1);
    bench.instance.exports.__indirect_function_table.set(1, null);
    for (const guest of [first, second, first]) bench.run(guest, 0);
    assert.deepEqual(
      bench.seen.map(({ which }) => which),
      [1, 2, 1],
    );
  });
  test("that cannot be found traps the supervisor", async () => {
    const bench = await workbench();
    for (const index of [0, 3, 4, 7, 8, -1]) assertThrows(() => bench.instantiate(index, GUEST), "thunk");
    for (const [index, message] of [
      [0, /null/],
      [3, /type/],
      [4, /type/],
      [8, /outside/],
    ])
      assert.match(thrownBy(() => bench.instantiate(index, GUEST)).message, message);
    assert.equal(bench.instantiate(THUNK, GUEST), 0);
  });
  test("is looked for in a table of functions only", async () => {
    const other = `(table $f 8 funcref)`;
    for (const table of [
      other,
      `${other} (table (export "__indirect_function_table") 8 externref)`,
      `${other} (global (export "__indirect_function_table") i32 (i32.const 1))`,
    ]) {
      const bench = await workbench({ bytes: wat(supervisorText({ table })) });
      bench.instance.exports.__indirect_function_table?.set?.(1, () => 5);
      assert.match(thrownBy(() => bench.instantiate(THUNK, GUEST)).message, /exports no function table/);
    }
  });
  test("may invoke the calling instance up to the limit of nesting", async () => {
    const bench = await workbench();
    const guest = bench.instantiate(THUNK, GUEST);
    bench.thunk = ({ ptr }) => {
      const n = new DataView(bench.view().buffer).getInt32(ptr + 2, true);
      if (n === 0) return bench.reply(encodeResult(i32(0)));
      const [code, sum] = bench.run(guest, n - 1);
      return bench.reply(code === ERR_OK ? encodeResult(i32(sum + n)) : Uint8Array.of(1));
    };
    assert.deepEqual(bench.run(guest, 31), [ERR_OK, 496]);
    assert.deepEqual(bench.run(guest, 32), [ERR_EXECUTION]);
    // Every block was given back: arguments at each level, and one result more.
    assert.deepEqual(
      bench.freeBlocks(33),
      Array.from({ length: 33 }, (_, n) => HEAP_BASE + 8 + 16 * n),
    );
  });
  test("may use all of the sandbox and tear down the running instance, whose call completes", async () => {
    const bench = await workbench();
    const guest = bench.instantiate(THUNK, GUEST);
    bench.thunk = () => {
      const memory = bench.call("sandbox_memory_new", 1, 1);
      const inner = bench.instantiate(OTHER_THUNK, GUEST);
      assert.equal(bench.invoke(inner, "nothing"), ERR_OK);
      bench.call("sandbox_memory_teardown", memory);
      bench.call("sandbox_instance_teardown", inner);
      bench.call("sandbox_instance_teardown", guest);
      assertThrows(() => bench.invoke(guest, "nothing"), "instance", SupervisorTrap);
      return bench.reply(encodeResult(i32(8)));
    };
    assert.deepEqual(bench.run(guest, 1), [ERR_OK, 8]);
    assertThrows(() => bench.run(guest, 1), "instance", SupervisorTrap);
  });
  test("that throws, traps or returns a made-up region ends the guest call only", async () => {
    for (const thunk of [
      () => {
        throw new Error("mine");
      },
      () => {
        throw undefined;
      },
      () => {
        throw new WebAssembly.RuntimeError("unreachable");
      },
      () => 5,
      () => undefined,
      () => Symbol("x"),
      () => -1n,
      () => 0n,
      () => 1n << 70n,
      () => (BigInt(MEMORY_BYTES - 1) << 32n) | 7n,
    ]) {
      const bench = await workbench();
      const guest = bench.instantiate(THUNK, GUEST);
      bench.thunk = thunk;
      assert.deepEqual(bench.run(guest, 1), [ERR_EXECUTION], String(thunk));
      assert.equal(bench.invoke(guest, "nothing"), ERR_OK, String(thunk));
    }
  });
  test("that throws 10,000 times leaves the sandbox and its heap as they were", async () => {
    const bench = await workbench();
    const guest = bench.instantiate(THUNK, GUEST);
    const reason = new Error("again");
    bench.thunk = () => {
      throw reason;
    };
    for (let i = 0; i < 10_000; i++) assert.deepEqual(bench.run(guest, 1), [ERR_EXECUTION]);
    bench.answer(1);
    assert.deepEqual(bench.run(guest, 1), [ERR_OK, 1]);
    assert.deepEqual(bench.freeBlocks(2), [HEAP_BASE + 8, HEAP_BASE + 24]);
  });
});

describe("a trap of the supervisor", () => {
  const [END, MAX] = [MEMORY_BYTES, 2 ** 32 - 1];
  const ARGS = encodeArguments([i32(1)]);
  test("is thrown through the supervisor with a code, and the sandbox goes on", async () => {
    const bench = await workbench({ limits: { memoryPages: 10 } });
    const guest = bench.instantiate(THUNK, GUEST);
    bench.answer(1);
    bench.call("sandbox_instance_teardown", bench.instantiate(THUNK, GUEST));
    bench.call("sandbox_memory_teardown", bench.call("sandbox_memory_new", 1, 1));
    const { call } = bench;
    for (const [use, code, message] of [
      // The names are the native ones.
      [() => call("sandbox_memory_new", 2, 1), "memory-refused", /the size is above the memory's maximum/],
      [() => call("sandbox_memory_new", 11, 11), "memory-refused", /limit `memoryPages` is 10, 11 requested/],
      [() => call("sandbox_memory_get", 0, 0, 0, 1), "memory", /torn down/],
      [() => call("sandbox_memory_set", 9, 0, 0, 1), "memory", /no such id/],
      [() => call("sandbox_memory_teardown", 0), "memory", /torn down/],
      [() => call("sandbox_instance_teardown", 1), "instance", /torn down/],
      [() => call("sandbox_get_global_val", 1, 0n), "instance", /torn down/],
      [() => bench.invoke(1, "run", ARGS), "instance", /torn down/],
      [() => bench.invoke(-1, "run", ARGS), "instance", /no such id/],
      [() => bench.invoke(guest, "run", Uint8Array.of(4)), "arguments", /SCALE/],
      [() => bench.invoke(guest, "run", ARGS, [512, 5]), "result-buffer", /too small/],
      [() => bench.invoke(guest, "run", ARGS, [END - 5, 10]), "result-buffer", /too small/],
      [() => bench.invoke(guest, "run", ARGS, [-1, -1]), "result-buffer", /too small/],
    ])
      assert.match(assertThrows(use, code, SupervisorTrap).message, message);
    for (const [ptr, length] of [
      [MAX, MAX],
      [0, MAX],
      [MAX, 0],
      [1, END],
      [END, 1],
      [END + 1, 0],
    ]) {
      const [bad, good] = [slice(ptr, length), bench.place(300, NOTHING)];
      for (const use of [
        () => call("sandbox_instantiate", THUNK, bad, good, 0),
        () => call("sandbox_instantiate", THUNK, good, bad, 0),
        () => call("sandbox_invoke", guest, bad, good, 0, 0, 0),
        () => call("sandbox_invoke", guest, good, bad, 0, 0, 0),
        () => call("sandbox_get_global_val", guest, bad),
      ])
        assertThrows(use, "slice");
    }
    assert.deepEqual(bench.run(guest, 1), [ERR_OK, 1]);
  });
  test("of the allocator poisons it, and guests that call nothing go on", async () => {
    for (const [use, message] of [
      [({ call }) => call("allocator_free", 0), /begins at this address/],
      [({ call }) => call("allocator_malloc", -1), /32 MiB/],
      [({ call }) => call("allocator_malloc", 262_144), /no room/],
      [
        ({ call, place }) => (place(call("allocator_malloc", 8) - 8, new Uint8Array(8).fill(255)), call("allocator_free", HEAP_BASE + 8)),
        /overwritten/,
      ],
    ]) {
      const bench = await workbench();
      const guest = bench.instantiate(THUNK, GUEST);
      const error = thrownBy(() => use(bench));
      assert.deepEqual([error instanceof GuestboxError, error.code], [true, "allocator"]);
      assert.match(error.message, message);
      assert.match(thrownBy(() => bench.call("allocator_malloc", 1)).message, /failed before/);
      assert.deepEqual(bench.run(guest, 1), [ERR_EXECUTION]);
      assert.equal(bench.invoke(guest, "nothing"), ERR_OK);
    }
  });
  test("within a thunk ends the guest call only", async () => {
    const bench = await workbench();
    const guest = bench.instantiate(THUNK, GUEST);
    bench.thunk = () => bench.call("sandbox_memory_teardown", 9);
    assert.deepEqual(bench.run(guest, 1), [ERR_EXECUTION]);
  });
});

describe("what a supervisor has no word for", () => {
  test("is told to the embedder, the innermost failure first", async () => {
    const seen = [];
    const bench = await workbench({ limits: { fuel: 1_000, moduleBytes: 400, nesting: 3 }, onFailure: (failure) => seen.push(failure) });
    const told = () => seen.splice(0).map((failure) => [failure.constructor, failure.code]);
    const fails = (wasm, environment) => assert.ok(bench.instantiate(THUNK, wasm, environment) > 0xfffffff0);
    for (const [wasm, expected, environment] of [
      [new Uint8Array(401), [CompileError, "limit"]],
      [Uint8Array.of(1), [CompileError, "invalid"]],
      [wat("(module (memory 1 1 shared))"), [CompileError, "unsupported"]],
      [wat('(module (import "env" "none" (func)))'), [InstantiateError, "import"]],
      [wat("(module (func $f unreachable) (start $f))"), [Trap, "unreachable"]],
    ]) {
      fails(wasm, environment);
      assert.deepEqual(told(), [expected]);
    }
    const guest = bench.instantiate(THUNK, GUEST);
    for (const [name, expected] of [
      ["spin", [Trap, "out-of-fuel"]],
      ["trap", [Trap, "unreachable"]],
      ["none", [InvokeError, "export-not-found"]],
    ]) {
      assert.equal(bench.invoke(guest, name), ERR_EXECUTION);
      assert.deepEqual(told(), [expected]);
    }
    assert.equal(bench.invoke(guest, "nothing"), ERR_OK);
    assert.deepEqual(told(), []);
    bench.thunk = () => (bench.run(guest, 1), bench.reply(Uint8Array.of(1)));
    bench.run(guest, 1);
    assert.deepEqual(told(), [
      [Trap, "nesting-too-deep"],
      [Trap, "host-error"],
      [Trap, "host-error"],
      [Trap, "host-error"],
    ]);
  });
  test("may be looked at with the host functions themselves", async () => {
    const bench = await workbench({ onFailure: () => assert.equal(bench.call("sandbox_memory_new", 1, 1) >= 0, true) });
    const guest = bench.instantiate(THUNK, GUEST);
    assert.equal(bench.invoke(guest, "none"), ERR_EXECUTION);
    assert.equal(bench.call("sandbox_memory_new", 1, 1), 1);
  });
  test("is a function, if anything", async () => {
    assert.ok((await rejectionOf(Substrate.load({ onFailure: 5 }))) instanceof TypeError);
    assert.match((await rejectionOf(Substrate.load({ onFailures: () => {} }))).message, /did you mean `onFailure`/);
  });
});

describe("limits for supervisors that meter their guests themselves", () => {
  test("bound no fuel, and nest to 128 levels", async () => {
    const bench = await workbench({ limits: "self-metered" });
    const guest = bench.instantiate(THUNK, GUEST);
    /** Whether so many calls of guests, each within the one before, all succeed. */
    const nests = (levels) => {
      let [left, isOk] = [levels, true];
      const run = () => {
        isOk = bench.run(guest, 1)[0] === ERR_OK && isOk;
      };
      bench.thunk = () => {
        if (--left > 0) run();
        return bench.reply(encodeResult(i32(0)));
      };
      run();
      return isOk;
    };
    assert.deepEqual([nests(128), nests(129), nests(128)], [true, false, true]);
  });
});

describe("attaching", () => {
  const attach = async (bytes, options) => {
    const host = await Substrate.load();
    const { instance } = await WebAssembly.instantiate(bytes, { env: host.imports, test: { thunk: () => 0n } });
    return host.attach(instance, options);
  };
  test("wants a memory and the base of a heap", async () => {
    const error = await rejectionOf(attach(wat(supervisorText({ memory: "(memory 4)" }))));
    assert.deepEqual([error instanceof GuestboxError, error.code], [true, "memory"]);
    for (const heapBase of [
      "",
      '(global (export "__heap_base") i64 (i64.const 1))',
      '(global (export "__heap_base") f64 (f64.const 0.5))',
      '(func (export "__heap_base"))',
    ]) {
      const error = await rejectionOf(attach(wat(supervisorText({ heapBase }))));
      assert.deepEqual([error instanceof GuestboxError, error.code], [true, "heap-base"], heapBase);
    }
    await attach(SUPERVISOR);
  });
  test("is done once", async () => {
    const { host, instance } = await workbench();
    assertThrows(() => host.attach(instance), "attached");
  });
  test("is to be done before bytes can be passed", async () => {
    const host = await Substrate.load();
    const { instance } = await WebAssembly.instantiate(SUPERVISOR, { env: host.imports, test: { thunk: () => 0n } });
    const { sandbox_memory_new: memoryNew, sandbox_instantiate: instantiate, allocator_malloc: malloc } = instance.exports;
    assert.equal(memoryNew(1, 1), 0);
    assertThrows(() => instantiate(1, slice(0, 1), slice(0, 1), 0), "slice");
    assertThrows(() => malloc(1), "allocator");
    host.attach(instance);
    assert.equal(malloc(1), HEAP_BASE + 8);
  });
});

describe("an abort of the engine", () => {
  const limits = { instances: 2 ** 32 - 1, totalMemoryPages: 2 ** 32 - 1 };
  const exhaust = ({ call }) => {
    for (let i = 0; i < 1_000_000; i++) call("sandbox_memory_new", 0, 1);
  };
  test("poisons the host for good, and another works", async () => {
    const wasm = await WebAssembly.compile(await smallEngine(48));
    const bench = await workbench({ wasm, limits });
    const error = thrownBy(() => exhaust(bench));
    assert.ok(error instanceof PoisonedError, String(error));
    assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    for (const use of [
      () => bench.call("sandbox_memory_new", 1, 1),
      () => bench.call("allocator_malloc", 1),
      () => bench.instantiate(THUNK, GUEST),
    ]) {
      assert.equal(thrownBy(use), error);
    }
    assert.equal((await workbench()).instantiate(THUNK, GUEST), 0);
  });
  test("within a thunk ends the supervisor, also where the thunk catches it", async () => {
    const wasm = await WebAssembly.compile(await smallEngine(48));
    for (const catches of [false, true]) {
      const bench = await workbench({ wasm, limits });
      const guest = bench.instantiate(THUNK, GUEST);
      bench.thunk = () => {
        const error = thrownBy(() => exhaust(bench));
        if (!catches) throw error;
        return 0n;
      };
      const error = thrownBy(() => bench.run(guest, 1));
      assert.ok(error instanceof PoisonedError, String(error));
    }
  });
});
