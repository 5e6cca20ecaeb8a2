// Calls that say what they used, that go on with more fuel, that are charged, and guests with limits of their own.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InvokeError, Trap, call } from "guestbox";
import { deferred, rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const GUEST = `(module (import "e" "f" (func $f))
  (global $asked (export "asked") (mut i32) (i32.const 0))
  (func (export "burn") (param i32) (result i32)
    (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (i32.gt_s (local.get 0) (i32.const 0)))) (i32.const 7))
  (func (export "ask") (param i32)
    (loop (call $f) (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (i32.gt_s (local.get 0) (i32.const 0)))))
  (func (export "forever") (loop (br 0)))
  (func (export "trap") unreachable))`;
/** What a call of an export costs before the guest begins, and what a host call does. */
const [EXPORT_CALL, HOST_CALL] = [64n, 64n];
const make = (f = () => {}, options = {}) => guest(GUEST, { e: { f } }, options);
const usedBy = async (instance, name, ...args) => (await instance.tryCall(name, args)).fuelUsed;

describe("tryCall", () => {
  test("says what a call that finished came to, and what it used", async () => {
    const instance = make();
    const outcomes = [];
    for (const n of [1, 10, 100]) outcomes.push(await instance.tryCall("burn", [n]));
    assert.deepEqual(
      outcomes.map(({ status, value }) => [status, value]),
      Array(3).fill(["ok", 7]),
    );
    const [once, ten, hundred] = outcomes.map(({ fuelUsed }) => fuelUsed);
    assert.equal((ten - once) * 11n, hundred - once, "so much a round");
  });
  test("says what trapped, with the fuel used", async () => {
    const { status, trap, fuelUsed } = await make().tryCall("trap");
    assert.equal(status, "trap");
    assert.ok(trap instanceof Trap);
    assert.deepEqual([trap.code, trap.fuelUsed], ["unreachable", fuelUsed]);
    assert.ok(fuelUsed > 0n && fuelUsed < 100n, `${fuelUsed}`);
  });
  test("rejects with what an import throws, as the same object, also where that is a Trap or undefined", async () => {
    for (const thrown of [new Error("mine"), new Trap("out-of-fuel", "not the call's own", 1n), undefined]) {
      const instance = make(() => {
        throw thrown;
      });
      assert.ok(Object.is(await rejectionOf(instance.tryCall("ask", [1])), thrown));
      const waiting = make(call(() => Promise.reject(thrown)));
      assert.ok(Object.is(await rejectionOf(waiting.tryCall("ask", [1])), thrown));
    }
  });
  test("rejects where a call cannot be begun", async () => {
    assert.ok((await rejectionOf(make().tryCall("nothing"))) instanceof InvokeError);
    assert.ok((await rejectionOf(make().tryCall("burn", ["1"]))) instanceof TypeError);
  });
  test("rejects with the reason of its signal", async () => {
    const reason = new Error("enough");
    assert.equal(await rejectionOf(make().tryCall("forever", [], { signal: AbortSignal.abort(reason) })), reason);
  });
});

describe("a call that is out of fuel", () => {
  test("goes on with more, as often as it takes, and does what it does in one go", async () => {
    const instance = make();
    const whole = await instance.tryCall("burn", [5_000]);
    let outcome = await instance.tryCall("burn", [5_000], { fuel: 1_000n });
    let rounds = 0;
    while (outcome.status === "out-of-fuel") {
      assert.ok(outcome.fuelUsed <= 1_000n * BigInt(++rounds));
      outcome = await outcome.resume(1_000);
    }
    assert.ok(rounds > 10);
    assert.deepEqual(outcome, whole);
  });
  test("has not begun where it has less than the call itself costs, and begins with more", async () => {
    for (const slice of [undefined, 1, 1_000]) {
      const instance = make();
      const whole = await instance.tryCall("ask", [1]);
      for (const fuel of [0n, 1n, EXPORT_CALL - 1n]) {
        const before = instance.exports.asked.value;
        let outcome = await instance.tryCall("ask", [1], { fuel, slice });
        assert.deepEqual([outcome.status, outcome.fuelUsed, outcome.frames.length], ["out-of-fuel", 0n, 0]);
        outcome = await outcome.resume(EXPORT_CALL - fuel);
        assert.deepEqual([outcome.status, outcome.fuelUsed], ["out-of-fuel", EXPORT_CALL]);
        assert.equal(instance.exports.asked.value, before);
        assert.deepEqual(await outcome.resume(1_000), whole);
        assert.equal(instance.exports.asked.value, before + 1);
      }
      const stopped = instance.tryCallSync("ask", [1], { fuel: EXPORT_CALL - 1n });
      assert.deepEqual([stopped.trap.code, stopped.fuelUsed], ["out-of-fuel", 0n]);
      assert.equal(instance.exports.asked.value, 4);
    }
  });
  test("goes on from within an import's answer, and on what is left of the fuel given", async () => {
    const instance = make(async () => {});
    const whole = await usedBy(instance, "ask", 100);
    let outcome = await instance.tryCall("ask", [100], { fuel: whole / 2n });
    assert.equal(outcome.status, "out-of-fuel");
    outcome = await outcome.resume(whole - whole / 2n);
    assert.deepEqual([outcome.status, outcome.fuelUsed, instance.exports.asked.value], ["ok", whole, 200]);
  });
  test("leaves its guest usable meanwhile", async () => {
    const instance = make(undefined, { overlapping: "allow" });
    const paused = await Promise.all([1, 2, 3].map(() => instance.tryCall("burn", [5_000], { fuel: 100 })));
    assert.equal(instance.exports.burn(3), 7);
    for (const outcome of paused.reverse()) assert.equal((await outcome.resume(2n ** 64n - 1n)).status, "ok");
  });
  test("can be resumed once, and not after it was ended", async () => {
    for (const end of ["resume", "abort", "dispose"]) {
      const outcome = await make().tryCall("forever", [], { fuel: 100 });
      const ended = await outcome[end](100);
      outcome.abort();
      outcome.dispose();
      const error = await rejectionOf(outcome.resume(1));
      assert.ok(error instanceof InvokeError);
      assert.equal(error.code, "call-over");
      ended?.abort();
    }
  });
  test("is still there after a resume with wrong arguments or an aborted signal", async () => {
    const outcome = await make().tryCall("burn", [1_000], { fuel: 100 });
    for (const wrong of [-1, 0.5, "1", undefined, 2n ** 64n]) await rejectionOf(outcome.resume(wrong));
    assert.equal(await rejectionOf(outcome.resume(1, { signal: AbortSignal.abort("no") })), "no");
    assert.equal((await outcome.resume(10n ** 6n)).value, 7);
  });
  test("is ended in its next slice by the signal of its call, or by another", async () => {
    const controller = new AbortController();
    const instance = make();
    const outcome = await instance.tryCall("forever", [], { fuel: 100, signal: controller.signal });
    setTimeout(() => controller.abort("enough"), 5);
    assert.equal(await rejectionOf(outcome.resume(2n ** 63n)), "enough");
    const again = await instance.tryCall("forever", [], { fuel: 100 });
    assert.equal((await rejectionOf(again.resume(2n ** 63n, { signal: AbortSignal.timeout(5) }))).name, "TimeoutError");
    assert.equal(instance.exports.burn(1), 7);
  });
  test("of a guest that was disposed of keeps its memory until it is ended", async () => {
    const before = sandbox.memoryPagesInUse;
    const instance = guest('(module (memory 9) (func (export "run") (loop (br 0))))');
    const outcome = await instance.tryCall("run", [], { fuel: 100 });
    instance.dispose();
    assert.equal(sandbox.memoryPagesInUse, before + 9);
    outcome.dispose();
    assert.equal(sandbox.memoryPagesInUse, before);
  });
  test("a thousand that are disposed of leave nothing, and a sandbox that is disposed of has none to end", async () => {
    const other = await workbench();
    const instance = other.guest(GUEST, { e: { f: () => {} } });
    const exhaust = async () => (await instance.tryCall("forever", [], { fuel: 100 })).dispose();
    for (let i = 0; i < 100; i++) await exhaust();
    const before = other.sandbox.engine.memoryBytes;
    for (let i = 0; i < 1_000; i++) await exhaust();
    assert.equal(other.sandbox.engine.memoryBytes, before);
    const left = await instance.tryCall("forever", [], { fuel: 100 });
    other.sandbox.dispose();
    left.dispose();
  });
  test("that nobody holds any more is ended when it is collected", async () => {
    const before = sandbox.memoryPagesInUse;
    await (async () => {
      const instance = guest('(module (memory 9) (func (export "run") (loop (br 0))))');
      await instance.tryCall("run", [], { fuel: 100 });
      instance.dispose();
    })();
    assert.equal(sandbox.memoryPagesInUse, before + 9);
    for (let i = 0; i < 100 && sandbox.memoryPagesInUse !== before; i++) {
      collect();
      await sleep(5);
    }
    assert.equal(sandbox.memoryPagesInUse, before);
  });
});

describe("a deadline", () => {
  const ENDLESS = { fuel: 2n ** 64n - 1n };
  test("ends an endless loop, one that keeps calling an import, and one that waits", async () => {
    const { promise } = deferred();
    for (const [name, f] of [["forever"], ["ask", () => {}], ["ask", () => promise]]) {
      const instance = make(f);
      const args = name === "ask" ? [2 ** 31 - 1] : [];
      const begin = performance.now();
      const error = await rejectionOf(instance.call(name, args, { ...ENDLESS, deadline: begin + 30 }));
      assert.equal(error.name, "TimeoutError");
      assert.ok(performance.now() >= begin + 29, "not before");
      assert.equal(instance.exports.burn(1), 7);
    }
  });
  test("that has passed: the guest does not run", async () => {
    const instance = make();
    assert.equal((await rejectionOf(instance.call("ask", [1], { deadline: performance.now() }))).name, "TimeoutError");
    assert.equal(instance.exports.asked.value, 0);
  });
  test("that is never reached changes nothing", async () => {
    for (const deadline of [Infinity, performance.now() + 2 ** 40]) {
      assert.equal(await make(async () => {}).call("burn", [1], { deadline }), 7);
      await make(() => sleep(1)).call("ask", [2], { deadline });
    }
  });
  test("is a number", async () => {
    assert.ok((await rejectionOf(make().call("burn", [1], { deadline: "1" }))) instanceof TypeError);
    assert.ok((await rejectionOf(make().call("burn", [1], { deadline: NaN }))) instanceof RangeError);
  });
});

describe("a guest that only calls imports lets the event loop have its turn, too", () => {
  const imports = {
    "where they are synchronous": () => {},
    "where they return promises that are there at once": async () => {},
    "where they take long": () => {
      const end = performance.now() + 1;
      while (performance.now() < end);
    },
  };
  for (const [title, work] of Object.entries(imports)) {
    test(title, async () => {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort("turn"), 1);
      const patience = performance.now() + 10_000;
      const instance = make(() => {
        if (performance.now() > patience) throw new Error("the timer never fired");
        return work();
      });
      const options = { fuel: 2n ** 64n - 1n, slice: 2n ** 62n, signal: controller.signal };
      assert.equal(await rejectionOf(instance.call("ask", [2 ** 31 - 1], options)), "turn");
      clearTimeout(timer);
    });
  }
});

