// Durable calls: guests are parked as bytes, and go on in another sandbox where they were.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposedError, InstantiateError, InvokeError, ParkError, Sandbox, SnapshotError, Trap, UnparkError, call } from "guestbox";
import { deferred, rejectionOf, thrownBy, wat } from "./wat.mjs";

const here = await Sandbox.load();
const there = await Sandbox.load();

// Asks n times, with what it has in its memory, and keeps the answers there and in a global.
const ASKER = `(module (import "env" "ask" (func $ask (param i32) (result i32)))
  (memory (export "memory") 1 9) (global $sum (export "sum") (mut i32) (i32.const 5))
  (func $run (export "run") (param $n i32) (result i32)
    (loop $again
      (global.set $sum (i32.add (global.get $sum) (call $ask (i32.load (i32.const 64)))))
      (i32.store (i32.const 64) (global.get $sum))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (global.get $sum))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func $deep (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
      (else (unreachable))))
  (func $fail (export "fail") (param i32) (result i32) (call $deep (local.get 0)))
  (func (export "spin") (param i32) (result i32) (local $n i32)
    (loop $again
      (i32.store (i32.const 128) (local.tee $n (i32.add (local.get $n) (i32.const 1))))
      (br_if $again (i32.lt_u (local.get $n) (local.get 0))))
    (i32.load (i32.const 128))))`;
const asker = wat(ASKER, { write_debug_names: true });
const journal = { journal: true };

/** A guest of the asker's module that is recorded. */
const recorded = (imports, options = journal, sandbox = here) => sandbox.compile(asker).instantiate(imports, options);
const asking = (ask) => ({ env: { ask } });

/** Unparks bytes in another sandbox. */
const unpark = (bytes, imports, options = journal, sandbox = there) =>
  sandbox.compile(asker).unpark(imports, sandbox.parked(bytes), options);

/** A call of `run(3)` that was parked as it asked for the nth time, and never went on. */
async function parkedAt(nth, options) {
  let bytes;
  let asked = 0;
  const guest = recorded(
    asking((n) => {
      if (++asked < nth) return n + 1;
      bytes = guest.park().bytes;
      throw new Error("gone");
    }),
    options,
  );
  assert.match((await rejectionOf(guest.call("run", [3]))).message, /^gone$/);
  guest.dispose();
  return bytes;
}

const rejects = async (promise, ErrorClass, code) => {
  const error = await rejectionOf(promise);
  assert.ok(error instanceof ErrorClass, String(error));
  assert.equal(error.code, code, error.message);
  return error;
};
const throws = (act, ErrorClass, code) => {
  const error = thrownBy(act);
  assert.ok(error instanceof ErrorClass, String(error));
  assert.equal(error.code, code, error.message);
  return error;
};

