// Guests that the runtime compiles itself: they do the same as in the interpreter, for the same fuel.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { CompileError, InstantiateError, InvokeError, Sandbox, TableError, Trap, call } from "guestbox";
import { programs, recorded } from "../../tests/traces/files.mjs";
import { difference, runProgram } from "../../tests/traces/run.mjs";
import { rejectionOf, thrownBy, wat } from "./wat.mjs";

/** Whether calls can wait: Node 20 has no JSPI. */
const WAITS = "Suspending" in WebAssembly;

/** So many frames both engines have room for. */
const LIMITS = { guestFrames: 1_000, memoryPages: 20, totalMemoryPages: 40, tableElements: 50 };

const load = (engine, options = {}) => Sandbox.load({ engine, limits: LIMITS, ...options });

/** What a scenario saw with the runtime's engine, which is what it sees with the interpreter. */
async function both(scenario, options) {
  const seen = [];
  for (const engine of ["interpreter", "host"]) {
    const sandbox = await load(engine, options);
    seen.push(await scenario(sandbox));
    sandbox.dispose();
  }
  assert.deepEqual(seen[1], seen[0]);
  return seen[1];
}

const hashOf = (memory) => createHash("sha256").update(memory.read(0, memory.byteLength)).digest("hex");

/** An outcome without what differs from call to call. */
const told = ({ status, value, trap, fuelUsed }) => [status, value, trap?.code, fuelUsed];

/** What a call threw, or gave. */
function triedTo(run) {
  try {
    return ["gave", run()];
  } catch (error) {
    return ["threw", error.name, error.code, error.fuelUsed, error.message];
  }
}

const VALUES = `(module
  (import "e" "f" (func $f (param i32 i64 f32 f64) (result f64 f32 i64 i32)))
  (global (export "i") (mut i64) (i64.const -5)) (global (export "s") (mut f32) (f32.const nan:0x200001))
  (global (export "d") f64 (f64.const -0))
  (func (export "through") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "div") (param f64 f64) (result f64) (f64.div (local.get 0) (local.get 1)))
  (func (export "bits") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0))))`;

const TRAPS = `(module (memory 1) (table 3 funcref) (elem (i32.const 1) $other)
  (type $none (func)) (func $other (param i32))
  (func (export "unreachable") unreachable)
  (func (export "div") (drop (i32.div_s (i32.const 1) (i32.const 0))))
  (func (export "rem") (drop (i64.rem_u (i64.const 1) (i64.const 0))))
  (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
  (func (export "nan") (drop (i32.trunc_f32_s (f32.const nan))))
  (func (export "range") (drop (i64.trunc_f64_u (f64.const 1e300))))
  (func (export "load") (drop (i32.load (i32.const 65533))))
  (func (export "fill") (memory.fill (i32.const 65530) (i32.const 1) (i32.const 7)))
  (func (export "null") (call_indirect (type $none) (i32.const 0)))
  (func (export "type") (call_indirect (type $none) (i32.const 1)))
  (func (export "outside") (call_indirect (type $none) (i32.const 3)))
  (func $deep (export "deep") (call $deep)))`;

/** Burns fuel in all ways: loops, arms, calls, bulk operations, growth, host calls. */
const BURNS = `(module (import "e" "f" (func $f (param i32) (result i32)))
  (memory (export "memory") 1 30) (table $t 2 60 funcref) (global $n (export "n") (mut i32) (i32.const 0))
  (func $add (param i32) (global.set $n (i32.add (global.get $n) (local.get 0))))
  (func (export "run") (param i32) (result i32) (local $i i32)
    (loop $again
      (call $add (i32.const 1))
      (if (i32.and (local.get $i) (i32.const 1))
        (then (memory.fill (i32.mul (local.get $i) (i32.const 100)) (local.get $i) (i32.const 99)))
        (else (call $add (call $f (local.get $i)))))
      (drop (memory.grow (i32.const 1)))
      (drop (table.grow $t (ref.null func) (i32.const 7)))
      (br_if $again (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    (i32.add (i32.mul (memory.size) (i32.const 1000)) (table.size $t))))`;

