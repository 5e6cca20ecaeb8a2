/** Calls whose code the host runs. Their fuel comes from the core whenever the code begins or goes on, and what is left goes back. */
import { Protocol, Step, type TrapCode } from "../base/tables.js";
import { now } from "../base/yield.js";
import type { Engine, Return } from "../host/engine.js";
import { DONE, ENDS, WAITS } from "./between.js";
import { type Entry, type Instance, MOST_WORDS, type Signs, jspi } from "./instance.js";

/** Words that the host's own frames take between a guest's call of an import and a call nested in it. */
const CROSSING_WORDS = 256;

/** What all runs of a sandbox have in common. */
export interface Runs {
  readonly engine: Engine;
  /** The one whose code is on the host's stack, the innermost. */
  current: Run | undefined;
  /** Those whose code waits. */
  readonly waiting: Map<number, Run>;
  numberOf(trap: TrapCode): number;
}

/** What ends a call before its code does: the last step, or what was thrown. */
type End = { readonly last: unknown } | { readonly thrown: unknown };

/** A call. */
export class Run {
  private handle: number = Protocol.NO_CALL;
  private end: End | undefined;
  /** Whether the core has let go of it. */
  private isOver = false;
  /** Fuel that is not with the counter. */
  private rest = 0;
  /** What serves host calls, of a call that is synchronous. */
  private serve: ((step: Step) => unknown) | undefined;
  /** Who waits for its code to come back. */
  private returned: ((back: Return) => void) | undefined;
  /** Lets the code go on, which waits. */
  private wake: (() => void) | undefined;
  private state: readonly [stack: number, ended: number] = [0, 0];
  /** What is to be in the exchange when the code goes on, and how many words that will be. */
  private values: BigUint64Array | undefined;
  private awaited = 0;
  private isAsking = false;
  /** Whether the code has waited, or has finished, since it was entered. */
  private hasLeft = false;
  private since = 0;
  /** Whether what was to grow is as large as it was. */
  private growing: (() => boolean) | undefined;

  constructor(
    private readonly runs: Runs,
    readonly number: number,
    readonly instance: Instance,
    private readonly entry: Entry,
    /** Words of its results. */
    private readonly results: number,
  ) {}

  /** Runs it to its end: the last step. */
  run(handle: number, serve: (step: Step) => unknown): unknown {
    const { runs, instance } = this;
    const { engine, current } = runs;
    this.handle = handle;
    this.serve = serve;
    const words = current === undefined ? MOST_WORDS : Math.max(0, current.instance.wordsLeft - CROSSING_WORDS);
    const before = instance.enter(words);
    runs.current = this;
    let trap: TrapCode | undefined;
    let left: number;
    try {
      this.take();
      this.entry();
    } catch (error) {
      trap = instance.trapOf(error);
    } finally {
      left = this.collect();
      instance.leave(before);
      runs.current = current;
    }
    const { end } = this;
    if (end !== undefined) {
      if ("thrown" in end) throw end.thrown;
      return end.last;
    }
    if (trap === undefined) return engine.comeBack(handle, Step.FINISHED, 0, left);
    return engine.comeBack(handle, Step.TRAPPED, runs.numberOf(trap), left);
  }

  /** Lets it begin, or go on, until it comes back: that may be at once. */
  leave(handle: number): Return | Promise<Return> {
    this.handle = handle;
    this.back = undefined;
    const { wake } = this;
    if (wake === undefined) this.begin();
    if (this.back !== undefined) return this.back;
    return new Promise((resolve) => {
      this.returned = resolve;
      if (wake === undefined) return;
      this.rest = this.runs.engine.numberHead(Protocol.DETAIL_WORD);
      this.values = this.saved(this.awaited);
      this.wake = undefined;
      wake();
    });
  }

  /** Lets it begin on a stack of its own. */
  private begin(): void {
    const { runs, instance } = this;
    const { current } = runs;
    const before = instance.enter(MOST_WORDS);
    runs.current = this;
    this.since = now();
    let running: Promise<void>;
    try {
      this.take();
      running = (jspi.promising as NonNullable<typeof jspi.promising>)(this.entry)();
    } catch (error) {
      running = Promise.reject(error);
    } finally {
      runs.current = current;
    }
    const signs = this.hasLeft ? undefined : instance.signs;
    const left = this.hasLeft ? 0 : this.collect();
    instance.leave(before);
    running.then(
      () => {},
      (error: unknown) => this.trapped(error, signs, left),
    );
  }

  /** The code of a call that waited, or is not synchronous, has trapped. */
  private trapped(error: unknown, signs: Signs | undefined, left: number): void {
    const { runs, instance } = this;
    if (runs.current === this) runs.current = undefined;
    const trap = instance.trapOf(error, signs);
    this.comeBack(Step.TRAPPED, runs.numberOf(trap), signs === undefined ? this.collect() : left, undefined);
    this.settle();
  }

  private back: Return | undefined;

