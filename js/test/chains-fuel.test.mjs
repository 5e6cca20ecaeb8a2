// Random trees of nested calls: what each says that it used is its own and that of those that drew on it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Sandbox, call } from "guestbox";
import { wat } from "./wat.mjs";
const BYTES = wat(`(module (import "env" "wait" (func $w (param i32) (result i32))) (memory (export "memory") 1)
  (global $sp (mut i32) (i32.const 4096))
  (func (export "run") (param i32) (result i32) (local $p i32) (local $r i32)
    (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
    (i32.store (local.get $p) (local.get 0)) (drop (call $w (local.get 0))) (drop (call $w (local.get 0)))
    (local.set $r (i32.load (local.get $p))) (global.set $sp (i32.add (local.get $p) (i32.const 16))) (local.get $r)))`);
const sandbox = await Sandbox.load();
const module = sandbox.compile(BYTES);
const K = module.instantiate({ env: { wait: () => 0 } }).tryCallSync("run", [0]).fuelUsed;
let seed = Number(process.env.SEED ?? 1);
const next = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
const chance = (p) => next() < p;
test("random trees", async () => {
  for (let round = 0; round < 1_500; round++) {
    const problems = [],
      used = new Map();
    let id = 0,
      budget = 14;
    const guests = [];
    const track = (n, own) => used.set(n, { sum: K, own });
    const serve = (of) => async (c, n, early) => {
      const me = used.get(n);
      const one = async (isEarly) => {
        if (budget-- <= 0) return;
        if (chance(0.3)) {
          const amount = BigInt(1 + Math.floor(next() * 20));
          c.charge(amount);
          me.sum += amount;
        }
        const child = ++id,
          own = chance(0.2) ? 50_000n : undefined;
        track(child);
        const other = isEarly && chance(0.3) ? guests[1 - of] : undefined;
        const by = other ?? (isEarly && chance(0.3) ? guests[of] : c);
        const before = c.fuel;
        let o;
        try {
          const kind = Math.floor(next() * 3);
          if (kind === 0 || (isEarly && by !== c && kind === 2)) o = by.tryCallSync("run", [child], own === undefined ? {} : { fuel: own });
          else
            o = await by.tryCall("run", [child], {
              ...(own === undefined ? {} : { fuel: own }),
              ...(chance(0.4) ? { slice: 1 + Math.floor(next() * 30) } : {}),
            });
        } catch (error) {
          // The other guest may be at work further out.
          if (error.code === "busy") return;
          throw error;
        }
        if (o.status !== "ok") throw o.trap;
        const { sum } = used.get(child);
        if (o.fuelUsed !== sum) problems.push(`round ${round}: ${child} used ${o.fuelUsed}, not ${sum}`);
        if (own === undefined) me.sum += sum;
        const after = c.fuel;
        if (before - after !== (own === undefined ? sum : 0n))
          problems.push(`round ${round}: c.fuel went from ${before} to ${after} by ${child} of ${sum}, ${own}`);
      };
      if (early) return one(true);
      while (chance(0.5)) await one(false);
    };
    for (let of = 0; of < 2; of++) {
      const act = serve(of);
      guests.push(
        module.instantiate({
          env: {
            wait: call((c, n) => {
              if (!isAsync.has(n)) return 0;
              return (async () => {
                if (chance(0.4)) await act(c, n, true);
                else if (chance(0.5)) await null;
                else await new Promise(setImmediate);
                await act(c, n, false);
                return 0;
              })();
            }),
          },
        }),
      );
    }
    const isAsync = { has: () => !inSync };
    let inSync = false;
    // Synchronous calls have leaves for imports.
    for (const guest of guests) {
      const raw = guest.tryCallSync.bind(guest);
      guest.tryCallSync = (...args) => {
        inSync = true;
        try {
          return raw(...args);
        } finally {
          inSync = false;
        }
      };
    }
    track(0);
    let o;
    try {
      o = await guests[0].tryCall("run", [0], { fuel: 1_000_000n, ...(chance(0.3) ? { slice: 7 } : {}) });
    } catch (error) {
      if (error.name === "AsyncImportError") {
        budget = 0;
        for (const g of guests) g.dispose();
        continue;
      }
      throw error;
    }
    if (o.fuelUsed !== used.get(0).sum) problems.push(`round ${round}: the outermost used ${o.fuelUsed}, not ${used.get(0).sum}`);
    for (const g of guests) g.dispose();
    assert.deepEqual(problems, []);
  }
});
