// Tables: read, written and grown from JavaScript, shared by guests, and calls that lead from one guest into another.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { DisposedError, InstantiateError, InvokeError, Sandbox, SnapshotError, TableError, Trap, call } from "guestbox";
import { collect } from "./collect.mjs";
import { thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox } = await workbench();

const OWNER = wat(`(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (table (export "table") 4 8 funcref) (memory (export "memory") 1)
  (func $double (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $ask (param i32) (result i32) (i32.add (call $host (local.get 0)) (i32.load (i32.const 0))))
  (func $reference (param funcref))
  (elem (i32.const 0) $double $ask $reference)
  (data (i32.const 0) "\\64\\00\\00\\00")
  (func (export "call") (param $at i32) (param $n i32) (result i32)
    (call_indirect (type $unary) (local.get $n) (local.get $at)))
  (func (export "size") (result i32) (table.size 0)))`);

const CALLER = wat(`(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (import "env" "table" (table $t 1 funcref))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\07\\00\\00\\00")
  (func $ask (export "ask") (param i32) (result i32) (i32.add (call $host (local.get 0)) (i32.load (i32.const 0))))
  (elem declare func $ask)
  (func (export "call") (param $at i32) (param $n i32) (result i32)
    (i32.add (call_indirect $t (type $unary) (local.get $n) (local.get $at)) (i32.load (i32.const 0))))
  (func (export "put") (param $at i32) (table.set $t (local.get $at) (ref.func $ask))))`);

const echo = { env: { host: (n) => n } };

/** A guest with a table, and one that imports it. */
function linked(ofOwner = echo.env.host, ofCaller = echo.env.host) {
  const owner = sandbox.compile(OWNER).instantiate({ env: { host: ofOwner } });
  const caller = sandbox.compile(CALLER).instantiate({ env: { host: ofCaller, table: owner.exports.table } });
  return { owner, caller, table: owner.exports.table };
}

