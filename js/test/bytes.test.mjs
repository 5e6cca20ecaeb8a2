// Bytes that are not what they seem: each is refused, and the sandbox lives.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ScaleStore } from "guestbox/scale";
import { wat, workbench } from "./wat.mjs";

const { sandbox } = await workbench();
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

function detached(Class) {
  const view = new Class(new ArrayBuffer(8));
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

const FAKES = {
  "a detached array": detached(Uint8Array),
  "a detached array of another type": detached(Float64Array),
  "a detached view": detached(DataView),
  "a detached buffer": detached(Uint8Array).buffer,
  "what only calls itself a buffer": { [Symbol.toStringTag]: "ArrayBuffer" },
  "what only inherits from an array": Object.create(Uint8Array.prototype),
  "a proxy of an array": new Proxy(EMPTY, {}),
};

describe("bytes", () => {
  for (const [name, fake] of Object.entries(FAKES)) {
    test(`${name}: refused, and the sandbox lives`, async () => {
      const memory = sandbox.memory({ initial: 1 });
      assert.throws(() => sandbox.compile(fake), TypeError);
      assert.throws(() => memory.write(0, fake), TypeError);
      const store = await ScaleStore.load();
      assert.throws(() => store.instantiate(() => EMPTY, fake, Uint8Array.of(0), 0), TypeError);
      assert.throws(() => store.instantiate(() => EMPTY, EMPTY, fake, 0), TypeError);
      assert.equal(
        store.instantiate(() => EMPTY, EMPTY, Uint8Array.of(0), 0),
        0,
      );
      assert.equal(sandbox.compile(EMPTY).exports.length, 0);
    });
  }

  test("properties of an array that lie are not asked", () => {
    const bytes = wat('(module (func (export "f")))').slice();
    for (const name of ["length", "byteLength", "byteOffset", "buffer"]) {
      Object.defineProperty(bytes, name, { get: () => assert.fail(`${name} was asked`) });
    }
    assert.equal(sandbox.compile(bytes).exports[0].name, "f");
  });

  test("views and buffers of every kind are bytes", () => {
    const shared = new SharedArrayBuffer(8);
    new Uint8Array(shared).set(EMPTY);
    const inside = new Uint8Array(16);
    inside.set(EMPTY, 8);
    const sources = [EMPTY, EMPTY.buffer, shared, new DataView(inside.buffer, 8), new Uint16Array(inside.buffer, 8)];
    for (const source of sources) assert.equal(sandbox.compile(source).exports.length, 0);
  });
});