describe("a call that waits for an import", () => {
  test("goes on elsewhere, to the same end and with the same fuel", async () => {
    const whole = await recorded(asking((n) => n + 1)).tryCall("run", [3]);
    assert.equal(whole.status, "ok");
    for (const nth of [1, 2, 3]) {
      const bytes = await parkedAt(nth);
      const numbers = [];
      const imports = asking(
        call((c, n) => {
          numbers.push(c.number);
          return n + 1;
        }),
      );
      const { guest, calls, trap } = await unpark(bytes, imports);
      assert.equal(trap, undefined);
      assert.equal(calls.length, 1);
      assert.equal(calls[0].name, "run");
      assert.deepEqual(calls[0].waitsFor, { kind: "host-call", module: "env", name: "ask", number: nth });
      assert.deepEqual(await calls[0].tryProceed(), whole);
      assert.deepEqual(
        numbers,
        [1, 2, 3].filter((number) => number >= nth),
      );
      assert.equal(guest.exports.load(64), whole.value);
      assert.equal(guest.exports.sum.value, whole.value);
    }
  });

  test("is parked while its promise is pending, too, and hops as often as one likes", async () => {
    const whole = await recorded(asking((n) => n + 1)).call("run", [20]);
    let home = recorded(asking(() => new Promise(() => {})));
    void home.call("run", [20]).catch(() => {});
    let { bytes } = home.park();
    home.dispose();
    for (let hop = 0; ; hop++) {
      let asked = 0;
      const sandbox = hop % 2 === 0 ? there : here;
      const { guest, calls } = await unpark(
        bytes,
        asking((n) => (asked++ === 0 ? n + 1 : new Promise(() => {}))),
        journal,
        sandbox,
      );
      if (hop === 19) {
        assert.equal(await calls[0].proceed(), whole);
        break;
      }
      void calls[0].proceed().catch(() => {});
      bytes = guest.park().bytes;
      const [waits] = sandbox.parked(bytes).waiting;
      assert.equal(waits.number, hop + 2);
      guest.dispose();
    }
  });

  test("has what its imports wrote, set and grew", async () => {
    const changing = (act) => {
      let asked = 0;
      return call((c, n) => {
        act(c, ++asked);
        return n + 1;
      });
    };
    const act = (c, asked) => {
      c.memory.write(1_000 + asked, Uint8Array.of(asked, 2, 3));
      c.memory.writeString(2_000 * asked, "é!");
      c.memory.grow(1);
      c.memory.write(65_536 * (asked + 1) - 1, Uint8Array.of(asked));
      c.guest.exports.sum.value += 100;
    };
    const whole = recorded(asking(changing(act)));
    const expected = await whole.tryCall("run", [3]);
    let bytes;
    const guest = recorded(
      asking(
        changing((c, asked) => {
          if (asked === 3) ({ bytes } = c.guest.park());
          act(c, asked);
          // What is done after is not in the bytes.
          if (asked === 3) c.memory.write(1_000, new Uint8Array(100));
        }),
      ),
    );
    await guest.call("run", [3]);
    let asked = 2;
    const again = await unpark(bytes, asking(call((c, n) => (act(c, ++asked), n + 1))));
    assert.deepEqual(await again.calls[0].tryProceed(), expected);
    const size = whole.exports.memory.byteLength;
    assert.equal(again.guest.exports.memory.byteLength, size);
    assert.deepEqual(again.guest.exports.memory.read(0, size), whole.exports.memory.read(0, size));
  });

  test("can be given up, and its guest called anew", async () => {
    const { guest, calls } = await unpark(
      await parkedAt(2),
      asking((n) => n + 1),
    );
    await rejects(guest.call("load", [64]), InvokeError, "busy");
    calls[0].abort();
    calls[0].abort();
    await rejects(calls[0].proceed(), InvokeError, "call-over");
    assert.equal(guest.exports.load(64), 6);
    assert.equal(guest.exports.run(1), 13);
  });

  test("throws what its import throws, and can be aborted as any call", async () => {
    const bytes = await parkedAt(2);
    const reason = new Error("no");
    const failing = await unpark(
      bytes,
      asking(() => {
        throw reason;
      }),
    );
    assert.equal(await rejectionOf(failing.calls[0].proceed()), reason);
    const waiting = await unpark(
      bytes,
      asking(() => new Promise(() => {})),
    );
    const controller = new AbortController();
    const call = waiting.calls[0].proceed({ signal: controller.signal });
    controller.abort(reason);
    assert.equal(await rejectionOf(call), reason);
    const late = await unpark(
      bytes,
      asking(() => new Promise(() => {})),
    );
    assert.equal((await rejectionOf(late.calls[0].proceed({ timeout: 10 }))).name, "TimeoutError");
    assert.equal(late.guest.exports.load(64), 6);
  });
});

describe("a call that is out of fuel", () => {
  test("goes on elsewhere with more", async () => {
    const guest = recorded(asking(() => 0));
    const whole = await guest.tryCall("spin", [5_000]);
    const first = recorded(asking(() => 0));
    const paused = await first.tryCall("spin", [5_000], { fuel: whole.fuelUsed / 2n });
    const parked = first.park();
    assert.deepEqual(parked.waiting, [{ kind: "fuel" }]);
    assert.equal(parked.fuel, paused.fuelUsed);
    const { calls } = await unpark(
      parked.bytes,
      asking(() => 0),
    );
    assert.deepEqual(calls[0].waitsFor, { kind: "fuel" });
    assert.equal(calls[0].fuelUsed, paused.fuelUsed);
    const more = await calls[0].tryProceed();
    assert.equal(more.status, "out-of-fuel");
    assert.deepEqual(await more.resume(whole.fuelUsed), whole);
    // It went on here, too.
    assert.deepEqual(await paused.resume(whole.fuelUsed), whole);
    const again = await unpark(
      parked.bytes,
      asking(() => 0),
    );
    assert.deepEqual(await again.calls[0].tryProceed({ fuel: whole.fuelUsed }), whole);
    await rejects(again.calls[0].tryProceed({ fuel: -1 }), RangeError);
  });
});

