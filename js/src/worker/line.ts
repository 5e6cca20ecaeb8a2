/** Outside of the worker: what it is asked, what it answers, and the imports that it has served. */
import { checkSignal } from "../base/checks.js";
import { DisposedError, LoadError, PoisonedError } from "../base/errors.js";
import type { Signal } from "../base/web.js";
import { Port } from "./port.js";
import { type Act, type Acts, type Answer, type Failure, type FromWorker, type Of, type ToWorker, errorOf } from "./wire.js";

/** What starts a worker with the package's own script: each entry of the package puts in what it knows. */
export const threads: { start: (() => object) | undefined } = { start: undefined };

/** Functions that serve imports. */
export type Supply = readonly ((...args: readonly unknown[]) => unknown)[];

const ADVICE =
  "where your bundler does not bundle workers, bundle `guestbox/worker/thread` as a script of its own, and give `load({ worker: new Worker(...) })`";

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: Signal | undefined;
  readonly abort: () => void;
}

/** The line to a worker. */
export class Line {
  private readonly port: Port;
  private readonly pending = new Map<number, Pending>();
  private readonly supplies = new Map<number, Supply>();
  /** What imports threw, until that comes back. */
  private readonly thrown = new Map<number, unknown>();
  private asked = 0;
  private supplied = 0;
  private isReady = false;
  private ended: Error | undefined;

  constructor(worker: object | undefined) {
    this.port = new Port(worker ?? started());
    this.port.listen((message: FromWorker) => this.hear(message));
    this.port.watch((reason) => {
      this.end(
        this.isReady
          ? new PoisonedError("poisoned", `the sandbox's worker is gone (${reason}); load another sandbox`)
          : new LoadError("unreachable", `cannot start the worker (${reason}); ${ADVICE}`),
      );
    });
    this.port.hold(false);
  }

  /** Has the worker do something, until it is done or the signal ends it. */
  async ask<A extends Act>(
    act: A,
    args: Parameters<Acts[A]>,
    signal?: Signal,
    transfer: readonly ArrayBufferLike[] = [],
  ): Promise<Answer<A>> {
    checkSignal(signal)?.throwIfAborted();
    if (this.ended !== undefined) throw this.ended;
    const ask = ++this.asked;
    const value = await new Promise((resolve, reject) => {
      const message: ToWorker = { kind: "ask", ask, act, args, hasSignal: signal !== undefined };
      this.port.post(message, transfer);
      const abort = (): void => this.port.post({ kind: "abort", ask } satisfies ToWorker);
      signal?.addEventListener("abort", abort);
      this.pending.set(ask, { resolve, reject, signal, abort });
      this.port.hold(true);
    });
    this.isReady = true;
    return value as Answer<A>;
  }

  /** Has something done that nobody waits for. */
  tell<A extends Act>(act: A, args: Parameters<Acts[A]>): void {
    this.ask(act, args).catch(() => {});
  }

  /** Functions that the worker may call from now on, by the number that this gives. */
  supply(functions: Supply): number {
    this.supplies.set(++this.supplied, functions);
    return this.supplied;
  }

  /** The worker will not call them any more. */
  withdraw(supply: number): void {
    this.supplies.delete(supply);
  }

  /** Ends the worker, and with it all that it was asked. */
  dispose(): void {
    this.end(new DisposedError("sandbox", "the sandbox was disposed of"));
  }

  private end(error: Error): void {
    if (this.ended !== undefined) return;
    this.ended = error;
    this.port.terminate();
    for (const ask of this.pending.keys()) this.take(ask)?.reject(error);
    this.supplies.clear();
  }

  private hear(message: FromWorker): void {
    if (message.kind === "serve") {
      void this.serve(message);
      return;
    }
    const pending = this.take(message.ask);
    if (pending === undefined) return;
    if (message.kind === "failure") pending.reject(this.reasonOf(message.failure, pending.signal));
    else pending.resolve(message.value);
    // What was thrown and did not come back was lost to what ended its call before.
    if (this.pending.size === 0) this.thrown.clear();
  }

  /** Takes what waits for an answer. */
  private take(ask: number): Pending | undefined {
    const pending = this.pending.get(ask);
    pending?.signal?.removeEventListener("abort", pending.abort);
    this.pending.delete(ask);
    if (this.pending.size === 0) this.port.hold(false);
    return pending;
  }

  private reasonOf(failure: Failure, signal: Signal | undefined): unknown {
    if (failure.kind === "aborted") return signal?.reason;
    if (failure.kind !== "thrown") return errorOf(failure);
    const reason = this.thrown.get(failure.serve);
    this.thrown.delete(failure.serve);
    return reason;
  }

  /** Serves the call of an import. */
  private async serve({ serve, supply, at, args }: Of<FromWorker, "serve">): Promise<void> {
    const answer = (value: unknown, threw: boolean): void => {
      if (this.ended === undefined) this.port.post({ kind: "served", serve, value, threw } satisfies ToWorker);
    };
    try {
      const target = this.supplies.get(supply)?.[at];
      answer(await target?.(...args), false);
    } catch (error) {
      this.thrown.set(serve, error);
      answer(undefined, true);
    }
  }
}

/** A worker with the package's own script. */
function started(): object {
  try {
    if (threads.start !== undefined) return threads.start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LoadError("unreachable", `cannot start a worker (${reason}); ${ADVICE}`);
  }
  throw new LoadError("unreachable", `nothing is known that starts a worker; ${ADVICE}`);
}
