// Several sandboxes at once, and the ways of loading one.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { MemoryError, Sandbox } from "guestbox";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const BYTES = wat('(module (func (export "f") (result i32) (i32.const 7)))');
const works = (sandbox) => assert.equal(sandbox.compile(BYTES).instantiate().exports.f(), 7);
const packaged = new URL(import.meta.resolve("guestbox/guestbox.wasm"));

describe("two sandboxes", () => {
  const RELAYS = `(module (import "e" "next" (func $next (param i32) (result i32))) (memory (export "m") 1)
    (func (export "f") (param i32) (result i32)
      (i32.store8 (local.get 0) (local.get 0))
      (drop (call $next (i32.sub (local.get 0) (i32.const 1))))
      (i32.load8_u (local.get 0))))`;

  test("call each other's guests through callbacks, each with its own memory and depth", async () => {
    const [a, b] = [await workbench(), await workbench()];
    const one = a.guest(RELAYS, { e: { next: (n) => (n > 0 ? other.exports.f(n) : 0) } });
    const other = b.guest(RELAYS, { e: { next: (n) => (n > 0 ? one.exports.f(n) : 0) } });
    assert.equal(one.exports.f(20), 20);
    // 25 levels in each are 50 in all, more than one sandbox would allow.
    assert.equal(one.exports.f(50), 50);
    assert.equal(thrownBy(() => one.exports.f(70)).code, "nesting-too-deep");
    assert.equal(await other.call("f", [20]), 20);
  });
  test("have limits of their own", async () => {
    const [tight, wide] = [await Sandbox.load({ limits: { memoryPages: 1 } }), await Sandbox.load()];
    assert.throws(() => tight.memory({ initial: 2 }), MemoryError);
    assert.equal(wide.memory({ initial: 2 }).size, 2);
    assert.deepEqual([tight.memoryPagesInUse, wide.memoryPagesInUse], [0, 2]);
  });
  test("do not take each other's memories for their own", async () => {
    const [a, b] = [await workbench(), await workbench()];
    const [mine, theirs] = [a.sandbox.memory({ initial: 1 }), b.sandbox.memory({ initial: 1 })];
    mine.write(0, Uint8Array.of(1));
    theirs.write(0, Uint8Array.of(2));
    const text = '(module (import "e" "m" (memory 1)) (func (export "f") (result i32) (i32.load8_u (i32.const 0))))';
    assert.equal(thrownBy(() => a.guest(text, { e: { m: theirs } })).code, "other-store");
    assert.equal(a.guest(text, { e: { m: mine } }).exports.f(), 1);
    assert.equal(b.guest(text, { e: { m: theirs } }).exports.f(), 2);
  });
});

describe("loading", () => {
  test("from a URL, its text, bytes, a compiled module or a response", async () => {
    const bytes = await readFile(packaged);
    const sources = [packaged, packaged.href, bytes, new Uint8Array(bytes).buffer, await WebAssembly.compile(bytes), new Response(bytes)];
    sources.push(new Response(bytes, { headers: { "content-type": "application/wasm" } }));
    for (const wasm of sources) works(await Sandbox.load({ wasm }));
  });
  test("over HTTP, with the right media type or without", async () => {
    const bytes = await readFile(packaged);
    const server = createServer((request, response) => {
      const type = request.url === "/typed" ? { "content-type": "application/wasm" } : {};
      response.writeHead(request.url === "/missing" ? 404 : 200, type).end(bytes);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const base = `http://127.0.0.1:${server.address().port}`;
    try {
      works(await Sandbox.load({ wasm: `${base}/typed` }));
      works(await Sandbox.load({ wasm: new URL(`${base}/untyped`) }));
      assert.match((await rejectionOf(Sandbox.load({ wasm: `${base}/missing` }))).message, /404/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
  test("what is no wasm module is rejected, and the next load works", async () => {
    await rejectionOf(Sandbox.load({ wasm: new Uint8Array(8) }));
    await rejectionOf(Sandbox.load({ wasm: "file:///does/not/exist.wasm" }));
    works(await Sandbox.load());
  });
  test("many at once, of one compiled module", async () => {
    const sandboxes = await Promise.all(Array.from({ length: 20 }, () => Sandbox.load()));
    sandboxes.forEach(works);
    sandboxes.forEach((sandbox) => sandbox.dispose());
  });
});