describe("calls that are nested", () => {
  // The first call's import calls the guest.
  const nesting = (park) =>
    asking(
      call(async (c, n) => {
        if (c.number !== 1) return park === undefined ? n + 1 : park(c, n);
        return (await c.call("run", [2])) + 1;
      }),
    );

  test("are parked together: the innermost goes on first, and its import is called again", async () => {
    const whole = await recorded(nesting()).tryCall("run", [2]);
    let bytes;
    const guest = recorded(
      nesting((c, n) => {
        if (c.number === 3) ({ bytes } = c.guest.park());
        return n + 1;
      }),
    );
    assert.deepEqual(await guest.tryCall("run", [2]), whole);
    const { calls, guest: again } = await unpark(bytes, nesting());
    assert.deepEqual(
      calls.map(({ name, waitsFor }) => [name, waitsFor.number]),
      [
        ["run", 1],
        ["run", 3],
      ],
    );
    await rejects(calls[0].proceed(), InvokeError, "busy");
    const inner = await calls[1].proceed();
    assert.equal(again.exports.sum.value, inner);
    // The outer import is called again, and calls again.
    assert.equal((await calls[0].tryProceed()).status, "ok");
    assert.equal(again.exports.load(64), again.exports.sum.value);
  });

  test("may overlap where the guest says so", async () => {
    const options = { journal: true, overlapping: "allow" };
    const guest = recorded(
      asking(() => new Promise(() => {})),
      options,
    );
    for (const n of [1, 2, 3]) void guest.call("run", [n]).catch(() => {});
    const { bytes } = guest.park();
    await rejects(
      unpark(
        bytes,
        asking((n) => n + 1),
      ),
      UnparkError,
      "diverged",
    );
    const { calls } = await unpark(
      bytes,
      asking((n) => n + 1),
      options,
    );
    const ends = [calls[1].proceed(), calls[2].proceed(), calls[0].proceed()];
    assert.equal((await Promise.all(ends)).length, 3);
  });
});

describe("a start function", () => {
  const STARTING = wat(`(module (import "env" "ask" (func $ask (param i32) (result i32))) (memory (export "memory") 1)
    (start $s) (func $s (i32.store (i32.const 0) (call $ask (call $ask (i32.const 1)))))
    (func (export "get") (result i32) (i32.load (i32.const 0))))`);

  test("is parked by its import, and goes on as the first of the calls", async () => {
    for (const isAsync of [false, true]) {
      let bytes;
      const imports = asking(
        call((c, n) => {
          if (n === 11) ({ bytes } = c.guest.park());
          return n + 10;
        }),
      );
      const module = here.compile(STARTING);
      const guest = isAsync ? await module.instantiateAsync(imports, journal) : module.instantiate(imports, journal);
      assert.equal(guest.exports.get(), 21);
      const parked = there.parked(bytes);
      const other = there.compile(STARTING);
      const unparked = await other.unpark(
        asking((n) => n + 10),
        parked,
        journal,
      );
      const [start] = unparked.calls;
      assert.deepEqual([start.name, start.waitsFor.number], [undefined, 2]);
      throws(() => unparked.guest.exports, InvokeError, "not-started");
      assert.deepEqual(unparked.guest.park().bytes, bytes);
      assert.equal(await start.proceed(), undefined);
      assert.equal(unparked.guest.exports.get(), 21);
      assert.deepEqual(unparked.guest.park().waiting, []);
      // One that does not come to its end has no guest.
      const given = await other.unpark(
        asking((n) => n + 10),
        parked,
        journal,
      );
      given.calls[0].abort();
      throws(() => given.guest.exports, DisposedError, "torn-down");
    }
  });
});

describe("a guest without calls", () => {
  test("is parked as it is, from a moment or from its birth", async () => {
    const guest = recorded(
      asking((n) => n + 1),
      {},
    );
    throws(() => guest.park(), ParkError, "not-recorded");
    guest.exports.run(2);
    guest.record();
    guest.exports.run(1);
    const { bytes } = guest.park();
    const again = await unpark(
      bytes,
      asking((n) => n + 1),
    );
    assert.deepEqual(again.calls, []);
    assert.equal(again.guest.exports.sum.value, guest.exports.sum.value);
    assert.deepEqual(again.guest.snapshot().bytes, guest.snapshot().bytes);
    // Recorded anew it has no calls to do again.
    again.guest.record();
    assert.equal(again.guest.park().fuel, 0n);
    const snapshot = again.guest.snapshot();
    again.guest.exports.run(1);
    assert.ok(again.guest.park().fuel > 0n);
    again.guest.restore(snapshot);
    assert.equal(again.guest.park().fuel, 0n);
    const copy = there.compile(asker).instantiate(
      asking((n) => n + 1),
      { snapshot, journal: true },
    );
    assert.deepEqual((await unpark(copy.park().bytes, {}, {}).catch((error) => error)).code, "import");
    assert.equal(
      (
        await unpark(
          copy.park().bytes,
          asking(() => 0),
        )
      ).guest.exports.sum.value,
      copy.exports.sum.value,
    );
  });

  test("that is not recorded further cannot be parked, and its host calls have no numbers", async () => {
    let number = 0;
    const { guest, calls } = await unpark(await parkedAt(1), asking(call((c, n) => ((number = c.number), n))), {});
    throws(() => guest.park(), ParkError, "not-recorded");
    await calls[0].proceed();
    assert.equal(number, undefined);
  });

  test("is not recorded while a call is under way, and may be later", async () => {
    const { promise, resolve } = deferred();
    const guest = recorded(
      asking(() => promise),
      {},
    );
    const asked = guest.call("run", [1]);
    throws(() => guest.record(), SnapshotError, "busy");
    resolve(1);
    await asked;
    guest.record();
    assert.deepEqual(guest.park().waiting, []);
  });
});

