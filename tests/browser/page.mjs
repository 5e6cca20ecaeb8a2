// What the page can be asked for by run.mjs: a guest's trace, or one of the checks.
import { Sandbox } from "guestbox";
import { WASM_FILES } from "../guests/files.mjs";
import { guests } from "../guests/index.mjs";
import { sandboxed } from "../guests/sandboxed.mjs";
import { checks } from "./checks.mjs";

/** Runs one of the real guests: its trace, and how long it took, loading and compiling aside. */
async function trace(name) {
  const guest = guests.find((one) => one.name === name);
  const response = await fetch(`/tests/guests/node_modules/${WASM_FILES[name]}`);
  if (!response.ok) throw new Error(`${name} is not there: npm ci --ignore-scripts in tests/guests installs it`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // The interpreter among them works longer than a guest may by default.
  const sandbox = await Sandbox.load({ limits: { fuel: 10n ** 12n } });
  const lines = [];
  const begin = performance.now();
  guest.run(sandboxed(sandbox), bytes, (line) => lines.push(line));
  const ms = performance.now() - begin;
  sandbox.dispose();
  return { lines, ms };
}

globalThis.guestboxPage = { checkNames: Object.keys(checks), check: (name) => checks[name](), trace };
