// A supervisor's own stack overflow, wherever it happens: the runtime's own error and nothing else. Nothing is
// poisoned, nothing is half done, and whoever was not in it notices nothing.
//
// TRIES=n node --test test/stack.test.mjs
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sandbox, call } from "guestbox";
import { ScaleStore, decodeReturnValue, encodeArguments, encodeEnvironment, encodeResult } from "guestbox/scale";
import { wat } from "./wat.mjs";

const TRIES = Number(process.env.TRIES ?? 200);
const isOverflow = (error) => error?.name === "RangeError" || error?.name === "InternalError";

const GUEST = wat(`(module (import "env" "ask" (func $ask (param i32) (result i32))) (memory (export "memory") 1)
  (global $sp (export "sp") (mut i32) (i32.const 1024))
  (data (i32.const 16) "\\10\\00\\00\\00") ;; a list whose first element is its own next
  (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "run") (param i32) (result i32) (local $p i32) (local $r i32)
    (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
    (local.set $r (call $ask (local.get 0)))
    (global.set $sp (i32.add (local.get $p) (i32.const 16))) (local.get $r)))`);
const SMALL = wat('(module (memory 1) (func (export "f") (result i32) (i32.const 7)))');

const sandbox = await Sandbox.load({ limits: { fuel: 10n ** 12n } });
const module = sandbox.compile(GUEST);
const bystander = module.instantiate({ env: { ask: (n) => n + 1 } });
const small = sandbox.compile(SMALL);
const plain = module.instantiate({ env: { ask: (n) => n } });
const memory = sandbox.memory({ initial: 1 });

/** Descends so many frames and acts there. */
function descend(frames, act) {
  return frames > 0 ? [descend(frames - 1, act)][0] : act();
}

/** The most frames that `descend` can take now. */
function depth() {
  let [some, many] = [0, 1 << 20];
  while (many - some > 1) {
    const middle = (some + many) >> 1;
    try {
      descend(middle, () => 0);
      some = middle;
    } catch {
      many = middle;
    }
  }
  return some;
}

/** Acts at every depth of the last part of the stack: it works, or overflows by the runtime's own error. */
function everywhere(act) {
  let worked = 0,
    overflowed = 0;
  // Once they are optimised, frames are smaller: more of them are tried then.
  const deepest = depth();
  for (let attempt = 0; attempt < TRIES || (overflowed <= TRIES / 20 && attempt < 10 * TRIES); attempt++) {
    const frames = Math.floor(deepest * (0.6 + (0.8 * attempt) / TRIES));
    try {
      descend(frames, act);
      worked++;
    } catch (error) {
      assert.ok(isOverflow(error), `${frames} frames deep: ${error?.stack}`);
      overflowed++;
    }
  }
  assert.ok(worked > TRIES / 20 && overflowed > TRIES / 20, `${worked} worked, ${overflowed} overflowed`);
}

function isWell() {
  assert.equal(bystander.exports.run(5), 6);
  assert.equal(bystander.exports.sp.value, 1_024);
  assert.equal(plain.exports.plain(1), 2);
  assert.equal(plain.callSync("run", [3]), 3);
  assert.equal(plain.exports.sp.value, 1_024);
  const fresh = small.instantiate();
  assert.equal(fresh.exports.f(), 7);
  fresh.dispose();
}

describe("an overflow of the supervisor's own stack changes nothing", () => {
  const acts = {
    "memory.read": () => memory.read(0, 16),
    "memory.write": () => memory.write(0, new Uint8Array(16)),
    "memory.size": () => memory.size,
    "exports.f": () => plain.exports.plain(1),
    "exports.f with an import": () => plain.exports.run(1),
    "a global": () => plain.exports.sp.value,
    callSync: () => plain.callSync("run", [1]),
    tryCallSync: () => plain.tryCallSync("run", [1]),
    compile: () => sandbox.compile(SMALL).dispose(),
    "compile, of no module": () => {
      try {
        sandbox.compile(new Uint8Array(9));
      } catch (error) {
        if (error.name !== "CompileError") throw error;
      }
    },
    instantiate: () => small.instantiate().dispose(),
    "a new memory": () => sandbox.memory({ initial: 0 }).dispose(),
    snapshot: () => plain.snapshot().dispose(),
    fork: () => plain.fork().dispose(),
  };
  for (const [name, act] of Object.entries(acts))
    test(name, () => {
      const pages = sandbox.memoryPagesInUse;
      everywhere(act);
      isWell();
      // An object whose `dispose` overflowed is disposed of by nobody.
      const left = sandbox.memoryPagesInUse - pages;
      assert.ok(left >= 0 && left <= TRIES, `${left} pages are left`);
    });

  test("call, whose promise is rejected", async () => {
    const errors = [];
    const settled = [];
    everywhere(() => {
      const promise = plain.call("plain", [1]);
      settled.push(
        promise.then(
          (value) => assert.equal(value, 2),
          (error) => errors.push(error),
        ),
      );
    });
    await Promise.all(settled);
    assert.ok(errors.length > 0 && errors.every(isOverflow), String(errors.find((error) => !isOverflow(error))));
    isWell();
  });

  test("an outcome's resume and abort", async () => {
    const kept = module.instantiate({ env: { ask: (n) => n } });
    for (let attempt = 0; attempt < 40; attempt++) {
      const outcome = await kept.tryCall("plain", [1], { fuel: 1n });
      assert.equal(outcome.status, "out-of-fuel");
      try {
        descend(1 << 20, () => 0);
      } catch (error) {
        assert.ok(isOverflow(error));
      }
      try {
        descend(depth() - attempt, () => outcome.abort());
      } catch (error) {
        assert.ok(isOverflow(error));
      }
      outcome.abort();
      assert.equal(kept.exports.plain(1), 2);
    }
  });
});

