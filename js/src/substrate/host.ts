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
import { checkBoolean } from "../base/checks.js";
import { GuestboxError, hostError } from "../base/errors.js";
import { known, optionsOf } from "../base/options.js";
import type { PlainInstance, PlainMemory } from "../base/web.js";
import { Door } from "../host/door.js";
import type * as Glue from "../host/glue-types.js";
import { instantiateGlue } from "../load/instance.js";
import { LOAD_NAMES, type LoadOptions, storeArguments } from "../load/limits.js";
import { Supervisor, isA } from "./supervisor.js";

/** The host functions, by their names in the module `env`. An `i64` is a BigInt. */
export interface SubstrateImports {
  readonly [name: string]: (...args: never[]) => unknown;
  /** Instantiates a module, with a thunk that serves its imports: the number of the instance, or a code. */
  readonly ext_sandbox_instantiate_version_1: (thunk: number, wasm: bigint, environment: bigint, state: number) => number;
  /** Calls an export, and puts what it returns in the place that is given: a code. */
  readonly ext_sandbox_invoke_version_1: (instance: number, name: bigint, args: bigint, ptr: number, len: number, state: number) => number;
  /** Makes a memory: its number, or a code. */
  readonly ext_sandbox_memory_new_version_1: (initial: number, maximum: number) => number;
  /** Copies bytes of a memory into the supervisor's: a code. */
  readonly ext_sandbox_memory_get_version_1: (memory: number, offset: number, ptr: number, len: number) => number;
  /** Copies bytes of the supervisor's into a memory: a code. */
  readonly ext_sandbox_memory_set_version_1: (memory: number, offset: number, ptr: number, len: number) => number;
  /** Ends a memory. */
  readonly ext_sandbox_memory_teardown_version_1: (memory: number) => void;
  /** Ends an instance. */
  readonly ext_sandbox_instance_teardown_version_1: (instance: number) => void;
  /** The value of an exported global, as an `Option<Value>` in SCALE: its place and length. */
  readonly ext_sandbox_get_global_val_version_1: (instance: number, name: bigint) => bigint;
  /** Makes room in the supervisor's memory: its place. */
  readonly ext_allocator_malloc_version_1: (size: number) => number;
  /** Gives such room back. */
  readonly ext_allocator_free_version_1: (ptr: number) => void;
}

/** What of a supervisor its instance does not export. */
export interface AttachOptions {
  /** The memory, where the supervisor imports it. By default its export `memory`. */
  readonly memory?: PlainMemory;
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
    const [glue, memory, probe] = await instantiateGlue(options.wasm, checkBoolean("simd", options.simd));
    const supervisor = new Supervisor(memory, onFailure);
    const raw = hostError(() => new glue.Substrate(new glue.Settings(...settings), supervisor));
    return new Substrate(new Door(raw, probe, "host"), supervisor);
  }

  /**
   * Attaches the supervisor, once: its memory, its table `__indirect_function_table` if it has one, and
   * its global `__heap_base`, above which the allocator works. Until then it has no memory here: its
   * start function can make memories, but not pass bytes.
   */
  attach(instance: PlainInstance, given?: AttachOptions): void {
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