describe("tables", () => {
  test("are read, written and grown", () => {
    const { exports } = sandbox.compile(OWNER).instantiate(echo);
    const { table } = exports;
    assert.equal(table.length, 4);
    assert.equal(table.get(3), null);
    const ask = table.get(1);
    assert.equal(ask(5), 105);
    assert.equal(table.get(1), ask);
    table.set(3, ask);
    assert.equal(table.get(3), ask);
    assert.equal(exports.call(3, 6), 106);
    table.set(3);
    assert.throws(
      () => exports.call(3, 6),
      (error) => Trap.is(error, "indirect-call-to-null"),
    );
    assert.equal(table.grow(3, ask), 4);
    assert.deepEqual([table.length, exports.size(), table.get(6)], [7, 7, ask]);
    assert.equal(table.grow(0), 7);
  });
  test("have the functions of exports as those are", () => {
    const { exports } = sandbox.compile(OWNER).instantiate(echo);
    assert.equal(exports.table.get(0), exports.double);
    exports.table.set(1, exports.double);
    assert.equal(exports.table.get(1), exports.double);
    assert.equal(exports.call(1, 4), 8);
  });
  test("say what is wrong, and are as they were", async () => {
    const { exports } = sandbox.compile(OWNER).instantiate(echo);
    const { table, double } = exports;
    const other = await Sandbox.load();
    const foreign = other.compile(OWNER).instantiate(echo).exports;
    const apart = sandbox.compile(OWNER).instantiate(echo).exports;
    for (const [wrong, expected] of [
      [() => table.get(4), { name: "TableError", code: "out-of-bounds" }],
      [() => table.set(4, double), { name: "TableError", code: "out-of-bounds" }],
      [() => table.grow(5), { name: "TableError", code: "maximum" }],
      [() => table.set(0, foreign.double), { name: "TableError", code: "other-store" }],
      [() => table.set(0, apart.double), { name: "TableError", code: "apart" }],
      [() => table.set(0, () => 1), { name: "TypeError" }],
      [() => table.set(0, {}), { name: "TypeError" }],
      [() => table.get(-1), { name: "RangeError" }],
      [() => table.get("0"), { name: "TypeError" }],
      [() => table.grow(1.5), { name: "RangeError" }],
    ]) {
      assert.throws(wrong, expected, String(wrong));
    }
    assert.equal(table.get(2)(null), undefined);
    assert.throws(() => table.get(2)({}), TypeError);
    assert.throws(() => table.get(0)("1"), TypeError);
    assert.throws(() => table.get(1)(), /the function has 1 argument, 0 are given/);
    assert.deepEqual([table.length, table.get(0)], [4, double]);
    other.dispose();
  });
  test("of a sandbox go where their functions are", () => {
    const table = sandbox.table({ element: "anyfunc", initial: 2, maximum: 3 });
    assert.deepEqual([table.length, table.get(1), table.grow(1), table.length], [2, null, 2, 3]);
    const caller = sandbox.compile(CALLER).instantiate({ env: { ...echo.env, table } });
    table.set(2, caller.exports.ask);
    assert.equal(caller.exports.call(2, 1), 1 + 7 + 7);
    caller.dispose();
    assert.equal(table.get(2), null);
    table.dispose();
    assert.throws(
      () => table.length,
      (error) => DisposedError.is(error, "torn-down"),
    );
    for (const wrong of [{ initial: 2, maximum: 1 }, { initial: -1 }, { initial: 1, element: "anyref" }, { initial: 1, size: 2 }]) {
      assert.throws(() => sandbox.table(wrong));
    }
  });
  test("are printed with their size", () => {
    const table = sandbox.table({ initial: 2 });
    assert.equal(inspect(table), "Table (2 elements)");
  });
  test("that do not fit are named", () => {
    const table = sandbox.table({ initial: 1 });
    const refused = (text, target) =>
      thrownBy(() => sandbox.compile(wat(`(module (import "env" "t" (table ${text})))`)).instantiate({ env: { t: target } })).message;
    assert.match(
      refused("2 funcref", table),
      /`env` `t`, a funcref table of 2 elements or more: a funcref table of 1 elements or more is given/,
    );
    assert.match(
      refused("1 2 funcref", new WebAssembly.Table({ element: "anyfunc", initial: 1 })),
      /a WebAssembly.Table, .*sandbox\.table/,
    );
    assert.match(refused("1 funcref", undefined), /a funcref table of 1 elements or more is asked for, nothing of this name is given/);
    assert.match(refused("1 funcref", sandbox.memory({ initial: 1 })), /a memory is given/);
    assert.ok(
      InstantiateError.is(
        thrownBy(() => sandbox.compile(CALLER).instantiate(echo)),
        "import",
      ),
    );
  });
});

