/**
 * Errors. Each has a `code`, the name of the core's error variant in kebab case, and its class
 * says which operation failed. Which class has which codes is known by the tables.
 */
import { constant } from "./define.js";
import { type ErrorJSON, type WasiExit, copied, trapDetails } from "./details.js";
import { type Frames, NO_FRAMES, stackAt, stackWith } from "./frames.js";
import type { ErrorCode, ErrorCodes, TrapCode } from "./tables.js";

/** The base of all errors of guestbox. */
export class GuestboxError extends Error {
  // Fields, so that they are defined and no setter is called.
  /** The name of its class, also where a bundler gave that another. */
  override readonly name: string;
  /** What is wrong, as programs tell it: one of those that `ErrorCodes` has of its class. */
  readonly code: ErrorCode;

  /** An error as guestbox throws it, for those who say the same of something else. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    const hasCause = options !== undefined && Object.hasOwn(options, "cause");
    super(message, { cause: hasCause ? options.cause : { guestbox: nameOf(new.target), code } });
    this.name = NAMES.get(new.target) ?? new.target.name;
    this.code = code;
  }

  /** Whether a value is an error of this class, `Trap.is(error, "out-of-fuel")`, of a code if one is given. */
  static is<E extends GuestboxError, C extends E["code"] = E["code"]>(
    this: new (...args: never[]) => E,
    value: unknown,
    code?: C,
  ): value is E & {
    /** What is wrong, as programs tell it. */
    readonly code: C;
  } {
    return value instanceof this && (code === undefined || value.code === code);
  }

  /**
   * The error that a value is the copy of: what `structuredClone` or `postMessage` made of it, what
   * its `toJSON` gave, or the error of another copy of this package. `undefined` for anything else.
   *
   * A runtime's own copies have a message, a stack and a `cause` only, and are of the class `Error`. So
   * an error of guestbox has its code, and a trap its fuel and frames, as its `cause` too.
   */
  static from(value: unknown): GuestboxError | undefined {
    if (value instanceof GuestboxError) return value;
    const copy = copied(value);
    if (copy === undefined) return undefined;
    const { code, message, cause, stack } = copy;
    const Class = CLASSES.get(copy.class) ?? GuestboxError;
    const error =
      copy.class === "Trap"
        ? new Trap(code as TrapCode, message, copy.fuelUsed, copy.frames)
        : new Class(code as never, message, cause === undefined ? { proposal: copy.proposal } : { cause });
    if (stack !== undefined) error.stack = stack;
    return error;
  }

  /** What the error says, its stack left out, as a plain object that can be written as JSON. */
  toJSON(): ErrorJSON {
    return { guestbox: nameOf(this.constructor), code: this.code, message: this.message };
  }
}

/** `GuestboxError` as what the class of a name extends: its errors have no other codes than the table says. */
const Base = GuestboxError as unknown as {
  new <N extends keyof ErrorCodes>(
    code: ErrorCodes[N],
    message: string,
    options?: ErrorOptions,
  ): GuestboxError & {
    /** What is wrong, as programs tell it. */
    readonly code: ErrorCodes[N];
  };
  /** Whether a value is an error of this class, `Trap.is(error, "out-of-fuel")`, of a code if one is given. */
  readonly is: typeof GuestboxError.is;
  /** The error that a value is the copy of, see `GuestboxError.from`. */
  readonly from: typeof GuestboxError.from;
};

/**
 * The package's own wasm module could not be loaded. `code` is `unreachable`, `status` or `html` for what its address
 * answered, `not-wasm`, `other-module` where it is not of this version, `csp`, `no-compiling` for runtimes that
 * take modules only, or `no-host-engine` for those that do not run guests by themselves.
 */
export class LoadError extends Base<"LoadError"> {}

/** The bytes are no module that can be run here. */
export class CompileError extends Base<"CompileError"> {
  /** Of an error "unsupported": the name of the proposal that the module uses, such as `simd` or `threads`. */
  readonly proposal: string | undefined;

  /** The error of a module, with the proposal that it uses. */
  constructor(code: ErrorCodes["CompileError"], message: string, options?: Details) {
    const proposal = options !== undefined && Object.hasOwn(options, "proposal") ? options.proposal : undefined;
    super(code, message, proposal === undefined ? options : { cause: { guestbox: "CompileError", code, proposal } });
    this.proposal = proposal;
  }

  override toJSON(): ErrorJSON {
    const { proposal } = this;
    return proposal === undefined ? super.toJSON() : { ...super.toJSON(), proposal };
  }
}

