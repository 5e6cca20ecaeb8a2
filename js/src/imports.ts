/** Imports: JavaScript functions that serve a guest. */
import type { Guest } from "./guest.js";
import { InstantiateError } from "./errors.js";
import type { Memory } from "./memory.js";
import type { ImportDescriptor } from "./module.js";
import { type FloatMode, type Value, ValueList, isNumeric } from "./values.js";

/** A function that serves an import. It may be `async` if the guest is called with `call`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the guest decides the types
export type ImportTarget = (...args: any[]) => unknown;

/** What a function made with `call` is told about a host call, besides the arguments. */
export interface CallContext {
  /** The calling guest. */
  readonly guest: Guest;
  /** The caller's memory: an imported one, else the one it exports as `memory`, else its first. */
  readonly memory: Memory;
  /** The state word given to the call or to the instantiation. */
  readonly state: number;
}

const withContext = new WeakSet<ImportTarget>();

/**
 * Makes an import that gets the context of the call before its arguments:
 * `call((c, pointer, length) => c.memory.readString(pointer, length))`.
 */
export function call(target: (context: CallContext, ...args: any[]) => unknown): ImportTarget {
  // A function of its own, so that the same target can also be used without context.
  const marked: ImportTarget = (context: CallContext, ...args: unknown[]) => target(context, ...args);
  withContext.add(marked);
  return marked;
}

/** An import as a guest has it: a function and its types. */
export interface HostFunction {
  readonly target: ImportTarget;
  readonly params: ValueList;
  readonly results: ValueList;
  readonly withContext: boolean;
}

export function hostFunction(
  descriptor: ImportDescriptor & { kind: "function" },
  target: unknown,
  mode: FloatMode,
): HostFunction {
  const { module, name, params, results } = descriptor;
  if (![...params, ...results].every(isNumeric)) {
    const message = `import \`${module}\` \`${name}\`: a vector or reference type in its signature cannot be passed`;
    throw new InstantiateError("import", message);
  }
  const function_ = target as ImportTarget;
  return {
    target: function_,
    params: new ValueList(params, mode),
    results: new ValueList(results, mode),
    withContext: withContext.has(function_),
  };
}

/** Serves a host call whose arguments are in the exchange. */
export function serve(host: HostFunction, guest: Guest, args: Value[], state: number): unknown {
  const { target } = host;
  return host.withContext ? target(new Context(guest, state), ...args) : target(...args);
}

class Context implements CallContext {
  constructor(
    readonly guest: Guest,
    readonly state: number,
  ) {}

  // Only when it is asked for: the guest may have no memory, or have been disposed of meanwhile.
  get memory(): Memory {
    return this.guest.mainMemory;
  }
}
