// Modules: what they are made of, what they say about themselves, what is refused.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { describe, test } from "node:test";
import { CompileError } from "guestbox";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox } = await workbench();

const TEXT = `(module
  (import "a" "f" (func (param i32 i64 f32 f64) (result i64)))
  (import "a" "m" (memory 1 3)) (import "b" "m" (memory 2))
  (import "b" "g" (global (mut f64))) (import "b" "c" (global i32)) (import "b" "t" (table 1 2 funcref))
  (table (export "t") 5 externref)
  (memory (export "m") 1)
  (global (export "g") (mut i64) (i64.const 0)) (global (export "r") externref (ref.null extern))
  (func (export "") (result i32 f32) (i32.const 1) (f32.const 2))
  (func (export "x") (param funcref)))`;

describe("descriptions", () => {
  test("imports have their names, kinds and types, in order", () => {
    assert.deepEqual(sandbox.compile(wat(TEXT)).imports, [
      { module: "a", name: "f", kind: "function", params: ["i32", "i64", "f32", "f64"], results: ["i64"] },
      { module: "a", name: "m", kind: "memory", initial: 1, maximum: 3 },
      { module: "b", name: "m", kind: "memory", initial: 2 },
      { module: "b", name: "g", kind: "global", type: "f64", mutable: true },
      { module: "b", name: "c", kind: "global", type: "i32", mutable: false },
      { module: "b", name: "t", kind: "table", element: "funcref", initial: 1, maximum: 2 },
    ]);
  });
  test("exports have their names, kinds and types, in order", () => {
    assert.deepEqual(sandbox.compile(wat(TEXT)).exports, [
      { name: "t", kind: "table", element: "externref", initial: 5 },
      { name: "m", kind: "memory", initial: 1 },
      { name: "g", kind: "global", type: "i64", mutable: true },
      { name: "r", kind: "global", type: "externref", mutable: false },
      { name: "", kind: "function", params: [], results: ["i32", "f32"] },
      { name: "x", kind: "function", params: ["funcref"], results: [] },
    ]);
  });
  test("an empty module has neither", () => {
    const module = sandbox.compile(wat("(module)"));
    assert.deepEqual([module.imports, module.exports], [[], []]);
    assert.deepEqual(Object.keys(module.instantiate().exports), []);
  });
  test("a start function is not among the exports", () => {
    const module = sandbox.compile(wat('(module (func $s) (start $s) (func (export "f")))'));
    assert.deepEqual(
      module.exports.map(({ name }) => name),
      ["f"],
    );
    assert.deepEqual(Object.keys(module.instantiate().exports), ["f"]);
  });
});

