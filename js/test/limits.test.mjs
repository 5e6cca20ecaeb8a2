// Limits: each by its name, one more than allowed is refused, and what is refused costs nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { CompileError, InstantiateError, MemoryError, Sandbox, Trap } from "guestbox";
import { ScaleStore, encodeEnvironment } from "guestbox/scale";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const repeat = (count, text) => Array.from({ length: count }, (_, i) => (typeof text === "function" ? text(i) : text)).join(" ");
const exporting = (count) => `(module (func $f) ${repeat(count, (i) => `(export "${i}" (func $f))`)})`;

/** A module of a global whose initial value has so many operators. The text parser knows no sums there. */
function sum(count) {
  const operators = [0x41, 1, ...Array.from({ length: Math.floor(count / 2) }, () => [0x41, 1, 0x6a]).flat()];
  if (count % 2 === 0) operators.pop();
  const global = [1, 0x7f, 0, ...operators, 0x0b];
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 6, global.length, ...global);
}
const bytesOf = (module) => (typeof module === "string" ? wat(module) : module);

/** For each limit on modules: the text of a module that has `count` of it. */
const OF_MODULES = {
  blockDepth: (count) => `(module (func ${"(block ".repeat(count)}${")".repeat(count)}))`,
  blocks: (count) => `(module (func ${"(block)".repeat(count)}))`,
  branchTargets: (count) => `(module (func (block (br_table ${repeat(count, "0")} (i32.const 0)))))`,
  constOperators: (count) => sum(count),
  exports: exporting,
  functions: (count) => `(module ${repeat(count, "(func)")})`,
  globals: (count) => `(module ${repeat(count, "(global i32 (i32.const 0))")})`,
  imports: (count) => `(module ${repeat(count, '(import "e" "f" (func))')})`,
  locals: (count) => `(module (func (local ${repeat(count, "i32")})))`,
  multiValues: (count) => `(module (import "e" "f" (func $f (result i32 i32))) (func ${repeat(count, "call $f drop drop")}))`,
  memories: (count) => `(module ${repeat(count, "(memory 0)")})`,
  params: (count) => `(module (func (param ${repeat(count, "i32")})))`,
  segments: (count) => `(module (memory 1) ${repeat(count, '(data (i32.const 0) "x")')})`,
  tableElements: (count) => `(module (table ${count} funcref))`,
  tables: (count) => `(module ${repeat(count, "(table 0 funcref)")})`,
  types: (count) => `(module ${repeat(count, (i) => `(type (func (param ${repeat(i, "i32")})))`)})`,
};

describe("limits of modules", () => {
  for (const [name, text] of Object.entries(OF_MODULES)) {
    test(`${name}: as many as it says, not one more`, async () => {
      const { sandbox } = await workbench({ limits: { [name]: 5 } });
      const imports = { e: { f: () => {} } };
      sandbox.compile(bytesOf(text(5))).instantiate(imports);
      const error = thrownBy(() => sandbox.compile(bytesOf(text(6))).instantiate(imports));
      assert.ok(error instanceof CompileError || error instanceof InstantiateError, String(error));
      assert.match(error.message, new RegExp(`the limit \`${name}\` is 5, 6 requested; raise it in \`limits\`$`));
      sandbox.compile(bytesOf(text(5))).instantiate(imports);
    });
  }
  test("moduleBytes: the length, and it is refused before it is copied", async () => {
    const bytes = wat("(module (func))");
    const { sandbox } = await workbench({ limits: { moduleBytes: bytes.length } });
    sandbox.compile(bytes);
    const before = sandbox.engine.memoryBytes;
    for (const more of [1, 3 * bytes.length, 100_000_000]) {
      const error = thrownBy(() => sandbox.compile(new Uint8Array(bytes.length + more)));
      assert.ok(error instanceof CompileError);
      assert.equal(error.code, "limit");
      assert.ok(
        error.message.endsWith(`the limit \`moduleBytes\` is ${bytes.length}, ${bytes.length + more} requested; raise it in \`limits\``),
      );
    }
    assert.equal(sandbox.engine.memoryBytes, before);
  });
});

