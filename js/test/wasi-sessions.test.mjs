// The sessions of tests/wasi: their traces are the recorded ones to the byte, as natively, and the same again from snapshots.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sandbox } from "guestbox";
import * as wasi from "guestbox/wasi";
import { difference } from "../../tests/traces/run.mjs";
import { guestBytes, recordedSessions, sessions } from "../../tests/wasi/files.mjs";
import { runSession } from "../../tests/wasi/run.mjs";

const bytes = guestBytes();

describe("the recorded sessions", () => {
  for (const session of sessions) {
    test(session.name, async () => {
      const lines = await runSession({ Sandbox, wasi }, session, bytes);
      assert.equal(difference(session.name, recordedSessions.get(session.name), lines), undefined);
    });
  }
  test("none is missing, and none is left over", () => {
    const names = sessions.map(({ name }) => name);
    assert.ok(names.length >= 20, `${names.length} sessions`);
    assert.deepEqual([...recordedSessions.keys()], names);
  });
});
