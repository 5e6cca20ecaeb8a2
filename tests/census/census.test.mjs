// What the census stands on: modules are found in JavaScript, toolchains told apart, differences seen, and falls named. And
// the tables in tests/README.md are those of what was recorded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Calls, importsFor } from "./imports.mjs";
import { callsOf, sessionsOf } from "./calls.mjs";
import { differsInNaN, firstDifference } from "./compare.mjs";
import { embedded } from "./embedded.mjs";
import { compare, recorded } from "./gate.mjs";
import { part, tables, written } from "./table.mjs";
import { TOOLCHAINS, toolchainOf } from "./toolchain.mjs";

// A module with a custom section of 300 bytes.
const module = Buffer.from([0, 97, 115, 109, 1, 0, 0, 0, 0, 0xac, 2, 1, 97, ...Array(298).fill(7)]);

test("modules are found in JavaScript in each form, and probes are not", () => {
  const forms = [
    `"data:application/wasm;base64,${module.toString("base64")}"`,
    `'${module.toString("hex")}'`,
    `[${[...module].join(", ")}]`,
  ];
  for (const form of forms) {
    assert.deepEqual(embedded(`const a = 1, m = ${form}; f(m)`), [module]);
    assert.deepEqual(embedded(`const m = ${form.replace(/(AGFzbQEAAA|0061736d01000000|0, 97, 115, 109).*/, "$1")}`), []);
  }
  assert.equal(embedded(forms.join(";")).length, 3);
});

test("toolchains are told apart", () => {
  const of = (parts) => toolchainOf({ id: "a/b.wasm", imports: [], exports: [], sections: {}, ...parts });
  const named = (...names) => names.map((name) => ({ module: "env", name, kind: "function", params: [], results: [] }));
  assert.equal(of({ imports: named("emscripten_resize_heap") }), "Emscripten");
  assert.equal(of({ imports: [{ module: "a", name: "b" }], exports: [{ name: "c" }, { name: "_main" }] }), "Emscripten");
  assert.equal(of({ sections: { "dylink.0": [] }, imports: named("memory") }), "Emscripten, linked dynamically");
  assert.equal(of({ imports: named("__wbindgen_throw") }), "wasm-bindgen");
  assert.equal(of({ imports: [{ module: "wasi_snapshot_preview1", name: "fd_write" }] }), "WASI, C and Rust");
  assert.equal(of({ exports: named("__new", "__pin") }), "AssemblyScript");
  assert.equal(of({ sections: { producers: Buffer.from("processed-by TinyGo") } }), "TinyGo");
  assert.equal(of({ sections: { "go:buildid": [] } }), "Go");
  assert.equal(of({ sections: { producers: Buffer.from("language Rust") } }), "other Rust");
  assert.equal(of({ exports: named("run") }), "others");
  for (const { toolchain } of Object.values(recorded())) assert.ok(TOOLCHAINS.includes(toolchain), toolchain);
});

test("imports are made from their types, and what cannot be made is left out", () => {
  const noted = new Calls();
  const types = [
    { module: "m", name: "f", kind: "function", params: ["i32"], results: ["i64", "f32"] },
    { module: "m", name: "g", kind: "global", type: "i64", mutable: false },
    { module: "__proto__", name: "t", kind: "table", element: "funcref", initial: 1 },
  ];
  const { imports } = importsFor(types, { global: (_, value) => ({ value }) }, noted);
  assert.deepEqual(imports.m.f(1), [0n, 0]);
  const { sum } = noted;
  imports.m.f(NaN);
  assert.notEqual(noted.sum, sum);
  assert.equal(imports.m.g.value, 0n);
  assert.equal(Object.getOwnPropertyDescriptor(imports, "__proto__").value.t, undefined);
});

/** An engine whose functions are the calls of a list, and that stops where it has none. */
const scripted = (script) => () => ({
  begun: { status: "ok" },
  call: (name) => script[name] ?? { status: "stopped" },
  state: () => ({ pages: [], memories: [], globals: [], asked: 0 }),
});

test("a call that is stopped is left out, and another session goes on behind it", () => {
  const exports = ["a", "b", "c"].map((name) => ({ kind: "function", name, params: [], results: ["i32"] }));
  const one = { status: "ok", values: [1] };
  const sessions = sessionsOf(scripted({ a: one, c: one }), callsOf(exports));
  assert.deepEqual(
    sessions.map(({ calls }) => calls.map(({ name }) => name)),
    [["a"], ["c"]],
  );
});

