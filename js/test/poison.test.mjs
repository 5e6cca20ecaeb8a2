// Aborts of the engine itself: the sandbox is lost and says so, the page and other sandboxes live on.
//
// The aborts are real: the engine runs in a memory of 3 MiB with its limits lifted, until an
// allocation that cannot fail gracefully fails.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CompileError, MemoryError, PoisonedError, Sandbox } from "guestbox";
import { ScaleStore } from "guestbox/scale";
import { smallEngine } from "./small-engine.mjs";
import { deferred, rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const NO_LIMIT = 2 ** 32 - 1;
const limits = { instances: NO_LIMIT, memoryPages: 65_536, totalMemoryPages: NO_LIMIT, moduleBytes: NO_LIMIT };
const wasm = await WebAssembly.compile(await smallEngine(48));
const small = () => workbench({ wasm, limits });

const BYTES = wat(
  '(module (memory (export "m") 1) (global (export "g") (mut i32) (i32.const 1)) (func (export "f") (result i32) (i32.const 7)))',
);
const ASKS = '(module (import "e" "ask" (func $ask (result i32))) (func (export "f") (result i32) call $ask))';

const EXHAUST = {
  "compiling modules": (sandbox) => sandbox.compile(wat('(module (func (export "f")))')),
  "making instances": (sandbox, module) => module.instantiate(),
  "making memories": (sandbox) => sandbox.memory({ initial: 0 }),
};
/** Does something until the engine aborts. */
const exhaust = (act, sandbox) => {
  const module = sandbox.compile(wat('(module (func (export "f")))'));
  for (let i = 0; i < 1_000_000; i++) act(sandbox, module);
};

const isPoisoned = (error, cause) => {
  assert.ok(error instanceof PoisonedError, String(error));
  assert.equal(error.code, "poisoned");
  assert.match(error.message, /load another/);
  if (cause !== undefined) assert.equal(error.cause, cause);
};

describe("an abort", () => {
  for (const [how, act] of Object.entries(EXHAUST)) {
    test(`by ${how} poisons the sandbox for good`, async () => {
      const { sandbox } = await small();
      const error = thrownBy(() => exhaust(act, sandbox));
      isPoisoned(error);
      assert.ok(error.cause instanceof WebAssembly.RuntimeError);
      isPoisoned(
        thrownBy(() => sandbox.compile(BYTES)),
        error.cause,
      );
    });
  }
  test("makes every later call a PoisonedError with the same cause, but disposing stays quiet", async () => {
    const { sandbox } = await small();
    const module = sandbox.compile(BYTES);
    const guest = module.instantiate();
    const { m, g, f } = guest.exports;
    const memory = sandbox.memory({ initial: 1 });
    const { cause } = thrownBy(() => exhaust(EXHAUST["making memories"], sandbox));
    for (const use of [
      () => sandbox.compile(BYTES),
      () => sandbox.memory({ initial: 1 }),
      () => sandbox.memoryPagesInUse,
      () => module.instantiate(),
      () => guest.exports,
      f,
      () => g.value,
      () => (g.value = 2),
      () => m.size,
      () => m.read(0, 1),
      () => memory.write(0, new Uint8Array(1)),
      () => memory.grow(1),
    ])
      isPoisoned(thrownBy(use), cause);
    isPoisoned(await rejectionOf(guest.call("f")), cause);
    isPoisoned(await rejectionOf(module.instantiateAsync()), cause);
    isPoisoned(await rejectionOf(sandbox.compileStreaming(new Response(BYTES))), cause);
    for (const thing of [guest, module, memory, m, sandbox]) thing.dispose();
    isPoisoned(thrownBy(f), cause);
  });
  test("in a callback ends the calls around it", async () => {
    const { sandbox, guest } = await small();
    const inner = guest(ASKS, { e: { ask: () => exhaust(EXHAUST["compiling modules"], sandbox) } });
    const outer = guest(ASKS, { e: { ask: () => inner.exports.f() } });
    isPoisoned(thrownBy(() => outer.exports.f()));
    isPoisoned(thrownBy(() => outer.exports));
  });
  test("that a callback catches still ends the call it was made in", async () => {
    const { sandbox, guest } = await small();
    const instance = guest(ASKS, { e: { ask: () => (thrownBy(() => exhaust(EXHAUST["making instances"], sandbox)), 1) } });
    isPoisoned(thrownBy(() => instance.exports.f()));
  });
  test("while a call awaits rejects that call when it would go on", async () => {
    const { sandbox, guest } = await small();
    const gate = deferred();
    const waiting = guest(ASKS, { e: { ask: () => gate.promise } }).call("f");
    thrownBy(() => exhaust(EXHAUST["making memories"], sandbox));
    gate.resolve(1);
    isPoisoned(await rejectionOf(waiting));
  });
  test("leaves other sandboxes alone, older and newer ones", async () => {
    const older = (await workbench()).sandbox.compile(BYTES).instantiate();
    const { sandbox } = await small();
    thrownBy(() => exhaust(EXHAUST["making memories"], sandbox));
    assert.equal(older.exports.f(), 7);
    for (const options of [undefined, { wasm, limits }]) {
      const fresh = await Sandbox.load(options);
      assert.equal(fresh.compile(BYTES).instantiate().exports.f(), 7);
    }
  });
  test("of any step poisons, too", async () => {
    for (const method of ["call", "answer", "step", "begin"]) {
      const { sandbox, guest } = await workbench();
      const instance = guest(ASKS, { e: { ask: () => 1 } });
      const cause = new WebAssembly.RuntimeError("unreachable");
      // No guest makes a step abort; the engine would have to have a defect.
      sandbox.engine.host[method] = () => {
        throw cause;
      };
      const error = method === "call" ? thrownBy(() => instance.exports.f()) : await rejectionOf(instance.call("f"));
      isPoisoned(error, cause);
      isPoisoned(
        thrownBy(() => instance.exports),
        cause,
      );
    }
  });
});

describe("a shortage that is no abort", () => {
  test("a memory that the engine has no room for is a MemoryError, and the sandbox lives", async () => {
    const { sandbox } = await small();
    const memory = sandbox.memory({ initial: 1_000 });
    const error = thrownBy(() => memory.write(0, Uint8Array.of(1)));
    assert.ok(error instanceof MemoryError, String(error));
    assert.equal(error.code, "out-of-system-memory");
    memory.dispose();
    assert.equal(sandbox.compile(BYTES).instantiate().exports.f(), 7);
  });
  test("a guest that grows its memory gets -1, and one that begins with too much is refused", async () => {
    const { guest } = await small();
    const { grow } = guest('(module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))').exports;
    assert.equal(grow(1_000), -1);
    assert.equal(grow(1), 1);
    const error = thrownBy(() => guest("(module (memory 1000))"));
    assert.equal(error.code, "out-of-system-memory");
    assert.equal(guest('(module (memory 1) (func (export "f") (result i32) (memory.size)))').exports.f(), 1);
  });
  test("mistakes in arguments never poison", async () => {
    const { sandbox, guest } = await workbench();
    const instance = guest('(module (memory (export "m") 1) (func (export "f") (param i32)))');
    const { m, f } = instance.exports;
    for (const wrong of [undefined, null, "x", {}, [], 1n, Symbol("x"), NaN, -1, () => {}]) {
      for (const use of [
        () => m.grow(wrong),
        () => m.read(wrong, wrong),
        () => m.write(wrong, wrong),
        () => m.readString(wrong, wrong),
        () => m.writeString(wrong, wrong),
        () => f(wrong),
        () => sandbox.compile(wrong),
        () => sandbox.memory({ initial: wrong }),
        () => sandbox.memory({ initial: 1, maximum: wrong ?? "x" }),
        () => instance.module.instantiate({}, { state: wrong ?? "x" }),
        () => instance.module.instantiate({}, { floats: wrong ?? "x" }),
      ]) {
        // An i32 of -1 is fine.
        if (wrong === -1 && String(use).includes("f(wrong)")) continue;
        const error = thrownBy(use);
        const isExpected = [TypeError, RangeError, CompileError].some((Class) => error instanceof Class);
        assert.ok(isExpected || (wrong === -1 && error.code === "out-of-bounds"), `${String(use)}: ${error}`);
      }
      for (const options of [{ fuel: wrong ?? "x" }, { slice: wrong ?? "x" }, { state: wrong ?? "x" }, { signal: wrong ?? "x" }]) {
        if (typeof wrong === "bigint" && !("state" in options) && !("signal" in options)) continue;
        await rejectionOf(instance.call("f", [1], options));
      }
      await rejectionOf(instance.call(wrong));
    }
    assert.equal(sandbox.memoryPagesInUse, 1);
  });
});

describe("the lower level", () => {
  test("an abort poisons the store for good, and another works", async () => {
    const store = await ScaleStore.load({ wasm, limits });
    const error = thrownBy(() => {
      for (let i = 0; i < 1_000_000; i++) store.memoryNew(0, 1);
    });
    isPoisoned(error);
    assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    for (const use of [
      () => store.memoryNew(1, 1),
      () => store.memoryGet(0, 0, 0),
      () => store.instantiate(() => {}, BYTES, Uint8Array.of(0), 0),
    ]) {
      isPoisoned(thrownBy(use), error.cause);
    }
    assert.equal((await ScaleStore.load()).memoryNew(1, 1), 0);
  });
});