describe("a trap", () => {
  test("is looked at on a desk, with the frames that it did not have where it was", async () => {
    const guest = recorded(asking(() => 0));
    const trap = thrownBy(() => guest.exports.fail(3));
    assert.deepEqual([trap.code, trap.frames.length], ["unreachable", 0]);
    const { bytes } = guest.park();
    const module = there.compile(asker, { frames: true });
    const found = await module.unpark(
      asking(() => 0),
      there.parked(bytes),
    );
    assert.ok(found.trap instanceof Trap);
    assert.deepEqual([found.trap.code, found.trap.fuelUsed], [trap.code, trap.fuelUsed]);
    assert.deepEqual(
      found.trap.frames.map(({ name }) => name),
      ["deep", "deep", "deep", "deep", "fail"],
    );
    assert.deepEqual(found.endedAt, found.trap.frames);
    assert.match(found.trap.stack, /deep/);
    assert.deepEqual(found.calls, []);
  });

  test("of an import has a place, too", async () => {
    const guest = recorded(
      asking(() => {
        throw new Error("no");
      }),
    );
    thrownBy(() => guest.exports.run(1));
    const module = there.compile(asker, { frames: true });
    const found = await module.unpark(
      asking(() => 0),
      there.parked(guest.park().bytes),
    );
    assert.equal(found.trap, undefined);
    assert.deepEqual(
      found.endedAt.map(({ name }) => name),
      ["run"],
    );
  });

  test("of a call that waits: where it is", async () => {
    const module = there.compile(asker, { frames: true });
    const { calls } = await module.unpark(
      asking(() => 0),
      there.parked(await parkedAt(2)),
    );
    assert.deepEqual(
      calls[0].frames.map(({ name }) => name),
      ["run"],
    );
    calls[0].abort();
    assert.equal(calls[0].frames.length, 0);
  });
});

