/**
 * Guests whose code the host has compiled: what the core asks for of them, and what runs their calls.
 *
 * The core has all else of these guests, and knows what is here by numbers. It calls the methods from `compile` to `end` from
 * within the wasm module; none of them throws, or calls the module.
 */
import { InvokeError, LoadError } from "../base/errors.js";
import { Protocol, type Step, type TrapCode } from "../base/tables.js";
import { append } from "../base/define.js";
import type { TypeName } from "../base/binary.js";
import type { Engine, Outside as Runner, Return } from "../host/engine.js";
import { type GlobalBits, bitsOf, globalOf } from "./between.js";
import { Code, Lacking, type Words, wordsOfTypes } from "./code.js";
import { type Asked, type Entry, Instance, MOST_FRAMES, MOST_WORDS, jspi, pagesOf } from "./instance.js";
import { Run, type Runs } from "./run.js";
import { areTrapsKnown } from "./traps.js";

/** What shares memories and globals. */
interface Space {
  readonly instances: Instance[];
  readonly functions: { readonly instance: Instance; readonly entry: Entry; readonly words: Words }[];
  /** The numbers of its memories and globals. */
  readonly memories: number[];
  readonly globals: number[];
}

/** A global, and what its bits are reached by. */
interface Global {
  readonly global: WebAssembly.Global;
  readonly bits: GlobalBits;
}

const NOTHING = -1;
const NO_MEMORY = -1,
  NO_ROOM = -2,
  DEFECT = -3;

export class Outside implements Runner, Runs, Asked {
  private readonly codes = new Map<number, Code>();
  private readonly spaces = new Map<number, Space>();
  private readonly memories = new Map<number, WebAssembly.Memory>();
  private readonly globals = new Map<number, Global>();
  private readonly runs = new Map<number, Run>();
  readonly waiting = new Map<number, Run>();
  current: Run | undefined;
  /** The run whose turn it is. */
  private next: Run | undefined;
  private last = 0;
  private lastRun = 0;
  /** What the module lacks that was compiled last. */
  private lacks: string | undefined;
  private attached: { readonly engine: Engine; readonly exchange: WebAssembly.Memory; readonly place: number } | undefined;

  /** Throws where this host does not do what is needed. Modules may export tables, which nobody can use, or not. */
  constructor(private readonly mayExportTables: boolean) {
    let problem: string | undefined;
    try {
      if (!areTrapsKnown()) problem = "its traps cannot be told from each other";
    } catch (error) {
      problem = String(error);
    }
    if (problem !== undefined)
      throw new LoadError(
        "no-host-engine",
        `this runtime's WebAssembly cannot run guests (${problem}); load with \`engine: "interpreter"\``,
      );
  }

  /** Whether calls can wait for what is asynchronous, and take turns. */
  static get canWait(): boolean {
    return jspi.Suspending !== undefined && jspi.promising !== undefined;
  }

  /** The most frames of guests and bytes of the host's stack for them. */
  static readonly stack: readonly [frames: number, bytes: number] = [MOST_FRAMES, MOST_WORDS * 8];

  /** Says which engine it is for, whose values are at a place of a memory. */
  attach(engine: Engine, exchange: WebAssembly.Memory, place: number): void {
    this.attached = { engine, exchange, place: place + Protocol.HEAD_WORDS * 8 };
  }

  get engine(): Engine {
    return this.here.engine;
  }

  private get here(): NonNullable<Outside["attached"]> {
    return this.attached as NonNullable<Outside["attached"]>;
  }

  /** What the module lacks that was compiled last. It can be taken once. */
  takeLack(): string | undefined {
    const { lacks } = this;
    this.lacks = undefined;
    return lacks;
  }

  // What runs calls.

  run<T>(serve: (step: Step) => Step | T): Step | T {
    const handle = this.engine.head(Protocol.CALL_WORD);
    return this.taken().run(handle, serve) as Step | T;
  }