test("fuel is counted by the second version of the cost model", async () => {
  const { sandbox } = await workbench();
  assert.equal(sandbox.costsVersion, 4);
  const outcome = await make(() => {}).tryCall("burn", [1_000]);
  // The call; entered and a constant; 1,000 turns, each entered, of eight simple operators.
  assert.equal(outcome.fuelUsed, EXPORT_CALL + 2n + 1_000n * 9n);
  // One turn, of a host call and twelve simple operators.
  assert.equal((await make(() => {}).tryCall("ask", [1])).fuelUsed, EXPORT_CALL + 2n + HOST_CALL + 12n);
});

describe("tryCallSync", () => {
  test("says what a call came to and used", async () => {
    const instance = make();
    assert.deepEqual(instance.tryCallSync("burn", [1_000]), { status: "ok", value: 7, fuelUsed: await usedBy(instance, "burn", 1_000) });
    const trapped = instance.tryCallSync("trap");
    assert.deepEqual([trapped.status, trapped.trap.code, trapped.fuelUsed], ["trap", "unreachable", trapped.trap.fuelUsed]);
    const stopped = instance.tryCallSync("forever", [], { fuel: 1_000 });
    assert.deepEqual([stopped.status, stopped.trap.code], ["trap", "out-of-fuel"]);
    assert.ok(stopped.fuelUsed > 990n && stopped.fuelUsed <= 1_000n);
    assert.equal(instance.callSync("burn", [1]), 7);
  });
  test("throws what an import throws, also a trap of another call", () => {
    const inner = make();
    const instance = make(() => inner.exports.trap());
    assert.equal(thrownBy(() => instance.tryCallSync("ask", [1])).code, "unreachable");
  });
});

