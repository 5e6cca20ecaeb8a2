// One chain of calls a guest: its calls nest, wait or are refused, and one that ends early leaves the
// guest's stack as it was.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AsyncImportError, DisposedError, InvokeError, Sandbox, Trap, call } from "guestbox";
import { loadBytes } from "../../tests/guests/bytes.mjs";
import { FREE, QTS_FreeValuePointer, openQuickjs } from "../../tests/guests/quickjs-host.mjs";
import { sandboxed } from "../../tests/guests/sandboxed.mjs";
import { bytesOfGuest } from "./stacked.mjs";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

/** `run(n)` keeps `n` in a frame on the stack in its memory while it waits, and returns what it finds there after. */
const KEEPS = `(module (import "env" "wait" (func $w (param i32) (result i32))) (memory (export "memory") 1)
  (global $sp (export "sp") (mut i32) (i32.const 1024))
  (func (export "run") (param i32) (result i32) (local $p i32) (local $r i32)
    (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
    (i32.store (local.get $p) (local.get 0)) (local.set $r (call $w (local.get 0)))
    (local.set $r (i32.load (local.get $p)))
    (global.set $sp (i32.add (local.get $p) (i32.const 16))) (local.get $r))
  (func (export "spin") (param i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) (loop (br 0)) unreachable)
  (func (export "two") (param i32 i64) (result i64) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`;

function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

/** A guest whose import waits until it is told, and what tells it, by the number. */
function waiting(options) {
  const gates = new Map();
  const wait = (n) => {
    const gate = deferred();
    gates.set(n, gate);
    return gate.promise;
  };
  const instance = guest(KEEPS, { env: { wait } }, options);
  return { instance, gates, open: (n) => gates.get(n).resolve(0) };
}

const isBusy = (error) => InvokeError.is(error, "busy");
const isWhole = (instance) => {
  assert.equal(instance.exports.sp.value, 1_024);
  assert.equal(instance.exports.plain(1), 2);
};

describe("a call that would overlap another", () => {
  test("is refused by an error that names the ways out, whichever way it is made", async () => {
    const { instance, open } = waiting();
    const a = instance.call("run", [1]);
    const refused = [
      await rejectionOf(instance.call("run", [2])),
      await rejectionOf(instance.tryCall("run", [2])),
      thrownBy(() => instance.callSync("plain", [2])),
      thrownBy(() => instance.tryCallSync("plain", [2])),
      thrownBy(() => instance.exports.plain(2)),
    ];
    for (const error of refused) {
      assert.ok(isBusy(error), String(error));
      assert.match(error.message, /is under way: await that first; .*c\.call.*overlapping: "queue"/);
    }
    open(1);
    assert.equal(await a, 1);
    isWhole(instance);
  });
  test("A and B begin, A ends, C and D begin, B ends: each has its own value or is refused", async () => {
    const { instance, open } = waiting();
    const a = instance.call("run", [1]);
    assert.ok(isBusy(await rejectionOf(instance.call("run", [2]))));
    open(1);
    assert.equal(await a, 1);
    const b = instance.call("run", [2]);
    for (const n of [3, 4]) assert.ok(isBusy(await rejectionOf(instance.call("run", [n]))));
    open(2);
    assert.equal(await b, 2);
    isWhole(instance);
  });
  test("in slices is refused as well, and an outcome that is out of fuel says so", async () => {
    const { instance } = waiting();
    const controller = new AbortController();
    const spinning = rejectionOf(instance.call("spin", [0], { signal: controller.signal, fuel: 1n << 60n, slice: 10_000 }));
    await sleep(1);
    assert.ok(isBusy(thrownBy(() => instance.exports.plain(1))));
    controller.abort(new Error("enough"));
    assert.equal((await spinning).message, "enough");
    isWhole(instance);
    const outcome = await instance.tryCall("spin", [0], { fuel: 1_000n });
    const error = thrownBy(() => instance.exports.plain(1));
    assert.ok(isBusy(error));
    assert.match(error.message, /is paused and has not ended: go on with it or abort it first/);
    const again = await outcome.resume(1_000n);
    assert.ok(isBusy(await rejectionOf(instance.call("plain", [1]))));
    again.abort();
    isWhole(instance);
  });
  test("may, where the guest is known to keep no stack; its stack is never put back then", async () => {
    const { instance, open } = waiting({ overlapping: "allow" });
    const [a, b] = [1, 2].map((n) => instance.call("run", [n]));
    open(1);
    assert.equal(await a, 1);
    const others = [3, 4].map((n) => instance.call("run", [n]));
    open(2);
    assert.equal(await b, 4, "what D wrote: the hazard");
    open(3);
    open(4);
    await Promise.all(others);
  });
  test("is refused for a guest with no stack too, unless it is told otherwise", async () => {
    const gate = deferred();
    const text = '(module (import "e" "f" (func $f)) (func (export "run") call $f) (func (export "other")))';
    const instance = guest(text, { e: { f: () => gate.promise } });
    const first = instance.call("run");
    assert.ok(isBusy(await rejectionOf(instance.call("other"))));
    gate.resolve();
    await first;
    await instance.call("other");
  });
  test("of a forked guest, of one from a snapshot and of one started asynchronously is treated as its options say", async () => {
    const { instance, open } = waiting({ overlapping: "allow" });
    const fork = instance.fork();
    const calls = [1, 2].map((n) => fork.call("run", [n]));
    [1, 2].forEach(open);
    await Promise.all(calls);
    const kept = waiting();
    const from = kept.instance.module.instantiate({ env: { wait: () => 0 } }, { snapshot: kept.instance.snapshot(), overlapping: "queue" });
    assert.equal(await from.call("run", [5]), 5);
  });
  test("takes one of three words", () => {
    for (const overlapping of ["wait", null, 1, true, ""]) {
      const error = thrownBy(() => guest(KEEPS, { env: { wait: () => 0 } }, { overlapping }));
      assert.ok(error instanceof TypeError, String(overlapping));
    }
  });
});

