// Random programs of calls over three guests, whose supervisor re-enters, throws and ends things wherever it
// can, against what must hold of each of them: nobody reads another's value, the pointer of the stack is right
// whenever an import looks and whenever the guest is idle, every promise settles, and every error is one of
// those that are documented. Every fifth program disposes of its sandbox on the way.
//
// SEED=n PROGRAMS=n MODE=refuse|queue|mixed node --test test/chains-model.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import { DisposedError, GuestboxError, InvokeError, Sandbox, Trap, AsyncImportError, call } from "guestbox";
import { wat } from "./wat.mjs";

const TEXT = `(module (import "env" "wait" (func $w (param i32) (result i32 i32))) (memory (export "memory") 1)
  (global $sp (export "sp") (mut i32) (i32.const 4096))
  (func (export "run") (param i32) (result i32) (local $p i32) (local $r i32)
    (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
    (i32.store (local.get $p) (local.get 0)) (call $w (local.get 0)) drop drop
    (if (i32.ne (i32.load (local.get $p)) (local.get 0)) (then (return (i32.const -1))))
    (call $w (local.get 0)) drop drop
    (local.set $r (i32.load (local.get $p)))
    (global.set $sp (i32.add (local.get $p) (i32.const 16))) (local.get $r))
  (func (export "spin") (param i32) (result i32) (local $p i32) (local $n i32)
    (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16)))) (i32.store (local.get $p) (local.get 0))
    (loop (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20000))))
    (if (i32.eqz (i32.and (local.get 0) (i32.const 7))) (then unreachable))
    (global.set $sp (i32.add (local.get $p) (i32.const 16))) (i32.load (local.get $p)))
  (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`;
const BYTES = wat(TEXT);

function random(seed) {
  let s = seed >>> 0;
  const next = () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { chance: (p) => next() < p, below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)] };
}

const OURS = Symbol("ours");
const ours = (text) => Object.assign(new Error(text), { [OURS]: true });
const counts = new Map();
const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

function allowed(error) {
  if (error?.[OURS]) return (count(error.message), true);
  if (error instanceof Trap) {
    count(`trap ${error.code}`);
    return ["out-of-fuel", "outlived", "unreachable", "nesting-too-deep"].includes(error.code);
  }
  if (error instanceof InvokeError) {
    count(error.code);
    return ["busy", "call-over"].includes(error.code);
  }
  if (error instanceof DisposedError) return (count("disposed"), true);
  if (error instanceof AsyncImportError) return (count("async import"), true);
  if (error instanceof GuestboxError) return false;
  if (error?.name === "TimeoutError" || error?.name === "AbortError") return (count(error.name), true);
  return (
    error instanceof TypeError && /`wait` has 2 results|Reduce|a TypeError of ours/.test(error.message) && (count("wrong result"), true)
  );
}

