// Hostile modules, as the generator of the native tests writes them: the engine's memory, which never shrinks, stays small.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CompileError, InstantiateError, Sandbox, Trap } from "guestbox";
import { wat } from "./wat.mjs";

const program = fileURLToPath(new URL("../../target/debug/hostile", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "guestbox-"));
after(() => rmSync(directory, { recursive: true }));

const MIB = 1 << 20;
/** Bytes of the largest, and how many of each kind; their sizes begin anew after six. */
const [LARGEST, EACH] = [128 << 10, 6];
/** Guests may have 4 MiB of memory, and so may the engine's stack. */
const LIMITS = { fuel: 1_000_000, memoryPages: 32, totalMemoryPages: 64 };
/** What compiling takes, by the native tests, and what running does. */
const MOST = 8 * MIB + 16 * LARGEST + 4 * MIB + 4 * MIB;

/** How a bomb went off: finished, or the code of its error. */
function letOff(sandbox, bytes) {
  let module, guest;
  try {
    module = sandbox.compile(bytes);
    guest = module.instantiate({ e: { f: () => {} } });
    guest.exports.run?.();
    return "finished";
  } catch (error) {
    assert.ok(
      [CompileError, InstantiateError, Trap].some((known) => error instanceof known),
      String(error),
    );
    return error.code;
  } finally {
    guest?.dispose();
    module?.dispose();
  }
}

describe("hostile modules", () => {
  let bombs;
  before(() => {
    assert.ok(existsSync(program), "needs the native program: `cargo build -p guestbox-tests --bin hostile` makes it");
    execFileSync(program, ["--write", directory, String(EACH), String(LARGEST)]);
    bombs = readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))]);
  });
  test("of every kind end with a typed error or under the limits, and the engine's memory stays small", async () => {
    const sandbox = await Sandbox.load({ limits: LIMITS });
    const start = sandbox.engine.memoryBytes;
    const fine = sandbox.compile(wat('(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'));
    const outcomes = new Map();
    const all = () => {
      for (const [file, bytes] of bombs) {
        outcomes.set(file, letOff(sandbox, bytes));
        assert.ok(sandbox.engine.memoryBytes - start <= MOST, `${file}: ${sandbox.engine.memoryBytes - start}`);
      }
      return sandbox.engine.memoryBytes;
    };
    assert.ok(bombs.length > 300, String(bombs.length));
    const once = all();
    const first = new Map(outcomes);
    // What one of them left is there for the next.
    assert.ok(all() - once <= MIB, "memory that grows with each round");
    assert.deepEqual(outcomes, first);
    for (const code of ["finished", "invalid", "limit", "out-of-fuel", "segment", "stack-overflow"])
      assert.ok([...first.values()].includes(code), code);
    const guest = fine.instantiate();
    assert.equal(guest.exports.add(2, 3), 5);
    assert.equal(sandbox.memoryPagesInUse, 0);
  });
  test("under the strict limits and without features, too", async () => {
    const features = { bulkMemory: false, multiValue: false, referenceTypes: false, tailCalls: false };
    for (const options of [{ limits: { ...LIMITS, preset: "strict" } }, { limits: LIMITS, features }]) {
      const sandbox = await Sandbox.load(options);
      const start = sandbox.engine.memoryBytes;
      for (const [, bytes] of bombs) letOff(sandbox, bytes);
      assert.ok(sandbox.engine.memoryBytes - start <= MOST);
    }
  });
});