describe("what modules need", () => {
  const TEXT = `(module (memory 2) (table 3 funcref) (global i32 (i32.const 0)) (func) (func (param i32) (local f64 f64)))`;

  test("is what they take of each limit, and enough as limits", async () => {
    const bytes = wat(TEXT);
    const { sandbox } = await workbench();
    const { needs } = sandbox.compile(bytes);
    const { moduleBytes, functions, globals, types, params, locals, memories, memoryPages, tables, tableElements } = needs;
    assert.deepEqual(
      { moduleBytes, functions, globals, types, params, locals, memories, memoryPages, tables, tableElements },
      {
        moduleBytes: bytes.length,
        functions: 2,
        globals: 1,
        types: 2,
        params: 1,
        locals: 2,
        memories: 1,
        memoryPages: 2,
        tables: 1,
        tableElements: 3,
      },
    );
    assert.deepEqual([needs.imports, needs.exports, needs.segments, needs.totalMemoryPages], [0, 0, 0, 2]);
    const exact = await Sandbox.load({ limits: needs });
    exact.compile(bytes).instantiate();
  });
  test("is named by an error for all limits that are too low, and no other", async () => {
    const bytes = wat(TEXT);
    const moduleBytes = bytes.length >> 1;
    const { sandbox } = await workbench({ limits: { moduleBytes, functions: 1, memoryPages: 1, totalMemoryPages: 1, locals: 2 } });
    const error = thrownBy(() => sandbox.compile(bytes));
    assert.equal(error.code, "limit");
    assert.equal(
      error.message,
      `module refused: the limit \`moduleBytes\` is ${moduleBytes}, ${bytes.length} requested, \`functions\` is 1, 2 requested, ` +
        "`memoryPages` is 1, 2 requested, `totalMemoryPages` is 1, 2 requested; raise them in `limits`",
    );
  });
});

describe("limits of what lives", () => {
  test("instances: as many as it says, not one more, until one goes", async () => {
    const { sandbox } = await workbench({ limits: { instances: 3 } });
    const module = sandbox.compile(wat("(module)"));
    const guests = [1, 2, 3].map(() => module.instantiate());
    const error = thrownBy(() => module.instantiate());
    assert.ok(error instanceof InstantiateError);
    assert.equal(error.code, "limit");
    guests[1].dispose();
    module.instantiate();
  });
  test("totalInstanceBytes: those of a thousand bytes each, until one goes", async () => {
    const { sandbox } = await workbench({ limits: { totalInstanceBytes: 3 * 1_024 } });
    const module = sandbox.compile(wat("(module)"));
    const guests = [1, 2, 3].map(() => module.instantiate());
    const error = thrownBy(() => module.instantiate());
    assert.match(
      error.message,
      /the limit `totalInstanceBytes` is 3072, 4096 requested; raise it in `limits`\. 3 guests have not been disposed of$/,
    );
    guests[1].dispose();
    module.instantiate();
  });
  test("memoryPages: a made memory, a guest's own, and their growth", async () => {
    const { sandbox, guest } = await workbench({ limits: { memoryPages: 4 } });
    const made = sandbox.memory({ initial: 4 });
    assert.equal(thrownBy(() => made.grow(1)).code, "limit");
    const error = thrownBy(() => sandbox.memory({ initial: 5 }));
    assert.ok(error instanceof MemoryError);
    assert.equal(error.code, "limit");
    assert.match(error.message, /^memory refused: the limit `memoryPages` is 4, 5 requested/);
    assert.throws(
      () => guest("(module (memory 5))"),
      (refused) => refused.code === "limit",
    );
    const { m, grow } = guest(
      '(module (memory (export "m") 3) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))',
    ).exports;
    assert.equal(grow(2), -1);
    assert.equal(grow(1), 3);
    assert.equal(grow(1), -1);
    assert.equal(grow(0), 4);
    assert.equal(thrownBy(() => m.grow(1)).code, "limit");
    assert.equal(m.size, 4);
  });
  test("totalMemoryPages: all together, and what is disposed of counts no more", async () => {
    const { sandbox, guest } = await workbench({ limits: { totalMemoryPages: 6 } });
    const made = sandbox.memory({ initial: 3 });
    const instance = guest('(module (memory 2) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))');
    assert.equal(sandbox.memoryPagesInUse, 5);
    assert.equal(instance.exports.grow(2), -1);
    assert.throws(() => sandbox.memory({ initial: 2 }), MemoryError);
    assert.throws(
      () => guest("(module (memory 2))"),
      (error) => error.code === "limit",
    );
    assert.equal(instance.exports.grow(1), 2);
    made.dispose();
    assert.equal(instance.exports.grow(3), 3);
    assert.equal(sandbox.memoryPagesInUse, 6);
  });
  test("a memory bomb is refused at once by default, and takes nothing", async () => {
    const { sandbox, guest } = await workbench();
    const before = sandbox.engine.memoryBytes;
    assert.throws(
      () => guest("(module (memory 65536))"),
      (error) => error.code === "limit",
    );
    const { grow } = guest('(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 65535))))').exports;
    assert.equal(grow(), -1);
    assert.ok(sandbox.engine.memoryBytes - before < 4 << 20);
  });
});