/** A module could not be instantiated. */
export class InstantiateError extends Base<"InstantiateError"> {}

/**
 * A call could not be begun or go on. `code` is `busy` where it would overlap another one of the guest,
 * `queue-full`, `export-not-found`, `not-a-function`, `not-started`, `no-memory`, `no-jspi`, or `call-over` for what
 * holds only until an import has returned or an outcome was resumed. Wrong arguments are TypeErrors.
 */
export class InvokeError extends Base<"InvokeError"> {}

/**
 * A memory could not be made, grown, read or written. `code` is `out-of-bounds` or `ill-formed-text` where that is
 * because of the place that was given: where an import throws this of a memory of the calling guest, it is the guest's
 * fault, and the call ends with a `Trap` "host-error" that says so.
 */
export class MemoryError extends Base<"MemoryError"> {}

/** An operation on a table failed, which is as it was. */
export class TableError extends Base<"TableError"> {}

/** A global could not be set. */
export class GlobalError extends Base<"GlobalError"> {}

/**
 * A guest's state could not be captured, or bytes are no snapshot. `code` is `table`, `segment` or `reference-global`
 * where the guest's module has what cannot be captured.
 */
export class SnapshotError extends Base<"SnapshotError"> {}

/**
 * A snapshot could not be restored; the guest is as it was. `code` is `grown` where a memory that is shared would have
 * to shrink.
 */
export class RestoreError extends Base<"RestoreError"> {}

/** Something was used after it was disposed of, or after what it belongs to was. */
export class DisposedError extends Base<"DisposedError"> {}

/**
 * A guest could not be recorded or parked, and goes on as before. `code` is `not-recorded`, `engine` where the runtime runs it, `journal-full`, `limit`, `reference` where it was
 * given a reference or a table was changed, or `shared-memory` where it shares something with others.
 */
export class ParkError extends Base<"ParkError"> {}

/**
 * Bytes are no parked guest, or it could not be made to do again what was recorded. `code` is `diverged` where it did something else than before, as
 * what it was given was something else; then, and after `limit`, memories and globals among the imports may have been written to.
 */
export class UnparkError extends Base<"UnparkError"> {}

/** A supervisor that is wasm did something wrong, which ended its call: see `guestbox/substrate`. `code` is as natively. */
export class SupervisorTrap extends Base<"SupervisorTrap"> {}

/** The engine itself aborted. Nothing in its sandbox can be used any more; load another. */
export class PoisonedError extends Base<"PoisonedError"> {
  /** @internal The error for what the wasm module threw when it aborted. */
  static of(cause: unknown, other: string): PoisonedError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new PoisonedError("poisoned", `the engine aborted (${reason}); load another ${other}`, { cause });
    // Its own cause is taken; copies keep that of the cause as well.
    const isFree = cause instanceof Error && Object.isExtensible(cause) && !Object.hasOwn(cause, "cause");
    if (isFree) constant(cause, "cause", { guestbox: nameOf(PoisonedError), code: error.code });
    return error;
  }
}

/**
 * A WASI system could not be made, or a program of it did not come to an end that a call has: it exited, which has the
 * `code` "exit", or waited for what can never happen, "stuck".
 */
export class WasiError extends Base<"WasiError"> {
  /** Of a program that exited: its exit code. */
  readonly exitCode: number | undefined;
  /** Of a program that exited: the fuel that the call used. */
  readonly fuelUsed: bigint | undefined;

  /** The error of a program, with what it exited with. */
  constructor(code: ErrorCodes["WasiError"], message: string, options?: ErrorOptions, exit?: WasiExit) {
    super(code, message, options);
    this.exitCode = exit?.code;
    this.fuelUsed = exit?.fuelUsed;
  }
}

/** An import returned a promise to a call that is served synchronously; use `guest.call`. */
export class AsyncImportError extends Base<"AsyncImportError"> {}

/** A guest call ended without a result. The guest and its sandbox stay usable. */
export class Trap extends Base<"Trap"> {
  /** The fuel that the call used until then. */
  readonly fuelUsed: bigint;
  /**
   * Where the guest was, the innermost function first; `stack` has it too, above JavaScript's own.
   * None unless its module was compiled with `frames`.
   */
  readonly frames: Frames;
  /** What an import threw, where the call ended because of that: the `MemoryError` of a trap "host-error". Copies have none. */
  declare readonly reason: Error | undefined;

