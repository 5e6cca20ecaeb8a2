/**
 * The host functions of the Substrate sandbox ABI, for a supervisor that is a
 * `WebAssembly.Instance`.
 *
 * ```ts
 * const host = await Substrate.load();
 * const { instance } = await WebAssembly.instantiate(bytes, { env: host.imports });
 * host.attach(instance);
 * ```
 *
 * What is wrong with a guest the supervisor learns as a code. What it does wrong itself is thrown
 * by the host function, so that it ends the supervisor's call and comes out of yours: a `SupervisorTrap`
 * with a `code`, such as `result-buffer`, `instance` or `allocator`.
 */
import "./beside.js";
import { append } from "./define.js";
import { Door } from "./door.js";
import { GuestboxError, fromHost, hostError } from "./errors.js";
import type * as Glue from "./glue-types.js";
import { LOAD_NAMES, type LoadOptions, storeArguments } from "./limits.js";
import { known, optionsOf } from "./options.js";
import { instantiateGlue } from "./sandbox.js";
import { NoThunk } from "./tables.js";

/** The host functions, by their names in the module `env`. An `i64` is a BigInt. */
export interface SubstrateImports extends WebAssembly.ModuleImports {
  readonly ext_sandbox_instantiate_version_1: (thunk: number, wasm: bigint, environment: bigint, state: number) => number;
  readonly ext_sandbox_invoke_version_1: (instance: number, name: bigint, args: bigint, ptr: number, len: number, state: number) => number;
  readonly ext_sandbox_memory_new_version_1: (initial: number, maximum: number) => number;
  readonly ext_sandbox_memory_get_version_1: (memory: number, offset: number, ptr: number, len: number) => number;
  readonly ext_sandbox_memory_set_version_1: (memory: number, offset: number, ptr: number, len: number) => number;
  readonly ext_sandbox_memory_teardown_version_1: (memory: number) => void;
  readonly ext_sandbox_instance_teardown_version_1: (instance: number) => void;
  readonly ext_sandbox_get_global_val_version_1: (instance: number, name: bigint) => bigint;
  readonly ext_allocator_malloc_version_1: (size: number) => number;
  readonly ext_allocator_free_version_1: (ptr: number) => void;
}

/** What of a supervisor its instance does not export. */
export interface AttachOptions {
  /** The memory, where the supervisor imports it. By default its export `memory`. */
  readonly memory?: WebAssembly.Memory;
}

const ATTACH_OPTIONS = known<AttachOptions>({ memory: true });

/** How a host is loaded. */
export interface SubstrateOptions extends LoadOptions {
  /**
   * Told why a host function is about to return a code that says that it failed, which is all that the supervisor
   * learns: a `CompileError`, `InstantiateError`, `InvokeError` or `Trap`. Of nested guests the innermost failure comes first.
   */
  readonly onFailure?: (failure: GuestboxError) => void;
}

const SUBSTRATE_OPTIONS = known<SubstrateOptions>({ ...LOAD_NAMES, onFailure: true });

export { SupervisorTrap } from "./errors.js";

/** The guests of one supervisor, and the allocator in its memory. */
export class Substrate {
  /** What the supervisor imports from the module `env`; add to it what else it imports. */
  readonly imports: SubstrateImports;
  private attached = false;

  private constructor(
    private readonly door: Door<Glue.Substrate>,
    private readonly supervisor: Supervisor,
  ) {
    this.imports = importsOf(door);
  }

  /** Loads the wasm module with the engine in it. */
  static async load(given?: SubstrateOptions): Promise<Substrate> {
    const options = optionsOf(given, SUBSTRATE_OPTIONS);
    const { onFailure } = options;
    if (onFailure !== undefined && typeof onFailure !== "function") throw new TypeError("onFailure is not a function");
    const settings = storeArguments(options);
    const [glue, memory, probe] = await instantiateGlue(options.wasm);
    const supervisor = new Supervisor(memory, onFailure);
    const raw = hostError(() => new glue.Substrate(new glue.Settings(...settings), supervisor));
    return new Substrate(new Door(raw, probe, "host"), supervisor);
  }

  /**
   * Attaches the supervisor, once: its memory, its table `__indirect_function_table` if it has one, and
   * its global `__heap_base`, above which the allocator works. Until then it has no memory here: its
   * start function can make memories, but not pass bytes.
   */
  attach(instance: WebAssembly.Instance, given?: AttachOptions): void {
    const options = optionsOf(given, ATTACH_OPTIONS);
    if (this.attached) throw new GuestboxError("attached", "the host has a supervisor; load another host for another");
    const { memory: exported, __indirect_function_table: table, __heap_base: base } = instance.exports;
    const memory: unknown = options.memory ?? exported;
    if (!isA(memory, "Memory")) {
      throw new GuestboxError("memory", "the supervisor exports no `memory`; give the one it imports in the options");
    }
    const heapBase: unknown = isA(base, "Global") ? base.value : undefined;
    if (typeof heapBase !== "number" || (heapBase | 0) !== heapBase) {
      throw new GuestboxError("heap-base", "the supervisor exports no global `__heap_base` of type i32");
    }
    this.door.use((host) => host.set_heap_base(heapBase));
    this.supervisor.attach(memory, table);
    this.attached = true;
  }
}

