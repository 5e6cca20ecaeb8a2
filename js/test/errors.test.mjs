// Errors: what an import throws comes out as it is, what the guest does wrong is a Trap, and nothing stays behind.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readFileSync } from "node:fs";
import * as guestbox from "guestbox";
import { SupervisorTrap } from "guestbox/substrate";
import { CODES, rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { GuestboxError, InvokeError, MemoryError, Trap } = guestbox;

const { sandbox, guest } = await workbench();

const CALLS = '(module (import "e" "f" (func $f)) (func (export "run") call $f))';
const STARTS = wat(`(module (import "e" "f" (func $f)) (start $f))`);
const raise = (value) => {
  throw value;
};

describe("what an import throws", () => {
  const values = {
    "an Error": new Error("mine"),
    "an Error with a code, as Node's have": Object.assign(new Error("mine"), { code: "ENOENT", name: "Trap" }),
    "an Error of guestbox": new Trap("unreachable", "not the guest's", 5n),
    "a WebAssembly.RuntimeError": new WebAssembly.RuntimeError("unreachable"),
    "a frozen object": Object.freeze({}),
    "a function": () => {},
    "a string": "text",
    "a number": 0,
    NaN: NaN,
    "a BigInt": 0n,
    "a symbol": Symbol("mine"),
    null: null,
    undefined: undefined,
    false: false,
  };
  for (const [name, value] of Object.entries(values)) {
    test(`${name} comes out of a call as it is`, async () => {
      const instance = guest(CALLS, { e: { f: () => raise(value) } });
      assert.ok(
        Object.is(
          thrownBy(() => instance.exports.run()),
          value,
        ),
      );
      assert.ok(Object.is(await rejectionOf(instance.call("run")), value));
    });
    test(`${name} comes out of a start function as it is`, async () => {
      const module = sandbox.compile(STARTS);
      const imports = { e: { f: () => raise(value) } };
      assert.ok(
        Object.is(
          thrownBy(() => module.instantiate(imports)),
          value,
        ),
      );
      assert.ok(Object.is(await rejectionOf(module.instantiateAsync(imports)), value));
      module.dispose();
    });
  }
  test("it comes through guests that call each other, unless a callback catches it", () => {
    const reason = { mine: true };
    const inner = guest(CALLS, { e: { f: () => raise(reason) } });
    const middle = guest(CALLS, { e: { f: () => inner.exports.run() } });
    const outer = guest(CALLS, { e: { f: () => middle.exports.run() } });
    assert.equal(
      thrownBy(() => outer.exports.run()),
      reason,
    );
    let caught;
    const catching = guest(CALLS, { e: { f: () => void (caught = thrownBy(() => outer.exports.run())) } });
    catching.exports.run();
    assert.equal(caught, reason);
  });
  test("what the guest did before stays done, and it can be called again", () => {
    let fails = true;
    const { run, count } = guest(
      `(module (import "e" "f" (func $f)) (global $count (export "count") (mut i32) (i32.const 0))
        (func (export "run") (global.set $count (i32.add (global.get $count) (i32.const 1))) (call $f)
          (global.set $count (i32.add (global.get $count) (i32.const 10)))))`,
      { e: { f: () => (fails && raise(1)) || undefined } },
    ).exports;
    thrownBy(run);
    assert.equal(count.value, 1);
    fails = false;
    run();
    assert.equal(count.value, 12);
  });
});

describe("10,000 throws", () => {
  const throwOften = async (once) => {
    for (let i = 0; i < 1_000; i++) await once(i);
    const before = sandbox.engine.memoryBytes;
    for (let i = 0; i < 9_000; i++) await once(i);
    assert.equal(sandbox.engine.memoryBytes, before, "the engine's memory grew");
    const { sum } = guest('(module (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))').exports;
    assert.equal(sum(2, 3), 5);
  };
  const reason = new Error("again");
  const failing = guest(CALLS, { e: { f: () => raise(reason) } });

  test("of an import leave nothing behind", () =>
    throwOften(() =>
      assert.equal(
        thrownBy(() => failing.exports.run()),
        reason,
      ),
    ));
  test("of an import in a call that is awaited leave nothing behind", () =>
    throwOften(async () => assert.equal(await rejectionOf(failing.call("run")), reason)));
  test("through five guests leave nothing behind", () => {
    let outer = failing;
    for (let i = 0; i < 5; i++) {
      const inner = outer;
      outer = guest(CALLS, { e: { f: () => inner.exports.run() } });
    }
    return throwOften(() =>
      assert.equal(
        thrownBy(() => outer.exports.run()),
        reason,
      ),
    );
  });
  test("of a start function leave nothing behind", () => {
    const module = sandbox.compile(STARTS);
    return throwOften(() =>
      assert.equal(
        thrownBy(() => module.instantiate({ e: { f: () => raise(reason) } })),
        reason,
      ),
    );
  });
  test("of a trapping guest leave nothing behind", () => {
    const { run } = guest('(module (func (export "run") unreachable))').exports;
    return throwOften(() => assert.ok(thrownBy(run) instanceof Trap));
  });
  test("of refused arguments leave nothing behind", () => {
    const { run } = guest('(module (func (export "run") (param i32)))').exports;
    return throwOften(() => assert.ok(thrownBy(() => run("1")) instanceof TypeError));
  });
});

describe("traps", () => {
  const TRAPS = {
    unreachable: "unreachable",
    "integer-division-by-zero": "(drop (i32.div_u (i32.const 1) (local.get 0)))",
    "integer-overflow": "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
    "bad-conversion-to-integer": "(drop (i32.trunc_f32_s (f32.sqrt (f32.const -1))))",
    "memory-out-of-bounds": "(drop (i32.load (i32.const 65536)))",
    "table-out-of-bounds": "(call_indirect (i32.const 7))",
    "indirect-call-to-null": "(call_indirect (i32.const 1))",
    "bad-signature": "(call_indirect (param i64) (i64.const 0) (i32.const 0))",
    "stack-overflow": "(call $run (local.get 0))",
    "out-of-fuel": "(loop (br 0))",
  };
  for (const [code, body] of Object.entries(TRAPS)) {
    test(`${code}, with its code and the fuel used`, async () => {
      const instance = guest(
        `(module (memory 1) (table 2 funcref) (elem (i32.const 0) $other) (func $other)
          (func $run (export "run") (param i32) ${body}) (func (export "fine") (result i32) (i32.const 1)))`,
      );
      const trap = thrownBy(() => instance.exports.run(0));
      assert.ok(trap instanceof Trap && trap instanceof GuestboxError && trap instanceof Error);
      assert.deepEqual([trap.code, trap.name], [code, "Trap"]);
      assert.ok(trap.message.length > 5);
      // What the engine charges is its own affair; that it is the same on both ways is not.
      assert.ok(trap.fuelUsed > 0n || code === "unreachable", `${trap.fuelUsed}`);
      const awaited = await rejectionOf(instance.call("run", [0]));
      assert.deepEqual([awaited.code, awaited.fuelUsed], [code, trap.fuelUsed]);
      assert.equal(instance.exports.fine(), 1);
    });
  }
  test("a trap in a start function is a Trap, and there is no guest", () => {
    const before = sandbox.memoryPagesInUse;
    const trap = thrownBy(() => guest("(module (memory 3) (func $s unreachable) (start $s))"));
    assert.ok(trap instanceof Trap);
    assert.equal(trap.code, "unreachable");
    assert.equal(sandbox.memoryPagesInUse, before);
  });
  test("a trap of an inner guest comes through the outer one as the same object", () => {
    let seen;
    const inner = guest('(module (func (export "run") unreachable))');
    const outer = guest(CALLS, {
      e: {
        f: () => {
          try {
            inner.exports.run();
          } catch (error) {
            throw (seen = error);
          }
        },
      },
    });
    assert.equal(
      thrownBy(() => outer.exports.run()),
      seen,
    );
    assert.equal(seen.code, "unreachable");
  });
});

describe("errors of guestbox", () => {
  test("are told by class and by code", () => {
    const trap = new Trap("unreachable", "x", 0n);
    const other = new MemoryError("out-of-bounds", "x");
    assert.ok(GuestboxError.is(trap) && GuestboxError.is(other) && Trap.is(trap) && Trap.is(trap, "unreachable"));
    assert.ok(!Trap.is(other) && !Trap.is(trap, "out-of-fuel") && !GuestboxError.is(new Error("x")) && !Trap.is(undefined));
  });
  test("are of the classes that the table has, each with its codes", () => {
    assert.ok(CODES.size >= 14 && CODES.get("Trap").length >= 16);
    const classes = { ...guestbox, SupervisorTrap };
    for (const [name, codes] of CODES) {
      assert.equal(classes[name].name, name);
      assert.ok(codes.length > 0, name);
    }
    const errors = Object.keys(classes).filter(
      (name) => classes[name] === GuestboxError || classes[name].prototype instanceof GuestboxError,
    );
    assert.deepEqual(errors.sort(), [...CODES.keys()].sort());
  });
  test("are said to have codes that they have", () => {
    const source = readFileSync(new URL("../src/base/errors.ts", import.meta.url), "utf8");
    const described = [...source.matchAll(/^\/\*\*(?:(?!\*\/)[^])*?\*\/\nexport class (\w+) /gm)];
    let count = 0;
    for (const [text, name] of described) {
      // From where the codes are spoken of to the end of the sentence.
      for (const [, sentence] of text.matchAll(/`code` is ((?:(?!\. )[^])*)/g)) {
        for (const [, code] of sentence.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)) {
          assert.ok(CODES.get(name).includes(code), `${name} ${code}`);
          count++;
        }
      }
    }
    assert.ok(count >= 15, `${count}`);
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const [, loading] = readme.match(/is a `LoadError`[^]*?Its `code` is ([^]*?)\. A page/);
    const named = [...loading.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code);
    assert.deepEqual(named.sort(), CODES.get("LoadError"));
  });
  test("calling what is not exported, or is no function, is an InvokeError", async () => {
    const instance = guest('(module (memory (export "m") 1) (global (export "g") i32 (i32.const 0)))');
    for (const [name, code] of [
      ["nothing", "export-not-found"],
      ["toString", "export-not-found"],
      ["m", "not-a-function"],
      ["g", "not-a-function"],
    ]) {
      const error = await rejectionOf(instance.call(name));
      assert.ok(error instanceof InvokeError, String(error));
      assert.equal(error.code, code);
    }
    assert.equal(instance.exports.nothing, undefined);
    assert.ok(thrownBy(() => instance.callSync("m")) instanceof InvokeError);
  });
});