  leave(): Return | Promise<Return> {
    if (!Outside.canWait)
      throw new InvokeError(
        "no-jspi",
        'this runtime\'s WebAssembly has no promise integration (JSPI), by which guests of the engine "host" wait; use `callSync`, ' +
          'or load the sandbox with `engine: "interpreter"`',
      );
    const handle = this.engine.head(Protocol.CALL_WORD);
    return this.taken().leave(handle);
  }

  /** The run whose turn it is: it is kept no longer. */
  private taken(): Run {
    const { next } = this;
    this.next = undefined;
    return next as Run;
  }

  buffer(memory: number): ArrayBufferLike {
    return (this.memories.get(memory) as WebAssembly.Memory).buffer;
  }

  letGo(): void {
    for (const run of this.runs.values()) run.over();
    this.runs.clear();
  }

  numberOf(trap: TrapCode): number {
    return this.engine.traps.findIndex(({ code }) => code === trap);
  }

  // What guests' code asks.

  serve(ordinal: number, words: Words): number {
    return (this.current as Run).call(ordinal, words);
  }

  suspend(): Promise<number> {
    return (this.current as Run).wait();
  }

  resumed(number: number): void {
    const run = this.waiting.get(number) as Run;
    this.waiting.delete(number);
    run.resumed();
  }

  fuel(units: number): number {
    return (this.current as Run).ask(units);
  }

  grow(isMemory: boolean, index: number, more: number): number {
    return Number((this.current as Run).grow(isMemory, index, more));
  }

  finished(): void {
    this.current?.finished();
  }

  // What the core asks for.

  compile(bytes: Uint8Array<ArrayBuffer>, facts: string): number {
    try {
      return this.add(this.codes, new Code(bytes, facts, this.here.place, this.mayExportTables));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      // The module is valid: the core has seen to that.
      this.lacks = error instanceof Lacking ? text : `uses what this runtime does not compile (${text})`;
      return NOTHING;
    }
  }

  refusal(): string {
    return this.lacks ?? "";
  }

  dropCode(code: number): void {
    this.codes.delete(code);
  }

  addSpace(): number {
    return this.add(this.spaces, { instances: [], functions: [], memories: [], globals: [] });
  }

  dropSpace(number: number): void {
    const space = this.spaces.get(number);
    this.spaces.delete(number);
    for (const memory of space?.memories ?? []) this.memories.delete(memory);
    for (const global of space?.globals ?? []) this.globals.delete(global);
  }

  instantiate(number: number, codeNumber: number, frames: number, memories: Uint32Array, globals: Uint32Array): number {
    const space = this.spaces.get(number);
    const code = this.codes.get(codeNumber);
    if (space === undefined || code === undefined) return DEFECT;
    try {
      const given = Array.from(memories, (memory) => this.memories.get(memory) as WebAssembly.Memory);
      const globalsGiven = Array.from(globals, (global) => (this.globals.get(global) as Global).global);
      append(space.instances, new Instance(code, this.here.exchange, this, frames, given, globalsGiven));
      return space.instances.length - 1;
    } catch (error) {
      // Of the host's errors those of segments are traps, and where there is no memory it is a RangeError.
      return error instanceof RangeError ? NO_MEMORY : error instanceof WebAssembly.RuntimeError ? NO_ROOM : DEFECT;
    }
  }

  function(number: number, instance: number, name: string): number {
    const space = this.spaces.get(number);
    const found = space?.instances[instance];
    const types = found?.code.functions.find((one) => one.name === name);
    const entry = found?.entry(name);
    if (space === undefined || found === undefined || types === undefined || entry === undefined) return NOTHING;
    append(space.functions, { instance: found, entry, words: wordsOfTypes(types) });
    return space.functions.length - 1;
  }

  memory(number: number, instance: number, name: string): number {
    const space = this.spaces.get(number);
    const memory = space?.instances[instance]?.named(name);
    return space !== undefined && memory instanceof WebAssembly.Memory ? this.addMemoryTo(space, memory) : NOTHING;
  }