async function program(seed, mode) {
  const r = random(seed);
  const disposes = seed % 5 === 0;
  const sandbox = disposes ? await Sandbox.load() : (shared ??= await Sandbox.load());
  const module = disposes ? sandbox.compile(BYTES) : (sharedModule ??= sandbox.compile(BYTES));
  const problems = [];
  const problem = (text) => problems.push(`seed ${seed}: ${text}`);
  const pending = new Set();
  const kept = [];
  const controllers = [];
  let reenter;
  let ids = 1,
    budget = 60,
    isOver = false,
    isGone = false;
  const track = (promise, what, check) => {
    const entry = { what };
    pending.add(entry);
    const tracked = promise.then(
      (value) => {
        pending.delete(entry);
        check(value);
        return value;
      },
      (error) => {
        pending.delete(entry);
        if (!allowed(error)) problem(`${what}: ${error?.stack ?? error}`);
        throw error;
      },
    );
    tracked.catch(() => {});
    return tracked;
  };
  const valueIs = (id, name) => (value) => {
    count("ok");
    const wanted = name === "plain" ? id + 1 : id;
    if (value !== wanted) problem(`call ${name}(${id}) is ${value}`);
  };
  const outcomeIs = (id, name) => (outcome) => {
    if (outcome.status === "ok") valueIs(id, name)(outcome.value);
    else if (outcome.status === "trap") {
      if (!allowed(outcome.trap)) problem(`${name}(${id}): ${outcome.trap}`);
    } else {
      count("kept");
      outcome.id = id;
      outcome.name_ = name;
      kept.push(outcome);
    }
  };
  const options = (inImport, sync) => {
    const o = {};
    if (r.chance(0.1))
      for (const key of ["keepStack", "state"])
        Object.defineProperty(o, key, {
          enumerable: true,
          get() {
            if (reenter && budget > 0) {
              const act = reenter;
              reenter = undefined;
              act();
            }
            return undefined;
          },
        });
    if (r.chance(0.3)) o.fuel = r.pick([5n, 20n, 60n, 1_000n, 100_000n, 1_000_000n]);
    if (!sync) {
      if (r.chance(0.3)) o.slice = r.pick([1n, 7n, 100n, 5_000n]);
      if (r.chance(0.25)) {
        const controller = new AbortController();
        controllers.push(controller);
        o.signal = controller.signal;
      }
      // What is queued within an import may wait for ever.
      if (inImport || r.chance(0.2)) o.deadline = performance.now() + r.pick([1, 3, 8, 15]);
    }
    return o;
  };
  const name = () => r.pick(["run", "run", "run", "spin", "plain"]);
  const guests = [];
  /** Makes a call somehow; a promise of its end, or nothing where it has ended. */
  const make = (callers, inImport, own) => {
    if (budget-- <= 0) return undefined;
    const [caller, label] = r.pick(callers);
    const id = (ids += 1),
      export_ = name();
    if (r.chance(0.1)) reenter = () => make(callers, inImport, own);
    const args = [id];
    if (r.chance(0.1))
      Object.defineProperty(args, Symbol.iterator, {
        value: function* () {
          make(callers, inImport, own);
          yield id;
          make(callers, inImport, own);
        },
      });
    const ways = ["call", "call", "tryCall", "tryCall", "callSync", "tryCallSync", "exports"];
    const way = r.pick(ways);
    const what = `${label}.${way} ${export_}(${id})`;
    try {
      if (way === "call") return track(caller.call(export_, args, options(inImport)), what, valueIs(id, export_));
      if (way === "tryCall") return track(caller.tryCall(export_, args, options(inImport)), what, outcomeIs(id, export_));
      if (way === "callSync") valueIs(id, export_)(caller.callSync(export_, args, options(inImport, true)));
      else if (way === "tryCallSync") outcomeIs(id, export_)(caller.tryCallSync(export_, args, options(inImport, true)));
      else valueIs(id, export_)(caller.exports[export_](id));
    } catch (error) {
      if (!allowed(error)) problem(`${what}: ${error?.stack ?? error}`);
      if (inImport && r.chance(0.1)) throw error;
    }
    return undefined;
  };
  const act = () => {
    if (controllers.length > 0 && r.chance(0.1)) controllers.splice(r.below(controllers.length), 1)[0].abort();
    if (kept.length > 0 && r.chance(0.3)) {
      const outcome = kept.splice(r.below(kept.length), 1)[0];
      const { id, name_ } = outcome;
      if (r.chance(0.4)) outcome.abort();
      else
        track(outcome.resume(r.pick([3n, 50n, 200_000n]), r.chance(0.3) ? { slice: 11n } : {}), `resume ${id}`, outcomeIs(id, name_)).catch(
          () => outcome.abort(),
        );
    }
    if (r.chance(0.01)) r.pick(guests).dispose();
    if (disposes && r.chance(0.02)) {
      isGone = true;
      sandbox.dispose();
    }
  };
  const wait = (of) =>
    call((c, id) => {
      if (isOver) return [0, 0];
      const { exports } = guests[of].own;
      const look = (where) => {
        try {
          const sp = exports.sp.value;
          const there = new DataView(exports.memory.read(sp, 4).buffer).getInt32(0, true);
          if (there !== id) problem(`import of ${id}, guest ${of}, ${where}: the frame at ${sp} is ${there}'s`);
        } catch (error) {
          if (!allowed(error)) problem(String(error.stack));
        }
      };
      look("when called");
      const callers = () => [[c, `c${id}`], [c, `c${id}`], ...guests.map(({ own }, n) => [own, `g${n}`])];
      const nested = [];
      const some = () => {
        for (let n = r.below(3); n > 0; n--) {
          act();
          const made = make(callers(), true, of);
          if (made) nested.push(made);
        }
      };
      some();
      /** Two results, whose iterator may make calls. */
      const answer = () => {
        const results = [0, 0];
        if (r.chance(0.15))
          Object.defineProperty(results, Symbol.iterator, {
            value: function* () {
              some();
              yield 0;
              if (r.chance(0.1)) throw ours("iterator");
              some();
              yield 0;
            },
          });
        return results;
      };
      const end = r.below(20);
      if (end === 9) {
        // A thenable that makes calls, settles twice and throws after.
        const thenable = (resolve, reject) => {
          some();
          resolve(answer());
          some();
          reject(ours("too late"));
          if (r.chance(0.5)) throw ours("then");
        };
        let reads = 0;
        return {
          get then() {
            if (reads++ < 2) some();
            return thenable;
          },
        };
      }
      if (end < 7) return answer();
      if (end === 7) throw ours("thrown");
      if (end === 8) return "no number";
      return (async () => {
        for (let n = r.below(3); n >= 0; n--) {
          if (r.chance(0.5)) await null;
          else await new Promise(setImmediate);
          if (r.chance(0.7)) await Promise.allSettled(nested.splice(0));
          if (r.chance(0.5)) some();
        }
        if (end > 10) await Promise.allSettled(nested);
        if (r.chance(0.1)) throw ours("rejected");
        return answer();
      })();
    });
  for (let n = 0; n < 3; n++) {
    const overlapping = mode === "mixed" ? r.pick(["refuse", "queue"]) : mode;
    guests.push({
      own: module.instantiate({ env: { wait: wait(n) } }, { overlapping, maxCallDepth: r.chance(0.2) ? 3 : undefined }),
      dispose() {
        this.own.dispose();
        this.gone = true;
      },
    });
  }
  const outer = guests.map(({ own }, n) => [own, `g${n}`]);
  for (let n = 0; n < 8; n++) {
    act();
    make(outer, false);
    if (r.chance(0.3)) await null;
    if (r.chance(0.3)) await new Promise(setImmediate);
  }
  // All come to an end: what is out of fuel is resumed or aborted.
  const started = performance.now();
  while (pending.size > 0 || kept.length > 0) {
    await new Promise(setImmediate);
    act();
    if (kept.length > 0 && r.chance(0.3)) kept.pop().abort();
    if (performance.now() - started > 3_000) {
      problem(`never settle: ${[...pending].map(({ what }) => what).join("; ")}`);
      break;
    }
  }
  isOver = true;
  for (const [n, { own, gone }] of guests.entries()) {
    if (gone || isGone) continue;
    try {
      const sp = own.exports.sp.value;
      if (sp !== 4_096) problem(`guest ${n} is idle and its stack's pointer ${sp}`);
      if (own.exports.plain(1) !== 2) problem("plain");
      if (own.exports.run(77) !== 77) problem("run");
      if ((await own.call("run", [78])) !== 78) problem("run");
    } catch (error) {
      problem(`idle guest ${n}: ${error.stack}`);
    }
    own.dispose();
  }
  if (disposes) sandbox.dispose();
  else if (sandbox.memoryPagesInUse !== 0) problem(`${sandbox.memoryPagesInUse} pages are in use`);
  return problems;
}

let shared, sharedModule;
const unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(error));

test("random programs", async () => {
  const first = Number(process.env.SEED ?? 1),
    programs = Number(process.env.PROGRAMS ?? 300);
  const all = [];
  for (let seed = first; seed < first + programs; seed++) {
    const mode = process.env.MODE ?? ["refuse", "queue", "mixed"][seed % 3];
    const problems = await program(seed, mode);
    all.push(...problems);
    if (all.length > 10) break;
  }
  assert.deepEqual(all, []);
  // It would see little if little of this happened.
  for (const what of ["ok", "busy", "kept", "trap outlived", "trap out-of-fuel", "AbortError", "TimeoutError"]) {
    assert.ok(counts.get(what) >= programs / 30, `${what}: ${counts.get(what)} of ${programs} programs`);
  }
  assert.deepEqual(unhandled, []);
});
