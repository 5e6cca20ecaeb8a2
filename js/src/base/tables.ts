// Made by `make package` from the tables in Rust: see wasm-host/src/bin/tables.rs.

/** All limits, each a whole number. */
export interface LimitNumbers {
  /** Bytes of SCALE-encoded arguments, and of an encoded result. */
  readonly argumentBytes?: number;
  /** Blocks within each other in a function. */
  readonly blockDepth?: number;
  /** Blocks, loops and ifs of a function, also those behind each other. */
  readonly blocks?: number;
  /** Targets of all `br_table`s of a function together, the default ones too. */
  readonly branchTargets?: number;
  /** Operators of a constant expression: the initial value of a global, the offset of a segment. */
  readonly constOperators?: number;
  /** Bytes of the engine's value stack for one guest call. */
  readonly engineStackBytes?: number;
  /** Bytes of a SCALE-encoded environment definition. */
  readonly environmentBytes?: number;
  /** Exports of a module. */
  readonly exports?: number;
  /** Fuel of one outermost guest call, its `start` function and nested calls included. Above 2^53 it is the nearest that a number can be. */
  readonly fuel?: number | bigint;
  /** Functions of a module, imports included. */
  readonly functions?: number;
  /** Globals of a module. */
  readonly globals?: number;
  /** Nested frames of guest functions. */
  readonly guestFrames?: number;
  /** Imports of a module, of all kinds together. */
  readonly imports?: number;
  /** Instances of a store that are alive or not yet freed. */
  readonly instances?: number;
  /** Bytes of the journal of a guest that is recorded. */
  readonly journalBytes?: number;
  /** Locals of a function, without its parameters. */
  readonly locals?: number;
  /** Memories of a module. */
  readonly memories?: number;
  /** Pages (64 KiB) of each memory, initial and grown. */
  readonly memoryPages?: number;
  /** Bytes of a module. */
  readonly moduleBytes?: number;
  /** Values beyond the first that the blocks, branches and calls of a module pass, all together. */
  readonly multiValues?: number;
  /** Guest calls within supervisor calls within guest calls. */
  readonly nesting?: number;
  /** Parameters of a function type, and as many results. */
  readonly params?: number;
  /** Bytes of a parked guest: its journal, and what it was when that began, with 1,024 for each call that is under way. */
  readonly parkedBytes?: number;
  /** Fuel that the calls of a parked guest may have used since its journal began: so much is used once more. Above 2^53 it is the nearest that a number can be. */
  readonly replayFuel?: number | bigint;
  /** Segments of a module, of elements and of data together. */
  readonly segments?: number;
  /** Elements of each table, initial and grown, and of all element segments of a module together. */
  readonly tableElements?: number;
  /** Tables of a module. */
  readonly tables?: number;
  /** Bytes that all instances of a store take together besides their memories, until they are really freed. */
  readonly totalInstanceBytes?: number;
  /** Pages (64 KiB) of all memories of a store together, until they are really freed. */
  readonly totalMemoryPages?: number;
  /** Types of a module. */
  readonly types?: number;
}

/** All limits of a WASI system, each a whole number. */
export interface WasiLimitNumbers {
  /** Directories within each other. */
  readonly depth?: number;
  /** Descriptors that are open, the three of the standard streams and those of the mounts included. */
  readonly descriptors?: number;
  /** Bytes of all files and of all targets of symbolic links together, as long as anything refers to them. */
  readonly fileBytes?: number;
  /** Files, directories and symbolic links; and as many names of them in directories, hard links included. */
  readonly inodes?: number;
  /** Pieces of memory that a call reads into or writes from: 1,024, as on Linux. */
  readonly iovecs?: number;
  /** Symbolic links that are followed for a path: 32. */
  readonly links?: number;
  /** Bytes of a name in a directory: 255, as on Linux. */
  readonly nameBytes?: number;
  /** Bytes of output that wait to be taken, at most; one call writes no more. */
  readonly outputBuffer?: number;
  /** Bytes of output altogether. */
  readonly outputBytes?: number;
  /** Bytes of a path, and of what a symbolic link leads to: 4,096, as on Linux. */
  readonly pathBytes?: number;
  /** Bytes of arguments and of environment variables together, with the zero behind each: 64 KiB. */
  readonly stringBytes?: number;
  /** Arguments and environment variables together: 1,000. */
  readonly strings?: number;
  /** Subscriptions of a poll: 1,024. */
  readonly subscriptions?: number;
  /** Bytes that one call reads or writes; beyond that it reads or writes less, which programs have to expect. */
  readonly transferBytes?: number;
}