  /** Notes how it comes back, with values. */
  private comeBack(what: Step, detail: number, left: number, values: BigUint64Array | undefined): void {
    const { engine } = this.runs;
    const step = (): Step => {
      engine.check();
      this.put(values);
      return engine.comeBack(this.handle, what, detail, left);
    };
    // Who waits for it is given it, and not what it would be taken for by its prototype.
    this.back = { __proto__: null, step, passed: now() - this.since } as Return;
    this.hasLeft = true;
  }

  /** Tells who waits for it. */
  private settle(): void {
    const { returned, back } = this;
    this.returned = undefined;
    if (back !== undefined) returned?.(back);
  }

  /** The code has finished, and its results are in the exchange. */
  finished(): void {
    if (this.serve !== undefined) return;
    this.runs.current = undefined;
    this.comeBack(Step.FINISHED, 0, this.collect(), this.saved(this.results));
    this.settle();
  }

  /** The code calls an import, with the arguments in the exchange. */
  call(ordinal: number, words: { readonly params: number; readonly results: number }): number {
    const { runs, instance, serve } = this;
    const { engine } = runs;
    if (this.isOver) return this.stop();
    if (serve === undefined) {
      this.awaited = words.results;
      this.comeBack(Step.HOST_CALL, ordinal, this.collect(), this.saved(words.params));
      return WAITS;
    }
    // What is thrown for want of room is no more than that the stack is used up.
    engine.enter();
    try {
      const last = serve(engine.comeBack(this.handle, Step.HOST_CALL, ordinal, this.collect()));
      if (last === Step.OUTSIDE) this.take();
      else this.endWith({ last });
    } catch (thrown) {
      this.endWith({ thrown });
    }
    runs.current = this;
    return instance.isEnded ? ENDS : DONE;
  }

  /** The counter is below zero, as a region takes so much fuel. */
  ask(units: number): number {
    const { instance, runs } = this;
    const { engine } = runs;
    const required = units >>> 0;
    if (this.isAsking) this.isAsking = false;
    else instance.giveBack(units);
    if (this.isOver || instance.isEnded) return this.stop();
    let left = this.collect();
    while (left < required) {
      if (this.serve === undefined) {
        this.isAsking = true;
        this.awaited = 0;
        this.comeBack(Step.OUT_OF_FUEL, required, left, undefined);
        return WAITS;
      }
      try {
        engine.enter();
        this.postpone();
        const last = engine.comeBack(this.handle, Step.OUT_OF_FUEL, required, left);
        if (last !== Step.OUTSIDE) return this.endWith({ last });
        left = engine.numberHead(Protocol.DETAIL_WORD);
      } catch (thrown) {
        return this.endWith({ thrown });
      }
    }
    this.rest = instance.grant(left - required);
    return DONE;
  }

  /** A memory or a table is to grow: whether it may. */
  grow(isMemory: boolean, index: number, more: number): boolean {
    const { engine } = this.runs;
    engine.enter();
    const { instance } = this;
    const size = instance.size(isMemory, index);
    const may = !this.isOver && engine.proceed((host) => host.lets_grow(this.handle, isMemory, size, more));
    this.growing = may && more > 0 ? () => instance.size(isMemory, index) === size : undefined;
    return may;
  }

  /** What it was let grow has not grown, where it has not the fuel for that. */
  private postpone(): void {
    const { growing } = this;
    this.growing = undefined;
    if (growing?.() === true) this.runs.engine.proceed((host) => host.postpone_growth(this.handle));
  }

  /** The code waits, until `leave` lets it go on. */
  wait(): Promise<number> {
    const { runs, number } = this;
    this.state = this.instance.state;
    runs.current = undefined;
    runs.waiting.set(number, this);
    return new Promise((resolve) => {
      this.wake = () => resolve(number);
      if (this.isOver) this.over();
      this.settle();
    });
  }

  /** The code goes on, on the host's stack. */
  resumed(): void {
    const { runs, instance } = this;
    runs.current = this;
    instance.leave(this.state);
    this.hasLeft = false;
    this.since = now();
    if (this.isOver || !runs.engine.isLive) {
      this.stop();
      return;
    }
    this.put(this.values);
    this.values = undefined;
    this.rest = instance.grant(this.rest);
  }

  /** The core has let go of it: where its code waits it is ended. */
  over(): void {
    this.isOver = true;
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  private endWith(end: End): number {
    this.end ??= end;
    return this.stop();
  }

  /** Has the code trap as soon as it goes on. */
  private stop(): number {
    this.instance.end();
    return ENDS;
  }

  /** Takes the fuel that the core has just given. */
  private take(): void {
    this.rest = this.instance.grant(this.runs.engine.numberHead(Protocol.DETAIL_WORD));
  }

  /** All fuel that is left. */
  private collect(): number {
    const left = this.rest + this.instance.collect();
    this.rest = 0;
    return left;
  }

  /** A copy of words of the exchange. */
  private saved(words: number): BigUint64Array | undefined {
    if (words === 0) return undefined;
    const { engine } = this.runs;
    engine.refresh();
    return engine.u64.slice(0, words);
  }

  private put(values: BigUint64Array | undefined): void {
    if (values === undefined) return;
    const { engine } = this.runs;
    engine.refresh();
    engine.u64.set(values);
  }
}
