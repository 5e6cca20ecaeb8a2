// Two copies of the package in one process: each knows what the other's functions and objects are.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as ours from "guestbox";
import { rejectionOf, thrownBy, wat } from "./wat.mjs";

const directory = mkdtempSync(join(tmpdir(), "guestbox-"));
after(() => rmSync(directory, { recursive: true }));
cpSync(new URL("../dist", import.meta.url), join(directory, "dist"), { recursive: true });
const theirs = await import(pathToFileURL(join(directory, "dist/index.js")).href);

const [one, other] = await Promise.all([ours.Sandbox.load(), theirs.Sandbox.load()]);
const ASKS = wat(
  '(module (import "e" "ask" (func $ask (param i32) (result i32))) (memory (export "m") 3) (func (export "f") (result i32) (call $ask (i32.const 5))))',
);
const IMPORTS_MEMORY = wat('(module (import "e" "m" (memory 1)))');
const EXPORTS_GLOBAL = wat('(module (global (export "g") (mut i32) (i32.const 1)))');

test("they are two", () => {
  assert.notEqual(ours.Sandbox, theirs.Sandbox);
  assert.notEqual(ours.call, theirs.call);
});

describe("an import made with `call`", () => {
  for (const [name, sandbox, call] of [
    ["ours", one, theirs.call],
    ["theirs", other, ours.call],
  ]) {
    test(`of the other copy gets its context from ${name}`, async () => {
      const instance = sandbox.compile(ASKS).instantiate({ e: { ask: call((c, n) => c.memory.size * 100 + n + c.guest.exports.m.size) } });
      assert.equal(instance.exports.f(), 308);
      assert.equal(await instance.call("f"), 308);
    });
    test(`without is one of the guest's arguments only, for ${name}`, () => {
      assert.equal(
        sandbox
          .compile(ASKS)
          .instantiate({ e: { ask: (...args) => args.length } })
          .exports.f(),
        1,
      );
    });
  }
});

describe("objects of the other copy where ours are wanted", () => {
  test("a memory to import: an error that says so", () => {
    const memory = other.memory({ initial: 1 });
    const module = one.compile(IMPORTS_MEMORY);
    const fine = module.instantiate({ e: { m: one.memory({ initial: 1 }) } });
    for (const use of [() => module.instantiate({ e: { m: memory } }), () => fine.fork({ e: { m: memory } })]) {
      const error = thrownBy(use);
      assert.ok(error instanceof ours.InstantiateError);
      assert.match(error.message, /^import `e` `m`: the memory that is given is of another copy of the package `guestbox`/);
    }
    assert.match(
      thrownBy(() => one.compile(ASKS).instantiate({ e: { ask: memory } })).message,
      /a function \(i32\) -> \(i32\) is asked for, an object is given/,
    );
  });
  test("a global to import: an error that says so", () => {
    const module = one.compile(wat('(module (import "e" "g" (global (mut i32))))'));
    for (const g of [other.global({ value: "i32", mutable: true }, 1), other.compile(EXPORTS_GLOBAL).instantiate().exports.g]) {
      const error = thrownBy(() => module.instantiate({ e: { g } }));
      assert.ok(error instanceof ours.InstantiateError);
      assert.match(error.message, /^import `e` `g`: the global that is given is of another copy of the package `guestbox`/);
    }
  });
  test("a table to import, or a function to put into one: an error that says so", () => {
    const module = one.compile(wat('(module (table (import "e" "t") 1 funcref) (func (export "f")))'));
    const exporting = other.compile(wat('(module (table (export "t") 1 funcref) (func (export "f")))'));
    for (const t of [other.table({ initial: 1 }), exporting.instantiate().exports.t]) {
      const error = thrownBy(() => module.instantiate({ e: { t } }));
      assert.ok(error instanceof ours.InstantiateError);
      assert.match(error.message, /^import `e` `t`: the table that is given is of another copy of the package `guestbox`/);
    }
    const t = one.table({ initial: 1 });
    module.instantiate({ e: { t } });
    assert.ok(thrownBy(() => t.set(0, exporting.instantiate().exports.f)) instanceof TypeError);
    assert.equal(t.get(0), null);
  });
  test("a snapshot: a TypeError that says so, and its bytes are read", () => {
    const guest = one.compile(ASKS).instantiate({ e: { ask: () => 1 } });
    const snapshot = other
      .compile(ASKS)
      .instantiate({ e: { ask: () => 1 } })
      .snapshot();
    for (const use of [() => guest.restore(snapshot), () => guest.module.instantiate({ e: { ask: () => 1 } }, { snapshot })]) {
      const error = thrownBy(use);
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^the snapshot is of another copy of the package `guestbox`.*bytes/);
    }
    guest.restore(one.snapshot(snapshot.bytes));
  });
  test("a parked guest: the same", async () => {
    const module = one.compile(ASKS);
    const parked = other
      .compile(ASKS)
      .instantiate({ e: { ask: () => 1 } }, { journal: true })
      .park();
    const error = await rejectionOf(module.unpark({ e: { ask: () => 1 } }, parked));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /^the parked guest is of another copy of the package `guestbox`.*bytes/);
    assert.deepEqual((await module.unpark({ e: { ask: () => 1 } }, one.parked(parked.bytes))).calls, []);
  });
  test("an error: not one of ours, until it is read", () => {
    const trap = thrownBy(() => other.compile(wat('(module (func (export "f") unreachable))')).instantiate().exports.f());
    assert.ok(!ours.GuestboxError.is(trap));
    const read = ours.GuestboxError.from(trap);
    assert.ok(ours.Trap.is(read, "unreachable"));
    assert.deepEqual([read.message, read.fuelUsed, read.stack], [trap.message, trap.fuelUsed, trap.stack]);
  });
});