describe("a replay", () => {
  test("is sliced, and ended by signal and deadline; the sandbox stays as it was", async () => {
    const sandbox = await Sandbox.load({ limits: { fuel: 10n ** 12n, replayFuel: 10n ** 12n } });
    const module = sandbox.compile(asker);
    const guest = module.instantiate(
      asking(() => 0),
      journal,
    );
    await guest.tryCall("spin", [2 ** 31], { fuel: 400_000_000n });
    const parked = guest.park();
    const pages = sandbox.memoryPagesInUse;
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const reason = new Error("enough");
    assert.equal(
      await rejectionOf(
        module.unpark(
          asking(() => 0),
          parked,
          { signal: AbortSignal.abort(reason) },
        ),
      ),
      reason,
    );
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 30);
    assert.equal(
      await rejectionOf(
        module.unpark(
          asking(() => 0),
          parked,
          { signal: controller.signal },
        ),
      ),
      reason,
    );
    assert.equal(
      (
        await rejectionOf(
          module.unpark(
            asking(() => 0),
            parked,
            { timeout: 30 },
          ),
        )
      ).name,
      "TimeoutError",
    );
    clearInterval(timer);
    assert.ok(turns > 3, `${turns} turns of the event loop`);
    assert.equal(sandbox.memoryPagesInUse, pages);
    const controller2 = new AbortController();
    const unparking = rejectionOf(
      module.unpark(
        asking(() => 0),
        parked,
        { signal: controller2.signal },
      ),
    );
    sandbox.dispose();
    assert.ok((await unparking) instanceof DisposedError);
  });

  test("has its limits", async () => {
    const bytes = await parkedAt(3);
    const few = await Sandbox.load({ limits: { parkedBytes: 100 } });
    const error = throws(() => few.parked(bytes), UnparkError, "limit");
    assert.match(error.message, /^parked guest refused: the limit `parkedBytes` is 100, \d+ requested; raise it in `limits`$/);
    const slow = await Sandbox.load({ limits: { replayFuel: 10 } });
    const refused = await rejects(
      unpark(
        bytes,
        asking(() => 0),
        {},
        slow,
      ),
      UnparkError,
      "limit",
    );
    assert.match(refused.message, /`replayFuel` is 10/);
    const short = await Sandbox.load({ limits: { journalBytes: 60 } });
    const guest = recorded(
      asking(() => 0),
      journal,
      short,
    );
    guest.exports.run(100);
    assert.match(throws(() => guest.park(), ParkError, "journal-full").message, /`journalBytes` is 60/);
    guest.record();
    guest.park();
  });

  test("that is given a wrong option leaves nothing behind", async () => {
    const bytes = await parkedAt(2);
    const pages = there.memoryPagesInUse;
    for (const wrong of [{ allocator: 5 }, { state: -1 }, { floats: "no" }, { overlapping: 1 }, { maxMemoryPages: -1 }]) {
      const error = await rejectionOf(
        unpark(
          bytes,
          asking(() => 0),
          { ...journal, ...wrong },
        ),
      );
      assert.match(error.name, /^(Type|Range)Error$/);
      assert.equal(
        thrownBy(() =>
          recorded(
            asking(() => 0),
            { ...wrong, journal: true },
            there,
          ),
        ).name,
        error.name,
      );
    }
    assert.equal(there.memoryPagesInUse, pages);
  });

  test("fails where what it is given is another thing", async () => {
    const bytes = await parkedAt(2);
    const pages = there.memoryPagesInUse;
    const damaged = bytes.slice();
    damaged[bytes.length >> 1] ^= 1;
    throws(() => there.parked(damaged), UnparkError, "corrupted");
    throws(() => there.parked(bytes.slice(0, -1)), UnparkError, "corrupted");
    throws(
      () =>
        there.parked(
          here
            .compile(asker)
            .instantiate(asking(() => 0))
            .snapshot().bytes,
        ),
      UnparkError,
      "not-parked",
    );
    throws(() => there.parked("no"), TypeError);
    const other = there.compile(wat("(module)"));
    await rejects(other.unpark({}, there.parked(bytes)), UnparkError, "other-module");
    await rejects(
      there.compile(asker).unpark(
        asking(() => 0),
        here.parked(bytes),
      ),
      UnparkError,
      "other-sandbox",
    );
    await rejects(
      there.compile(asker).unpark(
        asking(() => 0),
        bytes,
      ),
      TypeError,
    );
    const disposed = there.parked(bytes);
    disposed.dispose();
    await rejects(
      there.compile(asker).unpark(
        asking(() => 0),
        disposed,
      ),
      DisposedError,
      "torn-down",
    );
    await rejects(unpark(bytes, {}), InstantiateError, "import");
    await rejects(
      unpark(
        bytes,
        asking(() => 0),
        { jornal: true },
      ),
      TypeError,
    );
    await rejects(
      unpark(
        bytes,
        asking(() => 0),
        { journal: 1 },
      ),
      TypeError,
    );
    assert.equal(there.memoryPagesInUse, pages);
  });

  test("cannot have what others change", async () => {
    const sharing = wat('(module (import "env" "memory" (memory 1)) (func (export "f")))');
    const memory = here.memory({ initial: 1 });
    const module = here.compile(sharing);
    const alone = module.instantiate({ env: { memory } }, journal);
    alone.park();
    module.instantiate({ env: { memory } });
    throws(() => alone.park(), ParkError, "shared-memory");
  });
});

test("a thousand guests are parked and unparked, and nothing is left of them", async () => {
  const sandbox = await Sandbox.load();
  const module = sandbox.compile(asker);
  const round = async () => {
    const controller = new AbortController();
    const waits = asking(() => new Promise(() => {}));
    const guest = module.instantiate(waits, journal);
    const ended = rejectionOf(guest.call("run", [2], { signal: controller.signal }));
    const parked = guest.park();
    controller.abort();
    await ended;
    guest.dispose();
    const again = await module.unpark(
      asking((n) => n + 1),
      parked,
      journal,
    );
    assert.equal(await again.calls[0].proceed(), 13);
    again.guest.dispose();
    parked.dispose();
  };
  for (let count = 0; count < 100; count++) await round();
  const { memoryBytes, memoryPagesInUse } = sandbox;
  for (let count = 0; count < 900; count++) await round();
  assert.deepEqual([sandbox.memoryBytes, sandbox.memoryPagesInUse], [memoryBytes, memoryPagesInUse]);
});
