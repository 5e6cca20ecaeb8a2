/**
 * The calls of a guest that are under way, and those that wait for their turn.
 *
 * Compiled code keeps a stack in the guest's memory, so calls of a guest nest: the engine refuses one
 * that would overlap another. Here is known which calls may still be under way when a function of
 * JavaScript has returned: asynchronous ones, and those that are out of fuel.
 */
import { Stack, append } from "../base/define.js";
import { InvokeError, Trap } from "../base/errors.js";
import type { Engine } from "../host/engine.js";
import type { Held, Keeper } from "../host/net.js";
import type { Overlapping } from "../types.js";
import { ended } from "./ended.js";
import type { Pace } from "./pace.js";

const OVERLAPPING: readonly unknown[] = ["refuse", "queue", "allow"];

/** What options say of calls that would overlap. */
export function overlappingOf({ overlapping = "refuse" }: { readonly overlapping?: Overlapping }): Overlapping {
  if (!OVERLAPPING.includes(overlapping)) throw new TypeError('overlapping is neither "refuse" nor "queue" nor "allow"');
  return overlapping;
}

/** The most calls that wait for their turn. */
const LONGEST_QUEUE = 1_000;

/** A call that may outlast the function that began it. */
export class Call {
  /** Whether it is out of fuel, and somebody has its outcome. */
  isKept = false;
  /** Whether it has ended, so that its handle is nobody's. */
  isOver = false;
  /** The trap that ended it, as the import that it was made in had returned. */
  outlived: Trap | undefined;
  /** The context of the import that it waits for, where that has one. */
  context: { close(): void } | undefined;
  /** What is done once it has ended, however it did. */
  whenOver: (() => void) | undefined;
  #reject: ((trap: Trap) => void) | undefined;

  constructor(
    private readonly calls: Calls,
    readonly handle: number,
    /** Whether it is made within an import of the same guest, which may return before it has ended. */
    private readonly isNested: boolean,
  ) {}

  /** The promise's value, or the trap that ends this call meanwhile. */
  race<T>(promise: PromiseLike<T>): PromiseLike<T> {
    if (!this.isNested) return promise;
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
    });
  }

  /** Throws the trap that has ended it, if one has. */
  check(): void {
    if (this.outlived !== undefined) throw this.outlived;
  }

  /** Ends it where it is. */
  end(): void {
    if (this.outlived !== undefined) return;
    this.calls.end(this, true);
    this.whenOver?.();
  }

  /** The engine has ended it. */
  over(): void {
    this.calls.end(this, false);
    this.whenOver?.();
  }

  /** Ends it with a trap, as the import that it was made in has returned. */
  outlive(engine: Engine): void {
    this.isOver = true;
    // From now on its handle may be another call's.
    this.context?.close();
    if (!engine.isLive) return;
    const error = ended(
      engine,
      engine.proceed((host) => host.outlive(this.handle)),
    );
    this.whenOver?.();
    if (!(error instanceof Trap)) return;
    this.outlived = error;
    this.#reject?.(error);
  }
}

/** A call that is about to begin, with its arguments in the exchange. */
export interface Beginning {
  /** Begins it, nested in the call of a handle if one is given, and gives its own. */
  begin(within?: number): number;
  /**
   * Keeps the arguments, for when it is begun later, and whose fuel it draws on: that of the host call
   * that is being served, unless it will be nested in another.
   */
  keep(isNested: boolean): void;
  /** Lets go of what it keeps: it will not be begun. */
  drop(): void;
}

/** Stands for any synchronous call: it is over when the function that made it returns. */
export const SYNCHRONOUS = Symbol("synchronous");

interface Waiting {
  readonly beginning: Beginning;
  /** The call that it is nested in, whose import may settle before. */
  readonly outer: Call | undefined;
  readonly resolve: (call: Call) => void;
  readonly reject: (error: unknown) => void;
  /** What it became when its turn came. */
  call: Call | undefined;
}

