// What is dropped without dispose is freed once the runtime has collected it, and what is still used is not.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { DisposedError, Sandbox, call } from "guestbox";
import { collect, gc } from "./collect.mjs";
import { smallEngine } from "./small-engine.mjs";
import { deferred, rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const PAGE = wat(`(module (memory (export "m") 1) (global (export "g") (mut i32) (i32.const 1))
  (func (export "f") (result i32) (i32.const 7)) (func (export "spin") (loop (br 0))))`);
const ASKS = wat('(module (import "e" "ask" (func $ask (result i32))) (memory (export "m") 1) (func (export "f") (result i32) call $ask))');
const IMPORTS_MEMORY = wat('(module (import "e" "m" (memory 1)) (func (export "f") (result i32) (i32.load8_u (i32.const 0))))');
const STARTS = wat('(module (import "e" "f" (func $f)) (memory 3) (start $f))');

/** A sandbox and the kinds of what it was told to be lost. */
async function watched(options = {}) {
  const leaks = [];
  const { sandbox } = await workbench({ ...options, onLeak: ({ kind }) => leaks.push(kind) });
  return { sandbox, leaks, count: (kind) => leaks.filter((other) => other === kind).length };
}

describe("dropped without dispose", () => {
  test("10,000 guests of a page go through where 2,048 have room", async () => {
    const { sandbox, count } = await watched({ limits: { totalMemoryPages: 2_048, instances: 2_048 } });
    const module = sandbox.compile(PAGE);
    // A function of its own: what the last one made would be kept by a variable otherwise.
    const one = () => {
      const { exports } = module.instantiate();
      exports.m.write(0, Uint8Array.of(1));
      exports.f();
    };
    for (let i = 0; i < 10_000; i++) {
      one();
      if (i % 1_000 === 999) await collect(1);
    }
    await collect();
    assert.equal(count("guest"), 10_000);
    assert.equal(sandbox.memoryPagesInUse, 0);
  });
  test("10,000 guests made by instantiateAsync, which takes a turn and tries again where there is no room", async () => {
    const { sandbox, count } = await watched({ limits: { totalMemoryPages: 2_048 } });
    const module = sandbox.compile(PAGE);
    const one = async () => (await module.instantiateAsync()).exports.f();
    for (let i = 0; i < 10_000; i++) {
      await one();
      // Collected, but no finalizer has had its turn.
      if (i % 1_000 === 999) gc();
    }
    await collect();
    assert.equal(count("guest"), 10_000);
  });
  test("10,000 memories of a page go through where 2,048 have room", async () => {
    const { sandbox, count } = await watched({ limits: { totalMemoryPages: 2_048 } });
    const one = () => sandbox.memory({ initial: 1 }).write(0, Uint8Array.of(1));
    for (let i = 0; i < 10_000; i++) {
      one();
      if (i % 1_000 === 999) await collect(1);
    }
    await collect();
    assert.equal(count("memory"), 10_000);
    assert.equal(sandbox.memoryPagesInUse, 0);
  });
  for (const [kind, rounds, make] of [
    ["module", 10_000, (sandbox) => sandbox.compile(PAGE)],
    ["snapshot", 10_000, (_, guest) => guest.snapshot()],
    ["outcome", 10_000, (_, guest) => guest.tryCall("spin", [], { fuel: 100 })],
  ]) {
    test(`${rounds} of kind ${kind} leave the engine's memory as it was`, async () => {
      const { sandbox, count } = await watched();
      const guest = sandbox.compile(PAGE).instantiate({}, { overlapping: "allow" });
      guest.exports.m.write(0, crypto.getRandomValues(new Uint8Array(20_000)));
      const one = async () => void (await make(sandbox, guest));
      const some = async (rounds) => {
        for (let i = 0; i < rounds; i++) {
          await one();
          if (i % 500 === 499) await collect(1);
        }
        await collect();
      };
      await some(1_000);
      const before = sandbox.memoryBytes;
      await some(rounds - 1_000);
      assert.equal(count(kind), rounds);
      assert.ok(sandbox.memoryBytes - before <= 2 ** 20, `${sandbox.memoryBytes - before} bytes more`);
      assert.equal(guest.exports.f(), 7);
    });
  }
  test("a call that is out of fuel lets its guest be called again", async () => {
    const { sandbox, leaks } = await watched();
    const guest = sandbox.compile(PAGE).instantiate();
    await (async () => assert.equal((await guest.tryCall("spin", [], { fuel: 100 })).status, "out-of-fuel"))();
    assert.equal(thrownBy(() => guest.exports.f()).code, "busy");
    await collect();
    assert.equal(guest.exports.f(), 7);
    assert.deepEqual(leaks, ["outcome"]);
  });
  test("a call that is out of fuel is freed with its guest, whichever comes first", async () => {
    const { sandbox, leaks } = await watched();
    const module = sandbox.compile(PAGE);
    const one = async () => void (await module.instantiate().tryCall("spin", [], { fuel: 100 }));
    for (let i = 0; i < 20; i++) await one();
    const kept = module.instantiate();
    await collect(8);
    assert.deepEqual(leaks.sort(), [...Array(20).fill("guest"), ...Array(20).fill("outcome")]);
    assert.equal(sandbox.memoryPagesInUse, 1);
    assert.equal(kept.exports.f(), 7);
  });
  test("a guest whose import waits for what nobody can settle is freed with its call", async () => {
    const { sandbox, leaks } = await watched();
    const module = sandbox.compile(ASKS);
    const one = (ask, isDisposed) => {
      const guest = module.instantiate({ e: { ask } });
      void guest.call("f");
      if (isDisposed) guest.dispose();
    };
    for (const ask of [() => new Promise(() => {}), call((c) => new Promise(() => void c.guest))]) {
      for (let i = 0; i < 11; i++) one(ask, i === 10);
    }
    assert.equal(sandbox.memoryPagesInUse, 22);
    await collect(8);
    assert.equal(sandbox.memoryPagesInUse, 0);
    assert.deepEqual(leaks, Array(20).fill("guest"));
  });
  test("a guest whose start function waits for what nobody can settle is freed", async () => {
    const { sandbox } = await watched();
    const module = sandbox.compile(STARTS);
    for (let i = 0; i < 10; i++) void module.instantiateAsync({ e: { f: () => new Promise(() => {}) } });
    assert.equal(sandbox.memoryPagesInUse, 30);
    await collect(8);
    assert.equal(sandbox.memoryPagesInUse, 0);
  });
  test("a sandbox is collected with all that it made", async () => {
    const registry = new Map();
    const collected = new FinalizationRegistry((name) => registry.set(name, true));
    await (async () => {
      const { sandbox } = await watched();
      const guest = sandbox.compile(PAGE).instantiate();
      collected.register(sandbox, "sandbox");
      collected.register(guest, "guest");
      collected.register(sandbox.engine, "engine");
    })();
    await collect(8);
    assert.deepEqual([...registry.keys()].sort(), ["engine", "guest", "sandbox"]);
  });
});

describe("what is still used", () => {
  /** Keeps one thing of a guest only, collects, and looks whether the guest is there. */
  const KEPT = {
    "an exported function": [(guest) => guest.exports.f, (f) => assert.equal(f(), 7)],
    "the exports": [(guest) => guest.exports, ({ f }) => assert.equal(f(), 7)],
    "an exported memory": [(guest) => guest.exports.m, (m) => (m.write(0, Uint8Array.of(9)), assert.deepEqual([...m.read(0, 1)], [9]))],
    "an exported global": [(guest) => guest.exports.g, (g) => ((g.value = 3), assert.equal(g.value, 3))],
    "a bound method": [(guest) => guest.call.bind(guest, "f"), async (f) => assert.equal(await f(), 7)],
    "an outcome": [
      (guest) => guest.tryCall("spin", [], { fuel: 100 }),
      async (outcome) => assert.equal((await outcome.resume(100)).status, "out-of-fuel"),
    ],
  };
  for (const [name, [keep, use]] of Object.entries(KEPT)) {
    test(`${name} keeps its guest`, async () => {
      const { sandbox, leaks } = await watched();
      let kept = await (async () => keep(sandbox.compile(PAGE).instantiate()))();
      await collect();
      assert.deepEqual(
        leaks.filter((kind) => kind !== "module"),
        [],
      );
      await use(kept);
      kept = undefined;
      await collect(8);
      assert.ok(leaks.includes("guest"));
      assert.equal(sandbox.memoryPagesInUse, 0);
    });
  }
  test("a call under way keeps its guest, also where the import's context is all there is", async () => {
    const { sandbox, leaks } = await watched();
    const gate = deferred();
    const seen = [];
    const ask = call(async (c) => {
      await gate.promise;
      seen.push(c.memory.size);
      return 5;
    });
    const results = (() => {
      const module = sandbox.compile(ASKS);
      const queued = module.instantiate({ e: { ask } }, { overlapping: "queue" });
      return [module.instantiate({ e: { ask } }).call("f"), queued.call("f"), queued.call("f")];
    })();
    await collect(8);
    assert.deepEqual(leaks, []);
    gate.resolve();
    assert.deepEqual(await Promise.all(results), [5, 5, 5]);
    assert.deepEqual(seen, [1, 1, 1]);
  });
  test("a call within a slice keeps its guest", async () => {
    const { sandbox, leaks } = await watched();
    const controller = new AbortController();
    const running = (() =>
      sandbox
        .compile(PAGE)
        .instantiate({}, { fuel: 2n ** 60n })
        .call("spin", [], { slice: 1_000, signal: controller.signal }))();
    running.catch(() => {});
    await collect(8);
    assert.deepEqual(leaks, []);
    controller.abort();
    assert.equal((await rejectionOf(running)).name, "AbortError");
  });
  test("an instantiation under way keeps its guest", async () => {
    const { sandbox, leaks } = await watched();
    const gate = deferred();
    const starting = sandbox.compile(STARTS).instantiateAsync({ e: { f: () => gate.promise } });
    await collect(8);
    assert.deepEqual(leaks, []);
    gate.resolve();
    assert.deepEqual((await starting).module.exports, []);
  });
  test("a guest keeps the memory that it imports, as a guest", async () => {
    const { sandbox, leaks } = await watched();
    const guest = (() => {
      const memory = sandbox.memory({ initial: 1 });
      memory.write(0, Uint8Array.of(4));
      return sandbox.compile(IMPORTS_MEMORY).instantiate({ e: { m: memory } });
    })();
    await collect();
    assert.equal(guest.exports.f(), 4);
    assert.deepEqual(leaks, []);
  });
  test("a guest keeps its module, a snapshot needs neither", async () => {
    const { sandbox, leaks } = await watched();
    let guest = sandbox.compile(PAGE).instantiate();
    await collect();
    assert.deepEqual(leaks, []);
    const { module } = guest;
    const snapshot = guest.snapshot();
    guest = undefined;
    await collect();
    assert.deepEqual(leaks, ["guest"]);
    assert.equal(module.instantiate({}, { snapshot }).exports.f(), 7);
  });
});

describe("what was disposed of", () => {
  test("is not freed again, nor is what took its place", async () => {
    const { sandbox, leaks } = await watched();
    const [module, busy] = [sandbox.compile(PAGE), sandbox.compile(PAGE)];
    const all = async () => {
      const guest = module.instantiate();
      const outcome = await guest.tryCall("spin", [], { fuel: 100 });
      outcome.abort();
      return { guest, memory: sandbox.memory({ initial: 1 }), module: sandbox.compile(PAGE), snapshot: guest.snapshot() };
    };
    const many = async (count) => Promise.all(Array.from({ length: count }, all));
    let old = await many(50);
    for (const things of old) for (const thing of Object.values(things)) thing.dispose();
    const fresh = await many(50);
    old = undefined;
    await collect(8);
    assert.deepEqual(leaks, []);
    for (const { guest, memory, module, snapshot } of fresh) {
      guest.restore(snapshot);
      assert.equal(guest.exports.f() + module.instantiate().exports.f() + memory.size, 15);
    }
    assert.equal(busy.instantiate().exports.f(), 7);
  });
  test("and disposed of again counts once", async () => {
    const { sandbox } = await watched({ limits: { totalMemoryPages: 3 } });
    const guests = [1, 2, 3].map(() => sandbox.compile(PAGE).instantiate());
    for (let i = 0; i < 3; i++) guests[0].dispose();
    assert.match(thrownBy(() => sandbox.memory({ initial: 2 })).message, /\. 2 guests have not been disposed of$/);
    const outcome = await guests[1].tryCall("spin", [], { fuel: 100 });
    for (let i = 0; i < 3; i++) outcome.dispose();
    assert.match(thrownBy(() => sandbox.memory({ initial: 2 })).message, /\. 2 guests have not been disposed of$/);
  });
  test("an outcome that was resumed to its end is no leak", async () => {
    const { sandbox, leaks } = await watched();
    const guest = sandbox.compile(PAGE).instantiate();
    let outcome = await guest.tryCall("spin", [], { fuel: 100 });
    for (let i = 0; i < 50; i++) outcome = await outcome.resume(100);
    outcome.dispose();
    outcome = undefined;
    await collect();
    assert.deepEqual(leaks, []);
    assert.equal(guest.exports.f(), 7);
  });
  test("a sandbox frees all at once: what is collected later is nobody's leak", async () => {
    const { sandbox, leaks } = await watched();
    let kept = [
      sandbox.compile(PAGE).instantiate(),
      sandbox.memory({ initial: 1 }),
      await sandbox.compile(PAGE).instantiate().tryCall("spin", [], { fuel: 5 }),
    ];
    sandbox.dispose();
    kept = undefined;
    await collect();
    assert.equal(kept, undefined);
    assert.deepEqual(leaks, []);
  });
  test("an engine that aborted is not touched again", async () => {
    const NO_LIMIT = 2 ** 32 - 1;
    const limits = { instances: NO_LIMIT, totalMemoryPages: NO_LIMIT };
    const { sandbox, leaks } = await watched({ wasm: await WebAssembly.compile(await smallEngine(48)), limits });
    let kept = [sandbox.compile(PAGE).instantiate(), sandbox.memory({ initial: 1 })];
    const memories = [];
    assert.equal(
      thrownBy(() => {
        for (;;) memories.push(sandbox.memory({ initial: 0 }));
      }).code,
      "poisoned",
    );
    memories.length = 0;
    kept = undefined;
    await collect(8);
    assert.equal(kept, undefined);
    assert.deepEqual(leaks, []);
  });
});

describe("onLeak", () => {
  test("is told each kind; what it throws is lost", async () => {
    const kinds = [];
    const sandbox = await Sandbox.load({
      onLeak: ({ kind }) => {
        kinds.push(kind);
        throw new Error("mine");
      },
    });
    await (async () => {
      const guest = sandbox.compile(PAGE).instantiate();
      guest.exports.m.size;
      guest.snapshot();
      sandbox.memory({ initial: 1 });
      sandbox.global({ value: "i32" }, 1);
      sandbox.table({ initial: 1 });
      await guest.tryCall("spin", [], { fuel: 100 });
    })();
    await collect(8);
    assert.deepEqual(kinds.sort(), ["global", "guest", "memory", "module", "outcome", "snapshot", "table"]);
  });
  test("is a function, or a TypeError", async () => {
    for (const onLeak of [null, 1, "log", {}]) assert.ok((await rejectionOf(Sandbox.load({ onLeak }))) instanceof TypeError);
  });
  test("nothing is said without it, on any console", () => {
    const script = `
      import { Sandbox } from "guestbox";
      const sandbox = await Sandbox.load();
      (() => sandbox.memory({ initial: 1 }))();
      for (let i = 0; i < 4; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 1)); }
      process.stdout.write(String(sandbox.memoryPagesInUse));`;
    assert.equal(run(script, "--expose-gc"), "0");
  });
});

/** Runs a script in a process of its own, and gives all that it wrote. */
function run(script, ...flags) {
  const cwd = new URL(".", import.meta.url);
  return execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", script], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test("a runtime without FinalizationRegistry frees what is disposed of, and nothing else", () => {
  const script = `
    // Node itself needs one to load this.
    new Response();
    delete globalThis.FinalizationRegistry;
    const { Sandbox } = await import("guestbox");
    const sandbox = await Sandbox.load({ onLeak: () => process.stdout.write("leak ") });
    (() => sandbox.memory({ initial: 1 }))();
    sandbox.memory({ initial: 1 }).dispose();
    for (let i = 0; i < 4; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 1)); }
    process.stdout.write(String(sandbox.memoryPagesInUse));`;
  assert.equal(run(script, "--expose-gc"), "1");
});