function importsOf(door: Door<Glue.Substrate>): SubstrateImports {
  return {
    ext_sandbox_instantiate_version_1: (thunk, wasm, environment, state) =>
      door.use((host) => host.instantiate(thunk, wasm, environment, state)),
    ext_sandbox_invoke_version_1: (instance, name, args, ptr, len, state) =>
      door.use((host) => host.invoke(instance, name, args, ptr, len, state)),
    ext_sandbox_memory_new_version_1: (initial, maximum) => door.use((host) => host.memory_new(initial, maximum)),
    ext_sandbox_memory_get_version_1: (memory, offset, ptr, len) => door.use((host) => host.memory_get(memory, offset, ptr, len)),
    ext_sandbox_memory_set_version_1: (memory, offset, ptr, len) => door.use((host) => host.memory_set(memory, offset, ptr, len)),
    ext_sandbox_memory_teardown_version_1: (memory) => door.use((host) => host.memory_teardown(memory)),
    ext_sandbox_instance_teardown_version_1: (instance) => door.use((host) => host.instance_teardown(instance)),
    ext_sandbox_get_global_val_version_1: (instance, name) => door.use((host) => host.get_global_val(instance, name)),
    ext_allocator_malloc_version_1: (size) => door.use((host) => host.malloc(size)),
    ext_allocator_free_version_1: (ptr) => door.use((host) => host.free_block(ptr)),
  };
}

type Thunk = (ptr: number, len: number, state: number, func: number) => unknown;

/** The supervisor, as the wasm module reaches it. Its methods may throw: they are all caught there. */
class Supervisor {
  private memory: WebAssembly.Memory | undefined;
  private table: WebAssembly.Table | undefined;
  /** The dispatch thunks that instances were made with, by handle. */
  private readonly thunks: Thunk[] = [];
  private readonly handles = new Map<Thunk, number>();

  // Views of both memories, made anew when one has grown.
  private ours = new Uint8Array();
  private theirs = new Uint8Array();

  constructor(
    private readonly hostMemory: WebAssembly.Memory,
    private readonly onFailure: ((failure: GuestboxError) => void) | undefined,
  ) {}

  attach(memory: WebAssembly.Memory, table: unknown): void {
    this.memory = memory;
    this.table = isFunctionTable(table) ? table : undefined;
  }

  size(): number {
    return this.bytes().length;
  }

  read(ptr: number, address: number, length: number): boolean {
    const bytes = this.bytes();
    if (ptr + length > bytes.length) return false;
    this.hostBytes().set(bytes.subarray(ptr, ptr + length), address);
    return true;
  }

  write(ptr: number, address: number, length: number): boolean {
    const bytes = this.bytes();
    if (ptr + length > bytes.length) return false;
    bytes.set(this.hostBytes().subarray(address, address + length), ptr);
    return true;
  }

  findThunk(index: number): number {
    if (this.table === undefined) return NoThunk.NO_TABLE;
    if (index >= this.table.length) return NoThunk.OUT_OF_BOUNDS;
    const thunk: Thunk | null = this.table.get(index);
    if (thunk === null) return NoThunk.NULL;
    const known = this.handles.get(thunk);
    if (known !== undefined) return known;
    checkThunk(thunk);
    this.handles.set(thunk, this.thunks.length);
    append(this.thunks, thunk);
    return this.thunks.length - 1;
  }

  callThunk(thunk: number, ptr: number, len: number, state: number, func: number): bigint {
    return (this.thunks[thunk] as Thunk)(ptr, len, state, func) as bigint;
  }

  failed(refusal: unknown): void {
    if (this.onFailure === undefined) return;
    const failure = fromHost(refusal);
    if (!(failure instanceof GuestboxError)) return;
    try {
      this.onFailure(failure);
    } catch (thrown) {
      // It is no guest's and no supervisor's: it goes where what nobody catches goes.
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  private bytes(): Uint8Array {
    const { memory } = this;
    // A memory that grew has another buffer.
    if (memory !== undefined && memory.buffer !== this.theirs.buffer) this.theirs = new Uint8Array(memory.buffer);
    return this.theirs;
  }

  private hostBytes(): Uint8Array {
    const { buffer } = this.hostMemory;
    if (buffer !== this.ours.buffer) this.ours = new Uint8Array(buffer);
    return this.ours;
  }
}

const bytesOfModule = (...sections: number[]): Uint8Array<ArrayBuffer> => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections);

/** `(module (import "" "" (func (param i32 i32 i32 i32) (result i64))))` */
const NEEDS_THUNK = bytesOfModule(1, 9, 1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7e, 2, 5, 1, 0, 0, 0, 0);
/** `(module (import "" "" (table 0 funcref)))` */
const NEEDS_TABLE = bytesOfModule(2, 7, 1, 0, 0, 1, 0x70, 0, 0);

/** Throws unless a module can import the value: JavaScript itself says nothing of types. */
function checkImport(module: Uint8Array<ArrayBuffer>, value: WebAssembly.ImportValue): void {
  new WebAssembly.Instance(new WebAssembly.Module(module), { "": { "": value } });
}

const checkThunk = (thunk: Thunk): void => checkImport(NEEDS_THUNK, thunk);

function isFunctionTable(table: unknown): table is WebAssembly.Table {
  if (!isA(table, "Table")) return false;
  try {
    checkImport(NEEDS_TABLE, table);
    return true;
  } catch {
    return false;
  }
}

interface Kinds {
  readonly Global: WebAssembly.Global;
  readonly Memory: WebAssembly.Memory;
  readonly Table: WebAssembly.Table;
}

/** By its tag, so that one of another realm is one too. */
function isA<K extends keyof Kinds>(value: unknown, kind: K): value is Kinds[K] {
  return Object.prototype.toString.call(value) === `[object WebAssembly.${kind}]`;
}