describe("limits of calls", () => {
  const DEEP = '(module (func $f (export "f") (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))))))';

  test("guestFrames: the frames of a call", async () => {
    const { guest } = await workbench({ limits: { guestFrames: 100 } });
    const { f } = guest(DEEP).exports;
    // The first call has a frame, too.
    f(99);
    const trap = thrownBy(() => f(100));
    assert.ok(trap instanceof Trap);
    assert.equal(trap.code, "stack-overflow");
    assert.match(trap.message, /: the limit `guestFrames` is 100 and `engineStackBytes` 4194304; raise them in `limits`$/);
    f(99);
  });
  test("engineStackBytes: the values of all frames", async () => {
    const wide = `(module (func $f (export "f") (param i32) ${repeat(200, "(local i64)")}
      (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))))))`;
    const { guest } = await workbench({ limits: { engineStackBytes: 64 << 10 } });
    const { f } = guest(wide).exports;
    f(10);
    assert.equal(thrownBy(() => f(1_000)).code, "stack-overflow");
    f(10);
  });
  test("fuel: all that a call needs is enough, one less is not", async () => {
    const { guest } = await workbench();
    const { fuelUsed } = await guest(DEEP).tryCall("f", [50]);
    assert.ok(fuelUsed > 100n);
    for (const [fuel, status] of [
      [fuelUsed, "ok"],
      [fuelUsed - 1n, "out-of-fuel"],
    ]) {
      const { guest: limited } = await workbench({ limits: { fuel } });
      assert.equal((await limited(DEEP).tryCall("f", [50])).status, status);
    }
  });
  test("fuel: a number or a BigInt", async () => {
    for (const fuel of [1_000, 1_000n]) {
      const { guest } = await workbench({ limits: { fuel } });
      const trap = thrownBy(() => guest('(module (func (export "f") (loop (br 0))))').exports.f());
      assert.equal(trap.code, "out-of-fuel");
      assert.ok(trap.fuelUsed > 900n && trap.fuelUsed <= 1_000n);
    }
  });
  test("an endless recursion is a Trap with the default limits, synchronously and awaited", async () => {
    const { guest } = await workbench();
    const instance = guest(
      '(module (func $f (export "f") (result i32) (i32.add (call $f) (call $f))) (func (export "fine") (result i32) (i32.const 1)))',
    );
    for (let i = 0; i < 20; i++) assert.equal(thrownBy(() => instance.exports.f()).code, "stack-overflow");
    assert.equal((await rejectionOf(instance.call("f"))).code, "stack-overflow");
    assert.equal(instance.exports.fine(), 1);
  });
  test("9,000 frames are no endless recursion", async () => {
    const { guest } = await workbench();
    guest(DEEP).exports.f(9_000);
  });
});

