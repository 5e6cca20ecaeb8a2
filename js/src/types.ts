/**
 * What modules, guests, calls and imports say of each other: a module makes guests, a guest has its module, what serves
 * its calls is given the guest, and what a call comes to can go on. Each class says that it is one of these.
 */
import type { Trap } from "./base/errors.js";
import type { Frames } from "./base/frames.js";
import type { GuestLimits, ModuleNeeds } from "./base/tables.js";
import type { Bytes } from "./base/checks.js";
import type { Signal } from "./base/web.js";
import type { FloatMode, Result, ValueType } from "./host/value.js";
import type { Memory, ReadStringOptions } from "./memory.js";
import type { CallArguments, Exports, ExportsOf, FunctionName, Imports, ImportsOf, InstantiateArguments, ResultOf } from "./signatures.js";
import type { Parked, WaitsFor } from "./parked.js";
import type { Snapshot } from "./snapshot.js";

/** The type of an import or export. */
export type ExternType =
  | {
      /** It is called. */
      readonly kind: "function";
      /** The types of its parameters, in order. */
      readonly params: readonly ValueType[];
      /** The types of its results, in order. */
      readonly results: readonly ValueType[];
    }
  | {
      /** It has a value. */
      readonly kind: "global";
      /** The type of the value. */
      readonly type: ValueType;
      /** Whether it can be set. */
      readonly mutable: boolean;
    }
  | {
      /** It has bytes. */
      readonly kind: "memory";
      /** The pages (64 KiB) to begin with. */
      readonly initial: number;
      /** The pages that it can grow to. */
      readonly maximum?: number;
    }
  | {
      /** It has functions, or any values. */
      readonly kind: "table";
      /** The type of its elements. */
      readonly element: ValueType;
      /** The elements to begin with. */
      readonly initial: number;
      /** The elements that it can grow to. */
      readonly maximum?: number;
    };

/** An import: what the guest asks its supervisor for. */
export type ImportDescriptor = ExternType & {
  /** The module that it is imported from. */
  readonly module: string;
  /** Its name there. */
  readonly name: string;
};

/** An export: what the guest offers its supervisor. */
export type ExportDescriptor = ExternType & {
  /** Its name. */
  readonly name: string;
};

/** A compiled module. */
export interface Module {
  /** Does what `dispose` does, at the end of a `using`. */
  readonly [Symbol.dispose]: () => void;
  /** The imports, in the module's order. */
  readonly imports: readonly ImportDescriptor[];
  /** The exports, in the module's order. */
  readonly exports: readonly ExportDescriptor[];
  /**
   * What the module takes of the sandbox's limits: of those that each function, table, memory or expression may have
   * so much of, the most that one has. Given as `limits` to `Sandbox.load` it is enough for one instance, as long as that
   * grows nothing.
   */
  readonly needs: ModuleNeeds;
  /**
   * Makes an instance and runs its start function, unless a snapshot is given to begin from.
   *
   * `imports` may be objects, Maps, instances of classes, whose methods are called with them as `this`, or
   * Proxies. What all objects inherit is not among them, so that every name is a name like any other.
   *
   * The types of exports and imports can be named: `instantiate<{ add(a: number, b: number): number }>()`. What no guest can have is
   * refused by the compiler, and each call is checked against what the module has.
   */
  instantiate<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    ...given: InstantiateArguments<I, InstantiateOptions>
  ): Guest<E>;
  /**
   * Like `instantiate`, for a start function whose imports may be `async`, or that takes its time. Where
   * a limit refuses that counts what lives, it lets the event loop have a turn, in which the runtime can free
   * what was dropped, and tries once more.
   */
  instantiateAsync<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    ...given: InstantiateArguments<I, InstantiateOptions & PaceOptions>
  ): Promise<Guest<E>>;
  /**
   * Makes a guest of one that was parked, of the same module, with its calls: it does again what was recorded, without any import being called,
   * in slices as a call does. `signal`, `deadline` and `timeout` end that, and the limit `replayFuel` says how much it may be.
   *
   * Imports are given as to `instantiate`. Memories and globals among them are made what they were when the guest began to be recorded; constants have to
   * be the same. Its calls have to overlap or not as they did. With `journal: true` it is recorded further and can be parked again.
   *
   * Throws an `UnparkError`, and an `InstantiateError` as `instantiate` does.
   */
  unpark<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    imports: I,
    parked: Parked,
    options?: UnparkOptions,
  ): Promise<Unparked<E>>;
  /** Lets go of the module. Its instances go on. */
  dispose(): void;
}

