// Errors that are cloned, posted or written as JSON: what they say comes with them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MessageChannel, Worker, receiveMessageOnPort } from "node:worker_threads";
import * as guestbox from "guestbox";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { GuestboxError, PoisonedError, Trap } = guestbox;
const { sandbox, guest } = await workbench();

const TRAPS = wat(`(module (func $inner unreachable) (func (export "run") (call $inner))
  (func $deep (export "deep") (call $deep) (call $deep)))`);
const framed = sandbox.compile(TRAPS, { frames: true }).instantiate();

/** An error of every class, made by what makes it. */
const ERRORS = {
  Trap: thrownBy(() => sandbox.compile(TRAPS).instantiate().exports.run()),
  "Trap with frames": thrownBy(() => framed.exports.run()),
  "Trap with more frames than are listed": thrownBy(() => framed.exports.deep()),
  CompileError: thrownBy(() => sandbox.compile(new Uint8Array(5))),
  InstantiateError: thrownBy(() => sandbox.compile(wat('(module (import "e" "f" (func)))')).instantiate()),
  InvokeError: await rejectionOf(framed.call("none")),
  MemoryError: thrownBy(() => sandbox.memory({ initial: 1 }).read(65_536, 1)),
  GlobalError: thrownBy(() => (guest('(module (global (export "g") i32 (i32.const 1)))').exports.g.value = 2)),
  TableError: thrownBy(() => sandbox.table({ initial: 1 }).get(1)),
  SnapshotError: thrownBy(() => sandbox.snapshot(new Uint8Array(5))),
  RestoreError: thrownBy(() => framed.restore(guest("(module (memory 1))").snapshot())),
  DisposedError: thrownBy(() => {
    const gone = guest("(module)");
    gone.dispose();
    gone.exports;
  }),
  AsyncImportError: thrownBy(() =>
    guest('(module (import "e" "f" (func $f)) (func (export "run") (call $f)))', { e: { f: async () => {} } }).exports.run(),
  ),
  PoisonedError: await poisoned(),
};

async function poisoned() {
  const { sandbox, guest } = await workbench();
  const instance = guest('(module (func (export "f")))');
  sandbox.engine.host.call = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  return thrownBy(() => instance.exports.f());
}

/** What becomes of an error on its way. */
const WAYS = {
  structuredClone: async (error) => structuredClone(error),
  "a MessagePort": async (error) => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(error);
    const { message } = receiveMessageOnPort(port2);
    port1.close();
    return message;
  },
  "a Worker and back": async (error) => {
    const worker = new Worker(
      'const { parentPort } = require("node:worker_threads"); parentPort.once("message", (error) => parentPort.postMessage(error));',
      { eval: true },
    );
    const answer = new Promise((resolve) => worker.once("message", resolve));
    worker.postMessage(error);
    try {
      return await answer;
    } finally {
      await worker.terminate();
    }
  },
  "a Worker that rejects": async (error) => {
    const worker = new Worker('const { workerData } = require("node:worker_threads"); throw workerData;', {
      eval: true,
      workerData: error,
    });
    return new Promise((resolve) => worker.once("error", resolve));
  },
  "two clones": async (error) => structuredClone(structuredClone(error)),
  JSON: async (error) => JSON.parse(JSON.stringify(error)),
};

/** All that an error says but its stack. */
const said = ({ constructor, name, code, message, fuelUsed, frames }) => ({
  constructor,
  name,
  code,
  message,
  fuelUsed,
  frames,
  leftOut: frames?.leftOut,
});

for (const [way, send] of Object.entries(WAYS)) {
  describe(`by ${way}`, () => {
    for (const [name, error] of Object.entries(ERRORS)) {
      test(`a ${name} says all that it said`, async () => {
        assert.equal(error.constructor, guestbox[name.split(" ")[0]]);
        const copy = await send(error);
        assert.ok(!(copy instanceof GuestboxError));
        const read = GuestboxError.from(copy);
        assert.deepEqual(said(read), said(error));
        if (way !== "JSON") assert.equal(read.stack, copy.stack);
        if (read instanceof Trap) assert.ok(Object.isFrozen(read.frames));
      });
    }
  });
}

test("a copy can be read without this package", () => {
  const { cause, message } = structuredClone(ERRORS["Trap with frames"]);
  const { guestbox, code, fuelUsed, frames, framesLeftOut } = cause;
  assert.deepEqual([guestbox, code, message, framesLeftOut], ["Trap", "unreachable", "unreachable executed", 0]);
  assert.equal(fuelUsed, ERRORS["Trap with frames"].fuelUsed);
  assert.deepEqual(
    frames.map(({ functionIndex }) => functionIndex),
    [0, 1],
  );
  const { cause: further } = structuredClone(ERRORS.PoisonedError);
  assert.deepEqual([further.message, further.cause.code], ["unreachable", "poisoned"]);
});

test("JSON has the fuel as digits, and no stack", () => {
  const { Trap: trap, MemoryError: other } = ERRORS;
  assert.deepEqual(JSON.parse(JSON.stringify({ trap, other })), {
    trap: { guestbox: "Trap", code: "unreachable", message: trap.message, fuelUsed: String(trap.fuelUsed) },
    other: { guestbox: "MemoryError", code: "out-of-bounds", message: other.message },
  });
});

describe("GuestboxError.from", () => {
  test("gives an error of ours as it is", () => {
    for (const error of Object.values(ERRORS)) assert.equal(GuestboxError.from(error), error);
  });
  test("knows what is none of ours", () => {
    const mine = new Error("mine", { cause: ERRORS.Trap });
    const others = [
      undefined,
      null,
      5,
      "text",
      {},
      [],
      new Error("mine"),
      mine,
      structuredClone(mine),
      new Error("mine", { cause: new Error("x", { cause: {} }) }),
      { code: "unreachable", message: "x" },
    ];
    for (const value of others) assert.equal(GuestboxError.from(value), undefined);
  });
  test("reads nothing that has not the right type", () => {
    for (const wrong of [{ code: 5 }, { guestbox: 5 }, { message: 5 }]) {
      assert.equal(GuestboxError.from({ guestbox: "Trap", code: "x", message: "y", ...wrong }), undefined);
    }
    const odd = GuestboxError.from({
      guestbox: "Trap",
      code: "x",
      message: "y",
      fuelUsed: "-5",
      frames: [{ functionIndex: "1" }, { functionIndex: 1, offset: 2, name: 5, module: 6 }],
      framesLeftOut: "5",
    });
    assert.deepEqual(
      [odd.fuelUsed, odd.frames, odd.frames.leftOut],
      [0n, [{ functionIndex: 1, name: undefined, module: undefined, offset: 2 }], 0].map((value) => value),
    );
    assert.equal(GuestboxError.from({ guestbox: "__proto__", code: "x", message: "y" }).constructor, GuestboxError);
    assert.ok(!PoisonedError.is(GuestboxError.from({ guestbox: "constructor", code: "x", message: "y" })));
  });
  test("an error of a program's own class of ours comes back as the class that it extends", () => {
    class Mine extends Trap {}
    const mine = new Mine("unreachable", "mine", 5n);
    assert.equal(mine.name, "Mine");
    const read = GuestboxError.from(structuredClone(mine));
    assert.deepEqual([read.constructor, read.code, read.fuelUsed], [Trap, "unreachable", 5n]);
  });
});