describe("an import that recurses until the stack is full", () => {
  const walks = {
    "reading a guest's cyclic list": (guest) => {
      const walk = (at) => walk(new DataView(guest().exports.memory.read(at, 4).buffer).getUint32(0, true)) + 1;
      return () => walk(16);
    },
    "calling another guest": () => () => {
      const go = () => bystander.exports.run(1) + go();
      return go();
    },
    "calling its own guest": (guest) => () => {
      const go = () => guest().exports.plain(1) + go();
      return go();
    },
    "calling itself by its guest": (guest) => () => guest().callSync("run", [1]),
    compiling: () => () => {
      const go = () => (sandbox.compile(SMALL).dispose(), go()) + 1;
      return go();
    },
    "on its own": () => () => {
      const go = () => go() + 1;
      return go();
    },
  };
  for (const [name, make] of Object.entries(walks))
    for (const caught of [false, true])
      test(`${name}${caught ? ", and catches that" : ""}`, async () => {
        let guest;
        const walk = make(() => guest);
        const ask = caught
          ? () => {
              try {
                return walk();
              } catch (error) {
                if (!isOverflow(error) && error.code !== "nesting-too-deep") throw error;
                return 9;
              }
            }
          : () => walk();
        guest = module.instantiate({ env: { ask } });
        const tries = Math.ceil(TRIES / (name === "compiling" ? 50 : 10));
        for (let attempt = 0; attempt < tries; attempt++) {
          const act = () => (attempt % 2 === 0 ? guest.exports.run(1) : guest.callSync("run", [1]));
          try {
            assert.equal(descend(attempt, act), 9);
            assert.ok(caught);
          } catch (error) {
            assert.ok(!caught && (isOverflow(error) || error.code === "nesting-too-deep"), error?.stack);
          }
          assert.equal(guest.exports.sp.value, 1_024);
          assert.equal(guest.exports.plain(1), 2);
        }
        const ending = await guest.call("run", [1]).then(
          (value) => value,
          (error) => error,
        );
        if (caught) assert.equal(ending, 9);
        else assert.ok(isOverflow(ending) || ending.code === "nesting-too-deep", String(ending));
        guest.dispose();
        isWell();
      });

  test("is told by its own error, as the same object", () => {
    let thrown;
    const guest = module.instantiate({
      env: {
        ask: call((c, n) => {
          try {
            const go = () => c.memory.read(0, 4)[n] + go();
            return go();
          } catch (error) {
            thrown = error;
            throw error;
          }
        }),
      },
    });
    assert.throws(
      () => guest.exports.run(0),
      (error) => error === thrown && isOverflow(error),
    );
  });
});

/** Fills the stack, and acts at each level on the way back: from where it is full to where it is not. */
function back(act) {
  const fill = () => {
    try {
      return fill();
    } finally {
      act();
    }
  };
  try {
    fill();
  } catch (error) {
    assert.ok(isOverflow(error), error?.stack);
  }
}
/** Fills the stack, and acts at each level on the way there. */
function forth(act) {
  const fill = () => (act(), fill()) + 1;
  try {
    fill();
  } catch (error) {
    assert.ok(isOverflow(error), error?.stack);
  }
}