/** What becomes of a call that would overlap another of the same guest. */
export type Overlapping = "refuse" | "queue" | "allow";

/** How a guest is treated. */
export interface GuestOptions extends GuestLimits {
  /** A word (32 bits) of the supervisor's own, which comes with each host call. */
  readonly state?: number;
  /** How floats are shown to JavaScript: as numbers, or as their raw bits. */
  readonly floats?: FloatMode;
  /**
   * The fuel of the start function, and of each outermost call that is not given its own, a BigInt
   * or a number. By default the sandbox's limit.
   */
  readonly fuel?: bigint | number;
  /**
   * Records the guest from its birth, its start function too, so that it can be parked at any time: see `guest.park`. It costs about a sixth of a
   * host call that does nothing, and some ten bytes for each, of which the limit `journalBytes` says how many there may be.
   */
  readonly journal?: boolean;
  /**
   * Pages (64 KiB) that the guest may take in its life: those that its own memories begin with, all
   * together, and all that it grows any memory by, an imported one too. What JavaScript grows does
   * not count.
   */
  readonly maxMemoryPages?: number;
  /**
   * How deep a host call of the guest may be nested: 1 lets it make host calls only outside of any
   * other guest's, 0 none. The sandbox's limit `nesting` holds as well. The frames of the guest's own
   * functions are another matter: the limit `guestFrames`.
   */
  readonly maxCallDepth?: number;
  /**
   * What becomes of a call while another one of the guest is under way that it is not nested in.
   * Compiled code keeps a stack in the guest's memory, which such calls would overwrite for each other.
   *
   * * "refuse", the default: an `InvokeError` "busy".
   * * "queue": `call` and `tryCall` wait for their turn, first come first served, at most 1,000 of them;
   *   their arguments are taken at once, their signal and deadline hold while they wait. Synchronous
   *   calls are refused. A call that its own import waits for without being nested, by `guest.call`
   *   after the import's first `await`, waits until its deadline.
   * * "allow": for guests that are known to keep no such stack. None is ever put back.
   */
  readonly overlapping?: Overlapping;
  /**
   * The functions by which `allocate` and `withString` get room in the guest's memory. By default those that toolchains export:
   * AssemblyScript's `__new`, wasm-bindgen's `__wbindgen_malloc`, `malloc` of C, `alloc` or `allocate`, with what frees what they give.
   */
  readonly allocator?: AllocatorNames;
}

/** Which exported functions are a guest's allocator. */
export interface AllocatorNames {
  /** Gives room: `(bytes) -> pointer`, or `(bytes, alignment) -> pointer`. 0 is none. */
  readonly allocate: string;
  /** Takes it back: `(pointer)`, `(pointer, bytes)` or `(pointer, bytes, alignment)`. Without it nothing is given back. */
  readonly free?: string;
}

/** Room in a guest's memory that its allocator gave. */
export interface Allocation {
  /** Does what `dispose` does, at the end of a `using`. */
  readonly [Symbol.dispose]: () => void;
  /** Where it is. */
  readonly pointer: number;
  /** How many bytes of it were asked for, or are what was put there. */
  readonly length: number;
  /** Gives it back, once: a call of the guest, as by `callSync`. */
  free(): void;
  /** Does what `free` does. */
  dispose(): void;
}

/** How a module is instantiated. */
export interface InstantiateOptions extends GuestOptions {
  /**
   * The state to begin in, of a guest of the same module. The start function does not run, and
   * memories and mutable globals among the imports are made what they were; memories may be smaller but not larger.
   */
  readonly snapshot?: Snapshot;
}

/** How a guest is unparked: the options of the guest, and of the call by which it comes to where it was. */
export interface UnparkOptions extends GuestOptions, ResumeOptions {}

