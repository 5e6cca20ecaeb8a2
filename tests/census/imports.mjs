// The imports of a module, made from their types: functions that return zeros, memories, tables and globals.
import { crc32 } from "node:zlib";

/** Larger than declared where that may be, for modules whose loader decides how much they get. */
const LEAST_PAGES = 256;
const LEAST_ELEMENTS = 1024;

/** The stack of a module that is linked while it is loaded ends here. */
const STACK_END = 8 << 20;

const NUMBERS = new Set(["i32", "i64", "f32", "f64"]);

/** Whether values of a type are numbers. */
export const isNumber = (type) => NUMBERS.has(type);

const zeroOf = (type) => (type === "i64" ? 0n : isNumber(type) ? 0 : null);

/** Of WASI's functions the one by which programs look for folders until there are no more: `EBADF`. */
const ANSWERS = { fd_prestat_get: 8 };

/** What a function of a name and these results returns. */
function answerOf({ name, results }) {
  if (Object.hasOwn(ANSWERS, name) && String(results) === "i32") return ANSWERS[name];
  if (results.length < 2) return results.length === 0 ? undefined : zeroOf(results[0]);
  return results.map(zeroOf);
}

const sized = (type, least) => ({ ...type, initial: Math.min(Math.max(type.initial, least), type.maximum ?? Infinity) });

/** What the guest asked for: a sum over all calls of imports and their arguments, and the last ones in words where wanted. */
export class Calls {
  sum = 0;
  words;

  note(at, args) {
    // A NaN is a NaN, whatever its bits.
    const words = `${at} ${args.map((arg) => (typeof arg === "object" || typeof arg === "function" ? typeof arg : Object.is(arg, -0) ? "-0" : arg)).join()}`;
    this.sum = crc32(words, this.sum);
    this.words?.push(words);
  }
}

/** Imports for a module, as objects by module and name. `make` has a function for each kind besides functions that can be made. */
export function importsFor(descriptors, make, calls) {
  const imports = Object.create(null);
  const memories = [];
  descriptors.forEach((descriptor, at) => {
    const { module, name, kind } = descriptor;
    const made = kind === "function" ? functionOf(descriptor, at, calls) : make[kind]?.(typeOf(descriptor), initialOf(descriptor));
    if (kind === "memory" && made !== undefined) memories.push(made);
    (imports[module] ??= Object.create(null))[name] ??= made;
  });
  return { imports, memories };
}

function functionOf(descriptor, at, calls) {
  const answer = answerOf(descriptor);
  return (...args) => {
    calls.note(at, args);
    return answer;
  };
}

function typeOf(descriptor) {
  if (descriptor.kind === "memory") return sized(descriptor, LEAST_PAGES);
  return descriptor.kind === "table" ? sized(descriptor, LEAST_ELEMENTS) : descriptor;
}

const initialOf = ({ name, type }) => (name === "__stack_pointer" ? STACK_END : zeroOf(type));