const outcome = (parts) => ({ status: "ok", values: [], pages: [], memories: [], globals: [], asked: 0, ...parts });
const session = (...calls) => ({ begun: outcome(), calls: calls.map(outcome) });

test("differences are found: of results, traps, memories, globals and what imports were asked for", () => {
  const trap = { status: "trap", values: undefined, code: "unreachable", codes: ["unreachable"], message: "unreachable" };
  const ours = session({ values: [1] }, trap);
  assert.deepEqual(firstDifference(ours, structuredClone(ours)), { equal: 2 });
  for (const other of [{ values: [2] }, { pages: [1] }, { memories: [5] }, { globals: [5] }, { asked: 5 }, trap]) {
    const { equal, at } = firstDifference(ours, session({ values: [1], ...other }, trap));
    assert.deepEqual({ equal, at }, { equal: 0, at: 0 });
  }
  const others = [{}, { ...trap, codes: ["memory-out-of-bounds"] }];
  for (const other of others) assert.equal(firstDifference(ours, session({ values: [1] }, other)).at, 1);
  assert.deepEqual(firstDifference(ours, session({ values: [1] })), { equal: 1 });
});

test("bits of NaNs are told from other differences", () => {
  const shown = (words, asked = []) => ({ memories: [new Uint8Array(Int32Array.from(words).buffer)], words: asked });
  const differs = (a, b, x = shown([0, 0]), y = shown([0, 0])) => differsInNaN(outcome(a), outcome(b), x, y);
  assert.ok(differs({ values: [0x7fc00000] }, { values: [-0x400000] }));
  assert.ok(differs({ values: [0x7ff8n << 48n] }, { values: [-8n << 48n] }));
  assert.ok(differs({}, {}, shown([1, 0x7fc00000]), shown([1, -0x400000])));
  assert.ok(differs({}, {}, shown([0, 0x7ff80000]), shown([0, -0x80000])));
  assert.ok(differs({}, {}, shown([0, 0], ["3 1,2143289344"]), shown([0, 0], ["3 1,-4194304"])));
  assert.ok(!differs({ values: [1] }, { values: [2] }));
  assert.ok(!differs({}, {}, shown([1, 0x7fc00000]), shown([2, -0x400000])));
  assert.ok(!differs({}, {}, shown([0, 0], ["3 1"]), shown([0, 0], ["3 2"])));
  assert.ok(!differs({ status: "trap", code: "unreachable" }, {}));
});

test("the gate names modules that fall, and only asks for what rises to be recorded", () => {
  const reached = { default: "compiles: imported table", unlimited: "links", withoutVectors: "links" };
  const row = { toolchain: "Go", node: true, ...reached, behaves: "NaN", calls: 5 };
  const falls = (change) => compare({ a: row }, { a: { ...row, ...change } }).falls;
  assert.deepEqual(falls({}), []);
  for (const change of [
    { node: false },
    { default: "refused: limit types" },
    { unlimited: "compiles: x" },
    { withoutVectors: "refused: proposal simd" },
    { behaves: "differs: x" },
    { calls: 4 },
  ])
    assert.deepEqual(
      falls(change).map((fall) => fall.slice(0, 3)),
      ["a: "],
    );
  for (const change of [{ default: "links" }, { behaves: "same" }, { calls: 6 }, { default: "compiles: imported global" }]) {
    assert.deepEqual(falls(change), []);
    assert.equal(compare({ a: row }, { a: { ...row, ...change } }).changes.length, 1);
  }
  assert.deepEqual(compare({ a: row }, {}), { falls: ["a: there no longer"], changes: [] });
  assert.deepEqual(compare({}, { a: row }), { falls: [], changes: ["a: new"] });
});

test("the tables count rows by toolchain and by reason", () => {
  const reached = { default: "refused: limit types", unlimited: "links", withoutVectors: "refused: proposal simd" };
  const row = { toolchain: "Go", node: true, ...reached, behaves: "same", calls: 1_234 };
  const text = tables({ a: row, b: { ...row, default: "links", withoutVectors: "links", behaves: "NaN" } });
  assert.match(text, /\| Go \| 2 \| 2 \| 1 \| 1 \| 1 \| 2 \| 2 \| 1 \| 1 \| 0 \| 2,468 \|/);
  assert.match(text, /\| limit types \| 1 \| 0 \| 0 \|/);
  assert.match(text, /\| proposal simd \| 0 \| 0 \| 1 \|/);
});

test("tests/README.md has the tables of what was recorded", () => {
  assert.equal(written(), part(recorded()), "run `make record-census`");
});