describe("guests that share a table", () => {
  test("call each other, each with its own memory and imports", () => {
    const seen = [];
    const { owner, caller } = linked(
      call((c, n) => (seen.push([c.guest, c.memory.read(0, 1)[0]]), n + 1000)),
      call((c, n) => (seen.push([c.guest, c.memory.read(0, 1)[0]]), n + 2000)),
    );
    assert.equal(caller.exports.call(1, 9), 1009 + 100 + 7);
    caller.exports.put(3);
    assert.equal(owner.exports.call(3, 9), 2009 + 7);
    assert.deepEqual(
      seen.map(([guest, first]) => [guest === owner ? "owner" : guest === caller ? "caller" : "another", first]),
      [
        ["owner", 100],
        ["caller", 7],
      ],
    );
    assert.equal(owner.exports.table.get(3), caller.exports.ask);
    assert.equal(owner.exports.table.get(3)(1), 2001 + 7);
  });
  test("wait for each other's imports", async () => {
    const later = async (n) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return n + 5;
    };
    const { owner, caller } = linked(later, later);
    assert.equal(await caller.call("call", [1, 9]), 14 + 100 + 7);
    caller.exports.put(3);
    assert.equal(await owner.call("call", [3, 9]), 14 + 7);
    const waiting = caller.call("call", [1, 9]);
    assert.throws(
      () => owner.exports.double(1),
      (error) => InvokeError.is(error, "busy"),
    );
    assert.equal(await waiting, 14 + 100 + 7);
  });
  test("are called within each other's imports", async () => {
    const nested = [];
    const { owner, caller } = linked(
      call((c, n) => {
        if (n === 9) nested.push(c.callSync("call", [0, 4]), caller.exports.call(0, 4), c.exports.double(3));
        return n;
      }),
    );
    assert.equal(caller.exports.call(1, 9), 9 + 100 + 7);
    assert.equal(await caller.call("call", [1, 9]), 9 + 100 + 7);
    assert.deepEqual(nested, [8, 15, 6, 8, 15, 6]);
    assert.equal(owner.exports.double(1), 2);
  });
  test("a call that is left behind in another guest ends with the import", async () => {
    let left;
    const { owner, caller } = linked(
      call((c, n) => {
        if (n === 9) left = c.call("call", [1, 1]).catch((error) => error);
        return n === 9 ? n : new Promise(() => {});
      }),
    );
    const outcome = await caller.tryCall("call", [1, 9]);
    assert.equal(outcome.status === "ok" ? outcome.value : outcome, 9 + 100 + 7);
    assert.ok(Trap.is(await left, "outlived"));
    assert.deepEqual([owner.exports.double(1), caller.exports.call(0, 1)], [2, 9]);
  });
  test("what one that has not started calls is not served by another that has not either", () => {
    const table = sandbox.table({ initial: 1 });
    const served = [];
    const outer = sandbox.compile(
      wat(`(module (import "env" "begin" (func $begin)) (import "env" "own" (func $own (param i32))) (import "env" "table" (table 1 funcref))
      (func $ask (call $own (i32.const 42))) (elem (i32.const 0) $ask) (func $start (call $begin)) (start $start))`),
    );
    const inner = sandbox.compile(
      wat(`(module (import "env" "begin" (func)) (import "env" "own" (func (param i32))) (import "env" "table" (table 1 funcref))
      (func $start (call_indirect (i32.const 0))) (start $start))`),
    );
    const note = (whose) => ({ table, begin: () => served.push(`${whose} began`), own: (n) => served.push(`${whose} ${n}`) });
    const begin = () =>
      assert.throws(
        () => inner.instantiate({ env: note("inner") }),
        (error) => InvokeError.is(error, "not-started"),
      );
    outer.instantiate({ env: { ...note("outer"), begin } });
    assert.deepEqual(served, []);
    // The outer one has started.
    inner.instantiate({ env: note("inner") });
    assert.deepEqual(served, ["outer 42"]);
  });
  test("wait in a queue for each other", async () => {
    const [queue, slowly] = [{ overlapping: "queue" }, (n) => new Promise((resolve) => setTimeout(resolve, 2, n))];
    const owner = sandbox.compile(OWNER).instantiate({ env: { host: slowly } }, queue);
    const caller = sandbox.compile(CALLER).instantiate({ env: { host: slowly, table: owner.exports.table } }, queue);
    const calls = [];
    for (let n = 0; n < 4; n++) calls.push(caller.call("call", [1, n]), owner.call("call", [1, n]));
    assert.deepEqual(await Promise.all(calls), [107, 100, 108, 101, 109, 102, 110, 103]);
    const paused = await caller.tryCall("call", [1, 5], { fuel: 100n });
    assert.equal(paused.status, "out-of-fuel");
    const waits = owner.call("call", [0, 6]);
    paused.abort();
    assert.equal(await waits, 12);
  });
  test("one that waits in a queue for another guest's call draws on the fuel that it would have drawn on", async () => {
    const queue = { overlapping: "queue" };
    let finish;
    const owner = sandbox.compile(OWNER).instantiate({ env: { host: () => new Promise((resolve) => (finish = resolve)) } }, queue);
    const caller = sandbox.compile(CALLER).instantiate({ env: { ...echo.env, table: owner.exports.table } }, queue);
    const first = caller.call("call", [1, 5]);
    let waits;
    const spend = call((c) => {
      waits = owner.call("call", [0, 6]);
      c.charge(c.fuel - 5n);
      return 1;
    });
    sandbox
      .compile(OWNER)
      .instantiate({ env: { host: spend } })
      .tryCallSync("call", [1, 1]);
    // Tried once before its turn has come.
    await collect(1);
    finish(2);
    await first;
    await assert.rejects(waits, (error) => Trap.is(error, "out-of-fuel"));
  });
  test("a call of another guest that is left behind ends the call around it, and nothing stays open", async () => {
    const own = await Sandbox.load();
    let left;
    const behind = () => {
      left = caller.call("ask", [2]);
      return 4;
    };
    const wait = () => new Promise((resolve) => setTimeout(resolve, 2, 1));
    const owner = own.compile(OWNER).instantiate({ env: { host: behind } });
    const caller = own.compile(CALLER).instantiate({ env: { host: wait, table: owner.exports.table } });
    for (const way of ["callSync", "call"]) {
      await assert.rejects(
        async () => await owner[way]("call", [1, 1]),
        (error) => InvokeError.is(error, "busy"),
      );
      assert.equal(await left, 1 + 7);
      assert.equal(owner.exports.double(4), 8);
    }
    // A queue elsewhere would wait for the import that was served, and for ever.
    const other = own.compile(OWNER).instantiate({ env: { host: wait } }, { overlapping: "queue" });
    assert.deepEqual(await Promise.all([other.call("call", [1, 1]), other.call("call", [1, 2])]), [101, 101]);
    own.dispose();
  });
  test("what an import throws ends the call that led to it", () => {
    const reason = new Error("on purpose");
    const { owner, caller } = linked(() => {
      throw reason;
    });
    assert.equal(
      thrownBy(() => caller.exports.call(1, 9)),
      reason,
    );
    assert.equal(caller.exports.call(0, 9), 25);
    assert.equal(owner.exports.double(2), 4);
    const outside = linked(call((c) => c.memory.read(70_000, 1)));
    const trap = thrownBy(() => outside.caller.exports.call(1, 9));
    assert.ok(Trap.is(trap, "host-error"), String(trap));
  });
  test("keep each other, and run on when one was disposed of", async () => {
    const { owner, caller, table } = linked();
    caller.exports.put(3);
    owner.dispose();
    assert.equal(caller.exports.call(0, 1), 9);
    assert.throws(
      () => caller.exports.call(1, 1),
      (error) => Trap.is(error, "torn-down"),
    );
    assert.throws(
      () => table.get(0),
      (error) => DisposedError.is(error),
    );
    const again = sandbox.compile(OWNER).instantiate(echo).exports;
    assert.equal(again.call(1, 1), 101);
  });
  test("are there, and so are globals and functions, when their guest is made anew", () => {
    const text = `(module (table (export "table") 3 funcref) (memory (export "memory") 1) (global (export "g") (mut i32) (i32.const 5))
      (func $f (export "f") (result i32) (i32.const 1)) (func $own (result i32) (i32.const 2)) (elem (i32.const 0) $f $own)
      (func (export "grow") (drop (memory.grow (i32.const 1)))))`;
    const guest = sandbox.compile(wat(text)).instantiate();
    const { table, g, f, grow } = guest.exports;
    const own = table.get(1);
    assert.deepEqual([table.get(0), own(), g.value], [f, 2, 5]);
    const snapshot = guest.snapshot();
    grow();
    g.value = 6;
    guest.restore(snapshot);
    assert.deepEqual([table.length, table.get(0), f(), table.get(1)(), g.value], [3, f, 1, 2, 5]);
    assert.throws(
      () => own(),
      (error) => DisposedError.is(error, "torn-down"),
    );
    table.set(2, f);
    assert.equal(table.get(2), f);
    // Where it stays as it is they are the same.
    const other = sandbox.compile(wat(text)).instantiate();
    const same = other.exports.table.get(1);
    other.restore(snapshot);
    assert.equal(other.exports.table.get(1), same);
  });
  test("have no snapshot", () => {
    const { owner, caller } = linked();
    for (const guest of [owner, caller])
      assert.throws(
        () => guest.snapshot(),
        (error) => SnapshotError.is(error, "table"),
      );
  });
});