describe("QuickJS, which a C compiler made", () => {
  // What the exports are, in the names of the C sources.
  const CALL_CONSTRUCTORS = "u",
    QTS_NewRuntime = "K",
    QTS_NewContext = "N",
    QTS_Eval = "pa",
    QTS_GetFloat64 = "Z";
  const QTS_RuntimeEnableInterruptHandler = "Fa",
    INTERRUPT_HANDLER = "i";

  /** An interpreter whose loops ask now and then whether to go on, which may be answered later. */
  async function interpreter(options) {
    const own = await Sandbox.load({ limits: { fuel: 1e11 } });
    const gates = [];
    const control = { waits: false };
    const engine = sandboxed({
      memory: (type) => own.memory(type),
      compile: (bytes) => ({ instantiate: (imports) => own.compile(bytes).instantiate(imports, options) }),
    });
    let instance;
    const host = openQuickjs(
      {
        ...engine,
        instantiate(bytes, imports) {
          imports.a[INTERRUPT_HANDLER] = () => (control.waits ? new Promise((resolve) => gates.push(() => resolve(0))) : 0);
          const made = engine.instantiate(bytes, imports);
          instance = made.guest;
          return made;
        },
      },
      await loadBytes("quickjs"),
      () => {},
    );
    host.guest.call(CALL_CONSTRUCTORS);
    const runtime = host.guest.call(QTS_NewRuntime);
    host.guest.call(QTS_RuntimeEnableInterruptHandler, runtime);
    host.context = host.guest.call(QTS_NewContext, runtime, 0);
    const evaluate = async (program) => {
      const [at, file] = [program, "program.js"].map(host.newCString);
      const value = await instance.call(QTS_Eval, [host.context, at, program.length, file, 0, 0]);
      const number = host.guest.call(QTS_GetFloat64, host.context, value);
      host.guest.call(QTS_FreeValuePointer, host.context, value);
      for (const text of [at, file]) host.guest.call(FREE, text);
      return number;
    };
    return { evaluate, gates, control };
  }
  const sum = (n) => `var s = 0; for (var i = 0; i < 20000; i++) s += ${n}; s`;

  test("evaluates one program at a time, and the next is busy", async () => {
    const { evaluate, gates, control } = await interpreter();
    control.waits = true;
    const first = evaluate(sum(3));
    while (gates.length === 0) await new Promise(setImmediate);
    control.waits = false;
    assert.ok(isBusy(await rejectionOf(evaluate(sum(5)))));
    gates[0]();
    assert.equal(await first, 60_000);
    assert.equal(await evaluate(sum(5)), 100_000);
  });
});

