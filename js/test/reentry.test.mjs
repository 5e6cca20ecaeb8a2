// Re-entry: a callback may use the sandbox as it likes while its guest is paused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposedError, InvokeError, Trap, call } from "guestbox";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

/** `run(n)` calls the import with n - 1 until n is 0, and adds up on the way back. */
const DESCENDS = `(module (import "e" "down" (func $down (param i32) (result i32)))
  (func (export "run") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 0) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0)))))`;
const CALLS = '(module (import "e" "f" (func $f)) (func (export "run") (result i32) call $f (i32.const 7)))';

describe("a callback calls", () => {
  test("its own guest, whose locals stay what they are", () => {
    const instance = guest(DESCENDS, { e: { down: (n) => instance.exports.run(n) } });
    assert.equal(instance.exports.run(20), 210);
  });
  test("its own guest through the context of the call", () => {
    const instance = guest(DESCENDS, { e: { down: call((c, n) => c.guest.exports.run(n)) } });
    assert.equal(instance.exports.run(20), 210);
  });
  test("another guest, which calls back into the first", () => {
    const one = guest(DESCENDS, { e: { down: (n) => other.exports.run(n) } });
    const other = guest(DESCENDS, { e: { down: (n) => one.exports.run(n) } });
    assert.equal(one.exports.run(20), 210);
  });
  test("its own guest, in a call that is awaited", async () => {
    const instance = guest(DESCENDS, { e: { down: (n) => instance.exports.run(n) } });
    assert.equal(await instance.call("run", [20]), 210);
  });
});

describe("the depth of nesting", () => {
  const descending = () => {
    const instance = guest(DESCENDS, { e: { down: (n) => instance.exports.run(n) } });
    return instance;
  };
  test("32 levels are served, the 33rd is a Trap that comes through all of them", () => {
    const { run } = descending().exports;
    assert.equal(run(32), 528);
    const trap = thrownBy(() => run(33));
    assert.ok(trap instanceof Trap, String(trap));
    assert.equal(trap.code, "nesting-too-deep");
    assert.equal(run(32), 528);
  });
  test("a callback may catch it and go on", () => {
    const instance = guest(DESCENDS, {
      e: {
        down(n) {
          try {
            return instance.exports.run(n);
          } catch {
            return 1_000_000;
          }
        },
      },
    });
    assert.ok(instance.exports.run(40) > 1_000_000);
    assert.equal(instance.exports.run(20), 210);
  });
  test("it is a limit of the sandbox, and the stack has room for four times as many", async () => {
    const shallow = await workbench({ limits: { nesting: 2 } });
    const one = shallow.guest(DESCENDS, { e: { down: (n) => one.exports.run(n) } });
    assert.equal(one.exports.run(2), 3);
    const trap = thrownBy(() => one.exports.run(3));
    assert.equal(trap.code, "nesting-too-deep");
    assert.match(trap.message, /: the limit `nesting` is 2, 3 requested; raise it in `limits`$/);
    const deep = await workbench({ limits: { nesting: 200 } });
    const other = deep.guest(DESCENDS, { e: { down: (n) => other.exports.run(n) } });
    assert.equal(other.exports.run(128), 8_256);
  });
  test("it counts through start functions: a guest whose start makes a guest whose start...", () => {
    const module = sandbox.compile(wat('(module (import "e" "f" (func $f)) (start $f))'));
    let depth = 0;
    const imports = {
      e: {
        f: () => {
          depth++;
          module.instantiate(imports);
        },
      },
    };
    const trap = thrownBy(() => module.instantiate(imports));
    assert.ok(trap instanceof Trap, String(trap));
    assert.equal(trap.code, "nesting-too-deep");
    assert.equal(depth, 32);
  });
  test("calls that wait for a promise are not nested in each other, but those before are", async () => {
    const instance = guest(DESCENDS, { e: { down: (n) => instance.call("run", [n]) } });
    const trap = await rejectionOf(instance.call("run", [40]));
    assert.equal(trap.code, "nesting-too-deep");
    const waiting = guest(
      DESCENDS,
      {
        e: {
          async down(n) {
            await null;
            return waiting.call("run", [n]);
          },
        },
      },
      { overlapping: "allow" },
    );
    assert.equal(await waiting.call("run", [40]), 820);
    const down = call(async (c, n) => {
      await null;
      return c.call("run", [n]);
    });
    const nested = guest(DESCENDS, { e: { down } });
    assert.equal((await rejectionOf(nested.call("run", [40]))).code, "nesting-too-deep");
    assert.equal(await nested.call("run", [20]), 210);
  });
});

