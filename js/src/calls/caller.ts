/** Calls of a guest's exports, from outside of its other calls or from within one. */
import { checkBoolean, checkFuel, checkU32 } from "../base/checks.js";
import { InvokeError, Trap } from "../base/errors.js";
import { printable } from "../base/frames.js";
import { type Names, known, optionsOf } from "../base/options.js";
import { writable } from "../base/shown.js";
import { Protocol, Step } from "../base/tables.js";
import type { Engine } from "../host/engine.js";
import type { FloatMode, Result, Value, ValueType } from "../host/value.js";
import { ValueList } from "../host/values.js";
import type { CallOptions, Outcome, PaceOptions, SyncCallOptions, SyncOutcome } from "../types.js";
import type { Beginning, Call, Calls } from "./calls.js";
import { drive, driveAsync, driveToEnd, valueOf } from "./drive.js";
import { ended } from "./ended.js";
import { RESUME_NAMES, outcomeOf } from "./outcome.js";
import { Pace } from "./pace.js";
import type { Calling, Served } from "./served.js";
import type { Tempo } from "./tempo.js";

export const PACE_NAMES: Names<PaceOptions> = { ...RESUME_NAMES, fuel: true };
const CALL_OPTIONS = known<CallOptions>({ ...PACE_NAMES, keepStack: true, state: true });
const SYNC_CALL_OPTIONS = known<SyncCallOptions>({ fuel: true, keepStack: true, state: true });

/** The types of a function, ready to move its values. */
export interface Signature {
  readonly params: ValueList;
  readonly results: ValueList;
}

/** That of a function of these types. */
export function signatureOf(
  [params, results]: readonly [readonly ValueType[], readonly ValueType[]],
  mode: FloatMode,
  of = "the function",
): Signature {
  return { params: new ValueList(params, mode, { one: "argument", of }), results: new ValueList(results, mode, { one: "result", of }) };
}

/** A module, as those have it who call the functions of its instances. */
export interface CalledModule {
  /** How fast its code burns fuel. */
  readonly tempo: Tempo;
  /** The position of an export, as the engine counts. */
  position(name: string): number | undefined;
  /** The types of an exported function, `undefined` where it is none. */
  signature(position: number, mode: FloatMode): Signature | undefined;
}

/** The guest whose exports are called. */
export interface Callee {
  readonly engine: Engine;
  readonly module: CalledModule;
  readonly mode: FloatMode;
  readonly state: number;
  readonly served: Served;
  readonly calls: Calls;
  /** Its number; throws where it cannot be called. */
  instance(): number;
}

/** Calls the exports of a guest. */
export class Caller implements Calling {
  constructor(
    private readonly callee: Callee,
    /** The handle of the call that calls are nested in, if they are; throws where that does not wait for them. */
    private readonly within: () => number,
    private readonly isNested: boolean,
  ) {}

  async call(name: string, args: readonly Value[] = [], given?: CallOptions): Promise<Result> {
    const { engine, served } = this.callee;
    const options = optionsOf(given, CALL_OPTIONS);
    const pace = new Pace(options, this.callee.module.tempo);
    const { begun, finish } = this.begin(name, args, options, pace);
    const call = begun instanceof Promise ? await begun : begun;
    return valueOf(engine, call, await driveAsync(served, call, pace, finish));
  }

  async tryCall(name: string, args: readonly Value[] = [], given?: CallOptions): Promise<Outcome> {
    // An outcome goes on with these, whatever becomes of the object that was given.
    const options = optionsOf(given, CALL_OPTIONS);
    const pace = new Pace(options, this.callee.module.tempo);
    const { begun, finish } = this.begin(name, args, options, pace);
    const call = begun instanceof Promise ? await begun : begun;
    return outcomeOf(this.callee.served, call, pace, options, finish);
  }

  callSync(name: string, args: readonly Value[] = [], options?: SyncCallOptions): Result {
    if (options === undefined) return this.plain(name, args);
    const outcome = this.tryCallSync(name, args, options);
    if (outcome.status === "ok") return outcome.value;
    throw outcome.trap;
  }

  tryCallSync(name: string, args: readonly Value[] = [], given?: SyncCallOptions): SyncOutcome {
    const isAlone = this.callee.served.system === undefined;
    return isAlone ? this.outcomeSync(name, args, given) : this.handingOver(() => this.outcomeSync(name, args, given));
  }

  private outcomeSync(name: string, args: readonly Value[], given: SyncCallOptions | undefined): SyncOutcome {
    const { engine, served, calls } = this.callee;
    const options = optionsOf(given, SYNC_CALL_OPTIONS);
    const fuel = options.fuel === undefined ? undefined : checkFuel("fuel", options.fuel);
    const { beginning, signature } = this.prepare(name, args, options, fuel);
    let handle: number;
    try {
      handle = beginning.begin();
    } catch (error) {
      throw InvokeError.is(error, "busy") ? calls.busy() : error;
    }
    const step = driveToEnd(served, engine.step(handle));
    if (step instanceof Trap) return writable({ status: "trap", trap: step, fuelUsed: step.fuelUsed });
    const fuelUsed = engine.longHead(Protocol.USED_WORD);
    if (step === Step.FINISHED) return writable({ status: "ok", value: signature.results.takeResult(engine), fuelUsed });
    const trap = ended(engine, step);
    if (trap instanceof Trap) return writable({ status: "trap", trap, fuelUsed });
    throw trap;
  }