describe("a queue", () => {
  test("is served first come first served, each with its own arguments and value", async () => {
    const { instance, gates, open } = waiting({ overlapping: "queue" });
    const order = [];
    const note = (n) => (value) => void order.push([n, value]);
    const args = [1];
    const calls = [instance.call("run", args).then(note(1))];
    args[0] = 2;
    calls.push(instance.call("run", args).then(note(2)));
    args[0] = 99;
    calls.push(instance.tryCall("two", [3, 4n]).then(({ value }) => note(3)(value)));
    calls.push(instance.call("run", [4]).then(note(4)));
    assert.deepEqual([...gates.keys()], [1]);
    open(1);
    await sleep(1);
    assert.deepEqual([...gates.keys()], [1, 2]);
    open(2);
    await sleep(1);
    open(4);
    await Promise.all(calls);
    assert.deepEqual(order, [
      [1, 1],
      [2, 2],
      [3, 7n],
      [4, 4],
    ]);
    isWhole(instance);
  });
  test("checks arguments and options when the call is made", async () => {
    const { instance, open } = waiting({ overlapping: "queue" });
    const first = instance.call("run", [1]);
    assert.ok((await rejectionOf(instance.call("run", ["2"]))) instanceof TypeError);
    assert.ok((await rejectionOf(instance.call("run", [2 ** 40]))) instanceof RangeError);
    assert.ok(InvokeError.is(await rejectionOf(instance.call("none")), "export-not-found"));
    assert.ok((await rejectionOf(instance.call("run", [2], { keepStack: 1 }))) instanceof TypeError);
    open(1);
    assert.equal(await first, 1);
  });
  test("lets a signal and a deadline end what waits", async () => {
    const { instance, open } = waiting({ overlapping: "queue" });
    const first = instance.call("run", [1]);
    const controller = new AbortController();
    const aborted = rejectionOf(instance.call("run", [2], { signal: controller.signal }));
    const late = rejectionOf(instance.call("run", [3], { deadline: performance.now() + 5 }));
    const last = instance.call("plain", [4]);
    controller.abort(new Error("no more"));
    assert.equal((await aborted).message, "no more");
    assert.equal((await late).name, "TimeoutError");
    open(1);
    assert.deepEqual(await Promise.all([first, last]), [1, 5]);
    isWhole(instance);
  });
  test("has room for a thousand", async () => {
    const { instance, open } = waiting({ overlapping: "queue" });
    const first = instance.call("run", [1]);
    const queued = Array.from({ length: 1_000 }, (_, n) => instance.call("plain", [n]));
    const error = await rejectionOf(instance.call("plain", [0]));
    assert.ok(InvokeError.is(error, "queue-full"));
    assert.match(error.message, /1000 calls of the guest wait/);
    open(1);
    assert.equal(await first, 1);
    assert.deepEqual(
      await Promise.all(queued),
      Array.from({ length: 1_000 }, (_, n) => n + 1),
    );
  });
  test("is rejected when the guest or the sandbox is disposed of", async () => {
    const { instance, open } = waiting({ overlapping: "queue" });
    const first = instance.call("run", [1]);
    const queued = [2, 3].map((n) => rejectionOf(instance.call("run", [n])));
    instance.dispose();
    for (const error of await Promise.all(queued)) assert.ok(error instanceof DisposedError);
    open(1);
    assert.equal(await first, 1, "what is under way completes");
    const own = await Sandbox.load();
    const gate = deferred();
    const other = own.compile(wat(KEEPS)).instantiate({ env: { wait: () => gate.promise } }, { overlapping: "queue" });
    const ends = [1, 2].map((n) => rejectionOf(other.call("run", [n])));
    own.dispose();
    gate.resolve(0);
    for (const error of await Promise.all(ends)) assert.ok(error instanceof DisposedError);
  });
  test("is for asynchronous calls: synchronous ones are refused, and told so", async () => {
    const { instance, open } = waiting({ overlapping: "queue" });
    const first = instance.call("run", [1]);
    const error = thrownBy(() => instance.exports.plain(1));
    assert.ok(isBusy(error));
    assert.match(error.message, /use `call` or `tryCall`, which wait for their turn/);
    open(1);
    await first;
  });
  test("goes on after calls that trap, throw, are aborted, or are out of fuel and let go", async () => {
    const instance = guest(
      KEEPS,
      {
        env: {
          wait: async (n) => {
            if (n === 1) throw new Error("thrown");
            return 0;
          },
        },
      },
      { overlapping: "queue" },
    );
    const thrown = rejectionOf(instance.call("run", [1]));
    const spun = instance.tryCall("spin", [0], { fuel: 1_000n });
    const timed = rejectionOf(instance.call("spin", [0], { deadline: performance.now() + 20, fuel: 1n << 60n, slice: 10_000 }));
    const last = instance.call("run", [4]);
    assert.equal((await thrown).message, "thrown");
    const outcome = await spun;
    assert.equal(outcome.status, "out-of-fuel");
    await sleep(1);
    outcome.abort();
    assert.equal((await timed).name, "TimeoutError");
    assert.equal(await last, 4);
    isWhole(instance);
  });
  test("waits for a synchronous call in whose import it was filled, which gets its own results", async () => {
    let queued;
    let asks = true;
    const instance = guest(
      KEEPS,
      {
        env: {
          wait(n) {
            if (!asks) return 0;
            asks = false;
            // The first is nested and outlives the import; the second would overlap it.
            queued = [rejectionOf(instance.call("spin", [0], { fuel: 1n << 60n, slice: 1_000 })), instance.call("two", [n, 40n])];
            return 0;
          },
        },
      },
      { overlapping: "queue" },
    );
    assert.equal(instance.exports.run(2), 2);
    assert.ok(Trap.is(await queued[0], "outlived"));
    assert.equal(await queued[1], 42n);
    isWhole(instance);
  });
  test("a call that its own import waits for without being nested ends at its deadline", async () => {
    const instance = guest(
      KEEPS,
      {
        env: {
          async wait(n) {
            await null;
            if (n === 0) return 0;
            return instance.call("run", [0], { deadline: performance.now() + 10 });
          },
        },
      },
      { overlapping: "queue" },
    );
    assert.equal((await rejectionOf(instance.call("run", [1]))).name, "TimeoutError");
    isWhole(instance);
  });
});

