// Chains of calls at their edges: contexts of calls that have ended, queues that nobody seems to serve, and who
// pays for what.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { InvokeError, Sandbox, Trap, call } from "guestbox";
import { deferred, rejectionOf, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();
const TWICE = `(module (import "env" "wait" (func $w (param i32) (result i32))) (memory (export "memory") 1)
  (global $sp (export "sp") (mut i32) (i32.const 1024))
  (func (export "run") (param i32) (result i32) (local $p i32) (local $r i32)
    (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
    (i32.store (local.get $p) (local.get 0)) (drop (call $w (local.get 0))) (drop (call $w (i32.add (i32.const 100) (local.get 0))))
    (local.set $r (i32.load (local.get $p)))
    (global.set $sp (i32.add (local.get $p) (i32.const 16))) (local.get $r))
  (func (export "spin") (param i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) (loop (br 0)) unreachable)
  (func (export "burn") (param i32) (result i32) (local i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get 1) (local.get 0)))) (local.get 1))
  (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`;
const module = sandbox.compile(wat(TWICE));
/** What a call of "run" uses whose import does nothing. */
const ALONE = module.instantiate({ env: { wait: () => 0 } }).tryCallSync("run", [1]).fuelUsed;
const TIME_OUT = Symbol("timed out");
const within = (promise, ms = 300) => Promise.race([promise, sleep(ms, TIME_OUT)]);

describe("a context of a call that was outlived", () => {
  for (const use of ["charge", "fuel", "callSync"])
    test(`is of no use: ${use}`, async () => {
      let context, inner, seen, stranger;
      const gate = deferred();
      const other = guest(TWICE, { env: { wait: () => gate.promise } });
      const instance = guest(TWICE, {
        env: {
          wait: call((c, n) => {
            if (n === 1) {
              inner = rejectionOf(c.call("run", [2]));
              return sleep(1, 0);
            }
            if (n === 2) {
              context = c;
              return new Promise(() => {});
            }
            if (n === 101) {
              // By now `inner` has ended: this call gets its handle.
              stranger = other.tryCall("run", [7], { fuel: 1_000n });
              try {
                seen = use === "fuel" ? context.fuel : use === "charge" ? context.charge(990n) : context.callSync("burn", [10]);
              } catch (error) {
                seen = error;
              }
            }
            return 0;
          }),
        },
      });
      assert.equal(await instance.call("run", [1]), 1);
      assert.ok(Trap.is(await inner, "outlived"));
      gate.resolve(0);
      const outcome = await stranger;
      const alone = await guest(TWICE, { env: { wait: () => 0 } }).tryCall("run", [7], { fuel: 1_000n });
      assert.deepEqual([outcome.status, outcome.fuelUsed], ["ok", alone.fuelUsed], "another guest's call paid");
      assert.ok(InvokeError.is(seen, "call-over"), String(seen));
    });
});

describe("fuelUsed of a nested call", () => {
  const measure = async (act) => {
    let middle;
    const instance = guest(TWICE, {
      env: {
        wait: call(async (c, n) => {
          if (n === 1) {
            await null;
            middle = await c.tryCall("run", [2]);
          }
          if (n === 2) {
            await null;
            await act(c);
          }
          return 0;
        }),
      },
    });
    const outer = await instance.tryCall("run", [1], { fuel: 1_000_000n });
    return [middle.fuelUsed, outer.fuelUsed];
  };
  test("counts what was called before a charge", async () => {
    const nothing = await measure(() => {});
    const called = await measure((c) => c.call("burn", [1_000]));
    const both = await measure(async (c) => {
      await c.call("burn", [1_000]);
      c.charge(5n);
    });
    const charged = await measure((c) => c.charge(5n));
    assert.deepEqual(
      charged.map((n, i) => n - nothing[i]),
      [5n, 5n],
    );
    assert.deepEqual(
      both.map((n, i) => n - called[i]),
      [5n, 5n],
    );
  });
});

describe("queue", () => {
  for (const end of ["aborts", "settles"])
    test(`is served when a call through a context is first in it and the call around that ${end}`, async () => {
      const controller = new AbortController(),
        gate = deferred();
      const never = () => new Promise(() => {});
      const lost = [];
      const instance = guest(
        TWICE,
        {
          env: {
            wait: call((c, n) => {
              if (n === 1) {
                lost.push(c.call("run", [2]));
                return gate.promise;
              }
              if (n === 2) {
                lost.push(c.call("run", [3]), c.call("run", [4]));
                return never();
              } // the second is queued
              return n === 3 ? never() : 0;
            }),
          },
        },
        { overlapping: "queue" },
      );
      const outer = instance.call("run", [1], { signal: controller.signal }).then(String, String);
      const next = instance.call("plain", [5]);
      lost.forEach((promise) => promise.catch(() => {}));
      if (end === "aborts") controller.abort();
      else gate.resolve(0);
      await outer;
      assert.equal(await within(next), 6, "nothing is under way, and it is never begun");
    });
  test("two calls through one context at once do not wait for each other for ever", async () => {
    const instance = guest(
      TWICE,
      {
        env: {
          wait: call(async (c, n) => {
            if (n !== 1) return 0;
            await null;
            await Promise.all([c.call("run", [2]), c.call("run", [3])]);
            return 0;
          }),
        },
      },
      { overlapping: "queue" },
    );
    assert.notEqual(await within(instance.call("run", [1]).then(String, String)), TIME_OUT);
  });
  test("two calls of an import before it first waits do not wait for each other for ever", async () => {
    const instance = guest(
      TWICE,
      {
        env: {
          wait: async (n) => {
            if (n !== 1) return 0;
            await Promise.all([instance.call("run", [2]), instance.call("run", [3])]);
            return 0;
          },
        },
      },
      { overlapping: "queue" },
    );
    assert.notEqual(await within(instance.call("run", [1]).then(String, String)), TIME_OUT);
  });
  test("a call whose turn has come is outlived as any other, however soon the import settles after", async () => {
    const ends = new Set();
    for (let hops = 0; hops < 24; hops++) {
      let queued;
      const instance = guest(
        TWICE,
        {
          env: {
            wait: call((c, n) => {
              if (n !== 1) return Promise.resolve(0);
              void c.call("run", [2]).catch(() => {});
              queued = c.tryCall("burn", [5]);
              let settles = Promise.resolve(0);
              for (let hop = 0; hop < hops; hop++) settles = settles.then((value) => value);
              return settles;
            }),
          },
        },
        { overlapping: "queue" },
      );
      assert.equal(await instance.call("run", [1]), 1);
      const end = await queued.then(
        ({ status, trap }) => trap?.code ?? status,
        ({ code }) => code,
      );
      assert.ok(["call-over", "outlived", "ok"].includes(end), `after ${hops} turns: ${end}`);
      ends.add(end);
      assert.equal(instance.exports.sp.value, 1_024);
    }
    assert.deepEqual([...ends], ["call-over", "outlived", "ok"]);
  });

  test("a call through the context that waits in the queue ends when its import settles", async () => {
    const gate = deferred();
    let late;
    const instance = guest(
      TWICE,
      {
        env: {
          wait: call(async (c, n) => {
            if (n === 101) return gate.promise;
            if (n !== 1) return 0;
            const first = c.call("run", [2]);
            late = c.call("run", [3]).then(String, String);
            await first;
            return 0;
          }),
        },
      },
      { overlapping: "queue" },
    );
    const outer = instance.call("run", [1]);
    await sleep(5);
    assert.notEqual(await within(late), TIME_OUT);
    gate.resolve(0);
    await outer;
  });
  test("is rejected when the sandbox is disposed of while an import never settles", async () => {
    const own = await Sandbox.load();
    const instance = own.compile(wat(TWICE)).instantiate({ env: { wait: () => new Promise(() => {}) } }, { overlapping: "queue" });
    const first = instance.call("run", [1]).then(String, String);
    const queued = instance.call("run", [2]).then(String, String);
    own.dispose();
    assert.match(await within(queued), /DisposedError/);
    // What waits for an import that never settles waits as long.
    assert.equal(await within(first, 20), TIME_OUT);
  });
});

test("a charge that cannot be paid is an outcome of tryCallSync as of tryCall", async () => {
  const instance = guest(TWICE, { env: { wait: call((c) => (c.charge(1n << 40n), 0)) } });
  assert.equal((await instance.tryCall("run", [1])).status, "trap");
  assert.equal(instance.tryCallSync("run", [1]).status, "trap");
});

test("an outcome goes on with the options that its call was made with", async () => {
  const instance = guest(TWICE, { env: { wait: () => 0 } });
  const options = { fuel: 1_000n };
  const outcome = await instance.tryCall("spin", [1], options);
  options.signal = AbortSignal.abort(new Error("somebody else's"));
  assert.equal((await outcome.resume(1_000n)).status, "out-of-fuel");
});
test("an outcome whose deadline has passed holds its guest until it is aborted", async () => {
  const instance = guest(TWICE, { env: { wait: () => 0 } });
  const outcome = await instance.tryCall("spin", [1], { fuel: 1_000n, deadline: performance.now() + 200 });
  await sleep(210);
  assert.equal((await rejectionOf(outcome.resume(1_000n))).name, "TimeoutError");
  assert.ok(InvokeError.is(await rejectionOf(instance.call("plain", [1])), "busy"));
  outcome.abort();
  assert.equal(instance.exports.plain(1), 2);
});

describe("fuel", () => {
  for (const depth of [undefined, 1])
    test(`of a queued call is its own wherever its turn comes, maxCallDepth ${depth}`, async () => {
      const guests = [
        module.instantiate({ env: { wait: () => 0 } }, { overlapping: "queue", maxCallDepth: depth }),
        module.instantiate({
          env: {
            wait: async (n) => {
              if (n === 1) {
                held.abort();
                await sleep(5);
              }
              return 0;
            },
          },
        }),
      ];
      const held = await guests[0].tryCall("spin", [0], { fuel: 100n });
      const queued = depth === undefined ? guests[0].tryCall("burn", [5_000]) : guests[0].tryCall("run", [5]);
      // Another guest's import lets go of what held the first.
      const other = await guests[1].tryCall("run", [1], { fuel: 10_000n });
      const outcome = await queued;
      assert.deepEqual([outcome.status, outcome.trap?.message], ["ok", undefined], `it used ${outcome.fuelUsed}`);
      assert.deepEqual([other.status, other.fuelUsed], ["ok", ALONE]);
    });
  test("of a call that an import makes before it first waits is that of the call around it, also if it is queued", async () => {
    const gate = deferred();
    const busy = module.instantiate({ env: { wait: () => gate.promise } }, { overlapping: "queue" });
    const first = busy.call("run", [1]);
    let queued;
    const outer = module.instantiate({
      env: {
        wait: async (n) => {
          if (n === 1) {
            queued = busy.tryCall("burn", [50_000]);
            gate.resolve(0);
            await queued;
          }
          return 0;
        },
      },
    });
    await outer.tryCall("run", [1], { fuel: 10_000n });
    assert.ok((await queued).fuelUsed <= 10_000n, `${(await queued).fuelUsed} of 10000`);
    await first;
  });
  test("of a nested call that was outlived includes what was nested in it", async () => {
    let inner;
    const burned = deferred();
    const instance = module.instantiate({
      env: {
        wait: call(async (c, n) => {
          if (n === 1) {
            inner = c.tryCall("run", [2]);
            await burned.promise;
            return 0;
          }
          if (n === 2) {
            await null;
            await c.call("burn", [1_000]);
            burned.resolve();
            await new Promise(() => {});
          }
          return 0;
        }),
      },
    });
    await instance.tryCall("run", [1]);
    assert.ok((await inner).fuelUsed > 9_000n, `${(await inner).fuelUsed}`);
  });
  test("of a nested call is not that of another guest's call beside it", async () => {
    let middle, beside;
    const other = module.instantiate({ env: { wait: () => 0 } });
    const instance = module.instantiate({
      env: {
        wait: call(async (c, n) => {
          if (n === 1) {
            beside = other.tryCall("burn", [1_000_000], { slice: 100_000 });
            middle = await c.tryCall("run", [2]);
            return 0;
          }
          if (n === 2) await beside;
          return 0;
        }),
      },
    });
    await instance.tryCall("run", [1]);
    assert.equal(middle.fuelUsed, ALONE);
  });
});

test("a call that is out of fuel and outlived at once says so, with frames of its own", async () => {
  const framed = sandbox.compile(wat(TWICE), { frames: true });
  const gate = deferred();
  let inner;
  const other = framed.instantiate({ env: { wait: () => gate.promise } });
  const instance = framed.instantiate({
    env: {
      wait: call((c, n) => {
        if (n === 1) inner = rejectionOf(c.call("spin", [2], { fuel: 1_000n }));
        if (n === 101) void other.call("run", [1]);
        return 0;
      }),
    },
  });
  await instance.call("run", [1]);
  const trap = await inner;
  gate.resolve(0);
  const indexes = trap.frames.map(({ functionIndex }) => functionIndex);
  assert.deepEqual([trap.code, indexes], ["outlived", [2]], "`spin` is function 2; `run`, where the other guest is, function 1");
});

test("the context of a start function that failed gives nobody another guest's memory", async () => {
  const start = sandbox.compile(wat('(module (import "e" "f" (func $f)) (memory (export "memory") 1) (start $f))'));
  const other = guest(
    '(module (import "e" "f" (func $f)) (memory (export "memory") 1) (data (i32.const 0) "secret") (func (export "run") call $f))',
    { e: { f: () => new Promise(() => {}) } },
  );
  let seen;
  const f = call((c) => {
    queueMicrotask(() => {
      void other.call("run");
      try {
        seen = new TextDecoder().decode(c.memory.read(0, 6));
      } catch (error) {
        seen = error;
      }
    });
    throw new Error("start fails");
  });
  await rejectionOf(start.instantiateAsync({ e: { f } }));
  assert.notEqual(seen, "secret");
});
