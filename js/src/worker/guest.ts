/** Guests that live in a worker, as they are seen from outside. */
import { type Bytes, bytesOf, checkTime } from "../base/checks.js";
import { disposable } from "../base/disposable.js";
import { DisposedError, Trap } from "../base/errors.js";
import { type Frames, NO_FRAMES, framesWith } from "../base/frames.js";
import { merged } from "../base/options.js";
import { shown, toJSON, writable } from "../base/shown.js";
import { constant } from "../base/define.js";
import type { Signal } from "../base/web.js";
import type { Result, Value } from "../host/value.js";
import type { ReadStringOptions } from "../memory.js";
import type { CallArguments, Exports, FunctionName, ResultOf } from "../signatures.js";
import type { CallOptions, OutOfFuel, Outcome, PaceOptions, ResumeOptions } from "../types.js";
import type { Line } from "./line.js";
import { type Ended, type MemoryAct, type Room, errorOf } from "./wire.js";

/** Room in the memory of a guest in a worker. */
export interface WorkerAllocation {
  /** Where it is. */
  readonly pointer: number;
  /** How many bytes of it were asked for, or are what was put there. */
  readonly length: number;
  /** Gives it back, once: a call of the guest. */
  free(): Promise<void>;
}

/** The memory of a guest in a worker, as `Memory` is one's own: an exported one called `memory`, else its first. */
export interface WorkerMemory {
  /** A copy of `length` bytes at `offset`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Writes bytes at `offset`; all of them or, where they do not fit, none. */
  write(offset: number, bytes: Bytes): Promise<void>;
  /** The text of `length` bytes at `offset`. */
  readString(offset: number, length: number, options?: ReadStringOptions): Promise<string>;
  /** Writes text as UTF-8 and returns its length in bytes. */
  writeString(offset: number, text: string): Promise<number>;
}

/** An instance in a worker: a `Guest` whose methods all return promises. */
export interface WorkerGuest<E extends object = Exports> {
  /** Does what `dispose` does, at the end of a `using`. */
  readonly [Symbol.dispose]: () => void;
  /** Its memory. */
  readonly memory: WorkerMemory;
  /** Calls an exported function, as `Guest.call` does. */
  call<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], CallOptions>): Promise<Awaited<ResultOf<E[N]>>>;
  /** Calls an exported function, and says what it came to, as `Guest.tryCall` does. */
  tryCall<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], CallOptions>): Promise<Outcome<Awaited<ResultOf<E[N]>>>>;
  /** Has the guest's allocator make room, as `Guest.allocate` does. */
  allocate(contents: Bytes | number | string): Promise<WorkerAllocation>;
  /** Gives text to the guest, as `Guest.withString` does: its room is freed once what `use` returns is settled. */
  withString<R>(text: string, use: (pointer: number, length: number) => R): Promise<Awaited<R>>;
  /** Text in the guest's memory, as `Guest.readString` reads it: an import may, while its call waits for that. */
  readString(pointer: number, length?: number, options?: ReadStringOptions): Promise<string>;
  /** Ends the life of the guest. A call that is under way completes. */
  dispose(): void;
}

/** Options as they are sent: without the signal, and with a time from now on, as each thread has a clock of its own. */
export function sendable(given: PaceOptions | undefined): { readonly signal: Signal | undefined; readonly rest: object } {
  if (given === undefined) return { signal: undefined, rest: {} };
  if (typeof given !== "object" || given === null) throw new TypeError("the options are no object");
  const { signal, deadline, timeout, ...rest } = merged(given, {});
  checkTime("deadline", deadline);
  checkTime("timeout", timeout);
  const left = Math.min(timeout ?? Infinity, deadline === undefined ? Infinity : deadline - performance.now());
  return { signal, rest: left === Infinity ? rest : { ...rest, timeout: left } };
}

/** A copy of bytes, which goes to the worker. */
export const copyOf = (name: string, bytes: Bytes): Uint8Array => bytesOf(name, bytes).slice();

export class GuestInWorker implements WorkerGuest {
  declare readonly [Symbol.dispose]: () => void;
  readonly memory: WorkerMemory = {
    read: (offset, length) => this.ofMemory("read", [offset, length]) as Promise<Uint8Array>,
    write: async (offset, bytes) => {
      await this.ofMemory("write", [offset, copyOf("the bytes", bytes)]);
    },
    readString: (offset, length, options) => this.ofMemory("readString", [offset, length, options]) as Promise<string>,
    writeString: (offset, text) => this.ofMemory("writeString", [offset, text]) as Promise<number>,
  };
  private isDisposed = false;

