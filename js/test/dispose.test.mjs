// Ends of life: everything can be disposed of, twice too, and what is used after says so by name.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposedError } from "guestbox";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

const TEXT =
  '(module (memory (export "m") 2) (global (export "g") (mut i32) (i32.const 1)) (func (export "f") (result i32) (i32.const 7)))';
const disposed = (call, code = "torn-down") => {
  const error = thrownBy(call);
  assert.ok(error instanceof DisposedError, String(error));
  assert.equal(error.code, code);
  return error;
};

describe("a guest", () => {
  test("that is disposed of, once or twice, throws a DisposedError from everything it gave", async () => {
    const instance = guest(TEXT);
    const { m, g, f } = instance.exports;
    instance.dispose();
    instance.dispose();
    assert.match(disposed(() => instance.exports).message, /guest/);
    disposed(f);
    disposed(() => g.value);
    disposed(() => (g.value = 2));
    for (const use of [
      () => m.size,
      () => m.grow(0),
      () => m.read(0, 1),
      () => m.write(0, new Uint8Array(1)),
      () => m.readString(0, 1),
      () => m.writeString(0, "a"),
    ]) {
      assert.match(disposed(use).message, /memory/);
    }
    assert.ok((await rejectionOf(instance.call("f"))) instanceof DisposedError);
    assert.deepEqual(
      instance.module.exports.map(({ name }) => name),
      ["m", "g", "f"],
    );
  });
  test("gives its memory back", () => {
    const before = sandbox.memoryPagesInUse;
    const instance = guest(TEXT);
    assert.equal(sandbox.memoryPagesInUse, before + 2);
    instance.dispose();
    assert.equal(sandbox.memoryPagesInUse, before);
  });
  test("goes without its siblings, whose handles are not mistaken for its own", () => {
    const module = sandbox.compile(wat(TEXT));
    const [one, other] = [module.instantiate(), module.instantiate()];
    const { f, m } = one.exports;
    other.exports.m.write(0, Uint8Array.of(5));
    one.dispose();
    // What is made now takes the place that became free.
    const third = module.instantiate();
    third.exports.m.write(0, Uint8Array.of(6));
    disposed(f);
    disposed(() => m.read(0, 1));
    assert.deepEqual([...other.exports.m.read(0, 1), ...third.exports.m.read(0, 1)], [5, 6]);
    one.dispose();
    assert.equal(third.exports.f(), 7);
  });
  test("whose memory object is disposed of goes on without it", () => {
    const instance = guest(TEXT);
    instance.exports.m.dispose();
    disposed(() => instance.exports.m.size);
    assert.equal(instance.exports.f(), 7);
    instance.dispose();
  });
});

describe("a module", () => {
  test("that is disposed of can make no more guests, but those that live go on", async () => {
    const module = sandbox.compile(wat(TEXT));
    const instance = module.instantiate();
    module.dispose();
    module.dispose();
    assert.match(disposed(() => module.instantiate()).message, /module/);
    assert.ok((await rejectionOf(module.instantiateAsync())) instanceof DisposedError);
    assert.equal(instance.exports.f(), 7);
    assert.equal(await instance.call("f"), 7);
    instance.exports.m.write(0, Uint8Array.of(1));
    assert.equal(instance.exports.g.value, 1);
    assert.equal(module.exports.length, 3);
    instance.dispose();
  });
  test("that is disposed of is not mistaken for the next", () => {
    const module = sandbox.compile(wat(TEXT));
    module.dispose();
    const next = sandbox.compile(wat('(module (func (export "f") (result i32) (i32.const 8)))'));
    disposed(() => module.instantiate());
    module.dispose();
    assert.equal(next.instantiate().exports.f(), 8);
  });
});

