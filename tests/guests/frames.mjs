// Plain WebAssembly in Node that also traces where the guest is at each import call: the reference
// for the frames of guestbox. A line is `frames index:offset ...`, the innermost function first, of
// at most 100.
import { plainEngine } from "./plain.mjs";

Error.stackTraceLimit = Infinity;

/** The frames of the guest that called, not those of a guest in whose import call it was called. */
function frames() {
  const lines = new Error().stack.split("\n").map((line) => /wasm-function\[(\d+)\]:0x([0-9a-f]+)/.exec(line));
  const begin = lines.findIndex((match) => match !== null);
  const after = lines.findIndex((match, at) => at > begin && match === null);
  const own = lines.slice(begin, after < 0 ? undefined : after).slice(0, 100);
  return own.map(([, index, offset]) => `${index}:${parseInt(offset, 16)}`).join(" ");
}

export const framesEngine = (print) => ({
  ...plainEngine,
  instantiate(bytes, imports) {
    const traced = (target) =>
      typeof target !== "function"
        ? target
        : (...args) => {
            print(`frames ${frames()}`);
            return target(...args);
          };
    const entries = Object.entries(imports).map(([module, fields]) => [
      module,
      Object.fromEntries(Object.entries(fields).map(([name, target]) => [name, traced(target)])),
    ]);
    return plainEngine.instantiate(bytes, Object.fromEntries(entries));
  },
});
