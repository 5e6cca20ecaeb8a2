// The recorded scenarios (tests/scenarios), run on the lower level of this package: the same
// outcomes, and the same bytes into the thunk and out of it.
//
// On this level arguments and results are passed as bytes, without a memory of the supervisor's.
// So faults of its allocator cannot happen, and the trace has the thunk's own events only.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { DisposedError, GlobalError, InstantiateError, InvokeError, MemoryError, Trap } from "guestbox";
import {
  MEM_UNLIMITED,
  ScaleStore,
  decodeArguments,
  decodeReturnValue,
  encodeArguments,
  encodeEnvironment,
  encodeResult,
  encodeValue,
} from "guestbox/scale";
import { wat } from "./wat.mjs";

const file = JSON.parse(readFileSync(new URL("../../tests/scenarios/seed.json", import.meta.url), "utf8"));
const functions = new Map(file.functions.map((entry) => [entry.func, entry]));

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const unhex = (digits) => new Uint8Array(Buffer.from(digits, "hex"));
const kebab = (name) => name.replace(/\B(?=[A-Z])/g, "-").toLowerCase();

/** A value of the file as the wire has it, and back. */
const wireValue = (value) => {
  const [[type, content]] = Object.entries(value);
  if (type === "i32") return { type, value: content };
  if (type === "i64") return { type, value: BigInt(content) };
  return { type, bits: type === "f32" ? Number(content) : BigInt(content) };
};
const fileValue = (value) => {
  if (value === undefined) return null;
  if (value.type === "i32") return { i32: value.value };
  if (value.type === "i64") return { i64: `${value.value}` };
  return { [value.type]: `0x${value.bits.toString(16).padStart(value.type === "f32" ? 8 : 16, "0")}` };
};

/** What the texts of errors say where their codes say less than the file. */
const PROBLEMS = {
  Missing: /has none of this kind and name/,
  MemoryLimits: /is given, which does not fit$/,
  Unsupported: /cannot be imported$/,
};
const CAUSES = { Corrupted: /not valid SCALE/, TornDown: /was torn down/, Unknown: /was ever given out/ };
const REASONS = { DecodeResult: /no SCALE-encoded result$/, ReadResult: /could not be read$/ };

class Supervisor {
  trace = [];
  calls = 0;
  counters = new Map();
  /** What the thunk threw in place of a fault. */
  fault = undefined;

  constructor({ faults = [], replies = [] }) {
    this.faults = faults.filter(({ operation }) => operation === "thunk");
    this.replies = replies;
  }

  thunk = (args, state, func) => {
    this.calls += 1;
    this.trace.push(`thunk(len=${args.length},state=${state},func=${func})`);
    if (this.faults.some(({ call }) => call === this.calls)) throw (this.fault = new Error("as the scenario has it"));
    const reply = this.replies.find(({ call }) => call === this.calls);
    const result = reply ? unhex(reply.bytes) : encodeResult(this.perform(functions.get(func), decodeArguments(args), state));
    this.trace.push(`thunk_ret(${hex(result)})`);
    return result;
  };

  perform({ behaviour, value }, args, state) {
    switch (behaviour) {
      case "assert-nonzero":
        return args[0].value === 0 ? "host-error" : undefined;
      case "add-to-counter": {
        const sum = (this.counters.get(state) ?? 0) + args[0].value;
        this.counters.set(state, sum);
        return { type: "i32", value: sum };
      }
      case "identity":
        return args[0];
      case "constant":
        return wireValue(value);
      case "host-error":
        return "host-error";
      default:
        throw new Error(`no function behaves as ${behaviour}`);
    }
  }
}

const wasmOf = ({ wat: lines, hex: digits }) => (lines === undefined ? unhex(digits) : wat(lines.join("\n")));
const environmentOf = (given) => {
  const { entries, scale } = typeof given === "string" ? file.environments[given] : given;
  if (entries !== undefined) {
    const entity = (entry) => ("function" in entry ? { function: entry.function } : { memory: entry.memory });
    const encoded = encodeEnvironment(entries.map((entry) => ({ module: entry.module, name: entry.field, entity: entity(entry) })));
    assert.equal(hex(encoded), scale, "the entries of the environment, encoded");
  }
  return unhex(scale);
};