describe("limits of bytes", () => {
  test("argumentBytes and environmentBytes: as many as they say, not one more", async () => {
    const wasm = wat('(module (func (export "f")))');
    const none = () => new Uint8Array();
    const store = await ScaleStore.load({ limits: { argumentBytes: 10, environmentBytes: 20 } });
    // Nothing, and bytes after it that nobody reads.
    const instance = store.instantiate(none, wasm, new Uint8Array(20), 0);
    store.invoke(none, instance, "f", new Uint8Array(10), 0);
    for (const [use, name, maximum] of [
      [() => store.instantiate(none, wasm, new Uint8Array(21), 0), "environmentBytes", 20],
      [() => store.invoke(none, instance, "f", new Uint8Array(11), 0), "argumentBytes", 10],
    ]) {
      const error = thrownBy(use);
      assert.match(error.message, new RegExp(`the limit \`${name}\` is ${maximum}, ${maximum + 1} requested; raise it in \`limits\`$`));
    }
  });
});

describe("how limits are given", () => {
  // From the core itself, so that none that is added there is forgotten here.
  const source = readFileSync(new URL("../../core/src/limits/table.rs", import.meta.url), "utf8");
  const camelCase = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  const NAMES = [...source.matchAll(/^ {4}(\w+): u\w+ \{$/gm)].map(([, name]) => camelCase(name));

  // That each is in effect where it is set is tested in the core, limit by limit.
  test("every limit of the core is taken by its name, and none is another", async () => {
    assert.ok(NAMES.length >= 26 && NAMES.includes("totalMemoryPages"), NAMES.join());
    for (const name of NAMES) {
      const { limits } = await Sandbox.load({ limits: { [name]: 123 } });
      const { limits: standard } = await Sandbox.load();
      assert.deepEqual(limits, { ...standard, [name]: 123 });
    }
    const given = Object.fromEntries(NAMES.map((name, at) => [name, at + 1]));
    assert.deepEqual((await Sandbox.load({ limits: given })).limits, given);
    await Sandbox.load({ limits: Object.fromEntries(NAMES.map((name) => [name, 0])) });
    await Sandbox.load({ limits: { fuel: undefined } });
  });
  test("a preset is taken by its name, alone or with what differs from it", async () => {
    const limits = async (given) => (await Sandbox.load({ limits: given })).limits;
    const standard = await limits(undefined);
    assert.deepEqual(Object.keys(standard).sort(), [...NAMES].sort());
    assert.deepEqual(await limits("default"), standard);
    const strict = await limits("strict");
    for (const name of NAMES) assert.ok(strict[name] <= standard[name], name);
    assert.deepEqual([strict.moduleBytes, standard.moduleBytes], [4 << 20, 32 << 20]);
    assert.deepEqual(await limits({ preset: "strict", fuel: 5n, imports: 7 }), { ...strict, fuel: 5, imports: 7 });
    const none = await limits("unlimited");
    assert.ok(NAMES.every((name) => none[name] >= standard[name]) && none.fuel === 2 ** 64);
    const { guest } = await workbench({ limits: "strict" });
    assert.equal(guest('(module (func (export "f") (result i32) (i32.const 1)))').exports.f(), 1);
    for (const wrong of ["Strict", "", "toString"]) {
      for (const given of [wrong, { preset: wrong }]) {
        const error = await rejectionOf(Sandbox.load({ limits: given }));
        assert.ok(error instanceof RangeError && error.message.includes(`\`${wrong}\``), String(error));
      }
    }
    assert.ok((await rejectionOf(Sandbox.load({ limits: { preset: 1 } }))) instanceof TypeError);
  });
  test("those of a sandbox can be written as JSON and are taken again", async () => {
    for (const given of ["default", "strict", "unlimited", { fuel: 2n ** 60n, memoryPages: 3, nesting: 0 }]) {
      const { limits } = await Sandbox.load({ limits: given });
      const again = await Sandbox.load({ limits: JSON.parse(JSON.stringify(limits)) });
      assert.deepEqual(again.limits, limits);
      assert.ok(Object.values(limits).every((value) => typeof value === "number"));
    }
  });
  test("an unknown name is a TypeError that says so, and which may have been meant", async () => {
    for (const name of ["memory_pages", "Fuel", "toString", "__proto__", ""]) {
      const limits = Object.fromEntries([[name, 1]]);
      const error = await rejectionOf(Sandbox.load({ limits }));
      assert.equal(error.constructor, TypeError, String(error));
      assert.ok(error.message.startsWith(`unknown limit \`${name}\`; `), error.message);
    }
    assert.match((await rejectionOf(Sandbox.load({ limits: { memory_pages: 1 } }))).message, /did you mean `memoryPages`\?$/);
  });
  test("what is no whole number is a RangeError, what is no number a TypeError", async () => {
    for (const wrong of [-1, 0.5, NaN, Infinity, -1n, 2n ** 64n]) {
      assert.ok((await rejectionOf(Sandbox.load({ limits: { memoryPages: wrong } }))) instanceof RangeError, String(wrong));
    }
    for (const wrong of ["1", null, true, {}]) {
      assert.ok((await rejectionOf(Sandbox.load({ limits: { memoryPages: wrong } }))) instanceof TypeError, String(wrong));
    }
  });
  test("and features and options that are no object are a TypeError that says so", async () => {
    for (const wrong of [null, 5, true]) {
      for (const [name, options] of [
        ["limits", { limits: wrong }],
        ["features", { features: wrong }],
        ["options", wrong],
      ]) {
        const error = await rejectionOf(Sandbox.load(options));
        assert.deepEqual([error.constructor, error.message], [TypeError, `the ${name} are no object`]);
      }
    }
  });
});

describe("features", () => {
  // From the core itself, so that none that is added there is forgotten here.
  const source = readFileSync(new URL("../../core/src/types/features.rs", import.meta.url), "utf8");
  const FEATURES = [...source.matchAll(/^ {12}Self::\w+ => "(\w+)",$/gm)].map(([, name]) =>
    name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
  );
  const floating = wat("(module (func (param f32)))");

  test("each is taken by its name, on or off", async () => {
    assert.ok(FEATURES.length >= 10 && FEATURES.includes("bulkMemory"), FEATURES.join());
    for (const name of FEATURES) for (const value of [true, false, undefined]) await Sandbox.load({ features: { [name]: value } });
  });
  test("what is switched off is refused by its name, by modules and by the lower level", async () => {
    const sandbox = await Sandbox.load({ features: { floats: false, tailCalls: false } });
    const error = thrownBy(() => sandbox.compile(floating));
    assert.ok(error instanceof CompileError);
    assert.deepEqual([error.code, error.message], ["feature", "module refused: it uses `floats`, which `features` switches off"]);
    sandbox.compile(wat("(module (func (param i64)))"));
    (await Sandbox.load({ features: { tailCalls: false } })).compile(floating);
    const store = await ScaleStore.load({ features: { floats: false } });
    assert.equal(thrownBy(() => store.instantiate(() => new Uint8Array(), floating, encodeEnvironment([]), 0)).code, "module-decoding");
  });
  test("an unknown name and what is no boolean are a TypeError", async () => {
    for (const name of ["float", "tail_calls", "", "__proto__"]) {
      for (const value of [true, false]) {
        const error = await rejectionOf(Sandbox.load({ features: Object.fromEntries([[name, value]]) }));
        assert.ok(error instanceof TypeError && error.message.includes(`unknown feature \`${name}\`; `), String(error));
      }
    }
    for (const value of [0, 1, "true", null])
      assert.ok((await rejectionOf(Sandbox.load({ features: { floats: value } }))) instanceof TypeError);
  });
});