describe("bytes", () => {
  const bytes = wat('(module (func (export "seven") (result i32) (i32.const 7)))');
  const seven = (source) => sandbox.compile(source).instantiate().exports.seven();

  test("come as any buffer or view, of which only the viewed part counts", () => {
    const larger = new Uint8Array(bytes.length + 20).fill(0xff);
    larger.set(bytes, 8);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    assert.equal(seven(bytes), 7);
    assert.equal(seven(Buffer.from(bytes)), 7);
    assert.equal(seven(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), 7);
    assert.equal(seven(new DataView(larger.buffer, 8, bytes.length)), 7);
    assert.equal(seven(larger.subarray(8, 8 + bytes.length)), 7);
    assert.equal(seven(shared), 7);
    assert.equal(seven(shared.buffer), 7);
  });
  test("that are no bytes are a TypeError", () => {
    for (const source of [undefined, null, 8, "\0asm", [...bytes], {}, Promise.resolve(bytes)]) {
      assert.throws(() => sandbox.compile(source), TypeError);
    }
  });
  test("every prefix of a module is a CompileError, or at the end of a section a smaller module", () => {
    const whole = [];
    for (let length = 0; length < bytes.length; length++) {
      const prefix = bytes.subarray(0, length);
      if (WebAssembly.validate(prefix)) {
        assert.equal(sandbox.compile(prefix).exports.length, 0);
        whole.push(length);
      } else {
        const error = thrownBy(() => sandbox.compile(prefix));
        assert.ok(error instanceof CompileError, `${error} of ${length} bytes`);
        assert.equal(error.code, "invalid");
      }
    }
    assert.deepEqual(whole, [8, 15]);
  });
  test("a module compiled once can be instantiated many times, each with its own memory", () => {
    const module = sandbox.compile(wat('(module (memory (export "m") 1))'));
    const guests = Array.from({ length: 10 }, () => module.instantiate());
    guests.forEach(({ exports }, i) => exports.m.write(0, Uint8Array.of(i)));
    assert.deepEqual(
      guests.map(({ exports }) => exports.m.read(0, 1)[0]),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    for (const guest of guests) guest.dispose();
  });
});

describe("compileStreaming", () => {
  const bytes = wat('(module (func (export "seven") (result i32) (i32.const 7)))');
  test("takes a response, or a promise of one", async () => {
    for (const source of [new Response(bytes), Promise.resolve(new Response(bytes))]) {
      const module = await sandbox.compileStreaming(source);
      assert.equal(module.instantiate().exports.seven(), 7);
    }
  });
  test("takes what fetch gives", async () => {
    const server = createServer((_, response) => response.end(bytes)).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const module = await sandbox.compileStreaming(fetch(`http://127.0.0.1:${server.address().port}/`));
      assert.equal(module.instantiate().exports.seven(), 7);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
  test("a response that is not ok, and one of other bytes, are rejected", async () => {
    const missing = await rejectionOf(sandbox.compileStreaming(new Response("x", { status: 404 })));
    assert.match(missing.message, /404/);
    assert.ok((await rejectionOf(sandbox.compileStreaming(new Response("<html>")))) instanceof CompileError);
  });
});

describe("compileAsync", () => {
  test("lets the event loop have its turn before and after, and has a copy of the bytes", async () => {
    const bytes = wat('(module (func (export "f") (result i32) (i32.const 7)))');
    const pending = sandbox.compileAsync(bytes);
    bytes.fill(0);
    const module = await pending;
    assert.equal(module.instantiate().exports.f(), 7);
    const order = [];
    const watched = Object.create(sandbox, {
      compile: { value: (...given) => (order.push("compile"), setImmediate(() => order.push("a turn after")), sandbox.compile(...given)) },
    });
    setImmediate(() => order.push("a turn before"));
    await watched.compileAsync(wat("(module)")).then(() => order.push("done"));
    assert.deepEqual(order, ["a turn before", "compile", "a turn after", "done"]);
    const options = { frames: true };
    const framed = sandbox.compileAsync(wat('(module (func (export "f") unreachable))'), options);
    options.frames = "no boolean";
    assert.equal(thrownBy((await framed).instantiate().exports.f).frames.length, 1);
  });
  test("refuses as `compile` does, by rejections", async () => {
    const invalid = await rejectionOf(sandbox.compileAsync(Uint8Array.of(1, 2, 3)));
    assert.ok(invalid instanceof CompileError && invalid.code === "invalid");
    assert.ok((await rejectionOf(sandbox.compileAsync("text"))) instanceof TypeError);
    assert.match((await rejectionOf(sandbox.compileAsync(wat("(module)"), { frame: true }))).message, /unknown option `frame`/);
    const { sandbox: small } = await workbench({ limits: { moduleBytes: 8 } });
    assert.equal((await rejectionOf(small.compileAsync(new Uint8Array(100 << 20)))).code, "limit");
    const over = (await workbench()).sandbox;
    const pending = over.compileAsync(wat("(module)"));
    over.dispose();
    assert.equal((await rejectionOf(pending)).name, "DisposedError");
  });
  test("with frames where they are asked for", async () => {
    const module = await sandbox.compileAsync(wat('(module (func $deep unreachable) (func (export "f") call $deep))'), { frames: true });
    const trap = thrownBy(() => module.instantiate().exports.f());
    assert.deepEqual(
      trap.frames.map((frame) => frame.functionIndex),
      [0, 1],
    );
  });
});
