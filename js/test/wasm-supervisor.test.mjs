// A supervisor that is itself wasm (tests/supervisor), over guestbox/substrate: the outcomes and the
// traces of tests/scenarios/supervisor.json, as natively.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Substrate } from "guestbox/substrate";
import { bytesOf, document, limits, supervisorBytes } from "../../tests/scenarios/supervisor-files.mjs";
import { difference, runCase } from "../../tests/scenarios/supervisor.mjs";

describe("a supervisor that is itself wasm", async () => {
  const supervisor = await WebAssembly.compile(supervisorBytes());

  for (const one of document.cases) {
    test(one.name, async () => {
      assert.equal(difference(one, await runCase({ Substrate, supervisor, limits, bytesOf }, one)), undefined);
    });
  }

  test("none is lost, and a difference is noticed", async () => {
    assert.deepEqual([document.format, document.cases.length], [1, 64]);
    const [one] = document.cases;
    const results = await runCase({ Substrate, supervisor, limits, bytesOf }, one);
    const changed = (change) => ({ ...one, steps: one.steps.map((step) => ({ ...step, ...change(step) })) });
    assert.equal(
      difference(
        changed(() => ({})),
        results,
      ),
      undefined,
    );
    assert.match(
      difference(
        changed(() => ({ outcome: "0102" })),
        results,
      ),
      /the outcome is 0000, expected 0102$/,
    );
    assert.match(
      difference(
        changed(() => ({ trap: "torn-down" })),
        results,
      ),
      /trap is undefined, expected torn-down$/,
    );
    assert.match(
      difference(
        changed(({ trace }) => ({ trace: trace.slice(1) })),
        results,
      ),
      /line 1 of the trace/,
    );
    assert.match(
      difference(
        changed(({ trace }) => ({ trace: [...trace, "more"] })),
        results,
      ),
      /expected more$/,
    );
  });
});
