// Memories: reads copy, growth leaves nothing stale, nothing outside is reached, text is kept or refused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposedError, InstantiateError, MemoryError, PAGE_BYTES, call } from "guestbox";
import { thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();

const PEEK = `
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))`;
const EXPORTS = `(module (memory (export "m") 1 100) ${PEEK})`;
const IMPORTS = `(module (import "e" "m" (memory 1)) ${PEEK})`;

const KINDS = {
  "a memory that a guest exports": () => guest(EXPORTS).exports.m,
  "a memory that nobody imports": () => sandbox.memory({ initial: 1, maximum: 100 }),
  "a memory that a guest imports": () => {
    const memory = sandbox.memory({ initial: 1, maximum: 100 });
    guest(IMPORTS, { e: { m: memory } });
    return memory;
  },
};

for (const [kind, make] of Object.entries(KINDS)) {
  describe(kind, () => {
    test("starts as zeros, and has what was written", () => {
      const memory = make();
      assert.deepEqual(memory.read(0, 4), new Uint8Array(4));
      memory.write(65_532, Uint8Array.of(1, 2, 3, 4));
      assert.deepEqual(memory.read(65_531, 5), Uint8Array.of(0, 1, 2, 3, 4));
    });
    test("reads are copies", () => {
      const memory = make();
      const read = memory.read(0, 4);
      memory.write(0, Uint8Array.of(9, 9, 9, 9));
      assert.deepEqual(read, new Uint8Array(4));
      read.fill(5);
      assert.deepEqual(memory.read(0, 4), Uint8Array.of(9, 9, 9, 9));
      assert.equal(read.buffer.byteLength, 4);
    });
    test("the edge: all bytes can be read, not one more; nothing of what does not fit is written", () => {
      const memory = make();
      assert.equal(memory.read(0, PAGE_BYTES).length, PAGE_BYTES);
      assert.equal(memory.read(PAGE_BYTES, 0).length, 0);
      memory.write(PAGE_BYTES, new Uint8Array(0));
      for (const [offset, length] of [
        [0, PAGE_BYTES + 1],
        [PAGE_BYTES, 1],
        [PAGE_BYTES + 1, 0],
        [2 ** 32 - 1, 1],
        [2 ** 32 - 1, 2 ** 32 - 1],
      ]) {
        const error = thrownBy(() => memory.read(offset, length));
        assert.ok(error instanceof MemoryError, `${offset} ${length}: ${error}`);
        assert.equal(error.code, "out-of-bounds");
      }
      assert.throws(() => memory.write(PAGE_BYTES - 1, Uint8Array.of(1, 2)), MemoryError);
      assert.throws(() => memory.writeString(PAGE_BYTES - 1, "ab"), MemoryError);
      assert.deepEqual(memory.read(PAGE_BYTES - 1, 1), Uint8Array.of(0));
    });
    test("offsets and lengths are u32, or a guest's i32, and checked", () => {
      const memory = make();
      for (const negative of [-1, -(2 ** 31)]) {
        for (const use of [
          () => memory.read(negative, 1),
          () => memory.read(0, negative),
          () => memory.write(negative, new Uint8Array(1)),
        ]) {
          const { code, message } = thrownBy(use);
          assert.equal(code, "out-of-bounds");
          assert.ok(message.includes(`${negative >>> 0}`), message);
        }
      }
      assert.throws(() => memory.grow(-1), RangeError);
      for (const large of [2 ** 32, Number.MAX_SAFE_INTEGER]) assert.equal(thrownBy(() => memory.read(large, 1)).code, "out-of-bounds");
      for (const wrong of [-(2 ** 31) - 1, 2 ** 53, 0.5, NaN, Infinity]) {
        assert.throws(() => memory.read(wrong, 1), RangeError);
        assert.throws(() => memory.read(0, wrong), RangeError);
        assert.throws(() => memory.write(wrong, new Uint8Array(1)), RangeError);
        assert.throws(() => memory.grow(wrong), RangeError);
      }
      for (const wrong of ["1", 1n, undefined, null, {}]) {
        assert.throws(() => memory.read(wrong, 1), TypeError);
        assert.throws(() => memory.readString(0, wrong), TypeError);
        assert.throws(() => memory.grow(wrong), TypeError);
      }
      assert.equal(memory.size, 1);
    });
    test("writes take bytes of any buffer or view, and nothing else", () => {
      const memory = make();
      memory.write(0, new Uint16Array([0x0201, 0x0403]));
      memory.write(4, Uint8Array.of(5, 6).buffer);
      memory.write(6, new DataView(Uint8Array.of(0, 7, 8, 0).buffer, 1, 2));
      assert.deepEqual(memory.read(0, 8), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      for (const wrong of ["text", [1, 2], 3, null, undefined, { length: 4 }]) {
        assert.throws(() => memory.write(0, wrong), TypeError);
      }
      assert.deepEqual(memory.read(0, 8), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    });
    test("grows, says its size before, keeps its bytes, and the new ones are zeros", () => {
      const memory = make();
      memory.write(0, Uint8Array.of(42));
      assert.equal(memory.grow(2), 1);
      assert.equal(memory.grow(0), 3);
      assert.deepEqual([memory.pages, memory.byteLength, memory.size], [3, 3 * PAGE_BYTES, 3]);
      assert.deepEqual(memory.read(0, 1), Uint8Array.of(42));
      assert.deepEqual(memory.read(3 * PAGE_BYTES - 1, 1), Uint8Array.of(0));
    });
    test("does not grow past its maximum", () => {
      const memory = make();
      assert.equal(thrownBy(() => memory.grow(100)).code, "maximum");
      assert.equal(thrownBy(() => memory.grow(2 ** 32 - 1)).code, "too-many-pages");
      assert.equal(memory.size, 1);
    });
  });
}

describe("what guest and supervisor see of each other", () => {
  test("both see at once what the other wrote", () => {
    const { exports } = guest(EXPORTS);
    exports.m.write(10, Uint8Array.of(7));
    assert.equal(exports.peek(10), 7);
    exports.poke(11, 8);
    assert.deepEqual(exports.m.read(10, 2), Uint8Array.of(7, 8));
  });
  test("growth by the guest, in a call or between host calls, leaves nothing stale", () => {
    let memory;
    const seen = [];
    const { exports } = guest(
      `(module (import "e" "f" (func $f)) (memory (export "m") 1)
        (func (export "run") (call $f)
          (drop (memory.grow (i32.const 50))) (i32.store8 (i32.const 3276799) (i32.const 5)) (call $f)))`,
      { e: { f: () => void seen.push(memory.size, memory.read(memory.size * PAGE_BYTES - 1, 1)[0]) } },
    );
    ({ m: memory } = exports);
    memory.write(PAGE_BYTES - 1, Uint8Array.of(4));
    exports.run();
    assert.deepEqual(seen, [1, 4, 51, 0]);
    assert.deepEqual(memory.read(3_276_799, 1), Uint8Array.of(5));
  });
  test("growth and writes by a callback are there when the guest goes on", () => {
    const { exports } = guest(
      `(module (import "e" "f" (func $f)) (memory (export "memory") 1)
        (func (export "run") (result i32 i32)
          (call $f) (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 6553599))))`,
      {
        e: {
          f: call((c) => {
            c.memory.grow(99);
            c.memory.write(0, Uint8Array.of(1));
            c.memory.write(100 * PAGE_BYTES - 1, Uint8Array.of(2));
          }),
        },
      },
    );
    assert.deepEqual(exports.run(), [1, 2]);
  });
  test("another guest's growth of the engine's own memory leaves nothing stale", () => {
    const one = guest(EXPORTS).exports;
    one.m.write(0, Uint8Array.of(1));
    const others = Array.from({ length: 8 }, () => guest(EXPORTS));
    for (const other of others) other.exports.m.grow(60);
    one.poke(1, 2);
    assert.deepEqual(one.m.read(0, 2), Uint8Array.of(1, 2));
    assert.equal(one.peek(0), 1);
    for (const other of others) other.dispose();
  });
  test("two guests of different modules share a memory, its growth included", () => {
    const memory = sandbox.memory({ initial: 1 });
    const one = guest(IMPORTS, { e: { m: memory } }).exports;
    const other = guest(`(module (import "e" "m" (memory 1)) (func (export "nothing")) ${PEEK})`, { e: { m: memory } }).exports;
    one.poke(5, 55);
    assert.equal(other.peek(5), 55);
    assert.equal(other.grow(1), 1);
    assert.equal(one.size(), 2);
    assert.equal(memory.size, 2);
    memory.write(PAGE_BYTES, Uint8Array.of(66));
    assert.equal(one.peek(PAGE_BYTES), 66);
  });
  test("a memory keeps what was written before a guest imported it", () => {
    const memory = sandbox.memory({ initial: 1 });
    memory.write(100, Uint8Array.of(9));
    assert.equal(guest(IMPORTS, { e: { m: memory } }).exports.peek(100), 9);
  });
  test("a memory outlives its guests, and can be given to others", () => {
    const memory = sandbox.memory({ initial: 1 });
    for (let i = 0; i < 5; i++) {
      const instance = guest(IMPORTS, { e: { m: memory } });
      instance.exports.poke(i, i + 1);
      instance.dispose();
    }
    assert.deepEqual(memory.read(0, 5), Uint8Array.of(1, 2, 3, 4, 5));
  });
  test("memories that live guests use apart cannot be brought together; once they are gone they can", () => {
    const [a, b] = [sandbox.memory({ initial: 1 }), sandbox.memory({ initial: 1 })];
    const both = sandbox.compile(wat('(module (import "e" "a" (memory 1)) (import "e" "b" (memory 1)))'));
    const [one, other] = [guest(IMPORTS, { e: { m: a } }), guest(IMPORTS, { e: { m: b } })];
    const error = thrownBy(() => both.instantiate({ e: { a, b } }));
    assert.ok(error instanceof InstantiateError);
    assert.equal(error.code, "apart");
    one.dispose();
    other.dispose();
    both.instantiate({ e: { a, b } });
  });
  test("a guest that exports the memory it imports exports that very memory", () => {
    const memory = sandbox.memory({ initial: 1 });
    const instance = guest('(module (import "e" "m" (memory $m 1)) (export "m" (memory $m)))', { e: { m: memory } });
    instance.exports.m.write(0, Uint8Array.of(3));
    assert.deepEqual(memory.read(0, 1), Uint8Array.of(3));
    instance.dispose();
    assert.throws(() => instance.exports.m, DisposedError);
    assert.deepEqual(memory.read(0, 1), Uint8Array.of(3));
  });
});

describe("made memories", () => {
  test("sizes are u32, and not above what 32-bit addresses reach", () => {
    for (const initial of [-1, 2 ** 32, 0.5, NaN]) assert.throws(() => sandbox.memory({ initial }), RangeError);
    for (const initial of ["1", 1n, undefined, null]) assert.throws(() => sandbox.memory({ initial }), TypeError);
    assert.equal(thrownBy(() => sandbox.memory({ initial: 2, maximum: 1 })).code, "maximum");
    assert.equal(thrownBy(() => sandbox.memory({ initial: 1, maximum: 65_537 })).code, "too-many-pages");
    assert.equal(sandbox.memory({ initial: 0, maximum: 65_536 }).size, 0);
  });
});

describe("text", () => {
  const memory = sandbox.memory({ initial: 1 });
  for (const text of ["", "plain", "h\u00e9", "\u{1F600}", "\uFEFFmarked", "a\u0000b", "\u{10FFFF}"]) {
    test(`${JSON.stringify(text)} comes back, byte order mark and all`, () => {
      const length = memory.writeString(16, text);
      assert.equal(length, Buffer.byteLength(text));
      assert.equal(memory.readString(16, length), text);
    });
  }
  for (const text of ["\uD800", "\uDFFF", "a\uDC00", "\uD800\uD800\uDC00", "\uDC00\uD800"]) {
    test(`${JSON.stringify(text)}, with a lone surrogate, is a TypeError and writes nothing`, () => {
      memory.write(16, new Uint8Array(16));
      assert.throws(() => memory.writeString(16, text), TypeError);
      assert.deepEqual(memory.read(16, 16), new Uint8Array(16));
    });
  }
  const ILL_FORMED = {
    "a lone byte": [0x80],
    "a cut one": [0xe2, 0x82],
    "an overlong one": [0xc0, 0x80],
    "a surrogate": [0xed, 0xa0, 0x80],
    "too large a one": [0xf4, 0x90, 0x80, 0x80],
  };
  for (const [name, bytes] of Object.entries(ILL_FORMED)) {
    test(`bytes that are not UTF-8 (${name}) are an error, and can be read lossily and as bytes`, () => {
      memory.write(64, Uint8Array.from(bytes));
      for (const options of [undefined, {}, { lossy: false }, { lossy: undefined }]) {
        const { name, code, message } = thrownBy(() => memory.readString(64, bytes.length, options));
        assert.deepEqual([name, code], ["MemoryError", "ill-formed-text"]);
        assert.equal(
          message,
          `the ${bytes.length === 1 ? "byte" : `${bytes.length} bytes`} at 64 cannot be read as UTF-8; \`{ lossy: true }\` reads any bytes`,
        );
      }
      assert.equal(memory.readString(64, bytes.length, { lossy: true }), new TextDecoder().decode(Uint8Array.from(bytes)));
      assert.match(memory.readString(64, bytes.length, { lossy: true }), /^\uFFFD+$/);
      assert.deepEqual(memory.read(64, bytes.length), Uint8Array.from(bytes));
    });
  }
  test("what is no string is a TypeError", () => {
    for (const wrong of [1, null, undefined, {}, ["a"]]) assert.throws(() => memory.writeString(0, wrong), TypeError);
  });
});
