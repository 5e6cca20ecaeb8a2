// The programs and the real guests of tests/traces: their traces, with the fuel that each call takes,
// are the recorded ones to the byte, as natively, and slices change nothing of them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sandbox, Trap, call } from "guestbox";
import { loadBytes } from "../../tests/guests/bytes.mjs";
import { guests } from "../../tests/guests/index.mjs";
import { programs, recorded } from "../../tests/traces/files.mjs";
import { runGuest } from "../../tests/traces/real-guests.mjs";
import { difference, runProgram } from "../../tests/traces/run.mjs";

const api = { Sandbox, Trap, call };
const isRecorded = (name, lines) => assert.equal(difference(name, recorded.get(name), lines), undefined);

describe("the recorded traces", () => {
  for (const program of programs) {
    test(program.name, async () => {
      isRecorded(program.name, await runProgram(api, program, program.bytesOf));
      isRecorded(program.name, await runProgram(api, program, program.bytesOf, 5_000n));
    });
  }
  for (const guest of guests) {
    test(guest.name, async () => isRecorded(guest.name, await runGuest(api, guest, loadBytes(guest.name))));
  }

  test("none is missing, and none is left over", () => {
    const names = [...programs, ...guests].map(({ name }) => name);
    assert.ok(names.length >= 40, `${names.length} programs`);
    assert.deepEqual([...recorded.keys()], names.sort());
  });

  test("a difference is noticed, and said where it is", () => {
    assert.equal(difference("p", "a\nb\n", ["a", "b"]), undefined);
    assert.equal(difference("p", "a\nb\n", ["a", "c"]), "p, line 2: `c`, recorded is `b`");
    assert.equal(difference("p", "a\nb\n", ["a"]), "p, line 2: ``, recorded is `b`");
    assert.equal(difference("p", "a\n", ["a", "b"]), "p, line 2: `b`, recorded is ``");
    assert.equal(difference("p", "a", ["a"]), "p, line 2: ``, recorded is nothing");
    assert.equal(difference("p", undefined, []), "p: no trace is recorded");
  });
});
