/**
 * The wasm module with the engine in it, one for each sandbox, and the array of words through
 * which numbers cross.
 *
 * JavaScript drives: every call into the module returns before a callback is served. Should the
 * module itself ever abort, it is never called again.
 */
import { DisposedError, PoisonedError, fromHost } from "../base/errors.js";
import { Protocol, type Step, type TrapCode } from "../base/tables.js";
import { Externs } from "./externs.js";
import type { Host } from "./glue-types.js";
import { Net } from "./net.js";

/** A kind of trap, with what it says. */
export interface TrapKind {
  readonly code: TrapCode;
  readonly message: string;
}

/** A guest, as those know it who come by its number. */
export interface Living {
  /** What serves its host calls. */
  readonly serving: unknown;
  /** Its function of a handle. The same one is the same object. */
  functionBy(handle: number): unknown;
}

/** The calls of a guest that wait for their turn. */
interface Waiting {
  dispose(error: Error): void;
  /** Begins those whose turn it is, once what runs now has returned. */
  nextSoon(): void;
}

/** What runs the code of guests that the host has compiled itself. */
export interface Outside {
  /**
   * Runs the code of the call whose step was last, until that has ended, and gives the last step. `serve` serves host calls: it is
   * given the step and gives the one that is no host call any more, or what ends the call.
   */
  run<T>(serve: (step: Step) => Step | T): Step | T;
  /** Runs it until it comes back, also for a host call or at the end of its slice; at once where it can. */
  leave(): Return | Promise<Return>;
  /** The bytes of a memory that is not in the wasm module's. */
  buffer(memory: number): ArrayBufferLike;
  /** Lets go of all calls, as the wasm module is gone. */
  letGo(): void;
}

/** How code came back. */
export interface Return {
  /** Says so, and makes the next step. */
  readonly step: () => Step;
  /** The milliseconds that it has run. */
  readonly passed: number;
}

export class Engine {
  /** How often the engine was entered: what was seen of a guest's memory holds until the next time. */
  entered = 0;
  readonly net: Net = new Net(this);
  /** What guests have references to. */
  readonly externs: Externs = new Externs(() => this.use((host) => host.externs_in_use()));
  /** Who has calls that wait for their turn. */
  readonly waiting = new Set<WeakRef<Waiting>>();
  /** The guests, by their numbers. Each is let go of with its end. */
  private readonly guests = new Map<number, WeakRef<Living>>();
  private raw: Host;
  private memory: WebAssembly.Memory;
  private readonly exchange: number;
  private state: "live" | "disposed" | PoisonedError = "live";

  // The values of the exchange, made anew when the memory has grown.
  private headWords!: Uint32Array;
  private headLongs!: BigUint64Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  i64!: BigInt64Array;
  u64!: BigUint64Array;

  constructor(
    host: Host,
    memory: WebAssembly.Memory,
    /** Throws the runtime's own error where its stack has too little room for what the engine does. */
    private readonly probe: () => void,
    /** The kinds of trap, by their numbers. */
    readonly traps: readonly TrapKind[],
    /** What runs code that the host has compiled, if modules are compiled so. */
    readonly outside?: Outside,
  ) {
    this.raw = host;
    this.memory = memory;
    this.exchange = host.exchange();
    this.view(memory.buffer, this.exchange);
  }

  /** Makes sure that the views are those of the memory as it is now. */
  refresh(): void {
    // A memory that grew leaves its old buffer detached. To look at that is far cheaper than to ask
    // the memory for its buffer.
    if (this.headWords.length === 0) this.view(this.memory.buffer, this.exchange);
  }

  /** The low half of a word of the head. */
  head(word: number): number {
    this.refresh();
    return this.headWords[word * 2] as number;
  }

  /** A word of the head. */
  longHead(word: number): bigint {
    this.refresh();
    return this.headLongs[word] as bigint;
  }

  /** A word of the head as a number: from 2^53 on the nearest that there is. */
  numberHead(word: number): number {
    return this.head(word) + (this.headWords[word * 2 + 1] as number) * 2 ** 32;
  }

  /**
   * The bytes of a guest's memory, in place, of one that is not in the module's by its number. They hold until the module is
   * called again.
   */
  bytes(address: number, length: number, outside?: number): Uint8Array {
    const buffer = outside === undefined ? this.memory.buffer : (this.outside as Outside).buffer(outside);
    return new Uint8Array(buffer, address, length);
  }

  /** Bytes of the module's own memory, which never shrinks: guests' memories and all the engine keeps. */
  get memoryBytes(): number {
    this.check();
    return this.memory.buffer.byteLength;
  }