describe("functions that JavaScript makes for tables", () => {
  const UNARY = { parameters: ["i32"], results: ["i32"] };
  test("are called by guests, and are the same object", async () => {
    const { exports } = sandbox.compile(OWNER).instantiate(echo);
    const { table } = exports;
    const tenfold = sandbox.function(UNARY, (n) => n * 10);
    table.set(3, tenfold);
    assert.deepEqual([exports.call(3, 4), tenfold(4), table.get(3) === tenfold], [40, 40, true]);
    assert.equal(table.grow(1, tenfold), 4);
    assert.equal(exports.call(4, 5), 50);
    const other = sandbox.table({ initial: 1 });
    other.set(0, tenfold);
    assert.equal(other.get(0), tenfold);
    table.set(
      0,
      sandbox.function({ parameters: ["i64", "f64", "f32"], results: ["i32", "i64"] }, () => [1, 2n]),
    );
    assert.throws(
      () => exports.call(0, 1),
      (error) => Trap.is(error, "bad-signature"),
    );
    assert.deepEqual(table.get(0)(1n, 2, 3), [1, 2n]);
  });
  test("may be async, throw, and call the guest", async () => {
    const guest = sandbox.compile(OWNER).instantiate(echo);
    const { table } = guest.exports;
    table.set(
      3,
      sandbox.function(UNARY, async (n) => n + (await 1)),
    );
    assert.equal(await guest.call("call", [3, 4]), 5);
    const reason = new Error("on purpose");
    table.set(
      3,
      sandbox.function(UNARY, () => {
        throw reason;
      }),
    );
    assert.equal(
      thrownBy(() => guest.exports.call(3, 4)),
      reason,
    );
    // As emscripten's `invoke_*` do: what is thrown is caught on the way, and the guest goes on.
    table.set(
      2,
      sandbox.function(UNARY, (n) => {
        try {
          return table.get(3)(n);
        } catch {
          return -1;
        }
      }),
    );
    assert.equal(guest.exports.call(2, 4), -1);
    table.set(
      3,
      sandbox.function(
        UNARY,
        call((c, n) => {
          c.charge(1n);
          return guest.exports.double(n);
        }),
      ),
    );
    assert.equal(guest.exports.call(2, 4), 8);
  });
  test("of wrong types are refused", () => {
    for (const [type, target] of [
      [{ parameters: ["i32"] }, () => 1],
      [{ parameters: ["i32"], results: "i32" }, () => 1],
      [{ parameters: ["anyref"], results: [] }, () => 1],
      [{ parameters: [], results: [], more: 1 }, () => 1],
      [UNARY, 1],
    ]) {
      assert.throws(() => sandbox.function(type, target), TypeError);
    }
    assert.throws(
      () => sandbox.function({ parameters: Array(1001).fill("i32"), results: [] }, () => {}),
      (error) => TableError.is(error, "type"),
    );
  });
});

