// Where the wasm module comes from, and what is said where it does not.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as main from "guestbox";
import * as inline from "guestbox/inline";
import { ScaleStore } from "guestbox/scale";
import { Substrate } from "guestbox/substrate";
import { rejectionOf, wat } from "./wat.mjs";

const { GuestboxError, LoadError, Sandbox } = main;
const file = fileURLToPath(import.meta.resolve("guestbox/guestbox.wasm"));
const ANSWERS = {
  "/page": [200, "text/html; charset=utf-8", "<!doctype html><title>app</title>"],
  "/untyped-page": [200, "text/plain", "<!doctype html><title>app</title>"],
  "/broken": [200, "application/wasm", "<!doctype html>"],
  "/missing": [404, "text/plain", "nothing here"],
};
let server, base;
before(async () => {
  server = createServer((request, response) => {
    const [status, type, body] = ANSWERS[request.url];
    response.writeHead(status, { "content-type": type }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
});

async function failureOf(wasm) {
  const error = await rejectionOf(Sandbox.load({ wasm }));
  assert.ok(LoadError.is(error), String(error));
  assert.equal(GuestboxError.from(structuredClone(error)).constructor, LoadError);
  return error;
}

describe("what cannot be loaded is named, with what to do", () => {
  for (const [code, address, pattern] of [
    ["status", "/missing", /^cannot load http:\S+\/missing: the answer is 404 Not Found; /],
    ["html", "/page", /^cannot load http:\S+\/page: the answer is an HTML page/],
    ["not-wasm", "/untyped-page", /^cannot compile http:\S+\/untyped-page \(/],
    ["not-wasm", "/broken", /^cannot compile http:\S+\/broken \(/],
  ]) {
    test(`${code}: ${address}`, async () => {
      const error = await failureOf(base + address);
      assert.equal(error.code, code);
      assert.match(error.message, pattern);
      assert.match(error.message, /`load\(\{ wasm \}\)`, or import `guestbox\/inline`/);
    });
  }
  test("unreachable: a server that is not there, files and addresses that are none", async () => {
    // A port on which nobody listens any more.
    const gone = createServer().listen(0, "127.0.0.1");
    await once(gone, "listening");
    const { port } = gone.address();
    gone.close();
    for (const [address, pattern] of [
      [`http://127.0.0.1:${port}/x`, /ECONNREFUSED/],
      ["file:///does/not/exist.wasm", /ENOENT/],
      ["does/not/exist.wasm", /ENOENT/],
      ["nonsense:", /nonsense/],
    ]) {
      const error = await failureOf(address);
      assert.equal(error.code, "unreachable", address);
      assert.ok(error.message.startsWith(`cannot load ${address} (`), error.message);
      assert.match(error.message, pattern);
    }
  });
  test("not-wasm and other-module: bytes of something else", async () => {
    assert.equal((await failureOf(new Uint8Array(8))).code, "not-wasm");
    for (const text of ['(module (import "e" "f" (func)))', "(module)"]) {
      const error = await failureOf(wat(text));
      assert.equal(error.code, "other-module", text);
      assert.match(error.message, /^the wasm module is not that of this version of `guestbox`/);
    }
  });
  test("what is no source is a TypeError", async () => {
    for (const [wasm, pattern] of [
      [5, /neither/],
      [null, /neither/],
      [{}, /neither/],
      [Promise.resolve(new Uint8Array(8)), /await it/],
    ]) {
      const error = await rejectionOf(Sandbox.load({ wasm }));
      assert.equal(error.constructor, TypeError);
      assert.match(error.message, pattern);
    }
  });
});

test("a path is a file's, from the current directory", async () => {
  for (const wasm of [file, relative(process.cwd(), file), `./${relative(process.cwd(), file)}`]) await Sandbox.load({ wasm });
  assert.notEqual(dirname(file), process.cwd());
});

test("Node before 20.16 has no way to the file that bundlers do not follow, and loads what is within the JavaScript", () => {
  const code = `process.getBuiltinModule = undefined;
    const { Sandbox } = await import("guestbox");
    console.log((await Sandbox.load()).memoryPagesInUse, (await Sandbox.load({ wasm: "x" }).catch(String)).slice(0, 11));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: dirname(import.meta.dirname),
    encoding: "utf8",
  });
  assert.equal(printed, "0 LoadError: \n");
});

test("`guestbox/inline` is the same API, and loads without the file", async () => {
  assert.deepEqual(Object.keys(inline), Object.keys(main));
  for (const name of Object.keys(main)) assert.equal(inline[name], main[name], name);
  const { inlined } = await import("../dist/load/inlined.js");
  assert.ok(Buffer.from(await inlined()).equals(await readFile(file)));
  const { packaged } = await import("../dist/load/load.js");
  assert.equal(packaged.source, inlined);
  for (const Class of [Sandbox, ScaleStore, Substrate]) await Class.load();
});
