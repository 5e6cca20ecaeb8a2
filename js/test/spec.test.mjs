// The specification's tests come to what they do natively, directive by directive, and to what is recorded: see tests/src/spec.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CompileError, InstantiateError, Sandbox, Trap } from "guestbox";
import { performScript } from "../../tests/spec/run.mjs";

const program = fileURLToPath(new URL("../../target/debug/spec", import.meta.url));
const recorded = JSON.parse(readFileSync(new URL("../../tests/spec/tally.json", import.meta.url), "utf8"));

/** What the directives of a script come to, in a sandbox of its own. */
async function perform(common, script) {
  const limits = { preset: "unlimited", ...common.limits };
  const sandbox = await Sandbox.load({ limits, features: { multiMemory: script.multi_memory }, simd: true });
  const outcomes = performScript({ CompileError, InstantiateError, Trap }, sandbox, common, script);
  sandbox.dispose();
  return outcomes;
}

/** The directives that come to something else than natively. */
function differences({ suite, name, directives, outcomes }, found) {
  const lines = directives.map(({ line }, at) => `${suite}/${name}:${line}: ${found[at]}, natively ${outcomes[at]}`);
  return lines.filter((_, at) => found[at] !== outcomes[at]);
}

describe("the specification's tests", () => {
  let common, own, scripts;
  const { stackTraceLimit } = Error;
  before(() => {
    // Thousands of modules are refused.
    Error.stackTraceLimit = 0;
    assert.ok(existsSync(program), "needs the native program: `cargo build -p guestbox-tests --bin spec` makes it");
    const lines = execFileSync(program, { maxBuffer: 1 << 28, encoding: "utf8" })
      .trimEnd()
      .split("\n");
    [common, own, ...scripts] = lines.map((line) => JSON.parse(line));
  });
  after(() => (Error.stackTraceLimit = stackTraceLimit));

  test("each outcome is told from the others", async () => {
    assert.deepEqual(differences(own, await perform(common, own)), []);
    assert.ok(own.outcomes.length > 40 && new Set(own.outcomes).size > 8, `${own.outcomes}`);
  });

  test("come to what they do natively, and to what is recorded", async () => {
    const tally = {};
    const different = [];
    for (const script of scripts) {
      const found = await perform(common, script);
      different.push(...differences(script, found));
      const counts = (tally[script.suite] ??= {});
      for (const outcome of found) counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    assert.deepEqual(different, []);
    assert.deepEqual(tally, recorded);
  });
});
