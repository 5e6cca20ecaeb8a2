/** What serves the host calls of a guest. */
import type { Engine } from "../host/engine.js";
import type { Result, Value } from "../host/value.js";
import type { ValueList } from "../host/values.js";
import type { Memory } from "../memory.js";
import type { Exports, ImportTarget } from "../signatures.js";
import type { Guest } from "../types.js";
import type { Calls } from "./calls.js";
import type { System, SystemFunction } from "./system.js";
import type { Tempo } from "./tempo.js";

/** An import as a guest has it: a function and its types. */
export interface HostFunction {
  readonly target: ImportTarget;
  readonly params: ValueList;
  readonly results: ValueList;
  readonly withContext: boolean;
  /** What it is called in errors. */
  readonly label: string;
  /** Which function of a WASI system's it is, if it is one: the engine serves it then. */
  readonly of: SystemFunction | undefined;
}

/** Calls the exports of a guest. */
export interface Calling extends Pick<Guest, "call" | "callSync" | "tryCall" | "tryCallSync"> {
  /** The exported function as one of JavaScript, which is called synchronously. */
  function(name: string): (...args: Value[]) => Result;
}

/** A guest, as those have it who serve its host calls. */
export interface ServedGuest extends Guest {
  /** The caller's memory of a host call, see `CallContext`. */
  readonly mainMemory: Memory;
  /** Whether a memory is one that it imports or exports. */
  has(memory: Memory): boolean;
  /** Makes calls that are nested in another, whose handle is given or refused. */
  callerWithin(within: () => number): Calling;
  /** The exports, with functions whose calls are made by this caller. */
  exportsBy(calling: Calling): Exports;
}

/** What is needed to serve a guest's host calls. */
export interface Served {
  readonly engine: Engine;
  readonly guest: ServedGuest;
  readonly calls: Calls;
  /** How fast the code of its module burns fuel. */
  readonly tempo: Tempo;
  /** The imported functions, in the module's order. */
  readonly functions: readonly HostFunction[];
  /** The WASI system that some of them are of. */
  readonly system: System | undefined;
}
