// Many calls that never end, and who has a turn beside them. `make bench-turns` measures how late.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { Sandbox, Trap } from "guestbox";
import { rejectionOf, wat } from "./wat.mjs";

const MODULE = wat(`(module (import "env" "ask" (func $ask (result i32))) (global $n (export "n") (mut i32) (i32.const 0))
  (func (export "spin") (loop (global.set $n (i32.add (global.get $n) (i32.const 1))) (br 0)))
  (func (export "count") (param i32) (result i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 5))
  (func (export "asks") (param i32) (result i32) (local i32)
    (loop (local.set 1 (i32.add (local.get 1) (call $ask))) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 1)))`);
const limits = { fuel: Number.MAX_SAFE_INTEGER };
const sandboxes = [await Sandbox.load({ limits, warm: true }), await Sandbox.load({ limits })];
const modules = sandboxes.map((sandbox) => sandbox.compile(MODULE));
const guestOf = (at = 0, ask = () => 1) => modules[at % 2].instantiate({ env: { ask } });

/** Begins calls that never end, of guests of two sandboxes, and gives what ends each. */
function spinning(count, options = {}) {
  return Array.from({ length: count }, (_, at) => {
    const guest = guestOf(at);
    const controller = new AbortController();
    const ended = rejectionOf(guest.call("spin", [], { signal: controller.signal, ...options }));
    return { guest, controller, ended };
  });
}
async function end(calls) {
  for (const { controller } of calls) controller.abort();
  for (const { ended, guest } of calls) {
    assert.equal((await ended).name, "AbortError");
    guest.dispose();
  }
}

describe("beside calls that never end", () => {
  for (const count of [1, 32, 100])
    test(`timers have their turn: ${count}`, async () => {
      const calls = spinning(count);
      const seen = calls.map(() => 0);
      let ran = 0;
      for (let i = 0; i < 20; i++) {
        await sleep(0);
        for (const [at, { guest }] of calls.entries()) {
          const n = guest.exports.n.value;
          if (n !== seen[at]) ran++;
          seen[at] = n;
        }
      }
      assert.ok(
        seen.every((n) => n !== 0),
        "each began at once",
      );
      // Between two timers all of them would run if each had a schedule of its own.
      if (count === 1) assert.ok(ran > 5, `${ran} of 20`);
      if (count === 100) assert.ok(ran < 1_800, `${ran} of 2,000`);
      await end(calls);
    });

  test("every one of them gets on", async () => {
    const calls = spinning(20);
    const before = calls.map(({ guest }) => guest.exports.n.value);
    for (let i = 0; i < 100 && calls.some(({ guest }, at) => guest.exports.n.value === before[at]); i++) await sleep(1);
    assert.ok(calls.every(({ guest }, at) => guest.exports.n.value !== before[at]));
    await end(calls);
  });

  test("an abort ends a call where it stands in line, before anybody else's turn", async () => {
    const calls = spinning(32);
    await sleep(20);
    for (const call of calls.splice(0, 10)) {
      const before = calls.map(({ guest }) => guest.exports.n.value);
      call.controller.abort(new Error("mine"));
      assert.equal((await call.ended).message, "mine");
      assert.deepEqual(
        calls.map(({ guest }) => guest.exports.n.value),
        before,
      );
      assert.deepEqual(getEventListeners(call.controller.signal, "abort"), []);
      call.guest.dispose();
    }
    await end(calls);
  });

  test("a deadline holds, and so does a signal of the runtime's own", async () => {
    const calls = spinning(32);
    for (const options of [{ deadline: performance.now() + 20 }, { signal: AbortSignal.timeout(20) }]) {
      const guest = guestOf();
      assert.equal((await rejectionOf(guest.call("spin", [], options))).name, "TimeoutError");
      guest.dispose();
    }
    await end(calls);
  });

  test("disposing of a sandbox ends those in it, and no others", async () => {
    const sandbox = await Sandbox.load({ limits });
    const lost = rejectionOf(
      sandbox
        .compile(MODULE)
        .instantiate({ env: { ask: () => 1 } })
        .call("spin"),
    );
    const calls = spinning(4);
    await turn();
    sandbox.dispose();
    assert.equal((await lost).code, "sandbox");
    assert.equal(await guestOf().call("count", [1_000_000]), 5);
    await end(calls);
  });

  test("short calls, host calls and calls of imports that wait come to their end", async () => {
    const calls = spinning(16);
    const waits = guestOf(1, async () => (await sleep(0), 2));
    const asks = guestOf(0, () => 3);
    const results = await Promise.all([
      guestOf().call("count", [3]),
      waits.call("asks", [5]),
      asks.call("asks", [20_000]),
      guestOf(1).call("count", [3_000_000]),
    ]);
    assert.deepEqual(results, [5, 10, 60_000, 5]);
    await end(calls);
  });
});

