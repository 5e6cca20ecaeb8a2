/**
 * The calls of a guest that are under way, and those that wait for their turn.
 *
 * Compiled code keeps a stack in the guest's memory, so calls of a guest nest: the engine refuses one
 * that would overlap another. Here is known which calls may still be under way when a function of
 * JavaScript has returned: asynchronous ones, and those that are out of fuel.
 */
import { ended, makeStep } from "./drive.js";
import type { Engine } from "./engine.js";
import { DisposedError, InvokeError, Trap } from "./errors.js";
import type { Pace } from "./pace.js";

/** What becomes of a call that would overlap another of the same guest. */
export type Overlapping = "refuse" | "queue" | "allow";

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
  /** The trap that ended it, as the import that it was made in had returned. */
  outlived: Trap | undefined;
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
    if (this.outlived === undefined) this.calls.end(this, true);
  }

  /** The engine has ended it. */
  over(): void {
    this.calls.end(this, false);
  }

  /** Ends it with a trap, as the import that it was made in has returned. */
  outlive(engine: Engine): void {
    if (!engine.isLive) return;
    const error = ended(engine, makeStep(engine, () => engine.host.outlive(this.handle)));
    if (!(error instanceof Trap)) return;
    this.outlived = error;
    this.#reject?.(error);
  }
}

/** A call that is about to begin, with its arguments in the exchange. */
export interface Beginning {
  /** Begins it, and gives its handle. */
  begin(): number;
  /** Keeps the arguments, for when it is begun later. */
  keep(): void;
}

interface Waiting {
  readonly begin: () => number;
  readonly resolve: (call: Call) => void;
  readonly reject: (error: unknown) => void;
  /** What it became when its turn came. */
  call?: Call;
}

/** The calls of a guest. */
export class Calls {
  /** Each made within an import of the one before. Of a guest whose calls may overlap none is noted. */
  private readonly running: Call[] = [];
  private readonly queue: Waiting[] = [];
  /** How many host calls of synchronous calls are being served. */
  private serving = 0;

  constructor(
    private readonly engine: Engine,
    private readonly overlapping: Overlapping,
  ) {}

  /** Notes a call that has been begun. */
  begun(handle: number): Call {
    const call = new Call(this, handle, this.running.length > 0 || this.serving > 0);
    if (this.overlapping !== "allow") this.running.push(call);
    return call;
  }

  /** Begins a call, now or when its turn comes. */
  begin(beginning: Beginning, pace: Pace): Call | Promise<Call> {
    if (this.queue.length > 0) {
      // First come, first served. What is begun first puts its own arguments into the exchange.
      beginning.keep();
      this.next();
    }
    try {
      return this.begun(beginning.begin());
    } catch (error) {
      if (!InvokeError.is(error, "busy")) throw error;
      if (this.overlapping !== "queue") throw this.busy();
      beginning.keep();
      return this.wait(() => beginning.begin(), pace);
    }
  }

  /** A host call of a synchronous call is being served. */
  serve(): void {
    this.serving++;
  }

  /** It has been. */
  served(): void {
    this.serving--;
  }

  /** Where calls that are made from now on will be. */
  mark(): number {
    return this.running.length;
  }

  /** Ends the calls made since that are still under way: the import that they were made in has returned. */
  outlive(mark: number): void {
    while (this.running.length > mark) this.running.pop()?.outlive(this.engine);
  }

  /** Lets go of a call, which is ended if it is not over. */
  end(call: Call, isUnderWay: boolean): void {
    const at = this.running.indexOf(call);
    if (at >= 0) {
      this.outlive(at + 1);
      this.running.pop();
    }
    if (isUnderWay && this.engine.isLive) this.engine.host.cancel(call.handle);
    this.next();
  }

  /** Begins the call whose turn it is. */
  next(): void {
    while (this.queue.length > 0 && this.running.length === 0 && this.serving === 0) {
      const waiting = this.queue[0] as Waiting;
      try {
        waiting.call = this.begun(waiting.begin());
        waiting.resolve(waiting.call);
      } catch (error) {
        // A synchronous call is under way; its end is noticed.
        if (InvokeError.is(error, "busy")) return;
        waiting.reject(error);
      }
      this.queue.shift();
    }
  }

  /** Begins the call whose turn it is, once the results of the one that has ended are taken. */
  nextSoon(): void {
    if (this.queue.length > 0) queueMicrotask(() => this.next());
  }

  /** Refuses the calls that wait: the guest was disposed of. */
  dispose(): void {
    for (const { reject } of this.queue.splice(0)) reject(new DisposedError("torn-down", "the guest was disposed of"));
  }

  /** The error for a call that would overlap another, with the ways out. */
  busy(): InvokeError {
    const [under, first] = this.running.at(-1)?.isKept
      ? ["is out of fuel and has not ended", "resume it or abort it first"]
      : ["is under way", "await that first"];
    const ways = [first, "call through the import's context, `call((c) => c.call(...))`, if it is nested in it"];
    ways.push(
      this.overlapping === "queue"
        ? "use `call` or `tryCall`, which wait for their turn"
        : 'instantiate with `overlapping: "queue"`, or "allow" if the guest keeps no stack in its memory',
    );
    return new InvokeError("busy", `another call of the guest ${under}: ${ways.join("; ")}`);
  }

  private async wait(begin: () => number, pace: Pace): Promise<Call> {
    const { queue } = this;
    if (queue.length >= LONGEST_QUEUE) {
      throw new InvokeError("busy", `${LONGEST_QUEUE} calls of the guest wait for their turn already`);
    }
    let waiting: Waiting | undefined;
    const turn = new Promise<Call>((resolve, reject) => {
      waiting = { begin, resolve, reject };
      queue.push(waiting);
    });
    try {
      const call = (await pace.race(turn)) as Call;
      pace.check();
      return call;
    } catch (error) {
      const at = queue.indexOf(waiting as Waiting);
      if (at >= 0) queue.splice(at, 1);
      waiting?.call?.end();
      throw error;
    }
  }
}
