/** WASI systems, as those have them who drive calls: a call of a system's function is served within the engine. */
import type { Wait } from "../base/tables.js";
import type { Engine } from "../host/engine.js";

/** What is being waited for. */
export interface Waiting {
  readonly promise: PromiseLike<unknown>;
  /** Waits no longer. */
  stop(): void;
}

/** What some of a guest's imports are functions of. */
export interface System {
  readonly engine: Engine;
  /** The handle; throws where it was disposed of. */
  handle(): number;
  /** Begins to wait for what is named in the exchange; nothing where it was there at once. */
  wait(kind: Wait): Waiting | undefined;
  /** Gets what can be had at once; whether it could. */
  waitSync(kind: Wait): boolean;
  /** Hands over what was written; a promise of that where it takes time. */
  deliver(): PromiseLike<void> | undefined;
  /** The error with which a call ends in which the program exited. */
  exited(code: number, fuelUsed: bigint): Error;
  /** Whether that is such an error of its own. */
  hasEndedWith(error: unknown): boolean;
}

/** Which function of a system's an import is. */
export interface SystemFunction {
  readonly system: System;
  readonly number: number;
}

const functions = new WeakMap<object, SystemFunction>();

/** Notes that a function stands for one of a system's. */
export function noteSystemFunction(function_: object, of: SystemFunction): void {
  functions.set(function_, of);
}

/** Which function of a system's it stands for, if it does. */
export const systemFunctionOf = (function_: object): SystemFunction | undefined => functions.get(function_);