describe("nothing is left half done where the stack is full", () => {
  const SPINS = wat(`(module (import "env" "ask" (func $ask (result i32))) (memory 1) (func (export "asks") (result i32) (call $ask))
    (func (export "spin") (loop (br 0))) (func (export "one") (result i32) (i32.const 1)))`);
  const STARTS = wat("(module (memory 1) (func $s (loop (br 0))) (start $s))");
  const spins = sandbox.compile(SPINS),
    starts = sandbox.compile(STARTS);
  const spinner = (ask = () => 1, options = { fuel: 1_000 }) => spins.instantiate({ env: { ask } }, options);
  const tries = Math.ceil(TRIES / 20);
  const spinIn = (exports) => {
    try {
      exports.spin();
    } catch (error) {
      if (error.code !== "out-of-fuel") throw error;
    }
  };

  test("a guest that runs out of fuel is not busy after, nor anybody else without fuel", async () => {
    for (let attempt = 0; attempt < tries; attempt++) {
      const guest = spinner();
      descend(attempt % 7, () => forth(() => spinIn(guest.exports)));
      assert.equal(guest.exports.one(), 1);
      const outer = spinner(
        call((c) => {
          forth(() => spinIn(c.exports));
          return 7;
        }),
        { fuel: 100_000_000 },
      );
      assert.equal(attempt % 2 === 0 ? outer.exports.asks() : await outer.call("asks"), 7);
      assert.equal(outer.exports.one(), 1);
      assert.equal(bystander.exports.run(5), 6);
      assert.equal(spinner().exports.one(), 1);
      outer.dispose();
      guest.dispose();
    }
  });
  test("what could not be disposed of can be after, and all of it is freed", async () => {
    const makers = {
      memory: () => sandbox.memory({ initial: 1 }),
      guest: () => spinner(),
      module: () => sandbox.compile(SPINS),
      snapshot: () => plain.snapshot(),
    };
    const pages = sandbox.memoryPagesInUse;
    for (const make of Object.values(makers))
      for (let attempt = 0; attempt < tries; attempt++) {
        const thing = make();
        descend(attempt % 7, () => back(() => thing.dispose()));
        thing.dispose();
      }
    assert.equal(sandbox.memoryPagesInUse, pages);
  });
  test("a start function that does not end leaves no guest", () => {
    const pages = sandbox.memoryPagesInUse;
    for (let attempt = 0; attempt < tries; attempt++) {
      descend(attempt % 7, () =>
        forth(() => {
          try {
            starts.instantiate({}, { fuel: 100 });
          } catch (error) {
            if (error.code !== "out-of-fuel") throw error;
          }
        }),
      );
    }
    assert.equal(sandbox.memoryPagesInUse, pages);
  });
  test("an outcome that could not be resumed holds its guest until it is aborted", async () => {
    for (let attempt = 0; attempt < tries; attempt++) {
      const guest = spinner();
      const outcome = await guest.tryCall("spin", [], { fuel: 100 });
      const resumed = [];
      descend(attempt % 7, () => forth(() => resumed.push(outcome.resume(100))));
      for (const settled of await Promise.allSettled(resumed)) {
        if (settled.status === "fulfilled") settled.value.abort();
        else assert.ok(isOverflow(settled.reason) || settled.reason.code === "call-over", String(settled.reason));
      }
      outcome.abort();
      assert.equal(guest.exports.one(), 1);
      guest.dispose();
    }
  });
  test("a call in a queue is not told of somebody else's overflow", async () => {
    for (let attempt = 0; attempt < tries; attempt++) {
      const guest = spinner(() => 1, { overlapping: "queue" });
      const outcome = await guest.tryCall("spin", [], { fuel: 100 });
      const queued = guest.call("one");
      descend(attempt % 7, () => back(() => outcome.abort()));
      outcome.abort();
      assert.equal(await queued, 1);
      guest.dispose();
    }
  });
});

describe("the lower level", () => {
  test("ScaleStore: a thunk that overflows, and calls near the stack's end", async () => {
    const store = await ScaleStore.load();
    const environment = encodeEnvironment([{ module: "env", name: "ask", entity: { function: 3 } }]);
    let deep = false;
    const thunk = () => {
      const go = () => store.memoryNew(0, 1) + go();
      return deep ? go() : encodeResult({ type: "i32", value: 7 });
    };
    const bytes = wat('(module (import "env" "ask" (func $a (result i32))) (func (export "f") (result i32) (call $a)))');
    const instance = store.instantiate(thunk, bytes, environment, 0);
    const invoke = () => decodeReturnValue(store.invoke(thunk, instance, "f", encodeArguments([]), 0));
    const expected = { type: "i32", value: 7 };
    assert.deepEqual(invoke(), expected);
    everywhere(invoke);
    deep = true;
    for (let attempt = 0; attempt < 20; attempt++) assert.throws(invoke, isOverflow);
    deep = false;
    assert.deepEqual(invoke(), expected);
  });
});