describe("fuel", () => {
  // Each round costs the same; without a bound it would go on until the depth is reached.
  test("is never refilled by re-entry", async () => {
    const small = await workbench({ limits: { fuel: 10_000, nesting: 100 } });
    let calls = 0;
    const instance = small.guest(
      `(module (import "e" "f" (func $f))
        (func (export "run") (local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
          (br_if 0 (i32.lt_u (local.get 0) (i32.const 100)))) (call $f)))`,
      {
        e: {
          f: () => {
            calls++;
            instance.exports.run();
          },
        },
      },
    );
    const trap = thrownBy(() => instance.exports.run());
    assert.equal(trap.code, "out-of-fuel");
    assert.ok(calls > 1 && calls < 40, `${calls} calls on fuel for about 20`);
  });
  test("that a nested call was given explicitly does not become its caller's", async () => {
    const small = await workbench({ limits: { fuel: 5_000, instances: 100_000 } });
    const starting = small.sandbox.compile(wat("(module (func $s (drop (i32.const 1))) (start $s))"));
    const callee = small.guest('(module (func (export "run")))');
    for (const nested of [() => starting.instantiateAsync({}, { fuel: 10n ** 9n }), () => callee.call("run", [], { fuel: 10n ** 9n })]) {
      let rounds = 0;
      const instance = small.guest('(module (import "e" "f" (func $f)) (func (export "run") (loop call $f (br 0))))', {
        e: {
          f: () => {
            if (++rounds > 5_000) throw new Error("the caller was refuelled");
            void nested();
          },
        },
      });
      assert.equal(thrownBy(() => instance.exports.run()).code, "out-of-fuel");
      assert.ok(rounds > 10);
    }
  });
  test("a caller pays for the calls nested in it", async () => {
    const small = await workbench({ limits: { fuel: 100_000 } });
    const spender = small.guest(
      '(module (func (export "spend") (param i32) (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))))',
    );
    let rounds = 0;
    const instance = small.guest('(module (import "e" "f" (func $f)) (func (export "run") (loop call $f (br 0))))', {
      e: {
        f: () => {
          rounds++;
          spender.exports.spend(1_000);
        },
      },
    });
    const trap = thrownBy(() => instance.exports.run());
    assert.equal(trap.code, "out-of-fuel");
    assert.ok(rounds > 5 && rounds < 60, `${rounds} rounds`);
    spender.exports.spend(1_000);
  });
});