describe("callSync", () => {
  test("has fuel and a state of its own", () => {
    const seen = [];
    const instance = make(call((c) => void seen.push([c.state, c.fuel > 9_000n && c.fuel < 10_000n])));
    assert.equal(instance.callSync("burn", [100]), 7);
    const trap = thrownBy(() => instance.callSync("burn", [100_000], { fuel: 500 }));
    assert.deepEqual([trap.code, trap.fuelUsed > 400n && trap.fuelUsed <= 500n], ["out-of-fuel", true]);
    assert.equal(instance.callSync("ask", [1], { fuel: 10_000, state: 9 }), undefined);
    assert.deepEqual(seen, [[9, true]]);
  });
  test("throws what is wrong with it", () => {
    const instance = make(async () => {});
    assert.equal(thrownBy(() => instance.callSync("ask", [1])).code, "async-import");
    assert.equal(thrownBy(() => instance.callSync("nothing")).code, "export-not-found");
    assert.ok(thrownBy(() => instance.callSync("burn", [1], { fuel: -1 })) instanceof RangeError);
  });
  test("within a host call draws on that unless it has its own fuel", async () => {
    const burnt = await usedBy(make(), "burn", 100);
    const alone = await usedBy(make(), "ask", 3);
    for (const [options, drawn] of [
      [{}, 3n * burnt],
      [{ fuel: 10_000 }, 0n],
    ]) {
      const instance = make(() => void instance.callSync("burn", [100], options));
      assert.equal(await usedBy(instance, "ask", 3), alone + drawn);
    }
  });
});

