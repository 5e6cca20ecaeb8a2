/** An instance of a module that the host has compiled. */
import type { TrapCode } from "../base/tables.js";
import type { Code, Words } from "./code.js";
import { kindOf } from "./traps.js";

/** Frames are counted above this bit, and below it words of 8 bytes of the host's stack, of which there are at most so many. */
const FRAME_BIT = 18;
export const MOST_WORDS = 2 ** 16;
const WORDS = 2 ** FRAME_BIT - 1;

/** The most frames that are let be: so many of a small function's, 64 bytes each, need half of the host's stack. */
export const MOST_FRAMES = 4_000;

/** How a call has ended: its stack is used up; or what it was told when it asked something. */
const OVERFLOWN = 1,
  ENDED = 2;

/** The most fuel that the counter holds. */
const MOST_GRANTED = 2 ** 30;

/** What an instance asks of whoever runs it. */
export interface Asked {
  serve(ordinal: number, words: Words): number;
  suspend(): Promise<number>;
  resumed(run: number): void;
  fuel(units: number): number;
  grow(isMemory: boolean, index: number, more: number): number;
  finished(): void;
}

/** What there is to tell traps by besides what is thrown. */
export interface Signs {
  readonly ended: number;
  readonly note: number;
}

/** What stands before a function of the instance's: it takes its arguments out of the exchange and puts its results there. */
export type Entry = () => void;

type Suspending = new (suspend: () => Promise<number>) => () => number;

/** What the specification has for calls that wait; runtimes of before 2025 do not. */
export const jspi = WebAssembly as typeof WebAssembly & {
  readonly Suspending?: Suspending;
  readonly promising?: (entry: Entry) => () => Promise<void>;
};

export class Instance {
  private readonly exports: WebAssembly.Exports;
  private readonly entries: WebAssembly.Exports;
  private readonly fuel: WebAssembly.Global<"i32">;
  private readonly stack: WebAssembly.Global<"i32">;
  private readonly ended: WebAssembly.Global<"i32">;
  private readonly note: WebAssembly.Global<"i32">;
  private readonly frames: number;

  constructor(
    readonly code: Code,
    exchange: WebAssembly.Memory,
    asked: Asked,
    guestFrames: number,
    memories: readonly WebAssembly.Memory[],
    globals: readonly WebAssembly.Global[],
  ) {
    this.frames = Math.min(guestFrames, MOST_FRAMES);
    const suspend = (): Promise<number> => asked.suspend();
    const { exports: imports } = new WebAssembly.Instance(code.inward, {
      a: {
        m: exchange,
        serve: (ordinal: number) => asked.serve(ordinal, code.words[ordinal] as Words),
        suspend: jspi.Suspending === undefined ? () => 0 : new jspi.Suspending(suspend),
        resumed: (run: number) => asked.resumed(run),
        fuel: (units: number) => asked.fuel(units),
        grow: (kind: number, index: number, more: number) => asked.grow(kind === 0, index, more >>> 0),
      },
    });
    this.exports = new WebAssembly.Instance(code.module, importsOf(code, imports, memories, globals)).exports;
    const accounts = code.accounts.map((name) => this.exports[name]);
    this.fuel = accounts[0] as WebAssembly.Global<"i32">;
    this.stack = accounts[1] as WebAssembly.Global<"i32">;
    this.ended = accounts[2] as WebAssembly.Global<"i32">;
    this.note = accounts[3] as WebAssembly.Global<"i32">;
    const table = accounts[4] as WebAssembly.Table;
    table.set(0, imports.ask);
    table.set(1, imports.grow);
    const functions = code.functions.map(({ name }, ordinal) => [ordinal, this.exports[name]] as const);
    const finished = (): void => asked.finished();
    this.entries = new WebAssembly.Instance(code.outward, { a: { m: exchange, finished, ...Object.fromEntries(functions) } }).exports;
  }

  /** Whatever is exported under a name. */
  named(name: string): WebAssembly.ExportValue | undefined {
    return Object.hasOwn(this.exports, name) ? this.exports[name] : undefined;
  }