/** A guest that was unparked. */
export interface Unparked<E extends object = Exports> {
  /** The guest. While its start function is under way it has no exports yet. */
  readonly guest: Guest<E>;
  /** Its calls that are under way, in the order in which they began: each is nested in the one before, unless calls of the guest overlap. */
  readonly calls: readonly ParkedCall[];
  /**
   * The trap that a call of the guest ended by last, while it was recorded. Where the module was compiled with `frames` it has them, also if it had not
   * where it was recorded: so a trap in production is looked at on a desk.
   */
  readonly trap: Trap | undefined;
  /** Where the call was that ended last without a result: by a trap, because an import threw, or as it was aborted. */
  readonly endedAt: Frames;
}

/** A call of a guest that was unparked. It keeps its place in the guest until it has ended. */
export interface ParkedCall {
  /** Does what `abort` does, at the end of a `using`. */
  readonly [Symbol.dispose]: () => void;
  /** The export that is called; `undefined` of the start function. */
  readonly name: string | undefined;
  /** What it waits for. */
  readonly waitsFor: WaitsFor;
  /** The fuel used so far. */
  readonly fuelUsed: bigint;
  /** Where the guest is, see `Trap`; nowhere once the call goes on or was ended. */
  readonly frames: Frames;
  /**
   * Goes on, and gives the results of the call, as `guest.call` does. The import that it waits for is called, again if that was done before:
   * of each host call that happens at least once, and `c.number` tells which it is. `fuel` is added to what the call has left.
   *
   * Of calls that are nested the innermost goes on first, or is aborted: else this is an `InvokeError` "busy".
   */
  proceed(options?: PaceOptions): Promise<Result>;
  /** Goes on as by `proceed`, and says what the call came to, as `guest.tryCall` does. */
  tryProceed(options?: PaceOptions): Promise<Outcome>;
  /** Ends the call where it is. What the guest did stays done. */
  abort(): void;
  /** Does what `abort` does. */
  dispose(): void;
}

/**
 * An instance. `Guest<Adder>` is one whose exports are named by an interface; `Guest<object>` is any, of which nothing is called.
 */