describe("a memory", () => {
  test("that is disposed of is gone for the supervisor; a guest that imports it keeps it", () => {
    const before = sandbox.memoryPagesInUse;
    const memory = sandbox.memory({ initial: 3 });
    const importing = wat('(module (import "e" "m" (memory 1)) (func (export "f") (result i32) (i32.load8_u (i32.const 0))))');
    const instance = sandbox.compile(importing).instantiate({ e: { m: memory } });
    memory.write(0, Uint8Array.of(4));
    memory.dispose();
    memory.dispose();
    disposed(() => memory.size);
    disposed(() => memory.read(0, 1));
    disposed(() => sandbox.compile(importing).instantiate({ e: { m: memory } }));
    assert.equal(instance.exports.f(), 4);
    assert.equal(sandbox.memoryPagesInUse, before + 3);
    instance.dispose();
    assert.equal(sandbox.memoryPagesInUse, before);
  });
  test("that is disposed of is not mistaken for the next", () => {
    const memory = sandbox.memory({ initial: 1 });
    memory.dispose();
    const next = sandbox.memory({ initial: 5 });
    disposed(() => memory.size);
    memory.dispose();
    assert.equal(next.size, 5);
    next.dispose();
  });
});

describe("a sandbox", () => {
  test("that is disposed of throws a DisposedError from everything it gave", async () => {
    const own = await workbench();
    const instance = own.guest(TEXT);
    const { m, g, f } = instance.exports;
    const { module } = instance;
    const memory = own.sandbox.memory({ initial: 1 });
    own.sandbox.dispose();
    own.sandbox.dispose();
    for (const use of [
      () => own.sandbox.compile(wat(TEXT)),
      () => own.sandbox.memory({ initial: 1 }),
      () => own.sandbox.memoryPagesInUse,
      () => module.instantiate(),
      () => instance.exports,
      f,
      () => g.value,
      () => (g.value = 1),
      () => m.size,
      () => m.read(0, 1),
      () => memory.grow(1),
    ])
      disposed(use, "sandbox");
    assert.equal((await rejectionOf(instance.call("f"))).code, "sandbox");
    assert.equal((await rejectionOf(module.instantiateAsync())).code, "sandbox");
    for (const thing of [instance, module, memory, m]) thing.dispose();
  });
  test("goes without the others", async () => {
    const own = await workbench();
    const instance = guest(TEXT);
    own.sandbox.dispose();
    assert.equal(instance.exports.f(), 7);
  });
});

test("Symbol.dispose does what dispose does", { skip: Symbol.dispose === undefined && "this runtime has no Symbol.dispose" }, async () => {
  const own = await workbench();
  const module = own.sandbox.compile(wat(TEXT));
  const instance = module.instantiate();
  const memory = own.sandbox.memory({ initial: 1 });
  memory[Symbol.dispose]();
  disposed(() => memory.size);
  instance[Symbol.dispose]();
  disposed(() => instance.exports);
  module[Symbol.dispose]();
  disposed(() => module.instantiate());
  own.sandbox[Symbol.dispose]();
  disposed(() => own.sandbox.memoryPagesInUse, "sandbox");
});

test("10,000 guests, disposed of one after the other, leave the engine's memory as it was", () => {
  const module = sandbox.compile(wat(TEXT));
  const cycle = () => {
    const instance = module.instantiate();
    instance.exports.m.write(0, Uint8Array.of(1));
    instance.exports.f();
    instance.dispose();
  };
  for (let i = 0; i < 1_000; i++) cycle();
  const before = sandbox.engine.memoryBytes;
  for (let i = 0; i < 9_000; i++) cycle();
  assert.equal(sandbox.engine.memoryBytes, before);
});

test("2,000 modules, compiled and disposed of with their guests, leave the engine's memory as it was", () => {
  const cycle = (i) => {
    const module = sandbox.compile(wat(`(module (memory 1) (func (export "f") (result i32) (i32.const ${i})))`));
    const instance = module.instantiate();
    module.dispose();
    assert.equal(instance.exports.f(), i);
    instance.dispose();
  };
  for (let i = 0; i < 500; i++) cycle(i);
  const before = sandbox.engine.memoryBytes;
  for (let i = 0; i < 1_500; i++) cycle(i);
  assert.equal(sandbox.engine.memoryBytes, before);
});
