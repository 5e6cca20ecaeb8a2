// A runtime of Substrate's pallets of 2021 (tests/runtime), over guestbox/substrate: what it dumps of its
// contracts is what its native form does, where they run in wasmi 0.6.2.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Substrate } from "guestbox/substrate";
import { oracle, runtimeBytes, runtimes } from "../../tests/runtime/files.mjs";
import { calls, difference, dump } from "../../tests/runtime/host.mjs";

describe("a runtime", () => {
  for (const file of runtimes) {
    test(file, async () => {
      const dumped = await dump(Substrate, runtimeBytes(file));
      assert.equal(difference(oracle(), dumped), undefined);
      assert.equal(calls(dumped), 588);
    });
  }

  test("a difference is noticed", () => {
    const expected = oracle();
    for (const word of ["output", "gas \\d", "event", "set", "cleared"]) {
      const changed = expected.replace(new RegExp(`^  ${word}.*\n`, "m"), (line) => `${line.slice(0, -1)}0\n`);
      assert.match(difference(expected, changed), new RegExp(`is "  ${word}.*0", expected "  ${word}`));
    }
    const dropped = expected.replace(/^ {2}event .*\n/m, "");
    assert.match(difference(expected, dropped), /expected " {2}event/);
    assert.match(difference(expected, `${expected}more\n`), /is "more", expected ""$/);
    assert.match(difference(expected, expected.slice(0, -1)), /is "undefined", expected ""$/);
  });
});