export interface Guest<E extends object = Exports> {
  /** Does what `dispose` does, at the end of a `using`. */
  readonly [Symbol.dispose]: () => void;
  /** The module that this is an instance of. */
  readonly module: Module;
  /** The exports by name. Functions are called synchronously. */
  readonly exports: E;
  /**
   * Calls an exported function and waits for its imports, which may be `async`.
   *
   * A call of a guest ends before the next one begins, unless that is nested in it: made by an import
   * before it first waits, or through the import's context, `call((c) => c.call(...))`. See
   * `GuestOptions.overlapping`.
   */
  call<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], CallOptions>): Promise<Awaited<ResultOf<E[N]>>>;
  /**
   * Calls an exported function as `call` does, and says what it came to. What an import throws, and
   * the reason of a signal or a deadline, still comes as a rejection.
   */
  tryCall<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], CallOptions>): Promise<Outcome<Awaited<ResultOf<E[N]>>>>;
  /** Calls an exported function synchronously, as `exports` does, with options of its own. */
  callSync<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], SyncCallOptions>): ResultOf<E[N]>;
  /**
   * Calls an exported function as `callSync` does, and returns what the call came to, with the fuel
   * that it used. One that is out of fuel has ended by a trap. What an import throws is thrown, but for what a
   * guest's pointers caused, which is a trap.
   */
  tryCallSync<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], SyncCallOptions>): SyncOutcome<ResultOf<E[N]>>;
  /**
   * Has the guest's allocator make room, which is a call as by `callSync`: for so many bytes, or for bytes or text that are put there.
   * Text is UTF-8, with a NUL behind it where `malloc` gives the room; in AssemblyScript it is a `String`, which is pinned until it is
   * freed, and bytes are an `ArrayBuffer`.
   *
   * Throws an `InvokeError` "export-not-found" for a guest without an allocator, and a `MemoryError` "limit" where that has no room.
   */
  allocate(contents: Bytes | number | string): Allocation;
  /**
   * Gives text to the guest: room for it is allocated, filled, and freed once `use` has returned or thrown, or what it returned, if that
   * is a promise, is settled. A call that is out of fuel by then holds the guest: resume it within `use`. `length` is in bytes:
   * `guest.withString("text", (pointer, length) => guest.exports.greet(pointer, length))`.
   */
  withString<R>(text: string, use: (pointer: number, length: number) => R): R;
  /**
   * Text in the guest's memory, as `memory.readString` reads it: an imported one, else the one it exports as `memory`, else its first.
   * Without a length that is told by where the text is: by a NUL at its end in guests that export `malloc`, and in AssemblyScript by the
   * object, whose text is UTF-16.
   */
  readString(pointer: number, length?: number, options?: ReadStringOptions): string;
  /**
   * Captures the state: the memories and mutable globals, imported ones too. What JavaScript
   * knows of the guest is not in it.
   *
   * Throws a `SnapshotError` while a call of the guest, or of one it shares memory with, is under
   * way, for modules whose code changes tables or drops segments, and for guests whose tables others can change.
   */
  snapshot(): Snapshot;
  /**
   * Makes the guest what it, or another guest of its module, was when the snapshot was taken: the
   * way to reset it between two requests, in the time that copying its memory takes.
   *
   * Memories that have grown since shrink, imported ones too, unless other guests share them.
   * Throws a `RestoreError`, and leaves the guest as it was.
   */
  restore(snapshot: Snapshot): void;
  /**
   * Records the guest from now on, from its state as a snapshot has it, so that it can be parked: see `park`. A guest that is recorded already begins
   * anew, and has forgotten what was before; so it does when it is restored.
   *
   * Throws a `ParkError`, and a `SnapshotError` as `snapshot` does, so also while a call is under way.
   */
  record(): void;
  /**
   * Makes bytes of the guest, with its calls that are under way: those that wait for imports, also by the import that is being called, and those
   * that are out of fuel. It goes on as before. Whoever has the bytes goes on where it was: `module.unpark`.
   *
   * What an import does once it is called is left out, so that it is called again; calls that wait for their turn have not begun, and are not in it.
   * Throws a `ParkError` unless the guest is recorded: by `journal: true`, or by `record`.
   */
  park(): Parked;
  /**
   * Makes a second guest in the state of this one, with memories of its own and the same imported
   * functions and options. The start function does not run.
   *
   * Of `imports` only memories and globals are used, which have to be given anew where the module imports
   * some; memories and mutable globals are made what this guest's are, and memories may be smaller but not larger.
   */
  fork(imports?: Imports): Guest<E>;
  /** Ends the life of the guest. A call that is under way completes. */
  dispose(): void;
}

/** How an asynchronous call is paced and ended. */
export interface PaceOptions {
  /**
   * The fuel of the call, a BigInt or a number. By default what the guest was made with, which is the
   * sandbox's limit if nothing was said then; a call that an import makes before it first waits, or
   * through its context, draws on the call that it serves.
   */
  readonly fuel?: bigint | number;
  /**
   * The fuel of a slice. By default what takes about a millisecond, which is learned from the calls of
   * the module; the first slice of a call, which is run at once, takes at most a tenth of that.
   */
  readonly slice?: bigint | number;
  /** Ends the call, with the signal's reason, as soon as its slice or the import that is being called has returned. */
  readonly signal?: Signal;
  /**
   * When the call ends with a `TimeoutError`, in milliseconds as `performance.now()` counts them. It is
   * also looked at before each slice and after each import, so it holds where no timer gets its turn.
   */
  readonly deadline?: number;
  /** Milliseconds from now on to such a deadline. Of both the earlier holds. */
  readonly timeout?: number;
}

/** How a synchronous call is made. */
export interface SyncCallOptions {
  /** The fuel of the call, a BigInt or a number, its own also within a host call; see `PaceOptions`. */
  readonly fuel?: bigint | number;
  /** A word (32 bits) of the supervisor's own, which comes with each host call. */
  readonly state?: number;
  /**
   * Leaves the pointer of the stack that the guest keeps in its memory where it is if the call ends
   * early: for programs that leave their `main` on purpose by an import that throws, and live on.
   * Without this it is put back to where it was when the call began.
   */
  readonly keepStack?: boolean;
}

/** How an asynchronous call is made. */
export interface CallOptions extends PaceOptions, Omit<SyncCallOptions, "fuel"> {}