describe("tables that are dropped", () => {
  test("a guest that is only in the table of another is kept", async () => {
    const owner = sandbox.compile(OWNER).instantiate(echo);
    (() => {
      const caller = sandbox.compile(CALLER).instantiate({ env: { host: (n) => n + 1, table: owner.exports.table } });
      caller.exports.put(3);
    })();
    for (let round = 0; round < 5; round++) await collect();
    assert.equal(owner.exports.call(3, 1), 2 + 7);
  });
  test("keep no guests that were disposed of", async () => {
    const [table, module, disposed] = [sandbox.table({ initial: 1 }), sandbox.compile(OWNER), []];
    for (let round = 0; round < 50; round++) {
      const guest = module.instantiate(echo);
      table.set(0, guest.exports.double);
      guest.dispose();
      disposed.push(new WeakRef(guest));
    }
    await collect();
    // The last one may be on the stack still.
    const kept = disposed.filter((reference) => reference.deref() !== undefined);
    assert(kept.length <= 1, `${kept.length}`);
    assert.equal(table.get(0), null);
  });
  test("and go together", async () => {
    const own = await Sandbox.load();
    (() => {
      for (let round = 0; round < 20; round++) {
        const owner = own.compile(OWNER).instantiate(echo);
        const caller = own.compile(CALLER).instantiate({ env: { ...echo.env, table: owner.exports.table } });
        caller.exports.put(3);
        owner.exports.table.get(3)(1);
      }
    })();
    for (let round = 0; round < 50 && own.memoryPagesInUse > 0; round++) await collect();
    assert.equal(own.memoryPagesInUse, 0);
    own.dispose();
  });
});