  function(name: string): (...args: Value[]) => Result {
    const { callee } = this;
    const position = callee.module.position(name) as number;
    const found = callee.module.signature(position, callee.mode);
    // By its name in an object it gets its own.
    const named: { readonly [name: string]: (...args: Value[]) => Result } = {
      [name]: (...args) => {
        const instance = callee.instance();
        return this.run(instance, position, found ?? uncallable(name), args);
      },
    };
    return named[name] as (...args: Value[]) => Result;
  }

  /** A function of the guest's, by its handle, as one of JavaScript. */
  functionBy(handle: () => number, signature: Signature): (...args: Value[]) => Result {
    const { callee } = this;
    return (...args) => this.run(callee.instance(), Protocol.FUNCTION + handle(), signature, args);
  }

  /** Calls without options, for its results and nothing else: in one crossing. */
  private plain(name: string, args: readonly Value[]): Result {
    const { callee } = this;
    callee.instance();
    const { position, signature } = this.find(name);
    const values = argumentsOf(args);
    // Only now: to take an array apart may have ended the guest.
    return this.run(callee.instance(), position, signature, values);
  }

  private run(instance: number, position: number, signature: Signature, args: readonly Value[]): Result {
    if (this.callee.served.system === undefined) return this.runAlone(instance, position, signature, args);
    return this.handingOver(() => this.runAlone(instance, position, signature, args));
  }

  /** Calls, and hands over what a program has written, however the call ended. */
  private handingOver<T>(call: () => T): T {
    const { system } = this.callee.served;
    try {
      return call();
    } finally {
      if (system?.engine.isLive) void system.deliver();
    }
  }

  private runAlone(instance: number, position: number, signature: Signature, args: readonly Value[]): Result {
    const { engine, state, served } = this.callee;
    const around = this.within();
    signature.params.putAll(engine, args);
    const step = engine.call(instance, position, state, around);
    // What it says to that is thrown.
    if (step === Step.REFUSED && signature.params.refers)
      engine.proceed((host) => host.begin(instance, position, state, undefined, around, Protocol.NO_CALL, false));
    if (step !== Step.FINISHED) drive(served, step);
    return signature.results.takeResult(engine);
  }

  /** An exported function, by where it is and its types. */
  private find(name: string): { readonly position: number; readonly signature: Signature } {
    const { module, mode } = this.callee;
    const position = module.position(name);
    if (position === undefined) throw new InvokeError("export-not-found", `the module exports no \`${printable(name)}\``);
    return { position, signature: module.signature(position, mode) ?? uncallable(name) };
  }

  /** Begins a call, now or when its turn comes; and what takes its results. */
  private begin(
    name: string,
    args: readonly Value[],
    options: CallOptions,
    pace: Pace,
  ): { readonly begun: Call | Promise<Call>; readonly finish: () => Result } {
    const { engine, calls } = this.callee;
    const { beginning, signature } = this.prepare(name, args, options, pace.fuel, pace.slice);
    const around = this.isNested ? this.within() : undefined;
    return { begun: calls.begin(beginning, pace, around), finish: () => signature.results.takeResult(engine) };
  }

  /**
   * Checks all that a call is begun with and puts its arguments into the exchange. Until it is begun nothing
   * may run that is not our own; to take an array apart would look for a `return` of its iterator.
   */
  private prepare(
    name: string,
    args: readonly Value[],
    options: { readonly state?: number; readonly keepStack?: boolean },
    fuel: bigint | undefined,
    slice?: bigint,
  ): { readonly beginning: Beginning; readonly signature: Signature } {
    const { callee, within } = this;
    const { engine } = callee;
    engine.enter();
    callee.instance();
    const { position, signature } = this.find(name);
    const state = stateOf(options, callee.state);
    const keepsStack = checkBoolean("keepStack", options.keepStack);
    const { params } = signature;
    const values = argumentsOf(args);
    params.putAll(engine, values);
    let isKept = false;
    let budget = Protocol.NO_CALL;
    const begin = (outer?: number): number => {
      const instance = callee.instance();
      const around = outer ?? within();
      // Others may have put theirs there.
      if (isKept) params.putAll(engine, values);
      const handle = engine.proceed((host) => host.begin(instance, position, state, fuel, around, budget, keepsStack));
      budget = Protocol.NO_CALL;
      if (slice !== undefined) engine.host.set_slice(handle, slice);
      return handle;
    };
    const keep = (isNested: boolean): void => {
      isKept = true;
      if (budget === Protocol.NO_CALL && !isNested) budget = engine.host.keep_budget();
    };
    const drop = (): void => {
      if (budget !== Protocol.NO_CALL && engine.isLive) engine.host.drop_budget(budget);
      budget = Protocol.NO_CALL;
    };
    return { beginning: { begin, keep, drop }, signature };
  }
}

/** Arguments, taken out of what they are given as. */
function argumentsOf(args: readonly Value[]): readonly Value[] {
  if (typeof (args as Partial<readonly Value[]> | null)?.[Symbol.iterator] !== "function")
    throw new TypeError("the arguments are no array; give `[a, b]`, or nothing");
  return [...args];
}

/** The state word that options give. */
export function stateOf({ state }: { readonly state?: number }, otherwise: number): number {
  return state === undefined ? otherwise : checkU32("state", state);
}

const uncallable = (name: string): never => {
  throw new InvokeError("not-a-function", `\`${name}\` is no function`);
};
