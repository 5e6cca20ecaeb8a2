// Options: own properties only, and names that are not known are named.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { Sandbox } from "guestbox";
import { ScaleStore } from "guestbox/scale";
import { Substrate } from "guestbox/substrate";
import { rejectionOf, thrownBy, wat, workbench } from "./wat.mjs";

const { sandbox, guest } = await workbench();
const BYTES = wat('(module (func (export "f") (result i32) (i32.const 7)) (func (export "spin") (loop (br 0))))');
const module = sandbox.compile(BYTES);
const instance = module.instantiate();
const outcome = await module.instantiate({}, { overlapping: "allow" }).tryCall("spin", [], { fuel: 5 });
const recorded = module.instantiate({}, { journal: true });
await recorded.tryCall("spin", [], { fuel: 5 });
const parked = recorded.park();
const unparked = await module.unpark({}, parked);

/** Everything that takes options, with a few that it knows. */
const TAKERS = {
  "Sandbox.load": [(options) => Sandbox.load(options), ["features", "limits", "onLeak", "wasm"]],
  "ScaleStore.load": [(options) => ScaleStore.load(options), ["features", "limits", "wasm"]],
  "Substrate.load": [(options) => Substrate.load(options), ["features", "limits", "wasm"]],
  limits: [(limits) => Sandbox.load({ limits }), ["preset", "fuel", "memoryPages"]],
  features: [(features) => Sandbox.load({ features }), ["floats"]],
  compile: [(options) => sandbox.compile(BYTES, options), ["frames"]],
  compileStreaming: [(options) => sandbox.compileStreaming(new Response(BYTES), options), ["frames"]],
  memory: [(options) => sandbox.memory({ initial: 0, ...options }), ["initial", "maximum"]],
  table: [(options) => sandbox.table({ initial: 0, ...options }), ["element", "initial", "maximum"]],
  instantiate: [
    (options) => module.instantiate({}, options),
    ["floats", "fuel", "journal", "maxCallDepth", "maxMemoryPages", "overlapping", "snapshot", "state"],
  ],
  unpark: [(options) => module.unpark({}, parked, options), ["deadline", "floats", "fuel", "journal", "overlapping", "signal", "slice"]],
  proceed: [(options) => unparked.calls[0].proceed(options), ["deadline", "fuel", "signal", "slice"]],
  tryProceed: [(options) => unparked.calls[0].tryProceed(options), ["deadline", "fuel", "signal", "slice"]],
  instantiateAsync: [
    (options) => module.instantiateAsync({}, options),
    ["deadline", "fuel", "maxMemoryPages", "overlapping", "signal", "slice", "snapshot"],
  ],
  call: [(options) => instance.call("f", [], options), ["deadline", "fuel", "keepStack", "signal", "slice", "state"]],
  tryCall: [(options) => instance.tryCall("f", [], options), ["deadline", "fuel", "keepStack", "signal", "slice", "state"]],
  callSync: [(options) => instance.callSync("f", [], options), ["fuel", "keepStack", "state"]],
  tryCallSync: [(options) => instance.tryCallSync("f", [], options), ["fuel", "keepStack", "state"]],
  resume: [(options) => outcome.resume(1, options), ["deadline", "signal", "slice"]],
};
const errorOf = (use) => rejectionOf((async () => use())());

