// Long calls: in slices, so that the event loop gets its turn; ended by a signal or by their fuel.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Trap } from "guestbox";
import { deferred, rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

const LOOPS = `(module (import "e" "ask" (func $ask (result i32))) (import "e" "tick" (func $tick))
  (global $rounds (export "rounds") (mut i32) (i32.const 0))
  (func (export "forever") (loop (global.set $rounds (i32.add (global.get $rounds) (i32.const 1))) (br 0)))
  (func (export "asking") (result i32) call $ask)
  (func (export "ticking") (loop call $tick (br 0)))
  (func (export "fine") (result i32) (i32.const 7)))`;
const looping = (ask = () => 0, tick = () => {}, options = {}) => guest(LOOPS, { e: { ask, tick } }, options);
const ENDLESS = { fuel: 2n ** 64n - 1n, slice: 100_000n };

describe("an endless loop", () => {
  test("is ended by its signal while timers go on firing", async () => {
    const instance = looping();
    const controller = new AbortController();
    const reason = new Error("enough");
    let ticks = 0;
    const timer = setInterval(() => ++ticks === 5 && controller.abort(reason), 5);
    try {
      assert.equal(await rejectionOf(instance.call("forever", [], { ...ENDLESS, signal: controller.signal })), reason);
    } finally {
      clearInterval(timer);
    }
    assert.equal(ticks, 5);
    assert.ok(instance.exports.rounds.value > 1_000, "it ran");
    assert.equal(instance.exports.fine(), 7);
  });
  test("is ended by AbortSignal.timeout, with its TimeoutError", async () => {
    const instance = looping();
    const error = await rejectionOf(instance.call("forever", [], { ...ENDLESS, signal: AbortSignal.timeout(20) }));
    assert.equal(error.name, "TimeoutError");
    assert.equal(await instance.call("fine"), 7);
  });
  for (const gone of [["setImmediate"], ["setImmediate", "MessageChannel"]]) {
    test(`is ended by a timer in a runtime without ${gone.join(" and ")} as well`, async (context) => {
      for (const name of gone) {
        const own = Object.getOwnPropertyDescriptor(globalThis, name);
        Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
        context.after(() => Object.defineProperty(globalThis, name, own));
      }
      const error = await rejectionOf(looping().call("forever", [], { ...ENDLESS, signal: AbortSignal.timeout(20) }));
      assert.equal(error.name, "TimeoutError");
    });
  }
  test("that keeps calling an import is ended as well, at the end of an import", async () => {
    const controller = new AbortController();
    let ticks = 0;
    const instance = looping(undefined, () => void (++ticks === 100 && controller.abort()));
    const error = await rejectionOf(instance.call("ticking", [], { ...ENDLESS, slice: 2n ** 40n, signal: controller.signal }));
    assert.equal(error.name, "AbortError");
    assert.equal(ticks, 100);
  });
  test("in a start function is ended by a signal or by its fuel, and leaves nothing behind", async () => {
    const module = sandbox.compile(wat("(module (memory 7) (func $s (loop (br 0))) (start $s))"));
    const before = sandbox.memoryPagesInUse;
    const late = await rejectionOf(module.instantiateAsync({}, { ...ENDLESS, signal: AbortSignal.timeout(20) }));
    assert.equal(late.name, "TimeoutError");
    const trap = await rejectionOf(module.instantiateAsync({}, { fuel: 50_000, slice: 10_000 }));
    assert.deepEqual([trap.code, trap.fuelUsed <= 50_000n], ["out-of-fuel", true]);
    assert.equal(thrownBy(() => module.instantiate()).code, "out-of-fuel");
    assert.equal(sandbox.memoryPagesInUse, before);
  });
  test("many of them are ended one by one, while others go on", async () => {
    const instance = looping(undefined, undefined, { overlapping: "allow" });
    const controllers = Array.from({ length: 10 }, () => new AbortController());
    const calls = controllers.map(({ signal }) => rejectionOf(instance.call("forever", [], { ...ENDLESS, slice: 10_000n, signal })));
    for (const [n, controller] of controllers.entries()) {
      await sleep(1);
      controller.abort(n);
      assert.equal(await calls[n], n);
      assert.equal(instance.exports.fine(), 7);
    }
  });
});

describe("a signal", () => {
  test("that is aborted before: the guest does not run", async () => {
    const instance = looping();
    const reason = new Error("before");
    assert.equal(await rejectionOf(instance.call("forever", [], { signal: AbortSignal.abort(reason) })), reason);
    assert.equal(instance.exports.rounds.value, 0);
  });
  test("that is aborted while an import is awaited ends the call at once, and what the import does then goes unnoticed", async () => {
    for (const settle of ["resolve", "reject"]) {
      const gate = deferred();
      const instance = looping(() => gate.promise);
      const controller = new AbortController();
      const promise = instance.call("asking", [], { signal: controller.signal });
      const reason = new Error("while");
      controller.abort(reason);
      assert.equal(await rejectionOf(promise), reason);
      gate[settle](1);
      await sleep(1);
      assert.equal(await instance.call("fine"), 7);
    }
  });
  test("that the import itself aborts ends the call, though its promise is never settled", async () => {
    const controller = new AbortController();
    const reason = new Error("itself");
    const instance = looping(() => {
      controller.abort(reason);
      return new Promise(() => {});
    });
    assert.equal(await rejectionOf(instance.call("asking", [], { signal: controller.signal })), reason);
    assert.equal(instance.exports.fine(), 7);
  });
  test("that is aborted when the call is over changes nothing", async () => {
    const controller = new AbortController();
    const instance = looping(async () => 3);
    assert.equal(await instance.call("asking", [], { signal: controller.signal }), 3);
    controller.abort();
    assert.equal(instance.exports.fine(), 7);
  });
  test("is listened to only while it matters: a long-lived one gathers no listeners", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args) => (listeners++, addEventListener.apply(signal, args));
    signal.removeEventListener = (...args) => (listeners--, removeEventListener.apply(signal, args));
    let fails = false;
    const instance = looping(async () => {
      if (fails) throw new Error("now and then");
      return 1;
    });
    for (let i = 0; i < 50; i++) {
      fails = i % 2 === 0;
      await instance.call("asking", [], { signal }).catch(() => {});
    }
    assert.equal(listeners, 0);
  });
  test("ends a call whose guest is disposed of, too", async () => {
    const controller = new AbortController();
    const instance = looping(() => new Promise(() => {}));
    const before = sandbox.memoryPagesInUse;
    const promise = instance.call("asking", [], { signal: controller.signal });
    instance.dispose();
    controller.abort(1);
    assert.equal(await rejectionOf(promise), 1);
    assert.equal(sandbox.memoryPagesInUse, before);
  });
});