  /** What stands before an exported function. */
  entry(name: string): Entry | undefined {
    const ordinal = this.code.functions.findIndex((one) => one.name === name);
    return ordinal < 0 ? undefined : (this.entries[String(ordinal)] as Entry);
  }

  /** The size of a memory or a table, by the index that the module has for it. */
  size(isMemory: boolean, index: number): number {
    const name = (isMemory ? this.code.memories : this.code.tables)[index] as string;
    return isMemory ? pagesOf(this.exports[name] as WebAssembly.Memory) : (this.exports[name] as WebAssembly.Table).length;
  }

  /** Begins a call with so many words of the host's stack. What `leave` takes, to go back to what was before. */
  enter(words: number): readonly [stack: number, ended: number] {
    const before = this.state;
    this.ended.value = 0;
    this.stack.value = this.frames * 2 ** FRAME_BIT + words;
    return before;
  }

  /** What says how much is left of the stack, and how the call has ended. */
  get state(): readonly [stack: number, ended: number] {
    return [this.stack.value, this.ended.value];
  }

  /** Goes back to what was, or on with it. */
  leave(state: readonly [stack: number, ended: number]): void {
    this.stack.value = state[0];
    this.ended.value = state[1];
  }

  /** Words of the host's stack that are left for what is called from here. */
  get wordsLeft(): number {
    return this.stack.value & WORDS;
  }

  /** Ends the call that is under way: the guest traps once it goes on. */
  end(): void {
    this.ended.value = ENDED;
  }

  get isEnded(): boolean {
    return this.ended.value !== 0;
  }

  /** Gives the counter of so much fuel as much as it holds: what is left. */
  grant(fuel: number): number {
    const granted = Math.min(fuel, MOST_GRANTED);
    this.fuel.value = granted;
    return fuel - granted;
  }

  /** What the counter has, and it has nothing then. */
  collect(): number {
    const { value } = this.fuel;
    this.fuel.value = 0;
    return value;
  }

  /** Gives the counter back what could not be taken: it wraps around, as what takes it does. */
  giveBack(units: number): void {
    this.fuel.value = (this.fuel.value + units) | 0;
  }

  /** What there is to tell traps by besides what is thrown. */
  get signs(): Signs {
    return { ended: this.ended.value, note: this.note.value };
  }

  /** Which trap it is that the code has thrown. */
  trapOf(error: unknown, { ended, note }: Signs = this.signs): TrapCode {
    // The host's own stack was used up.
    if (ended === OVERFLOWN || error instanceof RangeError) return "stack-overflow";
    const kind = kindOf(error);
    if (kind === "conversion") return note === 0 ? "integer-overflow" : "bad-conversion-to-integer";
    if (kind !== "call") return kind ?? "engine";
    const { tables } = this.code;
    const hasSeveral = tables.length > 1;
    const table = hasSeveral ? note & 127 : 0;
    const index = note >>> (hasSeveral ? 7 : 0);
    const { exports } = this;
    return (exports[tables[table] as string] as WebAssembly.Table).get(index) === null ? "indirect-call-to-null" : "bad-signature";
  }
}

/** The size of a memory in pages. */
export const pagesOf = (memory: WebAssembly.Memory): number => memory.buffer.byteLength / 65_536;

/** What a module imports, each kind in its order. */
function importsOf(
  code: Code,
  functions: WebAssembly.Exports,
  memories: readonly WebAssembly.Memory[],
  globals: readonly WebAssembly.Global[],
): WebAssembly.Imports {
  const next = { function: 0, global: 0, memory: 0, table: 0 };
  const all = Object.create(null) as { [module: string]: { [name: string]: WebAssembly.ImportValue } };
  for (const { module, name, kind } of code.imports) {
    const at = next[kind]++;
    const value = kind === "function" ? functions[String(at)] : kind === "memory" ? memories[at] : globals[at];
    const fields = (all[module] ??= Object.create(null) as { [name: string]: WebAssembly.ImportValue });
    fields[name] = value as WebAssembly.ImportValue;
  }
  return all;
}