describe("slices", () => {
  test("of whatever length take the same fuel", async () => {
    const used = new Set();
    for (const slice of [undefined, 1, 1_000, 100_000_000]) {
      const outcome = await guestOf().tryCall("count", [slice === 1 ? 1_000 : 400_000], slice === undefined ? {} : { slice });
      assert.equal(outcome.value, 5);
      if (slice !== 1) used.add(outcome.fuelUsed);
    }
    assert.equal(used.size, 1);
  });
  test("leave nothing behind that waits for the signal of a call that has ended", async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) {
      await guestOf().call("count", [200_000], { signal, deadline: performance.now() + 60_000 });
      const outcome = await guestOf().tryCall("spin", [], { signal, fuel: 1_000_000 });
      assert.equal(outcome.status, "out-of-fuel");
      outcome.abort();
      await rejectionOf(
        guestOf(0, async () => {
          throw new Error("mine");
        }).call("asks", [1], { signal }),
      );
    }
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  });
  test("end where the fuel does", async () => {
    const outcome = await guestOf().tryCall("spin", [], { fuel: 5_000_000 });
    assert.equal(outcome.status, "out-of-fuel");
    const end = await rejectionOf(guestOf().call("spin", [], { fuel: 5_000_000 }));
    assert.ok(Trap.is(end, "out-of-fuel"));
    outcome.abort();
  });
});

test("timers and a clock that tests put in the place of the runtime's own stop nothing", async () => {
  const { setImmediate, setTimeout } = globalThis;
  const { now } = performance;
  try {
    globalThis.setImmediate = globalThis.setTimeout = () => {};
    performance.now = () => 5;
    const controller = new AbortController();
    const call = rejectionOf(guestOf().call("spin", [], { signal: controller.signal }));
    controller.abort();
    assert.equal((await call).name, "AbortError");
    assert.equal(await guestOf().call("count", [1_000_000]), 5);
  } finally {
    Object.assign(globalThis, { setImmediate, setTimeout });
    performance.now = now;
  }
  assert.equal(await guestOf().call("count", [1_000_000]), 5);
});

test("limits that let no guest be warmed up let a sandbox be loaded", async () => {
  for (const limits of [
    "strict",
    { instances: 0 },
    { totalInstanceBytes: 10 },
    { exports: 0 },
    { moduleBytes: 10 },
    { fuel: 10 },
    { guestFrames: 0 },
  ]) {
    (await Sandbox.load({ warm: true, limits })).dispose();
  }
});

test("a sandbox that is loaded warm is as any other", async () => {
  const sandbox = await Sandbox.load({ warm: true });
  assert.equal(sandbox.memoryPagesInUse, 0);
  assert.equal(
    await sandbox
      .compile(MODULE)
      .instantiate({ env: { ask: () => 1 } })
      .call("count", [10]),
    5,
  );
  await assert.rejects(Sandbox.load({ warm: "yes" }), TypeError);
});
