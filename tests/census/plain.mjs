// Node's own WebAssembly: what a module is, and what its calls come to there. Asked by survey.mjs in a process of its own,
// since what never ends there can only be ended with it.
import { answer } from "./child.mjs";
import { sessionOf, shownAfter, stateOf } from "./calls.mjs";
import { Calls, importsFor, isNumber } from "./imports.mjs";
import { SECTIONS } from "./toolchain.mjs";

/** The types as guestbox writes them. The runtime has them by `--experimental-wasm-type-reflection`. */
function typeOf({ kind, type }) {
  switch (kind) {
    case "function":
      return { kind, params: type.parameters, results: type.results };
    case "memory":
      return { kind, initial: type.minimum, ...bounded(type), shared: type.shared };
    case "table":
      return { kind, element: type.element, initial: type.minimum, ...bounded(type) };
    case "global":
      return { kind, type: type.value, mutable: type.mutable };
    default:
      // The runtime does not tell a tag's; those of exceptions of C++ and of `longjmp` have an address.
      return { kind, params: ["i32"] };
  }
}

const bounded = ({ maximum }) => (maximum === undefined ? {} : { maximum });

/** What a module imports, exports and is made with; only `invalid` for what is none. */
function describe({ bytes }) {
  let module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    return { invalid: error.message, imports: [], exports: [], sections: {} };
  }
  const imports = WebAssembly.Module.imports(module).map((entry) => ({ module: entry.module, name: entry.name, ...typeOf(entry) }));
  const exports = WebAssembly.Module.exports(module).map((entry) => ({ name: entry.name, ...typeOf(entry) }));
  const found = SECTIONS.map((name) => [name, WebAssembly.Module.customSections(module, name)[0]]);
  return { imports, exports, sections: Object.fromEntries(found.filter(([, bytes]) => bytes !== undefined)) };
}

/** A type as the constructors take it. */
const written = (type) => (type === "funcref" ? "anyfunc" : type);

const make = {
  memory: ({ initial, maximum, shared }) => new WebAssembly.Memory({ initial, maximum, shared }),
  table: ({ element, initial, maximum }) => new WebAssembly.Table({ element: written(element), initial, maximum }),
  global: ({ type, mutable }, initial) => new WebAssembly.Global({ value: written(type), mutable }, initial),
  tag: ({ params }) => new WebAssembly.Tag({ parameters: params }),
};

// What V8 says of a trap, and which of guestbox's codes say the same.
const TRAPS = [
  [/^unreachable/, ["unreachable"]],
  [/^(divide|remainder) by zero/, ["integer-division-by-zero"]],
  [/^divide result unrepresentable/, ["integer-overflow"]],
  [/^float unrepresentable/, ["integer-overflow", "bad-conversion-to-integer"]],
  [/^memory access out of bounds/, ["memory-out-of-bounds"]],
  [/^table (index is|access) out of bounds/, ["table-out-of-bounds"]],
  [/^null function or function signature mismatch/, ["bad-signature", "indirect-call-to-null"]],
  [/^data segment .*out of bounds/, ["memory-out-of-bounds", "segment"]],
  [/(table initializer|element segment|table access).* out of bounds/, ["table-out-of-bounds", "segment"]],
];

/** What a call came to that threw: `codes` are all that would be right. */
function outcomeOf(error) {
  if (error instanceof WebAssembly.Exception) return { status: "trap", message: "an exception that nothing caught" };
  if (error instanceof RangeError && /call stack/.test(error.message)) return { status: "stopped" };
  const message = error.message.replace(/^WebAssembly\.\w+\(\): /, "");
  return { status: "trap", message, codes: TRAPS.find(([pattern]) => pattern.test(message))?.[1] };
}

function instantiate(module, { imports: types, exports: exported }, calls) {
  const { imports, memories } = importsFor(types, make, calls);
  let exports = {};
  let begun = { status: "ok" };
  try {
    ({ exports } = new WebAssembly.Instance(module, imports));
  } catch (error) {
    begun = outcomeOf(error);
  }
  const own = exported.filter(({ kind, name }) => kind === "memory" && exports[name] !== undefined).map(({ name }) => exports[name]);
  const seen = [...memories, ...own].map((memory) => ({
    get pages() {
      return memory.buffer.byteLength / 65_536;
    },
    bytes: () => new Uint8Array(memory.buffer),
  }));
  const globals = exported.filter(({ kind, type, mutable }) => kind === "global" && mutable && isNumber(type));
  const values = globals
    .filter(({ name }) => exports[name] !== undefined)
    .map(
      ({ name }) =>
        () =>
          exports[name].value,
    );
  return {
    begun,
    memories: seen,
    call(name, args) {
      try {
        return { status: "ok", values: [exports[name](...args)].flat() };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    state: () => stateOf(seen, values, calls),
  };
}

/** What the calls of guestbox's sessions come to. */
function follow({ bytes, types, sessions }) {
  const module = new WebAssembly.Module(bytes);
  return { sessions: sessions.map((calls) => sessionOf(instantiate(module, types, new Calls()), calls)) };
}

/** What an instance has come to be after these calls. */
function show({ bytes, types, calls }) {
  const noted = new Calls();
  return shownAfter(instantiate(new WebAssembly.Module(bytes), types, noted), noted, calls);
}

answer({ describe, follow, show });