/** What a module takes of the limits, each in the unit of the limit. */
export interface ModuleNeeds {
  /** Blocks within each other in a function. */
  readonly blockDepth: number;
  /** Blocks, loops and ifs of a function, also those behind each other. */
  readonly blocks: number;
  /** Targets of all `br_table`s of a function together, the default ones too. */
  readonly branchTargets: number;
  /** Operators of a constant expression: the initial value of a global, the offset of a segment. */
  readonly constOperators: number;
  /** Exports of a module. */
  readonly exports: number;
  /** Functions of a module, imports included. */
  readonly functions: number;
  /** Globals of a module. */
  readonly globals: number;
  /** Imports of a module, of all kinds together. */
  readonly imports: number;
  /** Locals of a function, without its parameters. */
  readonly locals: number;
  /** Memories of a module. */
  readonly memories: number;
  /** Pages (64 KiB) of each memory, initial and grown. */
  readonly memoryPages: number;
  /** Bytes of a module. */
  readonly moduleBytes: number;
  /** Values beyond the first that the blocks, branches and calls of a module pass, all together. */
  readonly multiValues: number;
  /** Parameters of a function type, and as many results. */
  readonly params: number;
  /** Segments of a module, of elements and of data together. */
  readonly segments: number;
  /** Elements of each table, initial and grown, and of all element segments of a module together. */
  readonly tableElements: number;
  /** Tables of a module. */
  readonly tables: number;
  /** Bytes that all instances of a store take together besides their memories, until they are really freed. */
  readonly totalInstanceBytes: number;
  /** Pages (64 KiB) of all memories of a store together, until they are really freed. */
  readonly totalMemoryPages: number;
  /** Types of a module. */
  readonly types: number;
}

export const LIMIT_NAMES = /* @__PURE__ */ "argumentBytes blockDepth blocks branchTargets constOperators engineStackBytes environmentBytes exports fuel functions globals guestFrames imports instances journalBytes locals memories memoryPages moduleBytes multiValues nesting params parkedBytes replayFuel segments tableElements tables totalInstanceBytes totalMemoryPages types".split(" ") as (keyof LimitNumbers)[];

export const WASI_LIMIT_NAMES = /* @__PURE__ */ "depth descriptors fileBytes inodes iovecs links nameBytes outputBuffer outputBytes pathBytes stringBytes strings subscriptions transferBytes".split(" ") as (keyof WasiLimitNumbers)[];

/** The limits of a guest's own, each a whole number. */
export interface GuestLimits {
  /** The limit `instanceNesting` of the guest's own. */
  readonly maxCallDepth?: number;
  /** The limit `instanceMemoryPages` of the guest's own. */
  readonly maxMemoryPages?: number;
}

/** The kinds of trap. */
export type TrapCode = "bad-conversion-to-integer" | "bad-signature" | "engine" | "host-error" | "indirect-call-to-null" | "integer-division-by-zero" | "integer-overflow" | "memory-out-of-bounds" | "nesting-too-deep" | "out-of-fuel" | "out-of-system-memory" | "outlived" | "result-type" | "stack-overflow" | "table-out-of-bounds" | "torn-down" | "unreachable";