describe("a name that is not known", () => {
  for (const [name, [take, known]] of Object.entries(TAKERS)) {
    test(`is a TypeError with ${name}, also where its value is undefined or cannot be listed`, async () => {
      for (const options of [{ nonsense: 1 }, { nonsense: undefined }, { ["__proto__"]: 1 }, { toString: 1 }]) {
        const [wrong] = Object.keys(options);
        const error = await errorOf(() => take(options));
        assert.equal(error.constructor, TypeError, String(error));
        assert.match(error.message, new RegExp(`^unknown (option|limit|feature) \`${wrong}\`; `));
      }
      const hidden = Object.defineProperty({}, "nonsense", { value: 1 });
      // What is spread is what can be listed.
      if (name !== "memory" && name !== "table") assert.match((await errorOf(() => take(hidden))).message, /`nonsense`/);
      for (const option of known) {
        const misspelt = `${option}s`;
        assert.ok((await errorOf(() => take({ [misspelt]: 1 }))).message.endsWith(`\`${misspelt}\`; did you mean \`${option}\`?`));
      }
    });
  }
  test("may have been meant as another, also by what others call it", async () => {
    for (const [wrong, meant, take] of [
      ["timeLimit", "timeout", "call"],
      ["deadLine", "deadline", "tryCall"],
      ["gas", "fuel", "callSync"],
      ["max_memory_pages", "maxMemoryPages", "instantiate"],
      ["singal", "signal", "resume"],
      ["maximun", "maximum", "memory"],
      ["minimum", "initial", "memory"],
      ["memory_pages", "memoryPages", "limits"],
    ]) {
      assert.equal(
        (await errorOf(() => TAKERS[take][0]({ [wrong]: 1 }))).message,
        `unknown ${take === "limits" ? "limit" : "option"} \`${wrong}\`; did you mean \`${meant}\`?`,
      );
    }
    assert.equal(
      (await errorOf(() => instance.callSync("f", [], { timeout: 5 }))).message,
      "unknown option `timeout`; there are `fuel`, `keepStack`, `state`",
    );
    assert.match((await errorOf(() => instance.call("f", [], { ["x".repeat(1e6)]: 5 }))).message, /; there are `deadline`, /);
  });
  test("leaves all as it was: an outcome can still be resumed", async () => {
    assert.equal((await outcome.resume(5)).status, "out-of-fuel");
  });
});

describe("what is no own property", () => {
  const added = [];
  afterEach(() => {
    for (const name of added.splice(0)) delete Object.prototype[name];
  });
  const inherit = (name, value) => {
    added.push(name);
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true, enumerable: true });
  };
  /** What would make an error, or another result, of each option if it were one. */
  const WRONG = {
    deadline: 0,
    features: 1,
    floats: "nonsense",
    frames: 1,
    fuel: 0,
    initial: -1,
    journal: 1,
    keepStack: 1,
    limits: 5,
    maxCallDepth: -1,
    maximum: -1,
    maxMemoryPages: -1,
    onLeak: 5,
    overlapping: "wait",
    preset: "none",
    signal: AbortSignal.abort(),
    slice: 0,
    snapshot: 5,
    state: -1,
    wasm: "nonsense:",
    memoryPages: -1,
  };
  test("is no option, by Object.prototype", async () => {
    const spinning = module.instantiate({}, { overlapping: "allow" });
    for (const [name, value] of Object.entries(WRONG)) {
      inherit(name, value);
      assert.equal((await Sandbox.load({})).limits.memoryPages, sandbox.limits.memoryPages);
      await Sandbox.load({ limits: {}, features: {} });
      assert.equal(sandbox.memory({ initial: 1 }).size, 1);
      for (const options of [undefined, {}]) {
        const made = sandbox.compile(BYTES, options).instantiate({}, options);
        assert.equal(made.exports.f(), 7);
        assert.equal((await module.instantiateAsync({}, options)).callSync("f", [], options), 7, name);
        assert.equal(await made.call("f", [], options), 7, name);
        const paused = await spinning.tryCall("spin", [], { fuel: 5 });
        const next = await paused.resume(5, options);
        assert.equal(next.status, "out-of-fuel", name);
        next.abort();
      }
      delete Object.prototype[name];
    }
  });
  test("is no option, by any other prototype", async () => {
    for (const [name, value] of Object.entries(WRONG)) {
      const options = Object.create({ [name]: value });
      assert.equal(await instance.call("f", [], options), 7);
      assert.equal(module.instantiate({}, options).exports.f(), 7);
      assert.equal(sandbox.memory(Object.assign(Object.create({ maximum: -1 }), { initial: 1 })).size, 1);
    }
  });
  test("and a getter is asked once", async () => {
    let asked = 0;
    const options = {
      get floats() {
        return asked++ === 0 ? "bits" : "nonsense";
      },
    };
    assert.equal(guest('(module (func (export "f") (result f64) (f64.const 1)))', {}, options).exports.f(), 0x3ff0_0000_0000_0000n);
    assert.equal(asked, 1);
  });
});

test("options that are no object are a TypeError", async () => {
  for (const [name, [take]] of Object.entries(TAKERS)) {
    if (name === "limits" || name === "memory" || name === "table") continue;
    for (const wrong of [null, 5, "text", true, () => {}]) {
      const error = await errorOf(() => take(wrong));
      assert.equal(error.constructor, TypeError, name);
      assert.match(error.message, /^the (options|features) are no object$/);
    }
  }
  assert.ok(thrownBy(() => sandbox.memory()) instanceof TypeError);
});