  constructor(
    private readonly line: Line,
    private readonly id: number,
    private readonly supply: number,
  ) {}

  async call(name: string, args: readonly Value[] = [], options?: CallOptions): Promise<Result> {
    const { signal, rest } = sendable(options);
    return this.live().ask("call", [this.id, name, args, rest], signal);
  }

  async tryCall(name: string, args: readonly Value[] = [], options?: CallOptions): Promise<Outcome> {
    const { signal, rest } = sendable(options);
    return outcomeOf(this.line, signal, await this.live().ask("tryCall", [this.id, name, args, rest], signal));
  }

  async allocate(contents: Bytes | number | string): Promise<WorkerAllocation> {
    const isPlain = typeof contents === "number" || typeof contents === "string";
    const sent = isPlain ? contents : copyOf("the contents", contents);
    return new Allocation(this.line, await this.live().ask("allocate", [this.id, sent]));
  }

  async withString<R>(text: string, use: (pointer: number, length: number) => R): Promise<Awaited<R>> {
    if (typeof use !== "function") throw new TypeError("what uses the text is no function");
    const room = await this.allocate(text);
    let value: Awaited<R>;
    try {
      value = await use(room.pointer, room.length);
    } catch (error) {
      // How the use of it ended says more.
      await room.free().catch(() => {});
      throw error;
    }
    await room.free();
    return value;
  }

  async readString(pointer: number, length?: number, options?: ReadStringOptions): Promise<string> {
    return this.live().ask("readString", [this.id, pointer, length, options]);
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.line.tell("disposeGuest", [this.id]);
    this.line.withdraw(this.supply);
  }

  private async ofMemory(act: MemoryAct, args: readonly unknown[]): Promise<unknown> {
    return this.live().ask("memory", [this.id, act, args]);
  }

  private live(): Line {
    if (this.isDisposed) throw new DisposedError("torn-down", "the guest was disposed of");
    return this.line;
  }
}

disposable(GuestInWorker);

class Allocation implements WorkerAllocation {
  readonly pointer: number;
  readonly length: number;
  private isFree = false;

  constructor(
    private readonly line: Line,
    private readonly room: Room,
  ) {
    this.pointer = room.pointer;
    this.length = room.length;
  }

  async free(): Promise<void> {
    if (this.isFree) return;
    this.isFree = true;
    await this.line.ask("free", [this.room.id]);
  }
}

class Waiting implements OutOfFuel {
  declare readonly [Symbol.dispose]: () => void;
  readonly status = "out-of-fuel";
  readonly fuelUsed: bigint;
  private isOver = false;

  constructor(
    private readonly line: Line,
    private readonly signal: Signal | undefined,
    private readonly ended: Ended & { status: "out-of-fuel" },
  ) {
    this.fuelUsed = ended.fuelUsed;
  }

  get frames(): Frames {
    return this.isOver ? NO_FRAMES : framesWith(this.ended.frames, this.ended.leftOut);
  }

  async resume(fuel: bigint | number, options?: ResumeOptions): Promise<Outcome> {
    const { signal = this.signal, rest } = sendable(options);
    const ended = await this.line.ask("resume", [this.ended.id, fuel, rest], signal);
    this.isOver = true;
    return outcomeOf(this.line, signal, ended);
  }

  abort(): void {
    this.isOver = true;
    this.line.tell("abort", [this.ended.id]);
  }

  dispose(): void {
    this.abort();
  }
}

disposable(Waiting);
constant(Waiting.prototype, "toJSON", toJSON);
shown(Waiting, ({ fuelUsed }) => `${fuelUsed} units used`);

function outcomeOf(line: Line, signal: Signal | undefined, ended: Ended): Outcome {
  const { status, fuelUsed } = ended;
  if (status === "ok") return writable({ status, value: ended.value, fuelUsed });
  if (status === "out-of-fuel") return new Waiting(line, signal, ended);
  const trap = errorOf(ended.trap);
  if (!(trap instanceof Trap)) throw trap;
  return writable({ status, trap, fuelUsed });
}
