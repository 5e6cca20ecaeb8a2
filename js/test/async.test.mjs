// Awaited calls: imports may be async, with no worker; nothing of one call gets into another.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AsyncImportError, DisposedError, InvokeError, call } from "guestbox";
import { deferred, rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

/** `run(n)` gives n to the import and adds 1 to what comes back. */
const ASKS = `(module (import "e" "ask" (func $ask (param i32) (result i32))) (memory (export "memory") 1)
  (func (export "run") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (i32.const 1))))`;

describe("an async import", () => {
  test("is awaited", async () => {
    const instance = guest(ASKS, { e: { ask: async (n) => (await sleep(1), n * 2) } });
    assert.equal(await instance.call("run", [21]), 43);
  });
  test("may be any thenable, also one whose `then` returns nothing", async () => {
    const ask = (n) => ({ then: (resolve) => void resolve(n * 2) });
    const instance = guest(ASKS, { e: { ask } });
    assert.equal(await instance.call("run", [21]), 43);
    assert.equal(await instance.call("run", [21], { signal: new AbortController().signal }), 43);
  });
  test("and one that is not are served alike", async () => {
    const instance = guest(ASKS, { e: { ask: (n) => (n % 2 ? n : Promise.resolve(n)) } });
    for (let n = 0; n < 10; n++) assert.equal(await instance.call("run", [n]), n + 1);
  });
  test("with several results resolves with an array", async () => {
    const instance = guest('(module (import "e" "two" (func $two (result i32 i64))) (func (export "run") (result i32 i64) call $two))', {
      e: { two: async () => [1, 2n] },
    });
    assert.deepEqual(await instance.call("run"), [1, 2n]);
  });
  test("that is rejected rejects the call with the same object", async () => {
    for (const reason of [new Error("mine"), "text", undefined, null, 0]) {
      const instance = guest(ASKS, {
        e: {
          ask: async () => {
            throw reason;
          },
        },
      });
      assert.equal(await rejectionOf(instance.call("run", [1])), reason);
    }
  });
  test("that is rejected through a guest in a guest rejects the outer call with the same object", async () => {
    const reason = new Error("mine");
    const inner = guest(ASKS, { e: { ask: () => Promise.reject(reason) } });
    const outer = guest(ASKS, { e: { ask: (n) => inner.call("run", [n]) } });
    assert.equal(await rejectionOf(outer.call("run", [1])), reason);
  });
  test("that resolves with a wrong value is a TypeError or RangeError, and the guest stays usable", async () => {
    let result;
    const instance = guest(ASKS, { e: { ask: async () => result } });
    for (result of [undefined, null, "1", 1n, [1]]) assert.ok((await rejectionOf(instance.call("run", [1]))) instanceof TypeError);
    for (result of [2 ** 32, 0.5]) assert.ok((await rejectionOf(instance.call("run", [1]))) instanceof RangeError);
    result = 5;
    assert.equal(await instance.call("run", [1]), 6);
  });
  test("gets the context of its call, whose memory it can use after an await", async () => {
    const ask = call(async (c, n) => {
      await sleep(1);
      c.memory.grow(1);
      c.memory.write(70_000, Uint8Array.of(n));
      return c.memory.read(70_000, 1)[0];
    });
    assert.equal(await guest(ASKS, { e: { ask } }).call("run", [9]), 10);
  });
  test("of a start function is awaited by instantiateAsync", async () => {
    const module = sandbox.compile(
      wat(`(module (import "e" "ask" (func $ask (param i32) (result i32)))
      (global $g (export "g") (mut i32) (i32.const 0))
      (func $start (global.set $g (call $ask (i32.const 20)))) (start $start))`),
    );
    const instance = await module.instantiateAsync({ e: { ask: async (n) => (await sleep(1), n + 1) } });
    assert.equal(instance.exports.g.value, 21);
  });
});

describe("many calls at once", () => {
  test("of one guest each get their own results, in whatever order their imports are answered", async () => {
    const questions = [];
    const instance = guest(
      ASKS,
      {
        e: {
          ask: (n) => {
            const question = { n, ...deferred() };
            questions.push(question);
            return question.promise;
          },
        },
      },
      { overlapping: "allow" },
    );
    const calls = Array.from({ length: 100 }, (_, n) => instance.call("run", [n]));
    assert.equal(questions.length, 100);
    for (const { n, resolve } of questions.sort((one, other) => ((one.n * 37) % 101) - ((other.n * 37) % 101))) resolve(n * 3);
    assert.deepEqual(
      await Promise.all(calls),
      Array.from({ length: 100 }, (_, n) => n * 3 + 1),
    );
  });
  test("that finish in the same turn do not get each other's results", async () => {
    const gate = deferred();
    const [one, other] = [0, 1].map((offset) =>
      guest(ASKS, { e: { ask: async (n) => (await gate.promise, n + offset) } }, { overlapping: "allow" }),
    );
    const wide = guest(
      '(module (import "e" "ask" (func $ask)) (func (export "run") (result i64 i64) (call $ask) (i64.const -1) (i64.const -2)))',
      {
        e: { ask: () => gate.promise },
      },
    );
    const calls = [one.call("run", [10]), wide.call("run"), other.call("run", [20]), one.call("run", [30])];
    gate.resolve();
    assert.deepEqual(await Promise.all(calls), [11, [-1n, -2n], 22, 31]);
  });
  test("instantiations that finish in the same turn do not get each other's instances", async () => {
    const gate = deferred();
    const module = (n) =>
      sandbox.compile(wat(`(module (import "e" "f" (func $f)) (func (export "n") (result i32) (i32.const ${n})) (start $f))`));
    const started = [1, 2, 3].map((n) => module(n).instantiateAsync({ e: { f: () => gate.promise } }));
    gate.resolve();
    const guests = await Promise.all(started);
    assert.deepEqual(
      guests.map(({ exports }) => exports.n()),
      [1, 2, 3],
    );
  });
  test("and synchronous calls meanwhile do not disturb each other", async () => {
    const gate = deferred();
    let waits = true;
    const instance = guest(ASKS, { e: { ask: (n) => (waits ? gate.promise.then(() => n) : n) } }, { overlapping: "allow" });
    const waiting = instance.call("run", [100]);
    waits = false;
    assert.equal(instance.exports.run(1), 2);
    gate.resolve();
    assert.equal(await waiting, 101);
  });
  test("in slices take turns", async () => {
    const instance = guest(
      `(module (func (export "spin") (param i32) (result i32)
      (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))) (i32.const 5)))`,
      {},
      { overlapping: "allow" },
    );
    const order = [];
    const spin = async (name, rounds) => {
      assert.equal(await instance.call("spin", [rounds], { slice: 10_000n }), 5);
      order.push(name);
    };
    await Promise.all([spin("long", 5_000_000), spin("short", 1_000)]);
    assert.deepEqual(order, ["short", "long"]);
  });
});

describe("a promise where nothing can wait", () => {
  const asks = (ask) => guest(ASKS, { e: { ask } });

  test("is an AsyncImportError of the synchronous call, which ends; the guest stays usable", () => {
    let waits = true;
    const instance = asks((n) => (waits ? Promise.resolve(n) : n));
    const error = thrownBy(() => instance.exports.run(1));
    assert.ok(error instanceof AsyncImportError);
    assert.equal(error.code, "async-import");
    assert.match(error.message, /guest\.call/);
    waits = false;
    assert.equal(instance.exports.run(1), 2);
  });
  test("is one too if it is rejected, which then goes unnoticed", async () => {
    const unhandled = [];
    const note = (reason) => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    assert.ok(thrownBy(() => asks(() => Promise.reject(new Error("late"))).exports.run(1)) instanceof AsyncImportError);
    assert.ok(
      thrownBy(() =>
        asks(() => ({
          then: () => {
            throw new Error("then");
          },
        })).exports.run(1),
      ) instanceof AsyncImportError,
    );
    await sleep(5);
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
  });
  test("is one for a start function that is run synchronously", () => {
    const text = '(module (import "e" "f" (func $f)) (start $f))';
    assert.ok(thrownBy(() => guest(text, { e: { f: async () => {} } })) instanceof AsyncImportError);
  });
  test("is one for a synchronous call within an awaited one, which is rejected with it", async () => {
    const inner = asks(async (n) => n);
    let seen;
    const outer = asks((n) => {
      try {
        return inner.exports.run(n);
      } catch (error) {
        throw (seen = error);
      }
    });
    assert.equal(await rejectionOf(outer.call("run", [1])), seen);
    assert.ok(seen instanceof AsyncImportError);
  });
});

describe("call", () => {
  test("begins at once, before it is awaited", async () => {
    let asked = 0;
    const instance = guest(ASKS, { e: { ask: (n) => (asked = n) } });
    const promise = instance.call("run", [5]);
    assert.equal(asked, 5);
    assert.equal(await promise, 6);
  });
  test("gives what is wrong with it as a rejection, and does not run the guest", async () => {
    let asked = 0;
    const instance = guest(ASKS, { e: { ask: (n) => (asked++, n) } });
    assert.ok((await rejectionOf(instance.call("nothing"))) instanceof InvokeError);
    for (const args of [[], [1, 2], ["1"], [1n], [undefined]])
      assert.ok((await rejectionOf(instance.call("run", args))) instanceof TypeError);
    assert.ok((await rejectionOf(instance.call("run", [2 ** 32]))) instanceof RangeError);
    for (const options of [
      { fuel: -1n },
      { fuel: 2n ** 64n },
      { fuel: 0.5 },
      { fuel: NaN },
      { slice: 0n },
      { slice: 0 },
      { slice: -1n },
      { state: -1 },
      { state: 2 ** 32 },
    ]) {
      assert.ok((await rejectionOf(instance.call("run", [1], options))) instanceof RangeError, Object.keys(options)[0]);
    }
    for (const options of [{ fuel: "1" }, { fuel: null }, { slice: true }, { state: 1n }, { state: "1" }, { signal: {} }]) {
      assert.ok((await rejectionOf(instance.call("run", [1], options))) instanceof TypeError, Object.keys(options)[0]);
    }
    assert.equal(asked, 0);
    assert.equal(await instance.call("run", [1], { fuel: 100_000, slice: 1_000, state: 1 }), 2);
    instance.dispose();
    assert.ok((await rejectionOf(instance.call("run", [1]))) instanceof DisposedError);
  });
});

describe("disposing while a call waits", () => {
  const waitingGuest = (bench) => {
    const gate = deferred();
    const instance = bench.guest(ASKS, { e: { ask: (n) => gate.promise.then(() => n) } });
    return { gate, instance, promise: instance.call("run", [1]) };
  };
  test("of the guest: the call finishes", async () => {
    const { gate, instance, promise } = waitingGuest({ guest });
    const before = sandbox.memoryPagesInUse;
    instance.dispose();
    gate.resolve();
    assert.equal(await promise, 2);
    assert.equal(sandbox.memoryPagesInUse, before - 1);
  });
  test("of the sandbox: the call is rejected, whatever the import does then", async () => {
    for (const settle of ["resolve", "reject"]) {
      const own = await workbench();
      const { gate, promise } = waitingGuest(own);
      own.sandbox.dispose();
      const reason = new Error("mine");
      gate[settle](reason);
      const error = await rejectionOf(promise);
      if (settle === "reject") assert.equal(error, reason);
      else assert.ok(error instanceof DisposedError, String(error));
    }
  });
});