describe("within an import", () => {
  const nests = (wait, options) => guest(KEEPS, { env: { wait } }, options);

  test("calls through its context are nested, also after it has waited", async () => {
    const wait = call(async (c, n) => {
      if (n === 0) return 0;
      assert.equal(c.exports.plain(n), n + 1);
      await sleep(1);
      assert.ok(isBusy(await rejectionOf(c.guest.call("plain", [1]))), "`c.guest` is outside after an await");
      assert.equal(await c.call("run", [n - 1]), n - 1);
      const outcome = await c.tryCall("run", [0]);
      assert.deepEqual([outcome.status, outcome.value], ["ok", 0]);
      assert.equal(c.callSync("plain", [7]), 8);
      assert.equal(c.tryCallSync("plain", [8]).value, 9);
      assert.equal(c.exports.plain(9), 10);
      assert.equal(c.exports.sp.value, 1_024 - 16 * (4 - n));
      return 0;
    });
    const instance = nests(wait);
    assert.equal(await instance.call("run", [3]), 3);
    isWhole(instance);
  });
  test("two at once would overlap each other", async () => {
    let error;
    const instance = nests(
      call(async (c, n) => {
        if (n !== 1) return sleep(2, 0);
        const first = c.call("run", [2]);
        error = await rejectionOf(c.call("run", [3]));
        assert.equal(await first, 2);
        return 0;
      }),
    );
    assert.equal(await instance.call("run", [1]), 1);
    assert.ok(isBusy(error));
  });
  test("the context is of no use once the import has settled", async () => {
    let kept;
    const instance = nests(call((c) => ((kept = c), 0)));
    assert.equal(instance.exports.run(5), 5);
    for (const use of [() => kept.callSync("plain", [1]), () => kept.exports.plain(1)]) {
      assert.ok(InvokeError.is(thrownBy(use), "call-over"));
    }
    for (const use of [() => kept.call("plain", [1]), () => kept.tryCall("plain", [1])]) {
      assert.ok(InvokeError.is(await rejectionOf(use()), "call-over"));
    }
    isWhole(instance);
  });
  test("they draw on the fuel of the call around them, and never refill it", async () => {
    const text = `(module (import "e" "f" (func $f)) (func (export "run") call $f)
      (func (export "burn") (local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get 0) (i32.const 1000))))))`;
    const sizes = [];
    const f = call(async (c) => {
      await null;
      for (let n = 0; n < 3; n++) {
        const before = c.fuel;
        await c.call("burn");
        sizes.push(before - c.fuel);
        c.callSync("burn");
      }
    });
    const instance = guest(text, { e: { f } });
    const alone = (await instance.tryCall("burn")).fuelUsed;
    const { fuelUsed } = await instance.tryCall("run", [], { fuel: 100_000n });
    assert.deepEqual(sizes, [alone, alone, alone]);
    assert.ok(fuelUsed > 6n * alone && fuelUsed < 6n * alone + 150n, `${fuelUsed}`);
    const short = await rejectionOf(instance.tryCall("run", [], { fuel: 3n * alone }));
    assert.ok(Trap.is(short, "out-of-fuel"), "what a nested call throws, the import throws");
    assert.equal(sizes.length, 4);
  });
  test("one that still runs when the import settles ends with a trap of its own", async () => {
    for (const nested of ["call", "tryCall"]) {
      for (const waits of [true, false]) {
        let inner;
        const instance = nests(
          call((c, n) => {
            if (n !== 1) return new Promise(() => {});
            const begun = c[nested]("run", [2]);
            inner = nested === "call" ? rejectionOf(begun) : begun.then(({ trap }) => trap);
            return waits ? sleep(1, 0) : 0;
          }),
        );
        const outer = waits || nested === "call" ? instance.call("run", [1]) : instance.exports.run(1);
        assert.equal(await outer, 1);
        const trap = await inner;
        assert.ok(Trap.is(trap, "outlived"), String(trap));
        assert.match(trap.message, /outlived the import/);
        assert.ok(trap.fuelUsed > 0n);
        isWhole(instance);
      }
    }
  });
  test("and so do an outcome that is out of fuel, one in slices, and one within another guest's import", async () => {
    let kept, spinning, chained;
    const instance = nests(
      call(async (c, n) => {
        if (n !== 1) return 0;
        kept = await c.tryCall("spin", [0], { fuel: 1_000n });
        return 0;
      }),
    );
    assert.equal(await instance.call("run", [1]), 1);
    const outcome = await kept.resume(1n);
    assert.ok(Trap.is(outcome.trap, "outlived"));
    assert.equal(kept.frames.length, 0);
    const slices = nests(
      call((c, n) => {
        if (n === 1) spinning = rejectionOf(c.call("spin", [0], { fuel: 1n << 60n, slice: 1_000 }));
        return n === 1 ? sleep(2, 0) : 0;
      }),
    );
    assert.equal(await slices.call("run", [1]), 1);
    assert.ok(Trap.is(await spinning, "outlived"));
    const between = nests((n) => {
      chained = rejectionOf(outer.call("spin", [0], { fuel: 1n << 60n, slice: 1_000 }));
      return n;
    });
    const outer = nests(() => between.exports.run(3));
    assert.equal(await outer.call("run", [1]), 1);
    assert.ok(Trap.is(await chained, "outlived"));
    isWhole(outer);
    isWhole(between);
  });
  test("nested ones end when the call around them is aborted, throws or is refused a promise", async () => {
    let inner;
    const wait = call((c, n) => {
      if (n !== 1) return new Promise(() => {});
      inner = rejectionOf(c.call("run", [2]));
      return new Promise(() => {});
    });
    const instance = nests(wait);
    const controller = new AbortController();
    const outer = rejectionOf(instance.call("run", [1], { signal: controller.signal }));
    controller.abort(new Error("away"));
    assert.equal((await outer).message, "away");
    assert.ok(Trap.is(await inner, "outlived"));
    isWhole(instance);
    assert.ok(thrownBy(() => instance.exports.run(1)) instanceof AsyncImportError);
    assert.ok(Trap.is(await inner, "outlived"));
    isWhole(instance);
    const throwing = nests(
      call((c, n) => {
        if (n !== 1) return new Promise(() => {});
        inner = rejectionOf(c.call("run", [2]));
        throw new Error("thrown");
      }),
    );
    assert.equal((await rejectionOf(throwing.call("run", [1]))).message, "thrown");
    assert.ok(Trap.is(await inner, "outlived"));
    isWhole(throwing);
  });
  test("a call of another guest may outlast the import: it is not in this chain", async () => {
    let other;
    const { instance: slow, open } = waiting();
    const instance = nests((n) => ((other = slow.call("run", [n])), 0));
    assert.equal(instance.exports.run(6), 6);
    open(6);
    assert.equal(await other, 6);
  });
});