  /** The raw door. Only functions that do not throw are called on it directly, see `broken`. */
  get host(): Host {
    this.entered++;
    return this.raw;
  }

  /** Throws where nothing can be called any more. */
  check(): void {
    if (this.state !== "live") throw this.gone();
  }

  /**
   * Throws where nothing can be called, or where the stack has too little room for it. Whatever somebody
   * calls does this before it changes anything; from then on until it returns, there is room.
   */
  enter(): void {
    this.check();
    this.probe();
  }

  /** The error for whoever comes when nothing can be called any more. */
  private gone(): Error {
    const { state } = this;
    if (state instanceof PoisonedError) return new PoisonedError(state.code, state.message, { cause: state.cause });
    return new DisposedError("sandbox", "the sandbox was disposed of");
  }

  get isLive(): boolean {
    return this.state === "live";
  }

  /** Notes the guest of a number. */
  born(number: number, guest: Living): void {
    this.guests.set(number, new WeakRef(guest));
  }

  /** The guest of a number has ended, or was collected. */
  died(number: number): void {
    this.guests.delete(number);
  }

  /** The guest of a number, if it lives. */
  living(number: number): Living | undefined {
    return this.guests.get(number)?.deref();
  }

  /** A call of a guest has ended: it may be the turn of one that waits of another, where both share a chain. */
  turn(): void {
    for (const calls of this.waiting) calls.deref()?.nextSoon();
  }

  /** Begins a call and makes its first step, as all steps with what they take in the exchange. */
  call(instance: number, position: number, state: number, within: number): Step {
    this.enter();
    try {
      return this.host.call(instance, position, state, within);
    } catch (cause) {
      throw this.broken(cause);
    }
  }

  /** Makes a step of a call. Steps throw only when the engine aborts. */
  step(handle: number): Step {
    this.check();
    try {
      return this.host.step(handle);
    } catch (cause) {
      throw this.broken(cause);
    }
  }

  /** Answers the host call that a call waits for, and makes its next step. */
  answer(handle: number): Step {
    this.check();
    try {
      return this.host.answer(handle);
    } catch (cause) {
      throw this.broken(cause);
    }
  }

  /** Says how the code of a call came back that the host has run, and makes the call's next step. */
  comeBack(handle: number, what: Step, detail: number, left: number): Step {
    this.check();
    try {
      return this.host.come_back(handle, what, detail, left);
    } catch (cause) {
      throw this.broken(cause);
    }
  }

  /** Calls the module. What it throws on purpose becomes an error of guestbox. */
  use<T>(call: (host: Host) => T): T {
    this.enter();
    return this.proceed(call);
  }

  /**
   * Calls the module as `use` does, in the course of what has been entered: that is not to end for want of
   * room when it is half done.
   */
  proceed<T>(call: (host: Host) => T): T {
    this.check();
    try {
      return call(this.host);
    } catch (thrown) {
      throw fromHost(thrown, this.net) ?? this.broken(thrown);
    }
  }

  /** Notes that the module aborted, and returns the error to throw. */
  broken(cause: unknown): PoisonedError {
    const error = PoisonedError.of(cause, "sandbox");
    this.state = error;
    this.letGo();
    return error;
  }

  dispose(): void {
    if (this.state !== "live") return;
    this.enter();
    const { host } = this;
    this.state = "disposed";
    this.letGo();
    host.free();
  }

  /** Lets go of the wasm module and its memory, whoever still holds a guest or a memory of it. */
  private letGo(): void {
    for (const calls of this.waiting) calls.deref()?.dispose(this.gone());
    // Nothing uses them any more: every way to them leads through `check`.
    this.raw = this.memory = undefined as never;
    this.outside?.letGo();
    this.externs.clear();
    this.view(new ArrayBuffer(Protocol.HEAD_WORDS * 8), 0);
  }

  private view(buffer: ArrayBufferLike, exchange: number): void {
    const values = exchange + Protocol.HEAD_WORDS * 8;
    this.headWords = new Uint32Array(buffer, exchange, Protocol.HEAD_WORDS * 2);
    this.headLongs = new BigUint64Array(buffer, exchange, Protocol.HEAD_WORDS);
    this.i32 = new Int32Array(buffer, values);
    this.u32 = new Uint32Array(buffer, values);
    this.f32 = new Float32Array(buffer, values);
    this.f64 = new Float64Array(buffer, values);
    this.i64 = new BigInt64Array(buffer, values);
    this.u64 = new BigUint64Array(buffer, values);
  }
}