/** What `guest.tryCallSync` came to. */
export type SyncOutcome<R = Result> =
  | {
      /** The call returned. */
      readonly status: "ok";
      /** The results. */
      readonly value: R;
      /** The fuel used, by calls nested in it that drew on it and by charges too. */
      readonly fuelUsed: bigint;
    }
  | {
      /** The call ended without a result. */
      readonly status: "trap";
      /** Why it did. */
      readonly trap: Trap;
      /** The fuel used until then. */
      readonly fuelUsed: bigint;
    };

/** What `guest.tryCall` came to. */
export type Outcome<R = Result> = SyncOutcome<R> | OutOfFuel<R>;

/** How a call goes on. The rest is as it was begun with. */
export type ResumeOptions = Omit<PaceOptions, "fuel">;

/** A call that is out of fuel. It keeps its place in the guest until it is resumed or ended. */
export interface OutOfFuel<R = Result> {
  /** Does what `abort` does, at the end of a `using`. */
  readonly [Symbol.dispose]: () => void;
  /** The call waits for more fuel. */
  readonly status: "out-of-fuel";
  /** The fuel used so far. */
  readonly fuelUsed: bigint;
  /** Where the guest is, see `Trap`; nowhere once the call was resumed or ended. */
  readonly frames: Frames;
  /**
   * Goes on with more fuel, a BigInt or a number. Signal, deadline and slice are those of the call
   * unless others are given. An outcome can be resumed once; what then happens is the next outcome. What
   * is refused, also as the signal is aborted or the deadline has passed, leaves the call where it is, and
   * holding its guest: `abort` ends it. What a nested call is given it shares with those around it, as it
   * draws on their fuel.
   */
  resume(fuel: bigint | number, options?: ResumeOptions): Promise<Outcome<R>>;
  /** Ends the call where it is. What the guest did stays done, and it can be called again. */
  abort(): void;
  /** Does what `abort` does. */
  dispose(): void;
}

/**
 * What a function made with `call` is told about a host call, besides the arguments. Where it calls exports that are named, so is its
 * type: `call((c: CallContext<Adder>, n: number) => c.exports.add(n, 1))`.
 */
export interface CallContext<E extends object = Exports> {
  /** The calling guest. */
  readonly guest: Guest<E>;
  /** The caller's memory: an imported one, else the one it exports as `memory`, else its first. */
  readonly memory: Memory;
  /** The state word given to the call or to the instantiation. */
  readonly state: number;
  /** The fuel that the call has left. */
  readonly fuel: bigint;
  /**
   * Which host call this is of a guest that is recorded, from 1 since it began to be: the same when it is called again by a guest that was unparked and is
   * recorded further, so that what has been done for it is done once. `undefined` of a guest that is not recorded.
   */
  readonly number: number | undefined;
  /** Where the guest is, see `Trap`. */
  readonly frames: Frames;
  /**
   * Charges the call for the import's own work; do it before the work. Where the call has less, all
   * it has is taken and a `Trap` "out-of-fuel" thrown, which ends the call unless it is caught.
   */
  charge(fuel: bigint | number): void;
  /**
   * Calls an export of the calling guest as `guest.call` does, nested in the call that the import
   * serves, also after the import has waited: until it settles. Such a call draws on the fuel of the
   * one around it. One that is still under way when the import settles ends with a `Trap` "outlived".
   */
  call<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], CallOptions>): Promise<Awaited<ResultOf<E[N]>>>;
  /** Calls an export as `call` does, and says what it came to, as `guest.tryCall` does. */
  tryCall<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], CallOptions>): Promise<Outcome<Awaited<ResultOf<E[N]>>>>;
  /** Calls an export synchronously, as `guest.callSync` does, nested as `call` is. */
  callSync<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], SyncCallOptions>): ResultOf<E[N]>;
  /** Calls an export synchronously, as `guest.tryCallSync` does, nested as `call` is. */
  tryCallSync<N extends FunctionName<E>>(name: N, ...given: CallArguments<E[N], SyncCallOptions>): SyncOutcome<ResultOf<E[N]>>;
  /** The exports of the calling guest, whose functions are called nested as by `callSync`. */
  readonly exports: E;
}