describe("a call that ends early", () => {
  const WAYS = ["throws", "rejects", "out of fuel", "aborted", "deadline", "traps", "dropped", "sync out of fuel", "wrong result"];
  const [FAILS, SPINS, TRAPS, RETURNS] = [0, 1, 2, 3];

  /** Ends a call whose frame has 64 KiB. */
  async function end(instance, way, supervisor) {
    const endless = { fuel: 1n << 60n, slice: 200_000n };
    switch (way) {
      case "throws":
        supervisor.fail = () => {
          throw new Error("thrown");
        };
        return void thrownBy(() => instance.exports.deep(FAILS));
      case "rejects":
        supervisor.fail = async () => {
          throw new Error("rejected");
        };
        return void (await rejectionOf(instance.call("deep", [FAILS])));
      case "out of fuel":
        return void (await rejectionOf(instance.call("deep", [SPINS], { fuel: 300_000n })));
      case "aborted": {
        const controller = new AbortController();
        const ended = rejectionOf(instance.call("deep", [SPINS], { ...endless, signal: controller.signal }));
        await new Promise(setImmediate);
        controller.abort();
        return void (await ended);
      }
      case "deadline":
        return void (await rejectionOf(instance.call("deep", [SPINS], { ...endless, deadline: performance.now() + 1 })));
      case "traps":
        return void thrownBy(() => instance.exports.deep(TRAPS));
      case "dropped":
        return void (await instance.tryCall("deep", [SPINS], { fuel: 300_000n })).abort();
      case "sync out of fuel":
        return void thrownBy(() => instance.callSync("deep", [SPINS], { fuel: 300_000n }));
      case "wrong result":
        supervisor.wait = () => "no number";
        return void thrownBy(() => instance.exports.keep(1));
    }
    throw new Error(way);
  }

  test("a thousand times with a frame of 64 KiB leaves a guest of rustc's that answers right after each", async () => {
    const module = sandbox.compile(bytesOfGuest());
    const supervisor = { wait: () => 0, fail: () => {} };
    const instance = module.instantiate({ env: { wait: (n) => supervisor.wait(n), fail: () => supervisor.fail() } });
    for (let round = 0; round < 1_000; round++) {
      const way = WAYS[round % WAYS.length];
      await end(instance, way, supervisor);
      supervisor.wait = () => 0;
      assert.equal(instance.callSync("deep", [RETURNS], { fuel: 1n << 40n }), 65_536, `round ${round}, ${way}`);
      assert.equal(instance.exports.keep(round), 0);
    }
  });
  test("and with `keepStack` is left where it is, until the stack is used up", () => {
    const instance = sandbox.compile(bytesOfGuest()).instantiate({
      env: {
        wait: () => 0,
        fail: () => {
          throw new Error("unwind");
        },
      },
    });
    const ends = Array.from({ length: 20 }, () => thrownBy(() => instance.callSync("deep", [FAILS], { keepStack: true })));
    assert.deepEqual(
      ends.slice(0, 15).map(({ message }) => message),
      Array(15).fill("unwind"),
    );
    assert.deepEqual(
      ends.slice(16).map(({ code }) => code),
      Array(4).fill("memory-out-of-bounds"),
    );
  });
  test("B of a guest of rustc's reads its own words, or is busy; overlapping it reads D's", async () => {
    const make = (options) => {
      const gates = [];
      const module = sandbox.compile(bytesOfGuest());
      const wait = () => new Promise((resolve) => gates.push(() => resolve(0)));
      return [module.instantiate({ env: { wait, fail() {} } }, options), gates];
    };
    const [strict, gates] = make();
    const a = strict.call("keep", [1]);
    assert.ok(isBusy(await rejectionOf(strict.call("keep", [2]))));
    gates[0]();
    assert.equal(await a, 0);
    const [loose, doors] = make({ overlapping: "allow" });
    const [one, two] = [1, 2].map((n) => loose.call("keep", [n]));
    doors[0]();
    assert.equal(await one, 0);
    const others = [3, 4].map((n) => loose.call("keep", [n]));
    doors[1]();
    assert.equal(await two, 64);
    doors.slice(2).forEach((open) => open());
    await Promise.all(others);
  });
});