describe("the error of a limit of what lives", () => {
  test("says what has not been disposed of", async () => {
    const { sandbox } = await watched({ limits: { memoryPages: 4_096, totalMemoryPages: 1_027 } });
    const module = sandbox.compile(PAGE);
    const memories = [1, 2, 3].map(() => sandbox.memory({ initial: 1 }));
    const guests = Array.from({ length: 1_024 }, () => module.instantiate());
    const said = (error) => error.message.split(". ")[1];
    assert.equal(said(thrownBy(() => module.instantiate())), "1,024 guests and 3 memories have not been disposed of");
    assert.equal(said(thrownBy(() => sandbox.memory({ initial: 1 }))), "1,024 guests and 3 memories have not been disposed of");
    assert.equal(said(await rejectionOf(module.instantiateAsync())), "1,024 guests and 3 memories have not been disposed of");
    await guests[0].tryCall("spin", [], { fuel: 100 }).then((outcome) => (guests[0].outcome = outcome));
    for (const one of [...memories, ...guests.slice(1)]) one.dispose();
    assert.equal(said(thrownBy(() => sandbox.memory({ initial: 1_027 }))), "1 guest and 1 paused call have not been disposed of");
    guests[0].outcome.abort();
    assert.equal(said(thrownBy(() => sandbox.memory({ initial: 1_027 }))), "1 guest has not been disposed of");
    guests[0].dispose();
    // Nothing is left that could be.
    assert.match(thrownBy(() => sandbox.memory({ initial: 1_028 })).message, /raise it in `limits`$/);
  });
  test("comes from instances and their bytes as well, but not from limits of one thing", async () => {
    for (const limits of [{ instances: 2 }, { totalInstanceBytes: 5_000 }]) {
      const { sandbox } = await watched({ limits });
      const module = sandbox.compile(wat("(module)"));
      const guests = [];
      const error = thrownBy(() => {
        for (;;) guests.push(module.instantiate());
      });
      assert.equal(error.code, "limit");
      assert.ok(error.message.endsWith(`. ${guests.length} guests have not been disposed of`), error.message);
    }
    const { sandbox } = await watched({ limits: { memoryPages: 2 } });
    const memory = sandbox.memory({ initial: 1 });
    assert.match(thrownBy(() => sandbox.memory({ initial: 3 })).message, /raise it in `limits`$/);
    memory.dispose();
  });
});

describe("sandbox.memoryBytes", () => {
  test("is the size of the engine's own memory, grows and never shrinks", async () => {
    const { sandbox } = await watched();
    const truth = () => sandbox.engine.memory.buffer.byteLength;
    const before = sandbox.memoryBytes;
    assert.equal(before, truth());
    const memory = sandbox.memory({ initial: 200 });
    memory.write(0, Uint8Array.of(1));
    const after = sandbox.memoryBytes;
    assert.ok(after - before >= 200 * 65_536, `${after - before}`);
    assert.equal(after, truth());
    memory.dispose();
    assert.equal(sandbox.memoryBytes, after);
    sandbox.dispose();
    assert.ok(thrownBy(() => sandbox.memoryBytes) instanceof DisposedError);
  });
});
