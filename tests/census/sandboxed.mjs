// guestbox: how far a module gets there, and what its calls come to. Asked by survey.mjs in a process of its own.
import { InstantiateError, Memory, Sandbox, Trap } from "../../js/dist/index.js";
import { answer } from "./child.mjs";
import { callsOf, sessionsOf, shownAfter, stateOf } from "./calls.mjs";
import { Calls, importsFor, isNumber } from "./imports.mjs";

/** The fuel of instantiating a module, and of each call. */
const FUEL = 20_000_000n;

const PAGE = 65_536;

/** What a sandbox can be asked to make. What it has no function for is an import that is refused. */
const makeIn = (sandbox) => ({
  memory: ({ initial, maximum }) => sandbox.memory({ initial, maximum }),
  table: ({ element, initial, maximum }) => sandbox.table({ element, initial, maximum }),
  global: ({ type, mutable }, initial) => sandbox.global({ value: type, mutable }, initial),
});

/** Why a module was refused, in a few words that stay the same from version to version. */
function reasonOf(error, imports) {
  const limit = error.code === "limit" ? /limit `(\w+)`/.exec(error.message)?.[1] : undefined;
  if (limit !== undefined) return `limit ${limit}`;
  if (error.proposal !== undefined) return `proposal ${error.proposal}`;
  // The first import that does not fit; a function always does.
  const [, module, name] = (error.code === "import" && /^(?:import|\d+ imports:) `(.*?)` `(.*?)`: /s.exec(error.message)) || [];
  const first = imports?.find((descriptor) => descriptor.module === module && descriptor.name === name);
  if (first === undefined) return `${error.name} ${error.code}: ${error.message}`.slice(0, 160);
  return `imported ${first.kind}`;
}

/** What instantiating came to, if the module was linked: what traps when it begins was. */
function begunBy(error) {
  if (error instanceof Trap) return stoppedOr(error.code);
  if (error instanceof InstantiateError && error.code === "segment") return { status: "trap", code: "segment" };
  return undefined;
}

const STOPPED = new Set(["out-of-fuel", "stack-overflow", "nesting-too-deep", "out-of-system-memory"]);
const stoppedOr = (code) => (STOPPED.has(code) ? { status: "stopped" } : { status: "trap", code });

/** How far a module gets in a sandbox of these limits: `{ stage, reason }`. */
async function reach({ bytes, limits, simd }) {
  const sandbox = await Sandbox.load({ limits, simd });
  let module;
  try {
    module = sandbox.compile(bytes);
    const { imports } = importsFor(module.imports, makeIn(sandbox), new Calls());
    module.instantiate(imports, { fuel: FUEL });
    return { stage: "links" };
  } catch (error) {
    if (begunBy(error) !== undefined) return { stage: "links" };
    const stage = module === undefined ? "refused" : "compiles";
    return { stage, reason: reasonOf(error, module?.imports) };
  } finally {
    sandbox.dispose();
  }
}

const readerOf = (guest, name) => () => guest.exports[name].value;

function instantiate(sandbox, module, calls) {
  const { imports, memories } = importsFor(module.imports, makeIn(sandbox), calls);
  let guest;
  let begun = { status: "ok" };
  try {
    // Calls that end early leave the stack's pointer where it is, as they do elsewhere.
    guest = module.instantiate(imports, { fuel: FUEL, overlapping: "allow" });
  } catch (error) {
    begun = begunBy(error);
    if (begun === undefined) throw error;
  }
  const exported = Object.values(guest?.exports ?? {});
  const seen = [...memories, ...exported.filter((value) => value instanceof Memory)].map((memory) => ({
    get pages() {
      return memory.size;
    },
    bytes: () => memory.read(0, memory.size * PAGE),
  }));
  const globals = module.exports.filter(({ kind, type, mutable }) => kind === "global" && mutable && isNumber(type));
  const values = guest === undefined ? [] : globals.map(({ name }) => readerOf(guest, name));
  return {
    begun,
    memories: seen,
    call(name, args) {
      try {
        const outcome = guest.tryCallSync(name, args, { fuel: FUEL });
        return outcome.status === "ok" ? { status: "ok", values: [outcome.value].flat() } : stoppedOr(outcome.trap.code);
      } catch (error) {
        // An exception of the guest's own, or what should not be.
        return { status: "trap", code: `${error.name} ${error.code}` };
      }
    },
    state: () => stateOf(seen, values, calls),
    end: () => guest?.dispose(),
  };
}

/** What the calls of a module come to. */
async function follow({ bytes, limits }) {
  const sandbox = await Sandbox.load({ limits, simd: true });
  try {
    const module = sandbox.compile(bytes);
    let last;
    const begin = () => {
      last?.end();
      return (last = instantiate(sandbox, module, new Calls()));
    };
    return { sessions: sessionsOf(begin, callsOf(module.exports)) };
  } finally {
    sandbox.dispose();
  }
}

/** What an instance has come to be after these calls. */
async function show({ bytes, limits, calls }) {
  const sandbox = await Sandbox.load({ limits, simd: true });
  try {
    const noted = new Calls();
    return shownAfter(instantiate(sandbox, sandbox.compile(bytes), noted), noted, calls);
  } finally {
    sandbox.dispose();
  }
}

answer({ reach, follow, show });