/** The codes that errors can have, by the names of their classes. */
export interface ErrorCodes {
  /** Those of a `AsyncImportError`. */
  readonly AsyncImportError: "async-import";
  /** Those of a `CompileError`. */
  readonly CompileError: "engine" | "feature" | "invalid" | "limit" | "unsupported";
  /** Those of a `DisposedError`. */
  readonly DisposedError: "host" | "other-store" | "sandbox" | "store" | "torn-down" | "unknown";
  /** Those of a `GlobalError`. */
  readonly GlobalError: "apart" | "ids-exhausted" | "immutable" | "limit" | "not-found" | "other-store" | "out-of-system-memory" | "type";
  /** Those of a `GuestboxError`. */
  readonly GuestboxError: "attached" | "busy" | "ended" | "failure" | "heap-base" | "memory" | "not-waiting" | "other-store";
  /** Those of a `InstantiateError`. */
  readonly InstantiateError: "apart" | "engine" | "environment-corrupted" | "ids-exhausted" | "import" | "instantiation" | "limit" | "module-decoding" | "other-engine" | "out-of-system-memory" | "segment" | "start-trapped";
  /** Those of a `InvokeError`. */
  readonly InvokeError: "apart" | "arguments" | "busy" | "call-over" | "export-not-found" | "ids-exhausted" | "limit" | "no-jspi" | "no-memory" | "not-a-function" | "not-started" | "queue-full" | "refused" | "signature";
  /** Those of a `LoadError`. */
  readonly LoadError: "csp" | "html" | "no-compiling" | "no-host-engine" | "no-simd" | "not-wasm" | "other-module" | "status" | "unreachable";
  /** Those of a `MemoryError`. */
  readonly MemoryError: "ids-exhausted" | "ill-formed-text" | "limit" | "maximum" | "other-store" | "out-of-bounds" | "out-of-system-memory" | "too-many-pages";
  /** Those of a `ParkError`. */
  readonly ParkError: "engine" | "journal-full" | "limit" | "not-recorded" | "out-of-system-memory" | "reference" | "shared-memory";
  /** Those of a `PoisonedError`. */
  readonly PoisonedError: "poisoned";
  /** Those of a `RestoreError`. */
  readonly RestoreError: "busy" | "engine" | "grown" | "ids-exhausted" | "limit" | "maximum" | "mounts" | "other-module" | "out-of-system-memory" | "reference-global" | "segment" | "shape" | "table";
  /** Those of a `SnapshotError`. */
  readonly SnapshotError: "busy" | "corrupted" | "engine" | "limit" | "not-a-snapshot" | "other-sandbox" | "out-of-system-memory" | "reference-global" | "segment" | "table" | "version";
  /** Those of a `SupervisorTrap`. */
  readonly SupervisorTrap: "allocator" | "arguments" | "heap-base" | "instance" | "limit" | "memory" | "memory-refused" | "out-of-system-memory" | "result-buffer" | "slice" | "store-in-use" | "thunk";
  /** Those of a `TableError`. */
  readonly TableError: "apart" | "engine" | "ids-exhausted" | "limit" | "maximum" | "other-store" | "out-of-bounds" | "out-of-system-memory" | "type";
  /** Those of a `UnparkError`. */
  readonly UnparkError: "corrupted" | "diverged" | "ended" | "limit" | "not-parked" | "other-engine" | "other-module" | "other-sandbox" | "other-store" | "state" | "version";
  /** Those of a `WasiError`. */
  readonly WasiError: "exit" | "limit" | "mount-name" | "mount-twice" | "path" | "stuck" | "variable-name" | "zero";
  /** Those of a `Trap`. */
  readonly Trap: TrapCode;
}

/** The codes that errors can have. */
export type ErrorCode = ErrorCodes[keyof ErrorCodes];

/** What a step of a call did. Each stands in the code as it is. */
export const enum Step {
  /** The call finished. */
  FINISHED = 0,
  /** The call waits for an answer. */
  HOST_CALL = 1,
  /** The call needs fuel. */
  OUT_OF_FUEL = 2,
  /** The call trapped. */
  TRAPPED = 3,
  /** The instance was torn down. */
  TORN_DOWN = 4,
  /** There is no such call or function. */
  REFUSED = 5,
  /** The call used up its slice and has fuel left. */
  SLICE_OVER = 6,
  /** Another call of the guest is under way that this one is not nested in, or that is nested in it. */
  BUSY = 7,
  /** The call waits for what a WASI system waits for, which is the detail. */
  WAITS = 8,
  /** The program exited with the code that is the detail. */
  EXITED = 9,
  /** The program lets others have their turn, whatever is left of the call's slice. */
  YIELDED = 10,
  /** The code is to be run by the host that has compiled it, with the values in the exchange and so much fuel as the detail. */
  OUTSIDE = 11,
}

/** What a WASI system waits for, and what it is given for that. Each stands in the code as it is. */
export const enum Wait {
  /** For a lazy file, whose token and size are in the exchange. */
  FILE = 0,
  /** For ever. */
  FOREVER = 1,
  /** For standard input, or its end. */
  INPUT = 2,
  /** For room for output. */
  OUTPUT = 3,
  /** For as many random bytes as the exchange says. */
  RANDOM = 4,
  /** For another call that waits for the same system. */
  TURN = 5,
  /** For a time that is so many nanoseconds away as the exchange says. */
  UNTIL = 6,
  /** The same, or for standard input. */
  UNTIL_INPUT = 7,
}

