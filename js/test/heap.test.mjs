// Text and bytes that guests get by allocators of their own, as toolchains have them, and text that is read of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { InvokeError, MemoryError, Trap, call } from "guestbox";
import { ASSEMBLYSCRIPT } from "./assemblyscript.mjs";
import { workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();
const calls = [];
const env = { note: (what, ...args) => void calls.push([what, ...args].join(" ")) };
const called = () => calls.splice(0);

/** A guest that notes what its allocator is asked for: `take` and `free` are its functions, with their parameters. */
const allocating = (take, free, more = "", options) => {
  const [takeName, takes] = take;
  const [freeName, frees] = free;
  const params = (count) => (count === 0 ? "" : `(param ${"i32 ".repeat(count)})`);
  const gets = (count) => Array.from({ length: 3 }, (_, at) => (at < count ? `(local.get ${at})` : "(i32.const -1)")).join(" ");
  return guest(
    `(module (import "env" "note" (func $note (param i32 i32 i32 i32))) (memory (export "memory") 1) (global $next (mut i32) (i32.const 1024))
    (func (export "${takeName}") ${params(takes)} (result i32)
      (call $note (i32.const 1) ${gets(takes)})
      (if (i32.gt_u (local.get 0) (i32.const 1000)) (then (return (i32.const 0))))
      (global.get $next) (global.set $next (i32.add (global.get $next) (i32.const 64))))
    (func (export "${freeName}") ${params(frees)} (call $note (i32.const 2) ${gets(frees)}))
    (func (export "at") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "trap") (param i32) (unreachable)) ${more})`,
    { env },
    options,
  );
};
const wasm = (path) => readFileSync(new URL(`../../tests/guests/node_modules/${path}`, import.meta.url));
/** Functions that are never called, for all that a module imports. */
const stubs = (module) =>
  module.imports.reduce((all, { module: name, name: field }) => ({ ...all, [name]: { ...all[name], [field]: () => 0 } }), {});

describe("room is made by", () => {
  for (const [what, take, free, asked, freed] of [
    ["malloc", ["malloc", 1], ["free", 1], "1 6 -1 -1", "2 1024 -1 -1"],
    ["Emscripten's malloc", ["_malloc", 1], ["_free", 1], "1 6 -1 -1", "2 1024 -1 -1"],
    ["wasm-bindgen's", ["__wbindgen_malloc", 2], ["__wbindgen_free", 3], "1 5 1 -1", "2 1024 5 1"],
    ["wasm-bindgen's of old", ["__wbindgen_malloc", 1], ["__wbindgen_free", 2], "1 5 -1 -1", "2 1024 5 -1"],
    ["alloc", ["alloc", 1], ["dealloc", 2], "1 5 -1 -1", "2 1024 5 -1"],
    ["allocate", ["allocate", 2], ["deallocate", 3], "1 5 1 -1", "2 1024 5 1"],
  ]) {
    test(`${what}, and given back`, () => {
      const one = allocating(take, free);
      const room = one.allocate("häse");
      assert.deepEqual([room.pointer, room.length, called()], [1024, 5, [asked]]);
      assert.equal(one.exports.memory.readString(1024, 5), "häse");
      room.free();
      room.free();
      room.dispose();
      assert.deepEqual(called(), [freed]);
    });
  }
  test("functions that are named, and is kept where nothing frees it", () => {
    const one = allocating(["my_alloc", 1], ["my_free", 2], "", { allocator: { allocate: "my_alloc", free: "my_free" } });
    one.allocate(3).free();
    assert.deepEqual(called(), ["1 3 -1 -1", "2 1024 3 -1"]);
    const other = allocating(["my_alloc", 1], ["my_free", 2], "", { allocator: { allocate: "my_alloc" } });
    other.allocate(new Uint8Array(3)).free();
    assert.deepEqual(called(), ["1 3 -1 -1"]);
    // A fork has the same options.
    other.fork().allocate(3);
    assert.deepEqual(called(), ["1 3 -1 -1"]);
  });
  test("a guest, for bytes, text and nothing yet", () => {
    const one = allocating(["malloc", 1], ["free", 1]);
    const { memory, at } = one.exports;
    memory.write(1024, new Uint8Array(100).fill(255));
    assert.equal(one.allocate(5).length, 5);
    const bytes = one.allocate(Uint8Array.of(7, 8, 9));
    assert.deepEqual([...memory.read(bytes.pointer, 4)], [7, 8, 9, 255]);
    const text = one.allocate("abc");
    assert.deepEqual([text.length, at(text.pointer + 2), at(text.pointer + 3)], [3, 99, 0]);
    assert.equal(one.readString(text.pointer), "abc");
    assert.deepEqual(called(), ["1 5 -1 -1", "1 3 -1 -1", "1 4 -1 -1"]);
    assert.equal(
      one.withString("", (pointer, length) => `${at(pointer)} ${length}`),
      "0 0",
    );
    called();
  });
  test("none, of which there is an error that says what to do", () => {
    const none = guest('(module (memory (export "memory") 1) (global (export "malloc") i32 (i32.const 5)))');
    for (const attempt of [() => none.allocate(5), () => none.withString("a", () => {})]) {
      assert.throws(
        attempt,
        (error) => InvokeError.is(error, "export-not-found") && error.message.includes("allocator: { allocate, free }"),
      );
    }
    const full = allocating(["malloc", 1], ["free", 1]);
    assert.throws(
      () => full.allocate(1001),
      (error) => MemoryError.is(error, "limit") && error.message.includes("`malloc` has no room for 1001 bytes"),
    );
    called();
    const wrong = guest('(module (memory (export "memory") 1) (func (export "malloc") (param i32) (result i32) (i32.const -1)))');
    assert.throws(
      () => wrong.allocate("text"),
      (error) => MemoryError.is(error, "out-of-bounds"),
    );
  });
  test("no names that are none", () => {
    for (const [allocator, message] of [
      [{ allocate: 5 }, /^TypeError: allocate is not a string$/],
      [{}, /^TypeError: allocate is not a string$/],
      [{ allocate: "a", free: 5 }, /^TypeError: free is not a string$/],
      [{ allocate: "a", malloc: "b" }, /^TypeError: unknown option `malloc`/],
      ["malloc", /^TypeError: the options are no object$/],
    ]) {
      assert.throws(() => guest("(module)", {}, { allocator }), message);
    }
    const one = allocating(["malloc", 1], ["free", 1]);
    assert.throws(() => one.allocate(-1), RangeError);
    assert.throws(() => one.allocate(null), TypeError);
    assert.throws(() => one.allocate("\ud800"), TypeError);
    assert.throws(() => one.withString("text"), TypeError);
    assert.deepEqual(called(), []);
  });
});

describe("text that is given", () => {
  const one = allocating(["malloc", 1], ["free", 1]);
  test("is there while it is used, and what that returns is returned", () => {
    assert.equal(
      one.withString("abc", (pointer, length) => one.exports.at(pointer + length - 1)),
      99,
    );
    assert.deepEqual(called().length, 2);
  });
  test("is given back where its use throws, which comes out", () => {
    assert.throws(
      () => one.withString("abc", (pointer) => one.exports.trap(pointer)),
      (error) => Trap.is(error, "unreachable"),
    );
    assert.deepEqual(called().length, 2);
    const gone = allocating(["malloc", 1], ["free", 1]);
    const thrown = new Error("mine");
    assert.throws(
      () =>
        gone.withString("abc", () => {
          gone.dispose();
          throw thrown;
        }),
      thrown,
    );
    assert.deepEqual(called().length, 1);
  });
  test("is given back once a promise is settled", async () => {
    assert.equal(await one.withString("abc", (pointer) => one.call("at", [pointer])), 97);
    assert.deepEqual(called().length, 2);
    let end;
    const used = one.withString("abc", () => new Promise((_, reject) => (end = reject)));
    assert.deepEqual(called().length, 1);
    const thrown = new Error("mine");
    end(thrown);
    await assert.rejects(used, thrown);
    assert.deepEqual(called().length, 1);
  });
  test("can be given to a guest by its import", () => {
    const answering = guest(
      `(module (import "env" "name" (func $name (result i32))) (memory (export "memory") 1)
        (func (export "malloc") (param i32) (result i32) (i32.const 512)) (func (export "run") (result i32) (i32.load8_u (call $name))))`,
      { env: { name: call((c) => c.guest.allocate("xyz").pointer) } },
    );
    assert.equal(answering.exports.run(), 120);
  });
});

describe("text that is read", () => {
  const data = '(data (i32.const 16) "gr\\c3\\bcn\\00") (data (i32.const 32) "a\\00\\00\\d8b\\00\\ac\\20") (data (i32.const 65532) "tail")';
  const one = allocating(["malloc", 1], ["free", 1], data);
  test("is of a length, or up to a NUL in what exports `malloc`", () => {
    assert.equal(one.readString(16, 2), "gr");
    assert.equal(one.readString(16), "grün");
    assert.equal(one.readString(21), "");
    for (const place of [65_532, 65_536, 70_000, -1]) {
      assert.throws(
        () => one.readString(place),
        (error) => MemoryError.is(error, "out-of-bounds"),
        `${place}`,
      );
    }
    assert.throws(() => one.readString(0.5), RangeError);
  });
  test("has to be of a length in what tells none", () => {
    const other = allocating(["alloc", 1], ["dealloc", 2], data);
    assert.equal(other.readString(16, 5), "grün");
    assert.throws(() => other.readString(16), /^TypeError: the length of the text is not given/);
  });
  test("is strict or lossy, in either encoding", () => {
    const { memory } = one.exports;
    const encoding = "utf-16le";
    assert.equal(memory.readString(36, 4, { encoding }), "b€");
    assert.equal(memory.readString(32, 8, { encoding, lossy: true }), "a\ufffdb€");
    assert.throws(
      () => memory.readString(32, 8, { encoding }),
      (error) => MemoryError.is(error, "ill-formed-text") && error.message.includes("cannot be read as UTF-16LE"),
    );
    assert.throws(
      () => memory.readString(16, 3),
      (error) => MemoryError.is(error, "ill-formed-text") && error.message.includes("as UTF-8;"),
    );
    assert.equal(one.readString(16, 3, { lossy: true }), "gr\ufffd");
    assert.throws(() => memory.readString(16, 2, { encoding: "latin1" }), /^TypeError: encoding is neither/);
  });
});

describe("toolchains", () => {
  test("AssemblyScript: strings are its objects, of UTF-16, and pinned until they are freed", () => {
    const one = sandbox.compile(ASSEMBLYSCRIPT).instantiate({ env: { abort: () => assert.fail("it aborts") } });
    const { collect, greet, length, memory, sum } = one.exports;
    for (const text of ["guest", "", "grüne €uros 🎉", "lone \ud800"]) {
      const room = one.allocate(text);
      assert.equal(room.length, text.length * 2);
      collect();
      assert.equal(length(room.pointer), text.length);
      assert.equal(one.readString(greet(room.pointer), undefined, { lossy: true }), `Hello, ${text.replace("\ud800", "\ufffd")}`);
      room.free();
    }
    assert.equal(
      one.withString("you", (pointer) => one.readString(greet(pointer))),
      "Hello, you",
    );
    assert.equal(sum(one.allocate(Uint8Array.of(1, 2, 250)).pointer), 253);
    collect();
    const before = memory.pages;
    for (let i = 0; i < 2_000; i++) one.withString("x".repeat(500), (pointer) => length(pointer));
    collect();
    assert.ok(memory.pages - before < 8, `${memory.pages} pages after ${before}`);
    assert.throws(
      () => one.readString(0),
      (error) => MemoryError.is(error, "out-of-bounds"),
    );
  });
  for (const [name, path] of [
    ["C", "undici/lib/llhttp/llhttp.wasm"],
    ["wasm-bindgen", "@one-ini/wasm/one_ini_bg.wasm"],
  ]) {
    test(`${name}: what is given back is given again`, () => {
      const module = sandbox.compile(wasm(path));
      const one = module.instantiate(stubs(module));
      const { memory } = one.exports;
      one.withString("x".repeat(5_000), () => {});
      const before = memory.pages;
      for (let i = 0; i < 200; i++) {
        assert.equal(
          one.withString(`text ${"x".repeat(5_000)}`, (pointer, length) => memory.readString(pointer, length).length),
          5_005,
        );
      }
      assert.equal(memory.pages, before);
    });
  }
});