describe("a callback tears down", () => {
  test("the running guest: its call finishes, the guest is gone, its memory is freed", () => {
    const before = sandbox.memoryPagesInUse;
    const instance = guest(
      `(module (import "e" "f" (func $f)) (memory (export "memory") 5)
        (func (export "run") (result i32) (i32.store8 (i32.const 9) (i32.const 3)) (call $f)
          (drop (memory.grow (i32.const 1))) (i32.load8_u (i32.const 9))))`,
      { e: { f: () => instance.dispose() } },
    );
    const { run, memory } = instance.exports;
    assert.equal(run(), 3);
    assert.throws(run, DisposedError);
    assert.throws(() => memory.size, DisposedError);
    sandbox.memory({ initial: 0 }).dispose();
    assert.equal(sandbox.memoryPagesInUse, before);
  });
  test("the running guest, after which its other host calls are still served", () => {
    const seen = [];
    const instance = guest(
      '(module (import "e" "f" (func $f (param i32))) (memory (export "memory") 1) (func (export "run") (call $f (i32.const 1)) (call $f (i32.const 2))))',
      {
        e: {
          f: call((c, n) => {
            seen.push(n);
            c.guest.dispose();
          }),
        },
      },
    );
    instance.exports.run();
    assert.deepEqual(seen, [1, 2]);
  });
  test("the running guest, from two levels deep", () => {
    const instance = guest(DESCENDS, { e: { down: (n) => (n === 0 ? (instance.dispose(), 0) : instance.exports.run(n)) } });
    assert.equal(instance.exports.run(5), 15);
    assert.throws(() => instance.exports, DisposedError);
  });
  test("another guest, the module, and the memory that its guest imports", () => {
    const memory = sandbox.memory({ initial: 1 });
    const module = sandbox.compile(
      wat(
        '(module (import "e" "f" (func $f)) (import "e" "m" (memory 1)) (func (export "run") (result i32) (call $f) (i32.load8_u (i32.const 0))))',
      ),
    );
    const other = guest("(module)");
    const instance = module.instantiate({
      e: {
        m: memory,
        f: () => {
          memory.write(0, Uint8Array.of(9));
          other.dispose();
          module.dispose();
          memory.dispose();
        },
      },
    });
    assert.equal(instance.exports.run(), 9);
    assert.equal(instance.exports.run.length, 0);
    assert.throws(() => memory.size, DisposedError);
    assert.throws(() => module.instantiate(), DisposedError);
  });
  test("the whole sandbox: the call ends with a DisposedError", async () => {
    for (const calling of [(instance) => thrownBy(() => instance.exports.run()), (instance) => rejectionOf(instance.call("run"))]) {
      const own = await workbench();
      const instance = own.guest(CALLS, { e: { f: () => own.sandbox.dispose() } });
      const error = await calling(instance);
      assert.ok(error instanceof DisposedError, String(error));
      assert.equal(error.code, "sandbox");
    }
  });
  test("the whole sandbox, and rejects: the call does so with the same error", async () => {
    const own = await workbench();
    const mine = new Error("mine");
    const instance = own.guest(CALLS, {
      e: {
        f: async () => {
          own.sandbox.dispose();
          throw mine;
        },
      },
    });
    assert.equal(await rejectionOf(instance.call("run")), mine);
  });
});

describe("a callback makes", () => {
  test("modules, guests and memories, and the paused guest goes on unharmed", () => {
    const instance = guest(CALLS, {
      e: {
        f: () => {
          const memory = sandbox.memory({ initial: 20 });
          const made = Array.from({ length: 10 }, () =>
            guest('(module (import "e" "m" (memory 1)) (func (export "run") (result i32) (i32.const 1)))', { e: { m: memory } }),
          );
          assert.equal(
            made.reduce((sum, { exports }) => sum + exports.run(), 0),
            10,
          );
          for (const one of made) one.dispose();
          memory.dispose();
        },
      },
    });
    assert.equal(instance.exports.run(), 7);
  });
});

describe("from a start function", () => {
  const STARTS = '(module (import "e" "f" (func $f)) (global (export "g") i32 (i32.const 5)) (start $f))';

  test("other guests can be called", () => {
    const other = guest(CALLS, { e: { f: () => {} } });
    let result;
    guest(STARTS, { e: { f: () => void (result = other.exports.run()) } });
    assert.equal(result, 7);
  });
  test("the guest itself cannot yet: it has not started", async () => {
    const errors = [];
    const f = call((c) => void errors.push(thrownBy(() => c.guest.exports)));
    const instance = guest(STARTS, { e: { f } });
    assert.ok(errors[0] instanceof InvokeError, String(errors[0]));
    assert.equal(errors[0].code, "not-started");
    assert.equal(instance.exports.g.value, 5);
    let early;
    const starting = sandbox.compile(wat(STARTS)).instantiateAsync({
      e: {
        f: call(async (c) => {
          early = c.guest.call("g");
        }),
      },
    });
    assert.equal((await rejectionOf(early)).code, "not-started");
    await starting;
  });
  test("the guest can be disposed of: it is gone when its start function has returned", () => {
    const before = sandbox.memoryPagesInUse;
    let finished = 0;
    const instance = guest(
      '(module (import "e" "f" (func $f (param i32))) (memory 4) (func $s (call $f (i32.const 1)) (call $f (i32.const 2))) (start $s))',
      {
        e: {
          f: call((c, n) => {
            finished = n;
            c.guest.dispose();
          }),
        },
      },
    );
    assert.equal(finished, 2);
    assert.throws(() => instance.exports, DisposedError);
    assert.equal(sandbox.memoryPagesInUse, before);
  });
});