describe("a charge", () => {
  test("is paid by the call", async () => {
    const alone = await usedBy(make(), "ask", 4);
    for (const f of [
      call((c) => {
        const before = c.fuel;
        c.charge(1_000);
        c.charge(0n);
        assert.equal(c.fuel, before - 1_000n);
      }),
      call(async (c) => {
        c.charge(400n);
        await sleep(1);
        c.charge(600);
      }),
    ]) {
      assert.equal(await usedBy(make(f), "ask", 4), alone + 4_000n);
    }
  });
  test("that cannot be paid takes all there is and is the trap of the call", async () => {
    for (const f of [call((c) => c.charge(30_000)), call(async (c) => (await sleep(1), c.charge(30_000)))]) {
      const instance = make(f);
      const outcome = await instance.tryCall("ask", [9], { fuel: 100_000 });
      assert.deepEqual([outcome.status, outcome.trap?.code, outcome.fuelUsed], ["trap", "out-of-fuel", 100_000n]);
      assert.equal(instance.exports.asked.value, 3);
      assert.equal((await rejectionOf(instance.call("ask", [9], { fuel: 100_000 }))).code, "out-of-fuel");
    }
    const instance = make(call((c) => c.charge(30_000)));
    assert.equal(thrownBy(() => instance.callSync("ask", [9], { fuel: 100_000 })).code, "out-of-fuel");
  });
  test("whose trap is caught leaves the guest without fuel", async () => {
    const instance = make(call((c) => void thrownBy(() => c.charge(2n ** 64n - 1n))));
    const outcome = await instance.tryCall("ask", [9]);
    assert.equal(outcome.status, "out-of-fuel");
    outcome.dispose();
  });
  test("in a nested call is drawn on the outermost", async () => {
    const alone = await usedBy(make(), "ask", 1);
    const inner = make(call((c) => c.charge(5_000)));
    for (const f of [() => inner.exports.ask(1), () => inner.call("ask", [1])]) {
      assert.equal(await usedBy(make(f), "ask", 1), 2n * alone + 5_000n);
    }
  });
  test("counts in the slices of the call", async () => {
    const instance = make(call((c) => c.charge(1_000)));
    let turns = 0;
    let next = setImmediate(function turn() {
      turns++;
      next = setImmediate(turn);
    });
    await instance.call("ask", [650], { slice: 1_000 });
    clearImmediate(next);
    // After 64 slices the event loop gets its turn, however little time they took.
    assert.ok(turns >= 10, `${turns} turns`);
  });
  test("by an outer import while a nested one is served is the outer call's", async () => {
    const alone = await usedBy(make(), "ask", 1);
    let outer;
    const inner = make(() => outer.charge(700));
    const instance = make(
      call((c) => {
        outer = c;
        assert.equal(inner.callSync("ask", [1], { fuel: 1_000 }), undefined);
      }),
    );
    assert.equal(await usedBy(instance, "ask", 1), alone + 700n);
  });
  test("after the import has returned is refused, and so is a wrong amount", async () => {
    let context;
    const instance = make(
      call((c) => {
        context = c;
        for (const wrong of [-1, 0.5, NaN, 2n ** 64n]) assert.throws(() => c.charge(wrong), RangeError);
        assert.throws(() => c.charge("1"), TypeError);
      }),
    );
    instance.exports.ask(1);
    for (const use of [() => context.charge(1), () => context.fuel]) {
      const error = thrownBy(use);
      assert.deepEqual([error instanceof InvokeError, error.code], [true, "call-over"]);
    }
    assert.equal(context.guest, instance);
  });
});

