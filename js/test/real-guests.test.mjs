// Real guests from npm (tests/guests): what crosses the border is the same as under plain WebAssembly.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { Sandbox } from "guestbox";
import { loadBytes } from "../../tests/guests/bytes.mjs";
import { guests } from "../../tests/guests/index.mjs";
import { plainEngine } from "../../tests/guests/plain.mjs";
import { sandboxed } from "../../tests/guests/sandboxed.mjs";

const installed = existsSync(new URL("../../tests/guests/node_modules", import.meta.url));

function traceOf(guest, engine) {
  const lines = [];
  guest.run(engine, loadBytes(guest.name), (line) => lines.push(line));
  return lines;
}

describe("real guests", () => {
  test("are installed: `npm ci --ignore-scripts` in tests/guests does it", () => assert.ok(installed));
  test("there are five", () => assert.equal(guests.length, 5));

  for (const guest of installed ? guests : []) {
    test(`${guest.name}: ${guest.title}`, async () => {
      const expected = traceOf(guest, plainEngine);
      assert.ok(expected.length > 80, `${expected.length} lines`);
      const sandbox = await Sandbox.load();
      const lines = traceOf(guest, sandboxed(sandbox));
      // The first line that differs says more than thousands of lines do.
      const at = expected.findIndex((line, index) => line !== lines[index]);
      assert.equal(lines[at], expected[at], `line ${at + 1}`);
      assert.equal(lines.length, expected.length);
      sandbox.dispose();
    });
  }
});
