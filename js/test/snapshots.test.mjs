// Snapshots: a guest's state kept, restored, begun from and forked, with errors that say why not.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposedError, InstantiateError, MemoryError, PAGE_BYTES, RestoreError, Sandbox, SnapshotError } from "guestbox";
import { deferred, rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

const TEXT = `(module (import "env" "host" (func $host (param i32) (result i32)))
  (memory 1 9) (global $count (mut i32) (i32.const 0))
  (global (export "f32") (mut f32) (f32.const 0)) (global (export "f64") (mut f64) (f64.const 0))
  (global (export "i64") (mut i64) (i64.const 0)) (global $starts (export "starts") (mut i32) (i32.const 0)) (start $s)
  (func $s (global.set $starts (i32.add (global.get $starts) (i32.const 1))))
  (func (export "count") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "ask") (param i32) (result i32) (call $host (local.get 0))))`;
const imports = { env: { host: (n) => n + 1 } };
const IMPORTING = `(module (import "env" "memory" (memory 1 8)) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;

const throws = (call, ErrorClass, code) => {
  const error = thrownBy(call);
  assert.ok(error instanceof ErrorClass, String(error));
  assert.equal(error.code, code, error.message);
};

describe("a snapshot", () => {
  test("resets its guest, as often as one likes", () => {
    const instance = guest(TEXT, imports);
    const { exports } = instance;
    exports.store(1000, 42);
    exports.count();
    const snapshot = instance.snapshot();
    for (let round = 0; round < 20; round++) {
      assert.equal(exports.count(), 2);
      exports.store(1000, round);
      exports.store(65_532, round);
      exports.i64.value = -1n;
      instance.restore(snapshot);
      assert.deepEqual([exports.load(1000), exports.load(65_532), exports.i64.value], [42, 0, 0n]);
    }
  });
  test("keeps the bits of floats", () => {
    const instance = guest(TEXT, imports, { floats: "bits" });
    instance.exports.f32.value = 0x7fa0_0001;
    instance.exports.f64.value = 0x7ff4_0000_0000_0001n;
    const copy = instance.fork();
    assert.equal(copy.exports.f32.value, 0x7fa0_0001);
    assert.equal(copy.exports.f64.value, 0x7ff4_0000_0000_0001n);
  });
  test("resets a guest that has grown", () => {
    const instance = guest(TEXT, imports);
    const snapshot = instance.snapshot();
    const before = sandbox.memoryPagesInUse;
    for (let round = 1; round <= 5; round++) {
      assert.equal(instance.exports.grow(round), 1);
      instance.exports.store(70_000, 1);
      instance.restore(snapshot);
      assert.equal(instance.exports.grow(0), 1);
      assert.equal(sandbox.memoryPagesInUse, before);
    }
  });
  test("is what new guests begin from, without their start function", async () => {
    const instance = guest(TEXT, imports);
    instance.exports.store(0, 5);
    const snapshot = instance.snapshot();
    const { module } = instance;
    const other = { env: { host: () => 100 } };
    for (const made of [module.instantiate(other, { snapshot }), await module.instantiateAsync(other, { snapshot })]) {
      assert.equal(made.exports.load(0), 5);
      assert.equal(made.exports.starts.value, 1);
      assert.equal(made.exports.ask(1), 100);
      assert.equal(await made.call("count"), 1);
      made.dispose();
    }
    throws(() => module.instantiate({}, { snapshot }), InstantiateError, "import");
  });
  test("goes by its bytes into another sandbox", async () => {
    const instance = guest(TEXT, imports);
    instance.exports.store(0, 6);
    instance.exports.grow(2);
    const { bytes } = instance.snapshot();
    assert.ok(bytes instanceof Uint8Array && bytes.length < 1000, `${bytes.length} bytes`);
    const elsewhere = await Sandbox.load();
    const module = elsewhere.compile(wat(TEXT));
    throws(() => module.instantiate(imports, { snapshot: instance.snapshot() }), SnapshotError, "other-sandbox");
    for (const source of [bytes, bytes.buffer, new DataView(bytes.buffer), Buffer.from(bytes)]) {
      const made = module.instantiate(imports, { snapshot: elsewhere.snapshot(source) });
      assert.equal(made.exports.load(0), 6);
      assert.deepEqual(made.snapshot().bytes, bytes);
    }
    elsewhere.dispose();
  });
  test("gives copies of its bytes", () => {
    const snapshot = guest(TEXT, imports).snapshot();
    snapshot.bytes.fill(0);
    assert.equal(new TextDecoder().decode(snapshot.bytes.subarray(0, 8)), "gboxsnap");
  });
  test("that is disposed of is gone, and what was made from it goes on", () => {
    const instance = guest(TEXT, imports);
    const snapshot = instance.snapshot();
    const made = instance.module.instantiate(imports, { snapshot });
    snapshot.dispose();
    snapshot.dispose();
    for (const use of [() => snapshot.bytes, () => instance.restore(snapshot), () => instance.module.instantiate(imports, { snapshot })]) {
      throws(use, DisposedError, "torn-down");
    }
    assert.equal(made.exports.count(), 1);
    const next = instance.snapshot();
    throws(() => snapshot.bytes, DisposedError, "torn-down");
    instance.restore(next);
    instance.dispose();
    throws(() => instance.snapshot(), DisposedError, "torn-down");
    throws(() => instance.restore(next), DisposedError, "torn-down");
    throws(() => instance.fork(), DisposedError, "torn-down");
  });
});

describe("a fork", () => {
  test("has the state, the imports and a life of its own", () => {
    const instance = guest(TEXT, imports, { state: 3 });
    instance.exports.store(4, 9);
    const fork = instance.fork();
    fork.exports.store(4, 10);
    assert.deepEqual([instance.exports.load(4), fork.exports.load(4)], [9, 10]);
    assert.equal(fork.exports.ask(1), 2);
    instance.dispose();
    assert.equal(fork.exports.load(4), 10);
  });
  test("needs imported memories anew", () => {
    const memory = sandbox.memory({ initial: 1, maximum: 8 });
    const instance = guest(IMPORTING, { env: { memory } });
    memory.writeString(100, "state");
    instance.exports.grow(1);
    throws(() => instance.fork(), InstantiateError, "import");
    throws(() => instance.fork({ env: { memory: {} } }), InstantiateError, "import");
    const other = sandbox.memory({ initial: 1, maximum: 8 });
    instance.fork({ env: { memory: other } });
    assert.deepEqual([other.size, other.readString(100, 5)], [2, "state"]);
    throws(() => instance.fork({ env: { memory: sandbox.memory({ initial: 3, maximum: 8 }) } }), RestoreError, "grown");
    throws(() => instance.fork({ env: { memory: sandbox.memory({ initial: 1, maximum: 1 }) } }), RestoreError, "maximum");
  });
});

describe("refusals", () => {
  test("of a guest while it is called: from its import, and while it waits", async () => {
    const codes = [];
    const { promise, resolve } = deferred();
    let instance, snapshot;
    const host = (n) => {
      for (const use of [() => instance.snapshot(), () => instance.restore(snapshot), () => instance.fork()]) {
        codes.push([thrownBy(use).constructor, thrownBy(use).code]);
      }
      return n === 1 ? n : promise;
    };
    instance = guest(TEXT, { env: { host } });
    snapshot = instance.snapshot();
    assert.equal(instance.exports.ask(1), 1);
    const expected = [
      [SnapshotError, "busy"],
      [RestoreError, "busy"],
      [SnapshotError, "busy"],
    ];
    assert.deepEqual(codes, expected);
    const call = instance.call("ask", [2]);
    throws(() => instance.snapshot(), SnapshotError, "busy");
    resolve(7);
    assert.equal(await call, 7);
    instance.restore(snapshot);
    const aborted = instance.call("ask", [2], { signal: AbortSignal.abort() });
    await rejectionOf(aborted);
    instance.snapshot();
  });
  test("of other guests within an import there are none", () => {
    const other = guest(TEXT, imports);
    const snapshot = other.snapshot();
    const caller = guest(TEXT, { env: { host: (n) => (other.restore(snapshot), other.exports.count() + n) } });
    assert.deepEqual([caller.exports.ask(1), caller.exports.ask(1)], [2, 2]);
  });
  test("of modules that cannot be captured, by name", () => {
    for (const [code, text] of [
      ["table", "(table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null func)))"],
      ["segment", '(memory 1) (data $d "x") (func (data.drop $d))'],
      ["reference-global", "(global (mut externref) (ref.null extern))"],
    ]) {
      throws(() => guest(`(module ${text})`).snapshot(), SnapshotError, code);
    }
  });
  test("of snapshots of another module", () => {
    const [one, other] = [guest(TEXT, imports), guest(IMPORTING, { env: { memory: sandbox.memory({ initial: 1, maximum: 8 }) } })];
    const snapshot = one.snapshot();
    throws(() => other.restore(snapshot), RestoreError, "other-module");
    const environment = { env: { memory: sandbox.memory({ initial: 1, maximum: 8 }) } };
    throws(() => other.module.instantiate(environment, { snapshot }), RestoreError, "other-module");
  });
  test("of bytes that are no snapshot", () => {
    const { bytes } = guest(TEXT, imports).snapshot();
    for (let length = 0; length < bytes.length; length++) {
      throws(() => sandbox.snapshot(bytes.subarray(0, length)), SnapshotError, length < 8 ? "not-a-snapshot" : "corrupted");
    }
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] ^= 0x10;
      throws(() => sandbox.snapshot(changed), SnapshotError, at < 8 ? "not-a-snapshot" : at < 12 ? "version" : "corrupted");
    }
    assert.ok(thrownBy(() => sandbox.snapshot("text")) instanceof TypeError);
    const instance = guest(TEXT, imports);
    for (const other of [bytes, instance, null]) {
      assert.match(thrownBy(() => instance.restore(other)).message, /a snapshot is asked for/);
      assert.match(thrownBy(() => instance.module.instantiate(imports, { snapshot: other })).message, /a snapshot is asked for/);
    }
  });
  test("of more bytes than guests may have, before they are copied", async () => {
    const small = await Sandbox.load({ limits: { totalMemoryPages: 1 } });
    const before = small.engine.memoryBytes;
    throws(() => small.snapshot(new Uint8Array(32 << 20)), SnapshotError, "limit");
    assert.equal(small.engine.memoryBytes, before);
  });
  test("of memories that would have to shrink while they are shared", () => {
    const memory = sandbox.memory({ initial: 1, maximum: 8 });
    const [one, other] = [guest(IMPORTING, { env: { memory } }), guest(IMPORTING, { env: { memory } })];
    const snapshot = one.snapshot();
    memory.grow(1);
    throws(() => one.restore(snapshot), RestoreError, "grown");
    other.dispose();
    one.restore(snapshot);
    assert.equal(memory.size, 1);
    memory.write(0, Uint8Array.of(1));
    throws(() => memory.read(PAGE_BYTES, 1), MemoryError, "out-of-bounds");
  });
  test("by limits of the guest's own, which forks inherit", () => {
    const small = guest(TEXT, imports, { maxMemoryPages: 2 });
    const large = guest(TEXT, imports);
    large.exports.grow(2);
    const snapshot = large.snapshot();
    throws(() => small.restore(snapshot), RestoreError, "limit");
    throws(() => small.module.instantiate(imports, { snapshot, maxMemoryPages: 2 }), RestoreError, "limit");
    const fork = small.fork();
    assert.deepEqual([fork.exports.grow(2), fork.exports.grow(1)], [-1, 1]);
    assert.equal(small.module.instantiate(imports, { snapshot, maxMemoryPages: 3 }).exports.grow(1), -1);
  });
  test("by limits", async () => {
    const instance = guest(TEXT, imports);
    instance.exports.grow(3);
    const { bytes } = instance.snapshot();
    const small = await Sandbox.load({ limits: { memoryPages: 3 } });
    const module = small.compile(wat(TEXT));
    throws(() => module.instantiate(imports, { snapshot: small.snapshot(bytes) }), RestoreError, "limit");
    assert.equal(small.memoryPagesInUse, 0);
  });
});