describe("the fuel of calls nested in one that is awaited", () => {
  test("is drawn on the outermost, so that waiting refills nothing", async () => {
    const small = await workbench({ limits: { fuel: 100_000 } });
    let calls = 0;
    const inner = small.guest(GUEST, { e: { f: () => {} } });
    const outer = small.guest(GUEST, {
      e: {
        f: () => {
          if (++calls > 1_000) throw new Error("somebody refills");
          return inner.call("burn", [1_000]);
        },
      },
    });
    const trap = await rejectionOf(outer.call("ask", [2 ** 31 - 1]));
    assert.equal(trap.code, "out-of-fuel");
    assert.ok(calls > 5 && calls < 100, `${calls} calls`);
  });
  test("is used by several at once, each of which says what it used itself", async () => {
    const burnt = await usedBy(make(), "burn", 30_000);
    const alone = await usedBy(make(), "ask", 1);
    let used;
    const inner = make(undefined, { overlapping: "allow" });
    const instance = make(async () => {
      const outcomes = await Promise.all([1, 2, 3].map(() => inner.tryCall("burn", [30_000], { slice: 1_000 })));
      used = outcomes.map(({ fuelUsed }) => fuelUsed);
    });
    assert.equal(await usedBy(instance, "ask", 1), alone + 3n * burnt);
    assert.deepEqual(used, [burnt, burnt, burnt]);
  });
  test("may be more than they began with, where a nested one went on with more", async () => {
    const burnt = await usedBy(make(), "burn", 30_000);
    const alone = await usedBy(make(), "ask", 1);
    const inner = make();
    const instance = make(async () => {
      const outcome = await inner.tryCall("burn", [30_000]);
      assert.deepEqual([outcome.status, (await outcome.resume(1_000_000n)).fuelUsed], ["out-of-fuel", burnt]);
    });
    const { status, fuelUsed } = await instance.tryCall("ask", [1], { fuel: 1_000n });
    assert.deepEqual([status, fuelUsed], ["ok", alone + burnt]);
  });
  test("is that of the whole call, not of its slice", async () => {
    const instance = make(() => void instance.exports.burn(10_000));
    assert.equal((await instance.tryCall("ask", [2], { slice: 100 })).status, "ok");
  });
});