/** What a WASI system is made of. Each stands in the code as it is. */
export const enum Part {
  /** An argument, by its text. */
  ARG = 0,
  /** The host's clocks, of a resolution in nanoseconds. */
  CLOCK_HOST = 1,
  /** The milliseconds since 1970 at which deterministic clocks begin. */
  CLOCK_START = 2,
  /** The nanoseconds by which they go on. */
  CLOCK_TICK = 3,
  /** A directory of the last mount, by its path. */
  DIRECTORY = 4,
  /** A file, by its path and bytes. */
  FILE_BYTES = 5,
  /** A file, by its path and its size. Its token is its ordinal among those of the system. */
  LAZY_FILE = 6,
  /** A limit, by its name and value. */
  LIMIT = 7,
  /** A symbolic link, by its path and where it leads. */
  LINK = 8,
  /** A mount that the program may write to, by its name. */
  MOUNT = 9,
  /** The same, read-only. */
  MOUNT_READ_ONLY = 10,
  /** The same, whose files are handed over when they were written. */
  MOUNT_WRITE_BACK = 11,
  /** The preset of the limits, by its name; before all else. */
  PRESET = 12,
  /** Random numbers of the host's. */
  RANDOM_HOST = 13,
  /** The seed of random numbers, in eight bytes. */
  SEED = 14,
  /** That the standard streams are a terminal. */
  TERMINAL = 15,
  /** An environment variable, by its name and value. */
  VARIABLE = 16,
}

/** What is taken from a WASI system. Each stands in the code as it is. */
export const enum Taken {
  /** Nothing is left. */
  NOTHING = 0,
  /** What was written to standard output. */
  STDOUT = 1,
  /** What was written to standard error. */
  STDERR = 2,
  /** A file of a mount with write-back. */
  WRITTEN = 3,
}

/** Where the wasm module says the rest, and what stands for nothing. Each stands in the code as it is. */
export const enum Protocol {
  /** What stands for a handle until a call that pauses gets one, and where there is no call. */
  NO_CALL = 16777215,
  /** The bit of a number in the place of an export's position that is the handle of a function. */
  FUNCTION = 1073741824,
  /** Words of the exchange before the values: the head. */
  HEAD_WORDS = 8,
  /** The word of the call's handle. */
  CALL_WORD = 0,
  /** The word of the ordinal of the function that is called, the instance that was made, the number of the trap's code or the fuel that is needed. */
  DETAIL_WORD = 1,
  /** The word of the state of a host call, or the bits of a trap. */
  STATE_WORD = 2,
  /** The word of the fuel that is left. */
  FUEL_WORD = 3,
  /** The word of the fuel that was used. */
  USED_WORD = 4,
  /** The word of the size of a memory in pages, whose address was asked for. */
  PAGES_WORD = 5,
  /** The word of whose import a host call is, where the call reached another guest through a table: one more than its instance; 0 where it is that of the call. */
  GUEST_WORD = 6,
  /** The word of which host call of a guest that is recorded this is since its journal began, from 1; 0 of one that is not recorded. */
  NUMBER_WORD = 7,
  /** The bit of a memory's size whose bytes are not to be written in place, as that has to be noted. */
  NOTED = 1048576,
  /** The bit of a memory's size that is not in this module's memory: its number is in the place of the address. */
  OUTSIDE_MEMORY = 2097152,
  /** The bit of an instance whose calls need not nest. */
  OVERLAPS = 1,
  /** The bit of an instance that is recorded from its birth. */
  RECORDED = 2,
  /** The bit of a trap that has frames. */
  HAS_FRAMES = 1,
  /** The bit of a trap that has a message of its own. */
  HAS_MESSAGE = 2,
}

/** What is in the place of a thunk's handle where there is no thunk. Each stands in the code as it is. */
export const enum NoThunk {
  /** In the place of a thunk's handle: the supervisor exports no table of functions. */
  NO_TABLE = -1,
  /** The same: the index is outside the table. */
  OUT_OF_BOUNDS = -2,
  /** The same: the table's element is null. */
  NULL = -3,
}