const LOOPS = `(module (import "e" "f" (func $f (param i32) (result i32)))
  (memory (export "memory") 1) (global $__stack_pointer (export "stack") (mut i32) (i32.const 1024))
  (func (export "loop") (param i32) (result i32)
    (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0))) (i32.const 7))
  (func (export "ask") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1)))
  (func (export "sum") (param i32) (result i32) (local $sum i32)
    (loop (local.set $sum (i32.add (local.get $sum) (call $f (local.get 0))))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))
    (local.get $sum))
  (func (export "push") (param i32) (result i32)
    (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 16)))
    (drop (call $f (local.get 0)))
    (global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 16)))
    (global.get $__stack_pointer))
  (func (export "forever") (loop (br 0))))`;

describe("the runtime's engine, called synchronously", () => {
  for (const floats of ["number", "bits"]) {
    test(`passes values of all types, floats as ${floats}`, async () => {
      const given = floats === "bits" ? [-1, -2n, 0x7fa00001, 0x7ff4_0000_0000_0001n] : [-1, -2n, 1.5, -0];
      const seen = await both((sandbox) => {
        const got = [];
        const f = (...args) => {
          got.push(args);
          return [...args].reverse();
        };
        const guest = sandbox.compile(wat(VALUES)).instantiate({ e: { f } }, { floats });
        const { through, div, bits, i, s, d } = guest.exports;
        const zero = floats === "bits" ? 0n : 0;
        const results = [through(...given), div(zero, zero), bits(given[2]), i.value, s.value, d.value];
        i.value = 2n ** 63n - 1n;
        s.value = given[2];
        return [got, results, i.value, s.value, triedTo(() => (d.value = zero))];
      });
      assert.deepEqual(seen[0], [given]);
      assert.deepEqual(seen[1][0], [...given].reverse());
    });
  }

  test("passes vectors, and has them in globals", async () => {
    const text = `(module (import "e" "f" (func $f (param v128 i32) (result v128)))
      (global $g (export "g") (mut v128) (v128.const i64x2 1 2))
      (func (export "run") (param v128) (result v128)
        (global.set $g (i64x2.add (global.get $g) (local.get 0))) (call $f (global.get $g) (i32.const 9))))`;
    await both(
      (sandbox) => {
        const guest = sandbox.compile(wat(text)).instantiate({ e: { f: (vector, n) => vector + BigInt(n) } });
        const results = [guest.exports.run(2n ** 100n + 5n), guest.exports.g.value];
        guest.exports.g.value = 2n ** 127n + 3n;
        return [...results, guest.exports.g.value, guest.exports.run(1n)];
      },
      { simd: true },
    );
  });

  test("traps with the same code after the same fuel", async () => {
    const seen = await both((sandbox) => {
      const module = sandbox.compile(wat(TRAPS));
      const guest = module.instantiate();
      return module.exports.map(({ name }) => [name, ...told(guest.tryCallSync(name))]);
    });
    const codes = Object.fromEntries(seen.map(([name, , , code]) => [name, code]));
    assert.deepEqual(codes, {
      unreachable: "unreachable",
      div: "integer-division-by-zero",
      rem: "integer-division-by-zero",
      overflow: "integer-overflow",
      nan: "bad-conversion-to-integer",
      range: "integer-overflow",
      load: "memory-out-of-bounds",
      fill: "memory-out-of-bounds",
      null: "indirect-call-to-null",
      type: "bad-signature",
      outside: "table-out-of-bounds",
      deep: "stack-overflow",
    });
  });

  test("is out of fuel at the same operation, whatever there was", async () => {
    const ends = await both((sandbox) => {
      const module = sandbox.compile(wat(BURNS));
      const seen = [];
      for (let fuel = 0n, isDone = false; !isDone; fuel += 7n) {
        const calls = [];
        const guest = module.instantiate({ e: { f: (n) => calls.push(n) } });
        const outcome = guest.tryCallSync("run", [2], { fuel });
        isDone = outcome.status === "ok";
        seen.push([...told(outcome), calls.length, guest.exports.n.value, guest.exports.memory.pages, hashOf(guest.exports.memory)]);
        guest.dispose();
      }
      return seen;
    });
    assert.deepEqual([...new Set(ends.map(([status, , code]) => code ?? status))], ["out-of-fuel", "ok"]);
  });

  test("lets memories and tables grow as far as limits, the guest's own and those of its module", async () => {
    await both((sandbox) => {
      const module = sandbox.compile(wat(BURNS));
      const runs = [{}, { maxMemoryPages: 5 }].map((options) => {
        const guest = module.instantiate({ e: { f: () => 0 } }, options);
        return [guest.exports.run(40), sandbox.memoryPagesInUse, triedTo(() => guest.exports.memory.grow(10))];
      });
      return [runs, triedTo(() => sandbox.memory({ initial: 30 }))];
    });
  });

  test("ends a call whose import throws, and gives what was thrown", async () => {
    const thrown = new Error("mine");
    await both((sandbox) => {
      const guest = sandbox.compile(wat(LOOPS)).instantiate({
        e: {
          f: call((c, n) => {
            if (n === 1) throw thrown;
            if (n === 2) return "no number";
            if (n === 3) c.memory.read(2 ** 20, 4);
            if (n === 4) c.charge(10n ** 12n);
            if (n === 5) c.charge(1_000);
            return n;
          }),
        },
      });
      assert.equal(
        thrownBy(() => guest.exports.push(1)),
        thrown,
      );
      const tried = [2, 3, 4, 5].map((n) => triedTo(() => guest.exports.push(n)));
      return [tried, guest.exports.stack.value, told(guest.tryCallSync("push", [6]))];
    });
  });

  test("nests calls in each other, as deep as the limit, on one account of fuel", async () => {
    await both((sandbox) => {
      const depths = [];
      let guest;
      const f = (n) => {
        depths.push(n);
        return n === 0 ? 0 : guest.exports.ask(n - 1);
      };
      guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f } }, { maxCallDepth: 12 });
      const results = [told(guest.tryCallSync("ask", [10])), triedTo(() => guest.exports.ask(20)), told(guest.tryCallSync("ask", [3]))];
      return [results, depths, triedTo(() => guest.tryCallSync("ask", [10], { fuel: 700n }))];
    });
  });

  test("ends a recursion over imports and guests before the runtime's stack does", async () => {
    const seen = await both(
      (sandbox) => {
        let guest;
        guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f: (n) => guest.exports.ask(n) } });
        return triedTo(() => guest.exports.ask(1));
      },
      { limits: { ...LIMITS, nesting: 25 } },
    );
    assert.equal(seen[2], "nesting-too-deep");
  });

  test("runs start functions, with host calls and traps in them", async () => {
    const text = `(module (import "e" "f" (func $f (param i32) (result i32))) (memory (export "memory") 1)
      (start $s) (func $s (i32.store (i32.const 0) (i32.div_s (i32.const 100) (call $f (i32.const 4))))))`;
    await both((sandbox) => {
      const module = sandbox.compile(wat(text));
      const guest = module.instantiate({ e: { f: (n) => n * 5 } });
      return [guest.exports.memory.read(0, 4), triedTo(() => module.instantiate({ e: { f: () => 0 } })), sandbox.memoryPagesInUse];
    });
  });

  test("shares memories and globals among guests, and with those after them", async () => {
    const text = `(module (import "e" "m" (memory 1 8)) (import "e" "g" (global $g (mut f64)))
      (import "e" "c" (global $c i64)) (data (i32.const 3) "abc")
      (func (export "run") (param i32) (result i32 i64)
        (global.set $g (f64.add (global.get $g) (f64.const 0.5)))
        (i32.store8 (local.get 0) (i32.add (i32.load8_u (local.get 0)) (i32.const 1)))
        (i32.load8_u (local.get 0)) (global.get $c)))`;
    await both((sandbox) => {
      const memory = sandbox.memory({ initial: 2, maximum: 8 });
      memory.write(10, Uint8Array.of(5));
      const global = sandbox.global({ value: "f64", mutable: true }, 1);
      const module = sandbox.compile(wat(text));
      const make = () => module.instantiate({ e: { m: memory, g: global, c: 7n } });
      const [one, two] = [make(), make()];
      const results = [one.exports.run(10), two.exports.run(10), global.value, memory.read(3, 8)];
      one.dispose();
      two.dispose();
      memory.grow(1);
      return [results, memory.read(3, 8), global.value, make().exports.run(10), memory.pages];
    });
  });

  test("takes segments that do not fit for what they are", async () => {
    await both((sandbox) => {
      const refused = (text) => triedTo(() => sandbox.compile(wat(text)).instantiate()).slice(0, 4);
      return [
        refused(`(module (memory 1) (data (i32.const 65535) "ab"))`),
        refused(`(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))`),
        refused(`(module (memory 21))`),
      ];
    });
  });

  test("is not recorded, which is said, and does not do again what was", async () => {
    const bytes = wat('(module (memory (export "memory") 1) (func (export "f")))');
    const [interpreter, host] = [await load("interpreter"), await load("host")];
    const guest = host.compile(bytes).instantiate({}, { journal: true });
    guest.exports.memory.write(3, Uint8Array.of(1, 2));
    guest.exports.f();
    assert.deepEqual(guest.exports.memory.read(2, 3), Uint8Array.of(0, 1, 2));
    for (const act of [() => guest.park(), () => guest.record()]) {
      const error = thrownBy(act);
      assert.deepEqual([error.name, error.code], ["ParkError", "engine"]);
      assert.match(error.message, /use the interpreter$/);
    }
    const parked = interpreter.compile(bytes).instantiate({}, { journal: true }).park();
    const error = await rejectionOf(host.compile(bytes).unpark({}, host.parked(parked.bytes)));
    assert.deepEqual([error.name, error.code], ["UnparkError", "other-engine"]);
  });

  test("has snapshots, which fit guests of either engine", async () => {
    const [interpreter, host] = [await load("interpreter"), await load("host")];
    const make = (sandbox) => sandbox.compile(wat(BURNS)).instantiate({ e: { f: (n) => n } });
    const stateOf = (guest) => [hashOf(guest.exports.memory), guest.exports.n.value];
    for (const [from, to] of [
      [interpreter, host],
      [host, interpreter],
    ]) {
      // Without growth of a table there is a snapshot.
      const module = (sandbox) => sandbox.compile(wat(LOOPS));
      const guest = module(from).instantiate({ e: { f: (n) => n } });
      guest.exports.memory.writeString(9, "kept");
      guest.exports.stack.value = 77;
      const snapshot = guest.snapshot();
      const other = module(to).instantiate({ e: { f: (n) => n } }, { snapshot: to.snapshot(snapshot.bytes) });
      assert.equal(other.exports.memory.readString(9, 4), "kept");
      assert.equal(other.exports.stack.value, 77);
      other.exports.memory.writeString(9, "lost");
      other.restore(to.snapshot(snapshot.bytes));
      assert.equal(other.exports.memory.readString(9, 4), "kept");
      assert.equal(other.fork({}).exports.memory.readString(9, 4), "kept");
    }
    assert.deepEqual(stateOf(make(host)), stateOf(make(interpreter)));
    assert.deepEqual(
      [interpreter, host].map((sandbox) => triedTo(() => make(sandbox).snapshot())[2]),
      ["table", "table"],
    );
  });

  test("lets go of guests and of the sandbox while their code is on the stack", async () => {
    await both((sandbox) => {
      let guest;
      guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f: (n) => (guest.dispose(), n) } });
      const first = triedTo(() => guest.exports.ask(1));
      const again = triedTo(() => guest.exports.ask(1));
      guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f: (n) => (sandbox.dispose(), n) } });
      return [first, again, triedTo(() => guest.exports.ask(1))];
    });
  });
});

