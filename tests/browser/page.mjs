// What the page can be asked for by run.mjs: a guest's trace, or one of the checks.
import { Sandbox, Trap, call } from "guestbox";
import { Substrate } from "guestbox/substrate";
import * as wasi from "guestbox/wasi";
import { WASM_FILES } from "../guests/files.mjs";
import { guests } from "../guests/index.mjs";
import { sandboxed } from "../guests/sandboxed.mjs";
import { dump } from "../runtime/host.mjs";
import { runCase } from "../scenarios/supervisor.mjs";
import { runGuest } from "../traces/real-guests.mjs";
import { runProgram } from "../traces/run.mjs";
import { runSession } from "../wasi/run.mjs";
import { checks } from "./checks.mjs";

const api = { Sandbox, Trap, call, wasi };

/** One of the real guests and its bytes. */
async function realGuest(name) {
  const guest = guests.find((one) => one.name === name);
  const response = await fetch(`/tests/guests/node_modules/${WASM_FILES[name]}`);
  if (!response.ok) throw new Error(`${name} is not there: npm ci --ignore-scripts in tests/guests installs it`);
  return [guest, new Uint8Array(await response.arrayBuffer())];
}

/** Runs one of the real guests: its trace, and how long it took, loading and compiling aside. */
async function trace(name) {
  const [guest, bytes] = await realGuest(name);
  const sandbox = await Sandbox.load();
  const lines = [];
  const begin = performance.now();
  guest.run(sandboxed(sandbox), bytes, (line) => lines.push(line));
  const ms = performance.now() - begin;
  sandbox.dispose();
  return { lines, ms };
}

const fetched = new Map();

/** The bytes at a path, fetched once. */
async function bytesAt(path) {
  if (!fetched.has(path)) {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    fetched.set(path, new Uint8Array(await response.arrayBuffer()));
  }
  return fetched.get(path);
}

/** Runs a case of the supervisor that is itself wasm; the fuel is a decimal string. */
async function supervise(one, fuel) {
  const supervisor = await WebAssembly.compile(await bytesAt("/supervisor/supervisor.wasm"));
  const guests = new Map();
  for (const { guest } of one.steps) {
    if (guest !== undefined) guests.set(guest, await bytesAt(`/supervisor/${guest}.wasm`));
  }
  const bytesOf = (name) => guests.get(name);
  return runCase({ Substrate, supervisor, limits: { fuel: BigInt(fuel) }, bytesOf }, one);
}

/** The dump of the runtime at a path. */
async function runtime(path) {
  return dump(Substrate, await bytesAt(path));
}

/** Runs one of the real guests: its trace, with the fuel of each call. */
async function metered(name) {
  return runGuest(api, ...(await realGuest(name)));
}

/** Runs a program of the recorded traces, in slices of so much fuel where that is given. */
async function program(one, slice) {
  const modules = new Map();
  for (const name of one.modules) modules.set(name, await bytesAt(`/programs/${one.name}/${name}.wasm`));
  return runProgram(api, one, (name) => modules.get(name), slice);
}

/** Runs a session of WASI. */
async function session(one) {
  return runSession(api, one, await bytesAt("/wasi/guest.wasm"));
}

globalThis.guestboxPage = {
  ...{ checkNames: Object.keys(checks), check: (name) => checks[name]() },
  ...{ metered, program, runtime, session, supervise, trace },
};
