// Checks of the package in a page, each a function that throws where something is not as it should be.
import { AsyncImportError, DisposedError, GuestboxError, PoisonedError, Sandbox, Trap, call } from "guestbox";
import { framesGoOn } from "./frames.mjs";
import { rejectionOf, sleep, thrownBy } from "../runtimes/expecting.mjs";
import { overflows } from "./stack.mjs";

const equal = (actual, expected, what = "value") => {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
};
const isOf = (error, ErrorClass) => {
  if (!(error instanceof ErrorClass)) throw new Error(`${error} is no ${ErrorClass.name}`);
  return error;
};

const shared = Sandbox.load();
/** An instance of a guest of the checks. */
async function guest(name, imports, options) {
  const sandbox = await shared;
  return (await sandbox.compileStreaming(fetch(`/checks/${name}.wasm`))).instantiate(imports, options);
}

const ENDLESS = { fuel: 2n ** 64n - 1n };

export const checks = {
  async "a module is compiled from a response and called"() {
    equal((await guest("adds")).exports.add(2, 3), 5);
  },

  async "an async import is awaited, on the page's own thread"() {
    const ask = async (n) => {
      await sleep(5);
      return (await (await fetch("/checks/number")).json()) + n;
    };
    const instance = await guest("asks", { e: { ask } }, { overlapping: "queue" });
    equal(await instance.call("run", [1]), 44);
    isOf(
      thrownBy(() => instance.exports.run(1)),
      AsyncImportError,
    );
    equal(await Promise.all([10, 20, 30].map((n) => instance.call("run", [n]))).then(String), "53,63,73");
  },

  async "an endless loop is aborted by a frame while requestAnimationFrame goes on"() {
    const instance = await guest("loops");
    const controller = new AbortController();
    let frames = 0;
    const onFrame = () => {
      frames += 1;
      if (frames === 20) controller.abort("enough");
      else requestAnimationFrame(onFrame);
    };
    requestAnimationFrame(onFrame);
    equal(await rejectionOf(instance.call("forever", [], { ...ENDLESS, signal: controller.signal })), "enough");
    equal(frames, 20, "frames");
    equal(instance.exports.rounds.value > 10_000, true, "the loop ran");
    equal(instance.exports.fine(), 7);
  },

  async "an endless loop is ended by AbortSignal.timeout while timers go on"() {
    const instance = await guest("loops");
    let ticks = 0;
    const timer = setInterval(() => void ticks++, 10);
    const begin = performance.now();
    const error = await rejectionOf(instance.call("forever", [], { ...ENDLESS, signal: AbortSignal.timeout(300) }));
    const took = performance.now() - begin;
    clearInterval(timer);
    equal(error.name, "TimeoutError");
    if (took > 5_000) throw new Error(`ended after ${took.toFixed(0)} ms`);
    if (ticks < 8) throw new Error(`only ${ticks} ticks of a timer in ${took.toFixed(0)} ms`);
    equal(await instance.call("fine"), 7);
  },

  "no frame is over 50 ms while a guest loops, which an abort ends within 20 ms": () => framesGoOn(guest),

  async "a call that is out of fuel goes on with more, and a dropped one is ended"() {
    const instance = await guest("loops");
    const outcome = await instance.tryCall("forever", [], { fuel: 10_000n });
    equal(outcome.status, "out-of-fuel");
    const rounds = instance.exports.rounds.value;
    const again = await outcome.resume(10_000n);
    equal(again.status, "out-of-fuel");
    equal(again.fuelUsed <= 20_000n && again.fuelUsed > 19_900n, true, "fuel used");
    equal(instance.exports.rounds.value > rounds, true, "it went on");
    again.dispose();
    equal((await rejectionOf(again.resume(1n))).code, "call-over");
    equal(instance.exports.fine(), 7);
  },

  async "clicks are served while a loop runs"() {
    const instance = await guest("loops");
    const controller = new AbortController();
    const button = document.body.appendChild(document.createElement("button"));
    button.onclick = () => controller.abort("clicked");
    // As an event of its own task, like one of a user.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => button.click();
    const ended = rejectionOf(instance.call("forever", [], { ...ENDLESS, signal: controller.signal }));
    port2.postMessage(undefined);
    equal(await ended, "clicked");
    button.remove();
  },

  async "an error of an import comes out as the same object"() {
    const reason = new DOMException("mine", "DataError");
    let thrown = reason;
    const instance = await guest("asks", {
      e: {
        ask: () => {
          throw thrown;
        },
      },
    });
    const outer = await guest("asks", { e: { ask: (n) => instance.exports.run(n) } });
    equal(
      thrownBy(() => outer.exports.run(1)),
      reason,
    );
    equal(await rejectionOf(outer.call("run", [1])), reason);
    thrown = undefined;
    equal(
      thrownBy(() => outer.exports.run(1)),
      undefined,
    );
    for (let i = 0; i < 10_000; i++)
      equal(
        thrownBy(() => instance.exports.run(1)),
        undefined,
      );
  },

  async "a deep recursion, and deep nesting with callbacks, are traps"() {
    const deep = await guest("recurses");
    equal(
      isOf(
        thrownBy(() => deep.exports.f()),
        Trap,
      ).code,
      "stack-overflow",
    );
    equal(deep.exports.fine(), 7);
    const nested = await guest("asks", { e: { ask: (n) => (n === 0 ? 0 : nested.exports.run(n - 1)) } });
    equal(nested.exports.run(31), 32);
    equal(
      isOf(
        thrownBy(() => nested.exports.run(40)),
        Trap,
      ).code,
      "nesting-too-deep",
    );
    equal(nested.exports.run(31), 32);
  },

  async "a stack that the page fills ends in the browser's own error, and poisons nothing"() {
    equal(await overflows(Sandbox, await (await fetch("/checks/asks.wasm")).arrayBuffer()), true);
  },

  async "a guest's frames are those that the browser has for the same module"() {
    const bytes = await (await fetch("/checks/asks.wasm")).arrayBuffer();
    let expected;
    const ask = () => ((expected = new Error().stack.match(/wasm-function\[\d+\]:0x[0-9a-f]+/g)), 0);
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { ask } }).exports.run(1);
    let frames;
    const module = (await shared).compile(bytes, { frames: true });
    module.instantiate({ e: { ask: call((c) => ((frames = c.frames), 0)) } }).exports.run(1);
    const places = frames.map((frame) => `wasm-function[${frame.functionIndex}]:0x${frame.offset.toString(16)}`);
    equal(String(places), String(expected));
    const trap = thrownBy(() => module.instantiate({ e: { ask: call((c) => c.charge(1n << 60n)) } }).exports.run(1));
    equal(isOf(trap, Trap).stack.includes(`at ${places[0]}`) || trap.stack.includes(`(${places[0]})`), true, "in the stack");
  },

  async "a memory that grew is read and written where it is now"() {
    const instance = await guest("remembers");
    const { memory, grow } = instance.exports;
    memory.writeString(10, "h\u00e9 \u{1F600}");
    equal(grow(), 1);
    memory.write(50 * 65_536 - 1, Uint8Array.of(9));
    equal(memory.read(50 * 65_536 - 1, 1)[0], 9);
    equal(memory.readString(10, 8), "h\u00e9 \u{1F600}");
  },

  async "a signalling NaN keeps its bits"() {
    let seen;
    const instance = await guest("floats", { e: { f: (bits) => (seen = bits) } }, { floats: "bits" });
    equal(instance.exports.f(0x7fa0_0001), 0x7fa0_0001);
    equal(seen, 0x7fa0_0001);
  },

  async "the context of a call names its guest"() {
    let seen;
    const instance = await guest("asks", { e: { ask: call((c, n) => ((seen = c.guest), n)) } });
    equal(instance.exports.run(1), 2);
    equal(seen, instance);
  },

  async "what is disposed of says so, and gives its memory back"() {
    const sandbox = await shared;
    const before = sandbox.memoryPagesInUse;
    const instance = await guest("remembers");
    const { memory } = instance.exports;
    instance.dispose();
    instance.dispose();
    isOf(
      thrownBy(() => instance.exports),
      DisposedError,
    );
    isOf(
      thrownBy(() => memory.size),
      DisposedError,
    );
    equal(sandbox.memoryPagesInUse, before);
  },

  async "a guest is reset by its snapshot, also where it has grown, and goes on in another sandbox"() {
    const instance = await guest("remembers");
    const { memory, grow } = instance.exports;
    memory.writeString(9, "kept");
    const snapshot = instance.snapshot();
    for (let i = 0; i < 3; i++) {
      equal(grow(), 1);
      memory.writeString(9, "lost");
      instance.restore(snapshot);
      equal(memory.size, 1);
      equal(memory.readString(9, 4), "kept");
    }
    const elsewhere = await Sandbox.load();
    const module = await elsewhere.compileStreaming(fetch("/checks/remembers.wasm"));
    const other = module.instantiate({}, { snapshot: elsewhere.snapshot(snapshot.bytes) });
    equal(other.exports.memory.readString(9, 4), "kept");
    elsewhere.dispose();
  },

  async "errors that are cloned, posted to a worker and posted back say what they said"() {
    const sandbox = await shared;
    const bytes = await (await fetch("/checks/traps.wasm")).arrayBuffer();
    const trap = thrownBy(() => sandbox.compile(bytes, { frames: true }).instantiate().exports.run());
    const refused = thrownBy(() => sandbox.memory({ initial: 65_537 }));
    const worker = new Worker(URL.createObjectURL(new Blob(["onmessage = ({ data }) => postMessage(data)"])));
    const { port1, port2 } = new MessageChannel();
    const answer = (port) => new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data)));
    for (const error of [trap, refused]) {
      const [fromWorker, fromPort] = [answer(worker), answer(port2)];
      worker.postMessage(error);
      port1.postMessage(error);
      for (const copy of [await fromWorker, await fromPort, structuredClone(error), JSON.parse(JSON.stringify(error))]) {
        equal(copy instanceof GuestboxError, false);
        const read = isOf(GuestboxError.from(copy), error.constructor);
        for (const name of ["name", "code", "message", "fuelUsed"]) equal(read[name], error[name], name);
        equal(JSON.stringify(read.frames), JSON.stringify(error.frames), "frames");
      }
    }
    equal(trap.frames.length, 2);
    worker.terminate();
    port1.close();
  },

  async "an engine that aborts poisons its sandbox, and the page goes on with another"() {
    const sandbox = await Sandbox.load();
    const instance = (await sandbox.compileStreaming(fetch("/checks/adds.wasm"))).instantiate();
    sandbox.engine.host.call = () => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    for (let i = 0; i < 2; i++)
      isOf(
        thrownBy(() => instance.exports.add(1, 2)),
        PoisonedError,
      );
    equal((await guest("adds")).exports.add(2, 3), 5);
  },
};