describe("the runtime's engine, where it cannot wait", () => {
  test("says so, and where it can does not", async () => {
    const sandbox = await load("host");
    const guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f: (n) => n } });
    if (WAITS) assert.equal(await guest.call("loop", [3]), 7);
    else assert.ok(InvokeError.is(await rejectionOf(guest.call("loop", [3])), "no-jspi"));
    assert.equal(guest.exports.loop(3), 7, "nothing is left of that call");
  });
});

if (WAITS)
  describe("the runtime's engine, waiting", () => {
    const later = (value) => new Promise((resolve) => setTimeout(resolve, 1, value));

    test("goes in slices of any size, which change nothing", async () => {
      await both(async (sandbox) => {
        const seen = [];
        for (const slice of [1n, 70n, 333n, 10_000n, undefined]) {
          const guest = sandbox.compile(wat(BURNS)).instantiate({ e: { f: (n) => (n % 3 === 0 ? later(n) : n) } });
          const options = slice === undefined ? {} : { slice };
          seen.push([told(await guest.tryCall("run", [9], options)), guest.exports.n.value, hashOf(guest.exports.memory)]);
          guest.dispose();
        }
        return seen;
      });
    });

    test("goes on when it is given more fuel, as often as that takes", async () => {
      await both(async (sandbox) => {
        const guest = sandbox.compile(wat(BURNS)).instantiate({ e: { f: (n) => n } });
        const seen = [];
        let outcome = await guest.tryCall("run", [6], { fuel: 100n });
        for (; outcome.status === "out-of-fuel"; outcome = await outcome.resume(100n)) seen.push([outcome.fuelUsed, guest.exports.n.value]);
        seen.push(told(outcome));
        const given = await guest.tryCall("run", [6], { fuel: 200n });
        given.abort();
        return [seen, told(await guest.tryCall("run", [1]))];
      });
    });

    test("serves asynchronous imports, with calls nested in them and beside them", async () => {
      await both(async (sandbox) => {
        const f = call(async (c, n) => {
          await later();
          return n <= 1 ? n : n + (await c.call("ask", [n - 2])) + c.callSync("loop", [5]);
        });
        const guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f } }, { overlapping: "queue" });
        const others = sandbox.compile(wat(LOOPS)).instantiate({ e: { f } });
        const beside = [guest.call("sum", [6]), guest.call("ask", [4]), others.call("ask", [5]), guest.call("loop", [100])];
        return [await Promise.all(beside), told(await guest.tryCall("sum", [5])), guest.exports.stack.value];
      });
    });

    test("ends at a deadline, by a signal, and with what an import rejects with", async () => {
      await both(async (sandbox) => {
        const thrown = new Error("mine");
        const f = (n) => (n === 1 ? Promise.reject(thrown) : n === 2 ? new Promise(() => {}) : n);
        const guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f } }, { fuel: 10n ** 15n });
        assert.equal(await rejectionOf(guest.call("push", [1])), thrown);
        const names = [
          (await rejectionOf(guest.call("forever", [], { timeout: 30 }))).name,
          (await rejectionOf(guest.call("push", [2], { timeout: 30 }))).name,
          (await rejectionOf(guest.call("forever", [], { signal: AbortSignal.timeout(30) }))).name,
        ];
        return [names, guest.exports.stack.value, await guest.call("push", [3])];
      });
    });

    test("lets go of calls that wait", async () => {
      await both(async (sandbox) => {
        const guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f: () => new Promise(() => {}) } });
        const calls = [guest.call("push", [1], { timeout: 20 }), guest.tryCall("loop", [10])];
        const settled = (await Promise.allSettled(calls)).map(({ status, reason }) => [status, reason?.name, reason?.code]);
        const outcome = await guest.tryCall("loop", [1_000], { fuel: 100n });
        guest.dispose();
        return [settled, told(await outcome.resume(10_000n)), sandbox.memoryPagesInUse];
      });
    });

    test("lets timers have their turn while a guest loops", async () => {
      await both(async (sandbox) => {
        const guest = sandbox.compile(wat(LOOPS)).instantiate({ e: { f: (n) => n } }, { fuel: 10n ** 15n });
        let ticks = 0;
        const timer = setInterval(() => ticks++, 5);
        await rejectionOf(guest.call("forever", [], { timeout: 150 }));
        clearInterval(timer);
        return ticks >= 5;
      });
    });
  });