describe("fuel", () => {
  test("that is used up is a Trap of the whole amount, however it was sliced", async () => {
    const instance = looping();
    for (const slice of [1n, 7n, 1_000n, 10n ** 9n]) {
      const trap = await rejectionOf(instance.call("forever", [], { fuel: 5_000n, slice }));
      assert.ok(trap instanceof Trap);
      assert.equal(trap.code, "out-of-fuel");
      assert.ok(trap.fuelUsed > 4_950n && trap.fuelUsed <= 5_000n, `${trap.fuelUsed}`);
      assert.equal(await instance.call("fine", [], { fuel: 5_000n, slice }), 7);
    }
  });
  test("a guest does the same, however it is sliced", async () => {
    const rounds = [];
    for (const slice of [3n, 100n, 5_000n]) {
      const instance = looping();
      await rejectionOf(instance.call("forever", [], { fuel: 5_000n, slice }));
      rounds.push(instance.exports.rounds.value);
    }
    assert.ok(rounds[0] > 100);
    assert.deepEqual(rounds, [rounds[0], rounds[0], rounds[0]]);
  });
  test("none at all is enough for nothing", async () => {
    const instance = looping();
    const trap = await rejectionOf(instance.call("forever", [], { fuel: 0n }));
    assert.equal(trap.code, "out-of-fuel");
    assert.equal(instance.exports.rounds.value, 0);
  });
  test("an operation that costs more than a slice is made when enough of them came together", async () => {
    const instance = guest(
      '(module (memory 1) (func (export "fill") (result i32) (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (i32.load8_u (i32.const 65535))))',
    );
    assert.equal(await instance.call("fill", [], { fuel: 100_000n, slice: 10n }), 1);
    assert.equal((await rejectionOf(instance.call("fill", [], { fuel: 100n, slice: 10n }))).code, "out-of-fuel");
  });
  test("of a synchronous call is the sandbox's limit, and the guest is usable after", async () => {
    const small = await workbench({ limits: { fuel: 10_000n } });
    const instance = small.guest(LOOPS, { e: { ask: () => 0, tick: () => {} } });
    for (const name of ["forever", "ticking"]) {
      const trap = thrownBy(() => instance.exports[name]());
      assert.equal(trap.code, "out-of-fuel");
      assert.ok(trap.fuelUsed <= 10_000n);
    }
    assert.equal(instance.exports.fine(), 7);
    assert.equal((await rejectionOf(instance.call("forever"))).code, "out-of-fuel");
  });
});
