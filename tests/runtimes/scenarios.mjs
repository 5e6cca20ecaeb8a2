// What the package does, the same in every runtime: suites of scenarios, each a function that throws where something is not as it should
// be. What one gives is compared with what it gave in the other runtimes. Nothing is imported from elsewhere, and nothing is used that
// not every runtime has.
import { rejectionOf, sleep, thrownBy } from "./expecting.mjs";
import { guests } from "./guests-made.mjs";

const text = (value) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}n` : one)) ?? String(value);
function equal(actual, expected, what = "value") {
  if (text(actual) !== text(expected)) throw new Error(`${what}: ${text(actual)}, expected ${text(expected)}`);
}

/**
 * The suites over the package's entries: `guestbox`, `scale`, `wasi` and `worker` as they were imported. `vectors` are the options that
 * load the engine with vectors.
 */
export function suitesOf({ guestbox, scale, wasi, worker, vectors }) {
  const { CompileError, GuestboxError, InstantiateError, InvokeError, MemoryError, Sandbox, Trap, call } = guestbox;
  const shared = Sandbox.load();
  // It is awaited where it is used; until then nobody looks at it.
  shared.catch(() => {});
  const is = (error, Class, code) => {
    if (!Class.is(error, code)) throw new Error(`${error?.name} ${error?.code}, ${error?.message}; expected ${Class.name} ${code}`);
    return error;
  };
  const guest = async (name, imports, options) => (await shared).compile(guests[name]).instantiate(imports, options);

  return {
    guests: {
      async "a call, with BigInts, several results and infinities"() {
        const { add, wide } = (await guest("adds")).exports;
        equal(add(2 ** 31 - 1, 1), -(2 ** 31));
        equal(wide(-5n, 1).map(String), ["-15", "Infinity"]);
      },
      async "an import, whose error comes out as the same object"() {
        const reason = new Error("mine");
        const ask = (n) => {
          if (n < 0) throw reason;
          return n * 2;
        };
        const { run } = (await guest("asks", { env: { ask } })).exports;
        equal(run(20), 41);
        equal(thrownBy(() => run(-1)) === reason, true, "the same object");
      },
      async "text in and out"() {
        const logged = [];
        const log = call((c, pointer, length) => void logged.push(c.memory.readString(pointer, length)));
        const greeting = await guest("greets", { env: { log } });
        const answer = greeting.withString("Hé, 😀", (pointer, length) =>
          greeting.readString(greeting.exports.greet(pointer, length), length),
        );
        equal([logged, answer], [["Hé, 😀"], "Jé, 😀"]);
        const memory = greeting.exports.memory;
        memory.write(0, Uint8Array.of(0xff, 0x41));
        equal(
          is(
            thrownBy(() => memory.readString(0, 2)),
            MemoryError,
            "ill-formed-text",
          ).name,
          "MemoryError",
        );
        equal(memory.readString(0, 2, { lossy: true }), "\ufffdA");
        memory.write(0, Uint8Array.of(0x3d, 0xd8, 0x00, 0xde));
        equal(memory.readString(0, 4, { encoding: "utf-16le" }), "😀");
      },
      async "a memory, a global and a table are shared"() {
        const sandbox = await shared;
        const [memory, count] = [sandbox.memory({ initial: 1 }), sandbox.global({ value: "i32", mutable: true }, 41)];
        const table = sandbox.table({ initial: 1 });
        table.set(
          0,
          sandbox.function({ parameters: ["i32"], results: ["i32"] }, (n) => n * n),
        );
        const { apply } = (await guest("shares", { env: { memory, count, table } })).exports;
        equal([apply(12), count.value, memory.read(8, 1)[0]], [144, 42, 12]);
      },
      async "what is no module, and what is missing, is named"() {
        const sandbox = await shared;
        const refused = is(
          thrownBy(() => sandbox.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99))),
          CompileError,
        );
        const missing = is(await rejectionOf(guest("asks")), InstantiateError, "import");
        return [refused.code, refused.message, missing.message];
      },
      async "a guest that was disposed of says so"() {
        const adding = await guest("adds");
        adding.dispose();
        return thrownBy(() => adding.exports).message;
      },
    },

    limits: {
      async "fuel is counted, and ends a loop; the guest goes on"() {
        const looping = await guest("loops");
        const { fuelUsed } = looping.tryCallSync("run", [1_000]);
        const { status, trap } = looping.tryCallSync("spin", [], { fuel: 100_000n });
        equal(status, "trap");
        is(trap, Trap, "out-of-fuel");
        equal(looping.exports.fine(), 7);
        return [fuelUsed, trap.fuelUsed, trap.message];
      },
      async "traps have their codes"() {
        const { divide } = (await guest("divides")).exports;
        const recursing = await guest("recurses");
        const traps = [() => divide(1, 0), () => divide(-(2 ** 31), -1), () => recursing.exports.f()].map((act) => is(thrownBy(act), Trap));
        return traps.map(({ code, message, fuelUsed }) => [code, message, fuelUsed]);
      },
      async "a guest gets no more memory than it may have"() {
        const sandbox = await Sandbox.load({ limits: { memoryPages: 10, totalMemoryPages: 11 } });
        const module = sandbox.compile(guests.grows);
        const { grow } = module.instantiate().exports;
        equal([grow(9), grow(1)], [1, -1]);
        module.instantiate({}, { maxMemoryPages: 2 });
        is(
          thrownBy(() => module.instantiate()),
          InstantiateError,
        );
        sandbox.dispose();
      },
      async "a trap's frames"() {
        const module = (await shared).compile(guests.recurses, { frames: true });
        const trap = is(
          thrownBy(() => module.instantiate().exports.f()),
          Trap,
          "stack-overflow",
        );
        equal(String(trap.stack).includes("wasm-function[0]"), true, "frames in the stack");
        return [trap.frames[0], trap.frames.length];
      },
      async "an error survives as JSON, and as a clone where the runtime clones causes"() {
        const { divide } = (await guest("divides")).exports;
        const trap = thrownBy(() => divide(1, 0));
        // Bun clones no cause of an error, in which the details are.
        const clones = structuredClone(new Error("any", { cause: 1 })).cause === 1 ? [structuredClone(trap)] : [];
        for (const copy of [...clones, JSON.parse(JSON.stringify(trap))]) {
          const read = is(GuestboxError.from(copy), Trap, "integer-division-by-zero");
          equal(read.message, trap.message);
        }
      },
    },

    async: {
      async "an async import is awaited, and refused in a synchronous call"() {
        const ask = async (n) => {
          await sleep(2);
          return n + 1;
        };
        const asking = await guest("asks", { env: { ask } }, { overlapping: "queue" });
        equal(await Promise.all([10, 20, 30].map((n) => asking.call("run", [n]))), [12, 22, 32]);
        is(
          thrownBy(() => asking.exports.run(1)),
          guestbox.AsyncImportError,
        );
      },
      async "an overlapping call is busy"() {
        const asking = await guest("asks", { env: { ask: async (n) => n } });
        const first = asking.call("run", [1]);
        is(await rejectionOf(asking.call("run", [2])), InvokeError, "busy");
        equal(await first, 2);
      },
      async "an endless loop is aborted by a timer, and the guest goes on"() {
        const looping = await guest("loops");
        const controller = new AbortController();
        const reason = new Error("enough");
        setTimeout(() => controller.abort(reason), 30);
        const ended = await rejectionOf(looping.call("spin", [], { fuel: 2n ** 63n, signal: controller.signal }));
        equal(ended === reason, true, "the reason");
        equal(await looping.call("fine"), 7);
      },
      async "an endless loop ends by AbortSignal.timeout, and by a timeout of the call's own"() {
        const looping = await guest("loops");
        const bySignal = await rejectionOf(looping.call("spin", [], { fuel: 2n ** 63n, signal: AbortSignal.timeout(30) }));
        const byTimeout = await rejectionOf(looping.call("spin", [], { fuel: 2n ** 63n, timeout: 30 }));
        equal([bySignal.name, byTimeout.name], ["TimeoutError", "TimeoutError"]);
      },
      async "a call that is out of fuel goes on with more"() {
        const looping = await guest("loops");
        const outcome = await looping.tryCall("run", [1_000], { fuel: 1_000n });
        equal(outcome.status, "out-of-fuel");
        const ended = await outcome.resume(1_000_000n);
        equal([ended.status, looping.exports.rounds.value], ["ok", 1_000]);
        return [outcome.fuelUsed, ended.fuelUsed];
      },
      async "a pointer that leads out of the memory is the guest's fault"() {
        const greeting = await guest("greets", { env: { log: call(async (c, pointer, length) => c.memory.readString(pointer, length)) } });
        const trap = is(await rejectionOf(greeting.call("stray")), Trap, "host-error");
        return trap.message;
      },
    },

    snapshots: {
      async "a guest is reset, and forked"() {
        const growing = await guest("grows");
        const { memory, grow } = growing.exports;
        memory.writeString(0, "kept");
        const kept = growing.snapshot();
        grow(3);
        memory.writeString(0, "lost");
        const other = growing.fork();
        growing.restore(kept);
        equal([memory.readString(0, 4), memory.pages, other.exports.memory.readString(0, 4)], ["kept", 1, "lost"]);
      },
      async "its bytes are the same everywhere, and go to another sandbox"() {
        const growing = await guest("grows");
        growing.exports.memory.writeString(9, "kept");
        const { bytes } = growing.snapshot();
        const elsewhere = await Sandbox.load();
        const other = elsewhere.compile(guests.grows).instantiate({}, { snapshot: elsewhere.snapshot(bytes) });
        equal(other.exports.memory.readString(9, 4), "kept");
        elsewhere.dispose();
        return [bytes.length, bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0)];
      },
    },

    wasi: {
      async "a program reads, writes and ends"() {
        const decoder = new TextDecoder();
        let out = "";
        const stdin = ["typed ", new Promise((resolve) => setTimeout(() => resolve("later"), 5))];
        const stdout = (bytes) => void (out += decoder.decode(bytes, { stream: true }));
        const module = (await shared).compile(guests.echo);
        const ended = await wasi.run(module, { stdin: later(stdin), stdout });
        equal([out, ended.exitCode], ["typed later", 0]);
        return ended.fuelUsed;
      },
    },

    scale: {
      async "the ABI of Substrate in SCALE bytes"() {
        const store = await scale.ScaleStore.load();
        const environment = scale.encodeEnvironment([{ module: "env", name: "ask", entity: { function: 3 } }]);
        const seen = [];
        const thunk = (args, state, index) => {
          seen.push([scale.decodeArguments(args), state, index]);
          return scale.encodeResult({ type: "i32", value: 41 });
        };
        const instance = store.instantiate(thunk, guests.asks, environment, 0);
        const result = store.invoke(thunk, instance, "run", scale.encodeArguments([{ type: "i32", value: 7 }]), 9);
        equal(seen, [[[{ type: "i32", value: 7 }], 9, 3]]);
        return [...result];
      },
    },

    worker: {
      async "a guest in a worker, with imports of this side, errors and an end"() {
        const sandbox = await worker.WorkerSandbox.load();
        const reason = new Error("mine");
        const ask = async (n) => {
          await sleep(1);
          if (n < 0) throw reason;
          return n * 2;
        };
        const asking = await (await sandbox.compile(guests.asks)).instantiate({ env: { ask } });
        equal(await asking.call("run", [20]), 41);
        equal((await rejectionOf(asking.call("run", [-1]))) === reason, true, "the same object");
        const looping = await (await sandbox.compile(guests.loops)).instantiate();
        const { fuelUsed } = await looping.tryCall("run", [1_000]);
        const ended = await rejectionOf(looping.call("spin", [], { fuel: 2n ** 63n, signal: AbortSignal.timeout(30) }));
        equal(ended.name, "TimeoutError");
        is(await rejectionOf(looping.call("spin", [], { fuel: 100_000n })), Trap, "out-of-fuel");
        equal(await looping.call("fine"), 7);
        const greeting = await (await sandbox.compile(guests.greets)).instantiate({ env: { log: () => {} } });
        const answer = await greeting.withString("Hé, 😀", async (pointer, length) =>
          greeting.readString(await greeting.call("greet", [pointer, length]), length),
        );
        equal(answer, "Jé, 😀");
        const spinning = rejectionOf(looping.call("spin", [], { fuel: 2n ** 63n }));
        sandbox.dispose();
        is(await spinning, guestbox.DisposedError, "sandbox");
        return fuelUsed;
      },
    },

    vectors: {
      async "a guest with vectors is refused by the one engine and runs in the other"() {
        is(await rejectionOf(guest("vectors")), CompileError, "unsupported");
        const sandbox = await Sandbox.load(await vectors());
        equal(sandbox.compile(guests.vectors).instantiate().exports.sum(10), 25);
        sandbox.dispose();
      },
    },
  };
}

async function* later(parts) {
  for (const part of parts) yield await part;
}

/** Runs all scenarios, but those of some suites and of an entry that is not given: what came of each, as plain data. */
export async function run(entries, except = []) {
  const results = [];
  for (const [suite, scenarios] of Object.entries(suitesOf(entries))) {
    if (except.includes(suite) || (suite === "worker" && entries.worker === undefined)) continue;
    for (const [name, act] of Object.entries(scenarios)) {
      let timer;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error("not done within 60 s")), 60_000);
      });
      try {
        results.push({ suite, name, gave: text(await Promise.race([act(), late])) });
      } catch (error) {
        results.push({ suite, name, error: String(error?.stack ?? error) });
      } finally {
        clearTimeout(timer);
      }
    }
  }
  return results;
}