describe("limits of a guest", () => {
  test("fuel is that of its outermost calls and of its start function", async () => {
    const instance = make(undefined, { fuel: 2_000 });
    for (const trap of [
      thrownBy(() => instance.exports.forever()),
      await rejectionOf(instance.call("forever")),
      thrownBy(() => instance.callSync("forever")),
    ]) {
      assert.equal(trap.code, "out-of-fuel");
      assert.ok(trap.fuelUsed > 1_900n && trap.fuelUsed <= 2_000n, `${trap.fuelUsed}`);
    }
    assert.equal(instance.callSync("burn", [5_000], { fuel: 10n ** 6n }), 7, "more may be given to a call");
    const module = sandbox.compile(wat("(module (func $s (loop (br 0))) (start $s))"));
    for (const fuel of [500, 10n ** 5n]) {
      for (const trap of [thrownBy(() => module.instantiate({}, { fuel })), await rejectionOf(module.instantiateAsync({}, { fuel }))]) {
        assert.ok(trap.fuelUsed <= BigInt(fuel) && trap.fuelUsed > BigInt(fuel) - 50n, `${trap.fuelUsed}`);
      }
    }
    // Nested in another's call it draws on that.
    const outer = make(() => instance.exports.burn(5_000));
    assert.equal((await outer.tryCall("ask", [3], { fuel: 10n ** 6n })).status, "ok", "each is given more than its own");
  });
  test("maxMemoryPages: all its memories together, as many as it says, not one more", () => {
    const text = `(module (memory (export "m") 2) (memory 1)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;
    const error = thrownBy(() => guest(text, {}, { maxMemoryPages: 2 }));
    assert.equal(error.code, "limit");
    assert.match(error.message, /`maxMemoryPages` is 2, 3 requested; raise it where the guest is made$/);
    const { grow, m } = guest(text, {}, { maxMemoryPages: 5 }).exports;
    assert.deepEqual([grow(3), grow(2), grow(1)], [-1, 2, -1]);
    assert.equal(m.grow(1), 4, "JavaScript's own growth is another matter");
  });
  test("maxCallDepth: how deep its host calls may be nested", () => {
    for (const maxCallDepth of [0, 1, 5]) {
      const instance = guest(
        `(module (import "e" "down" (func $down (param i32) (result i32))) (func (export "run") (param i32) (result i32)
          (if (result i32) (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7)))))`,
        { e: { down: (n) => instance.exports.run(n) } },
        { maxCallDepth },
      );
      assert.equal(instance.exports.run(maxCallDepth), 7);
      const trap = thrownBy(() => instance.exports.run(maxCallDepth + 1));
      assert.equal(trap.code, "nesting-too-deep");
      const numbers = `the limit \`maxCallDepth\` is ${maxCallDepth}, ${maxCallDepth + 1} requested; raise it where the guest is made`;
      assert.ok(trap.message.endsWith(numbers), trap.message);
    }
  });
  test("are checked before the guest is made", () => {
    for (const options of [{ fuel: -1 }, { maxMemoryPages: -1 }, { maxMemoryPages: 1.5 }, { maxCallDepth: 2 ** 32 }]) {
      assert.ok(thrownBy(() => make(undefined, options)) instanceof RangeError);
    }
    for (const options of [{ fuel: "1" }, { maxMemoryPages: 1n }, { maxCallDepth: null }]) {
      assert.ok(thrownBy(() => make(undefined, options)) instanceof TypeError);
    }
  });
});