/** The calls of a guest. */
export class Calls {
  /** Each made within an import of the one before. Of a guest whose calls may overlap none is noted. */
  private readonly running = new Stack<Call>();
  private readonly queue: Waiting[] = [];
  /** The handles of all that have been begun and are not over. What waits for ever ends with this object. */
  private readonly handles = new Set<number>();
  private held: Held<Set<number>> | undefined;
  /** Who waits keeps the guest no longer than others do. */
  private readonly reference = new WeakRef(this);
  /** The call whose import has been called last and has neither returned nor begun to wait. */
  private serving: Call | typeof SYNCHRONOUS | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly overlapping: Overlapping,
  ) {}

  /** Notes a call that has been begun. */
  begun(handle: number): Call {
    const call = new Call(this, handle, this.running.length > 0 || this.serving !== undefined);
    if (this.overlapping !== "allow") this.running.push(call);
    const { engine, handles } = this;
    handles.add(handle);
    this.held ??= engine.net.watch(this, undefined, handles, cancelAll);
    return call;
  }

  /** Begins a call, now or when its turn comes; nested in the call of a handle, where that is given. */
  begin(beginning: Beginning, pace: Pace, within: number | undefined): Call | Promise<Call> {
    const outer = within === undefined ? this.nesting : this.running.get(this.running.findIndex(({ handle }) => handle === within));
    const canWait = this.overlapping === "queue" && (within === undefined || outer !== undefined);
    if (this.queue.length > 0) {
      // First come, first served. What is begun first puts its own arguments into the exchange.
      beginning.keep(outer !== undefined);
      this.next();
      const isBehind = this.queue.some((waiting) => waiting.outer === outer);
      if (isBehind && canWait && (outer !== undefined || this.serving === undefined)) return this.wait(beginning, outer, pace);
    }
    try {
      return this.begun(beginning.begin());
    } catch (error) {
      const isBusy = InvokeError.is(error, "busy");
      if (!isBusy || !canWait) {
        beginning.drop();
        throw isBusy ? this.busy() : error;
      }
      beginning.keep(outer !== undefined);
      return this.wait(beginning, outer, pace);
    }
  }

  /** An import of a call is being served. What is to be given to `served` when it has returned. */
  serve(call: Call | typeof SYNCHRONOUS): Call | typeof SYNCHRONOUS | undefined {
    const before = this.serving;
    this.serving = call;
    return before;
  }

  /** It has returned, and its call is answered, ended or waits. */
  served(before: Call | typeof SYNCHRONOUS | undefined): void {
    this.serving = before;
  }

  /** The call whose import is being served, if that is not synchronous. */
  private get nesting(): Call | undefined {
    return this.serving instanceof Call ? this.serving : undefined;
  }

  /** Whether a call that is nested in this one has not ended. */
  isAround(call: Call): boolean {
    const at = this.running.findIndex((running) => running === call);
    return at >= 0 && at + 1 < this.running.length;
  }

  /** Where calls that are made from now on will be. */
  mark(): number {
    return this.running.length;
  }

  /**
   * Ends the calls made since that are still under way, and refuses those that wait to be nested in them:
   * the import that they were made in has settled, of an asynchronous call if one is given.
   */
  outlive(mark: number, call?: Call): void {
    while (this.running.length > mark) {
      const outlived = this.running.pop() as Call;
      this.handles.delete(outlived.handle);
      outlived.outlive(this.engine);
    }
    if (this.queue.length === 0) return;
    const settled = new InvokeError("call-over", "the import has returned; its call is not waiting for it");
    const waitsFor = (outer: Call): boolean => outer !== call && this.running.findIndex((running) => running === outer) >= 0;
    this.refuse(({ outer }) => outer !== undefined && !waitsFor(outer), settled);
  }

  /** Lets go of a call, which is ended if it is not over. */
  end(call: Call, isUnderWay: boolean): void {
    const at = this.running.findIndex((running) => running === call);
    if (at >= 0) {
      this.outlive(at + 1, call);
      this.running.pop();
    }
    call.isOver = true;
    const isThere = this.handles.delete(call.handle);
    if (isUnderWay && isThere && this.engine.isLive) this.engine.host.cancel(call.handle);
    this.next();
    this.engine.turn();
  }

  /** Begins the calls whose turn it is. */
  next(): void {
    // Within an import of another guest they would be nested in its call.
    if (this.queue.length > 0 && this.engine.isLive && this.engine.host.is_serving()) return this.nextSoon();
    for (;;) {
      const last = this.running.top;
      const at = this.queue.findIndex(({ outer }) => outer === last);
      const waiting = at < 0 ? undefined : this.queue[at];
      if (waiting === undefined) break;
      this.queue.splice(at, 1);
      try {
        waiting.call = this.begun(waiting.beginning.begin(waiting.outer?.handle));
        waiting.resolve(waiting.call);
      } catch (error) {
        if (InvokeError.is(error, "busy")) {
          // A call of another guest is under way that shares its chain: it is tried again when that has ended.
          this.queue.splice(at, 0, waiting);
          break;
        }
        this.give(waiting, error);
      }
    }
    if (this.queue.length === 0) this.engine.waiting.delete(this.reference);
  }

  /** Begins the calls whose turn it is, once what runs now has returned and taken its results. */
  nextSoon(): void {
    if (this.queue.length > 0) queueMicrotask(() => this.next());
  }

  /** Refuses the calls that wait. */
  dispose(error: Error): void {
    this.refuse(() => true, error);
  }

  private refuse(which: (waiting: Waiting) => boolean, error: unknown): void {
    const refused = this.queue.filter(which);
    for (const waiting of refused) this.queue.splice(this.queue.indexOf(waiting), 1);
    for (const waiting of refused) this.give(waiting, error);
    if (this.queue.length === 0) this.engine.waiting.delete(this.reference);
  }

  /** Gives a call that waited an error in its place. */
  private give({ beginning, reject }: Waiting, error: unknown): void {
    beginning.drop();
    reject(error);
  }

  /** The error for a call that would overlap another, with the ways out. */
  busy(): InvokeError {
    const [under, first] = this.running.top?.isKept
      ? ["is paused and has not ended", "go on with it or abort it first"]
      : ["is under way", "await that first"];
    const other =
      this.overlapping === "queue"
        ? "use `call` or `tryCall`, which wait for their turn"
        : 'instantiate with `overlapping: "queue"`, or "allow" if the guest keeps no stack in its memory';
    const ways = [first, "call through the import's context, `call((c) => c.call(...))`, if it is nested in it", other];
    return new InvokeError("busy", `another call of the guest ${under}: ${ways.join("; ")}`);
  }

  private async wait(beginning: Beginning, outer: Call | undefined, pace: Pace): Promise<Call> {
    const { queue } = this;
    if (queue.length >= LONGEST_QUEUE) {
      beginning.drop();
      throw new InvokeError("queue-full", `${LONGEST_QUEUE} calls of the guest wait for their turn already`);
    }
    let waiting: Waiting | undefined;
    const turn = new Promise<Call>((resolve, reject) => {
      waiting = { beginning, outer, resolve, reject, call: undefined };
      append(queue, waiting);
    });
    this.engine.waiting.add(this.reference);
    try {
      const call = await pace.race(turn);
      call.check();
      pace.check();
      return call;
    } catch (error) {
      pace.close();
      this.refuse((other) => other === waiting, error);
      waiting?.call?.end();
      throw error;
    }
  }
}

const cancelAll = (engine: Keeper, handles: Set<number>): void => {
  for (const handle of handles) engine.proceed((host) => host.cancel(handle));
  handles.clear();
};