  global(number: number, instance: number, name: string, type: TypeName, mutable: boolean): number {
    const space = this.spaces.get(number);
    const global = space?.instances[instance]?.named(name);
    return space !== undefined && global instanceof WebAssembly.Global ? this.addGlobalTo(space, global, type, mutable) : NOTHING;
  }

  addMemory(number: number, initial: number, maximum: number): number {
    const space = this.spaces.get(number);
    if (space === undefined) return NOTHING;
    try {
      return this.addMemoryTo(space, new WebAssembly.Memory(memoryType(initial, maximum < 0 ? undefined : maximum)));
    } catch {
      return NOTHING;
    }
  }

  addGlobal(number: number, type: TypeName, mutable: boolean, low: bigint, high: bigint): number {
    const space = this.spaces.get(number);
    if (space === undefined) return NOTHING;
    try {
      return this.addGlobalTo(space, globalOf(type, mutable, low, high), type, mutable);
    } catch {
      return NOTHING;
    }
  }

  pages(memory: number): number {
    return pagesOf(this.memories.get(memory) as WebAssembly.Memory);
  }

  read(memory: number, offset: number, into: Uint8Array): boolean {
    const all = this.bytes(memory);
    if (offset + into.length > all.length) return false;
    into.set(all.subarray(offset, offset + into.length));
    return true;
  }

  write(memory: number, offset: number, bytes: Uint8Array): boolean {
    const all = this.bytes(memory);
    if (offset + bytes.length > all.length) return false;
    all.set(bytes, offset);
    return true;
  }

  // Not `grow`, which guests ask.
  growMemory(memory: number, pages: number): boolean {
    try {
      (this.memories.get(memory) as WebAssembly.Memory).grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  isSameMemory(one: number, other: number): boolean {
    return this.memories.get(one) === this.memories.get(other);
  }

  isSameGlobal(one: number, other: number): boolean {
    return this.globals.get(one)?.global === this.globals.get(other)?.global;
  }

  low(global: number): bigint {
    return BigInt.asUintN(64, this.bitsOf(global).low());
  }

  high(global: number): bigint {
    return BigInt.asUintN(64, this.bitsOf(global).high?.() ?? 0n);
  }

  set(global: number, low: bigint, high: bigint): void {
    this.bitsOf(global).set?.(low, high);
  }

  begin(number: number, position: number): number {
    const { instance, entry, words } = (this.spaces.get(number) as Space).functions[position] as Space["functions"][0];
    this.lastRun = (this.lastRun + 1) >>> 0;
    const run = new Run(this, this.lastRun, instance, entry, words.results);
    this.runs.set(run.number, run);
    this.next = run;
    return run.number;
  }

  goOn(run: number): void {
    this.next = this.runs.get(run);
  }

  end(number: number): void {
    const run = this.runs.get(number);
    this.runs.delete(number);
    run?.over();
  }

  private bitsOf(global: number): GlobalBits {
    return (this.globals.get(global) as Global).bits;
  }

  private bytes(memory: number): Uint8Array {
    return new Uint8Array(this.buffer(memory));
  }

  private addMemoryTo(space: Space, memory: WebAssembly.Memory): number {
    const number = this.add(this.memories, memory);
    append(space.memories, number);
    return number;
  }

  private addGlobalTo(space: Space, global: WebAssembly.Global, type: TypeName, mutable: boolean): number {
    try {
      const number = this.add(this.globals, { global, bits: bitsOf(global, type, mutable) });
      append(space.globals, number);
      return number;
    } catch {
      return NOTHING;
    }
  }

  private add<T>(all: Map<number, T>, one: T): number {
    all.set(++this.last, one);
    return this.last;
  }
}

// What it has by a prototype the host would take as well.
const memoryType = (initial: number, maximum: number | undefined): WebAssembly.MemoryDescriptor => {
  const type: unknown = maximum === undefined ? { __proto__: null, initial } : { __proto__: null, initial, maximum };
  return type as WebAssembly.MemoryDescriptor;
};
