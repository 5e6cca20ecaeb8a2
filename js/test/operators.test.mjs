// Every operator, paused wherever fuel is taken, a unit short of it, and in slices, does what it does natively: see
// tests/src/operators.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Sandbox } from "guestbox";

const program = fileURLToPath(new URL("../../target/debug/operators", import.meta.url));

/** Units of fuel in a slice. Natively there are more. */
const SLICES = [1, 7];

const hex = (digits) => (bits) => `0x${bits.toString(16).padStart(digits, "0")}`;
/** How a value is written, by its type; floats are bits. */
const SHOW = { i32: String, i64: String, f32: hex(8), f64: hex(16) };
const show = (types, values) => types.map((type, at) => SHOW[type](values[at]));

const FOUR = ["i32", "i64", "f32", "f64"];
const parse = ([int, long, single, double]) => [Number(int), BigInt(long), Number(single), BigInt(double)];

/** What `fails` throws. */
const refusal = new Error("refused");

/** The bytes that a memory has to have. */
function bytesOf({ len, rows }) {
  const bytes = Buffer.alloc(len);
  for (const [at, row] of rows) bytes.write(row, at, "hex");
  return bytes;
}

/** A place of a case, which is called in guests of its own. */
class Place {
  constructor(module, recorded, expected, { arguments: args, plenty }) {
    Object.assign(this, { module, recorded, expected, plenty });
    this.args = parse(args);
    this.types = new Map(module.exports.map((one) => [one.name, one]));
    this.memories = new Map(Object.entries(expected.memories).map(([name, memory]) => [name, bytesOf(memory)]));
    // Memories take long to capture.
    this.isKept = recorded.is_capturable && (expected.place === "split" || this.memories.size === 0);
  }

  /** Calls it with some fuel and plenty once that is used up, or in slices. */
  async call(pace, isKept) {
    const calls = [];
    let guest;
    const host = (...args) => {
      calls.push(show(FOUR, args));
      this.refuses(guest);
      const [int, long, single, double] = args;
      return [int ^ 0x55, long ^ 0x55_0000_0000n, (single ^ 0x40) >>> 0, double ^ 0x40n];
    };
    const fails = (...args) => {
      calls.push(show(FOUR, args));
      throw refusal;
    };
    guest = this.module.instantiate({ env: { host, fails } }, { floats: "bits" });
    const earlier = isKept ? guest.snapshot() : undefined;
    const { expected } = this;
    let pauses = 0;
    try {
      let outcome = await guest.tryCall(expected.place, this.args, pace);
      while (outcome.status === "out-of-fuel" && pauses < 2) {
        pauses += 1;
        this.refuses(guest);
        outcome = await outcome.resume(this.plenty);
      }
      assert.equal(outcome.fuelUsed, BigInt(expected.fuel), "fuel");
      if (outcome.status === "trap") assert.equal(outcome.trap.code, expected.trap);
      else assert.deepEqual(show(FOUR, outcome.value), expected.results, "results");
    } catch (thrown) {
      // What an import throws is thrown.
      if (thrown !== refusal) throw thrown;
      assert.equal(expected.trap, "host-error");
    }
    assert.deepEqual(calls, expected.calls, "host calls");
    this.look(guest);
    if (isKept) this.restore(guest, earlier);
    guest.dispose();
    return pauses;
  }

  /** While the guest is called it cannot be captured. */
  refuses(guest) {
    const code = this.recorded.is_capturable ? "busy" : undefined;
    try {
      guest.snapshot();
    } catch (error) {
      assert.equal(error.name, "SnapshotError");
      if (code !== undefined) assert.equal(error.code, code);
      return;
    }
    assert.fail("a snapshot during the call");
  }

  /** Compares globals, memories and tables. */
  look(guest) {
    const { globals, tables } = this.expected;
    for (const [name, value] of Object.entries(globals)) {
      assert.equal(SHOW[this.types.get(name).type](guest.exports[name].value), value, name);
    }
    for (const [name, bytes] of this.memories) {
      const memory = guest.exports[name];
      assert.equal(memory.size * 65_536, bytes.length, name);
      assert.ok(bytes.equals(memory.read(0, bytes.length)), name);
    }
    for (const [name, values] of Object.entries(tables)) {
      assert.deepEqual(show(this.types.get(name).results, guest.exports[name]()), values, name);
    }
  }

  restore(guest, earlier) {
    const later = guest.snapshot();
    for (const snapshot of [earlier, later]) {
      guest.restore(snapshot);
      assert.ok(Buffer.from(guest.snapshot().bytes).equals(snapshot.bytes), "another state");
    }
  }

  /** Calls it at each pace, and returns how often. */
  async check() {
    const { pauses } = this.expected;
    assert.equal(await this.call({}, this.isKept), 0, "pauses in one go");
    for (const units of pauses) assert.equal(await this.call({ fuel: units }, false), 1, `pauses with ${units}`);
    for (const slice of SLICES) await this.call({ slice }, this.isKept && slice === 1);
    return pauses.length + SLICES.length + 1;
  }
}

describe("every operator", () => {
  let common, cases;
  const { stackTraceLimit } = Error;
  before(() => {
    // At each pause an error is thrown.
    Error.stackTraceLimit = 0;
    assert.ok(existsSync(program), "needs the native program: `cargo build -p guestbox-tests --bin operators` makes it");
    const output = execFileSync(program, { maxBuffer: 1 << 27, encoding: "utf8" });
    [common, ...cases] = output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  });
  after(() => (Error.stackTraceLimit = stackTraceLimit));
  test("does what it does natively, with pauses and without", async () => {
    const sandbox = await Sandbox.load({ limits: common.limits, simd: true });
    const failures = [];
    let runs = 0;
    for (const recorded of cases) {
      const module = sandbox.compile(Buffer.from(recorded.module, "hex"));
      for (const expected of recorded.places) {
        try {
          runs += await new Place(module, recorded, expected, common).check();
        } catch (error) {
          failures.push(`${recorded.name} in ${expected.place}: ${error.message}`);
        }
      }
      module.dispose();
    }
    sandbox.dispose();
    assert.deepEqual(failures, []);
    assert.ok(cases.length > 1_000 && runs > 40_000, `${cases.length} cases, ${runs} runs`);
  });
});