describe("the recorded traces, by the runtime's engine", () => {
  const api = { Sandbox: { load: (options) => load("host", { limits: {}, ...options }) }, Trap, call };
  /** What the interpreter takes of its own stack is its own; and what vectors each host does in its own way this engine has not. */
  const OWN = ["deep-stack", "vectors-relaxed"];
  for (const program of programs.filter(({ name }) => !OWN.includes(name))) {
    test(program.name, async () => {
      for (const slice of WAITS ? [undefined, 5_000n] : [undefined]) {
        let lines;
        try {
          lines = await runProgram(api, program, program.bytesOf, slice);
        } catch (error) {
          // Node 20 has neither JSPI nor several memories.
          if (WAITS || !(InvokeError.is(error, "no-jspi") || CompileError.is(error, "engine"))) throw error;
          return;
        }
        assert.equal(difference(program.name, recorded.get(program.name), lines), undefined);
      }
    });
  }

  test("those that are left out are there", () => assert.deepEqual(programs.filter(({ name }) => OWN.includes(name)).length, 2));
});

describe("what the runtime's engine does not have", () => {
  const IMPORTS_TABLE = `(module (import "e" "t" (table 1 funcref)))`;
  const EXPORTS_TABLE = `(module (table (export "t") 1 funcref) (func (export "f")))`;

  test("is an error that names it", async () => {
    const sandbox = await load("host", { simd: true });
    const refused = (text, options) => thrownBy(() => sandbox.compile(wat(text), options));
    for (const [error, what] of [
      [refused(IMPORTS_TABLE), /imports a table/],
      [refused(`(module (func (export "f") (param externref)))`), /exports a function with references/],
      [refused(`(module (global (import "e" "g") funcref))`), /imports a global of a reference/],
      [refused(`(module (import "e" "f" (func)) (import "e" "f" (func (param i32))))`), /imports `e` `f` twice/],
      [refused(`(module (func))`, { frames: true }), /frames/],
      [refused(`(module (func (param v128) (drop (f32x4.relaxed_min (local.get 0) (local.get 0)))))`), /relaxedSimd/],
    ]) {
      assert.ok(CompileError.is(error, "engine"), String(error));
      assert.match(error.message, what);
      assert.match(error.message, /engine: "interpreter"/);
    }
    const { exports } = sandbox.compile(wat(EXPORTS_TABLE)).instantiate();
    assert.ok(
      TableError.is(
        thrownBy(() => exports.t.length),
        "engine",
      ),
    );
    const table = sandbox.table({ initial: 1 });
    assert.ok(
      TableError.is(
        thrownBy(() => table.set(0, exports.f)),
        "engine",
      ),
    );
    assert.ok(
      CompileError.is(
        thrownBy(() => sandbox.compile(Uint8Array.of(1, 2, 3))),
        "invalid",
      ),
    );
  });

  test("the interpreter does, with `auto`", async () => {
    const sandbox = await load("auto", { simd: true });
    sandbox.compile(wat(IMPORTS_TABLE)).instantiate({ e: { t: sandbox.table({ initial: 1 }) } });
    sandbox.compile(wat(`(module (func))`), { frames: true });
    sandbox.compile(wat(`(module (func (param v128) (drop (f32x4.relaxed_min (local.get 0) (local.get 0)))))`));
    const { exports } = sandbox.compile(wat(EXPORTS_TABLE)).instantiate();
    exports.t.set(0, exports.f);
    // Where calls can wait the runtime's engine runs this one.
    const plain = sandbox.compile(wat(`(module (func (export "f")))`)).instantiate();
    const table = sandbox.table({ initial: 1 });
    const put = () => table.set(0, plain.exports.f);
    if (WAITS) assert.ok(TableError.is(thrownBy(put), "engine"));
    else put();
    assert.equal(sandbox.limits.guestFrames, LIMITS.guestFrames);
  });

  test("guests of different engines share nothing at a time", async () => {
    const sandbox = await load("auto");
    const memory = sandbox.memory({ initial: 1 });
    const [here, there] = [
      `(module (import "e" "m" (memory 1)))`,
      `(module (import "e" "m" (memory 1)) (import "e" "t" (table 0 funcref)))`,
    ];
    const make = (text) => sandbox.compile(wat(text)).instantiate({ e: { m: memory, t: sandbox.table({ initial: 0 }) } });
    const first = make(here);
    if (WAITS)
      assert.ok(
        InstantiateError.is(
          thrownBy(() => make(there)),
          "other-engine",
        ),
      );
    else make(there).dispose();
    first.dispose();
    make(there);
  });

  test("frames are as many as the runtime's stack has room for", async () => {
    const frames = async (engine, limits) => (await Sandbox.load({ engine, limits })).limits.guestFrames;
    assert.equal(await frames("interpreter"), 10_000);
    assert.equal(await frames("host"), 4_000);
    assert.equal(await frames("host", { guestFrames: 20_000 }), 4_000);
    assert.equal(await frames("host", { guestFrames: 50 }), 50);
    assert.equal(await frames("auto"), WAITS ? 4_000 : 10_000);
    assert.equal(await frames("auto", { guestFrames: 5_000 }), 5_000);
  });

  test("an engine is one of three", async () => {
    const error = await rejectionOf(Sandbox.load({ engine: "fast" }));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /"interpreter", "host" and "auto"/);
  });
});