  /** A trap, as calls end by one. Where there is a reason, its stack says where. */
  constructor(code: TrapCode, message: string, fuelUsed: bigint, frames: Frames = NO_FRAMES, reason?: Error) {
    super(code, message, { cause: trapDetails("Trap", code, fuelUsed, frames) });
    this.fuelUsed = fuelUsed;
    this.frames = frames;
    constant(this, "reason", reason);
    if (typeof this.stack !== "string") return;
    if (typeof reason?.stack === "string") this.stack = stackAt(this.stack, reason.stack);
    if (frames.length > 0) this.stack = stackWith(this.stack, frames);
  }

  override toJSON(): ErrorJSON {
    const { code, message, fuelUsed, frames } = this;
    return { ...trapDetails("Trap", code, fuelUsed, frames), fuelUsed: String(fuelUsed), message };
  }
}

/** What errors are made with besides their code and message; only a `CompileError` has a proposal. */
type Details = ErrorOptions & {
  /** The name of the proposal that the module uses. */
  readonly proposal?: string | undefined;
};

const CLASSES = new Map<string, new (code: never, message: string, options?: Details) => GuestboxError>(
  Object.entries({
    AsyncImportError,
    CompileError,
    DisposedError,
    GlobalError,
    GuestboxError,
    InstantiateError,
    InvokeError,
    LoadError,
    MemoryError,
    ParkError,
    PoisonedError,
    RestoreError,
    SnapshotError,
    SupervisorTrap,
    TableError,
    UnparkError,
    WasiError,
  } satisfies { readonly [name in Exclude<keyof ErrorCodes, "Trap">]: unknown }),
);

/** The names of the classes: a bundler may have given them others. */
const NAMES = new Map<unknown, string>([...CLASSES].map(([name, Class]) => [Class, name]));
NAMES.set(Trap, "Trap");

/** The name of a class, or of the one that it extends. */
function nameOf(Class: object | null): string {
  for (let base = Class; base !== null; base = Object.getPrototypeOf(base) as object | null) {
    const name = NAMES.get(base);
    if (name !== undefined) return name;
  }
  return "GuestboxError";
}

/** The error for a promise that an import returned where it cannot be awaited. */
export function asyncImport(promise: PromiseLike<unknown>): AsyncImportError {
  // Nobody will look at the promise any more; should it be rejected, this error has said enough.
  Promise.resolve(promise).catch(() => {});
  return new AsyncImportError("async-import", "an import returned a promise; use `guest.call` or `instantiateAsync`");
}

/** The error where a program waits for what a call is not to wait for. */
export function asyncSystem(): AsyncImportError {
  return new AsyncImportError(
    "async-import",
    "the program waits for input, a time, a file or a reader of its output; use `guest.call` or `instantiateAsync`",
  );
}

/** Does something in the wasm module before there is an engine to guard it. */
export function hostError<T>(make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    throw fromHost(thrown) ?? thrown;
  }
}

/** Errors in which a limit refused that counts what lives. */
const ofCount = new WeakSet<Error>();

/** Whether a limit refused that counts what lives. */
export const isOfCount = (error: unknown): boolean => error instanceof Error && ofCount.has(error);

/** What the wasm module throws: an object without a prototype. */
interface Refusal {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly fuelUsed: bigint | undefined;
  readonly isOfCount: boolean;
  readonly proposal: string | undefined;
}

const isRefusal = (thrown: unknown): thrown is Refusal =>
  typeof thrown === "object" && thrown !== null && Object.getPrototypeOf(thrown) === null && "isOfCount" in thrown;

/**
 * The error of guestbox for one that the wasm module threw; `undefined` for any other. With the net of the
 * engine it says what has not been disposed of, where that may be why.
 */
export function fromHost(thrown: unknown, net?: { readonly undisposed: () => string }): Error | undefined {
  if (!isRefusal(thrown)) return undefined;
  const { name, code, message, fuelUsed } = thrown;
  if (name === "Trap") return new Trap(code as TrapCode, message, fuelUsed ?? 0n);
  if (name === "RangeError") return new RangeError(message);
  const Class = CLASSES.get(name) ?? GuestboxError;
  if (!thrown.isOfCount) return new Class(code as never, message, { proposal: thrown.proposal });
  const undisposed = net?.undisposed() ?? "";
  const error = new Class(code as never, undisposed === "" ? message : `${message}. ${undisposed}`);
  ofCount.add(error);
  return error;
}