const ACTIONS = {
  "create-memory": (store, _, { initial, maximum }) => ({ memory: store.memoryNew(initial, maximum ?? MEM_UNLIMITED) }),
  "read-memory": (store, _, { memory, offset, len }) => ({ bytes: hex(store.memoryGet(memory, offset, len)) }),
  "write-memory": (store, _, { memory, offset, bytes }) => done(store.memorySet(memory, offset, unhex(bytes))),
  "teardown-memory": (store, _, { memory }) => done(store.memoryTeardown(memory)),
  instantiate: (store, { thunk }, { guest, environment, state }) => ({
    instance: store.instantiate(thunk, wasmOf(file.guests[guest]), environmentOf(environment), state),
  }),
  invoke(store, { thunk }, { instance, export: name, args, argsScale, state }) {
    assert.equal(hex(encodeArguments(args.map(wireValue))), argsScale, "the arguments, encoded");
    const bytes = store.invoke(thunk, instance, name, unhex(argsScale), state);
    const ok = fileValue(decodeReturnValue(bytes));
    return ok === null ? { ok } : { ok, okScale: hex(bytes) };
  },
  "get-global"(store, _, { instance, name }) {
    const bytes = store.getGlobalVal(instance, name);
    return { global: fileValue(decodeReturnValue(bytes)), globalScale: hex(bytes) };
  },
  "set-global": (store, _, { instance, name, value }) => done(store.setGlobalVal(instance, name, encodeValue(wireValue(value)))),
  "teardown-instance": (store, _, { instance }) => done(store.instanceTeardown(instance)),
};
const done = () => ({ done: true });

/** Compares an error with what the file expects in its place. */
function compareError(error, expect, supervisor) {
  const { handle, createMemory, accessMemory, setGlobal, instantiate, cause, import: refused, trap, reason, invoke, ...rest } = expect;
  assert.deepEqual(rest, {}, `expected a success, got ${error}`);
  if (reason === "supervisor") return assert.equal(error, supervisor.fault);
  const [ErrorClass, name] =
    handle !== undefined
      ? [DisposedError, handle]
      : createMemory !== undefined
        ? [MemoryError, createMemory]
        : accessMemory !== undefined
          ? [MemoryError, accessMemory]
          : setGlobal !== undefined
            ? [GlobalError, setGlobal]
            : trap !== undefined
              ? [Trap, trap]
              : invoke !== undefined
                ? [InvokeError, invoke]
                : [InstantiateError, instantiate];
  assert.ok(error instanceof ErrorClass, `expected ${JSON.stringify(expect)}, got ${error.stack}`);
  assert.equal(error.code, kebab(name));
  if (instantiate === "StartTrapped") assert.ok(error instanceof Trap);
  if (cause !== undefined) assert.match(error.message, CAUSES[cause]);
  if (refused !== undefined) {
    assert.ok(error.message.includes(`\`${refused.module}\` \`${refused.field}\``), error.message);
    assert.match(error.message, PROBLEMS[refused.problem]);
  }
  if (reason !== undefined) assert.match(error.message, REASONS[reason]);
  else if (trap === "host-error") assert.doesNotMatch(error.message, /:/, "a reason that the file does not have");
}

const isOfTheAllocator = ({ faults = [], replies = [] }) =>
  faults.some(({ operation }) => operation !== "thunk") || replies.some((reply) => "region" in reply);

const counts = { ran: 0, skipped: 0, steps: 0, thunkEvents: 0, allocatorEvents: 0 };

describe("scenarios", () => {
  for (const scenario of file.scenarios) {
    if (isOfTheAllocator(scenario)) {
      counts.skipped += 1;
      continue;
    }
    test(`${scenario.section}: ${scenario.name}`, async () => {
      const limits = scenario.limits === "unlimited" ? { memoryPages: 65_536, totalMemoryPages: MEM_UNLIMITED } : {};
      const store = await ScaleStore.load({ limits });
      const supervisor = new Supervisor(scenario);
      for (const { do: action, expect, ...fields } of scenario.steps) {
        let outcome;
        try {
          outcome = ACTIONS[action](store, supervisor, fields);
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          compareError(error, expect, supervisor);
          outcome = expect;
        }
        assert.deepEqual(outcome, expect);
        counts.steps += 1;
      }
      const ofTheThunk = scenario.trace.filter((event) => event.startsWith("thunk"));
      assert.deepEqual(supervisor.trace, ofTheThunk);
      counts.thunkEvents += ofTheThunk.length;
      counts.allocatorEvents += scenario.trace.length - ofTheThunk.length;
      counts.ran += 1;
    });
  }

  test("none is lost: so many ran and were skipped, and so many events were compared and not", () => {
    assert.equal(file.format, 1);
    assert.equal(counts.ran + counts.skipped, file.scenarios.length);
    assert.deepEqual(counts, { ran: 49, skipped: 9, steps: 154, thunkEvents: 53, allocatorEvents: 107 });
  });
});
