/* tslint:disable */
/* eslint-disable */

/**
 * A store, and the calls that are under way in it.
 */
export class Host {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Adds to the fuel that a call, and those that it shares it with, have left.
     */
    add_fuel(handle: number, fuel: bigint): void;
    /**
     * Answers the host call that a call waits for, with the values in the exchange, and makes
     * the next step.
     */
    answer(handle: number): number;
    /**
     * Begins a call as [`Host::call`] does, without a step. With `fuel` it has that for its own,
     * also within a host call. `keeps_stack` leaves the pointer of the guest's stack where it is
     * if the call ends early.
     *
     * The call is nested in those whose host calls are being served, and in `within`: the handle of
     * one that waits for its host call, or [`Host::NO_CALL`]. A handle that is neither is busy. It
     * draws on the fuel of that, or of what [`Host::keep_budget`] gave when the call was asked for, or
     * else of the host call being served.
     */
    begin(instance: number, _export: number, state: number, fuel: bigint | null | undefined, within: number, budget: number, keeps_stack: boolean): number;
    /**
     * Begins a call of an export, by its position, with the values in the exchange, and makes
     * the first step of it. See [`Host::step`], and [`Host::begin`] about `within`.
     */
    call(instance: number, _export: number, state: number, within: number): number;
    /**
     * A handle of the memory of the guest whose host call a call waits for.
     */
    caller_memory(handle: number): number;
    /**
     * Ends a call where it is.
     */
    cancel(handle: number): void;
    /**
     * Takes fuel of a call that waits; all it has and `false` where that is too little.
     */
    charge(handle: number, fuel: bigint): boolean;
    /**
     * Refuses a module of so many bytes where it is too long, before it is copied to where
     * [`Host::compile`] reads it.
     */
    check_module_bytes(length: number): void;
    /**
     * Compiles a module and returns its handle.
     */
    compile(bytes: Uint8Array | number[]): number;
    /**
     * Compiles a module as [`Host::compile`] does, so that traps and paused calls say where the
     * guest is.
     */
    compile_with_frames(bytes: Uint8Array | number[]): number;
    /**
     * The version of the cost model of fuel.
     */
    static costs_version(): number;
    /**
     * Forgets what a call would draw on that is not begun after all.
     */
    drop_budget(budget: number): void;
    /**
     * Ends the life of a memory that was made; guests that import it keep it. The handle of an
     * exported memory is only forgotten.
     */
    drop_memory(memory: number): void;
    /**
     * Drops a module; its instances go on.
     */
    drop_module(module: number): void;
    /**
     * Forgets a snapshot.
     */
    drop_snapshot(snapshot: number): void;
    /**
     * The address of the exchange in this module's memory.
     */
    exchange(): number;
    /**
     * The handle of a memory that an instance exports.
     */
    exported_memory(instance: number, name: string): number;
    /**
     * The exports of a module: `[name, kind, ...]` each.
     */
    exports(module: number): string;
    /**
     * Makes a second instance in the state of the first and returns its number. `memories` are the
     * handles for its imported memories, in order.
     */
    fork(instance: number, memories: Uint32Array | number[]): number;
    /**
     * The frames of a call that is paused: the number of those left out, and `[index, name, offset]`
     * for each, the innermost first. Nothing where there are none.
     */
    frames(handle: number): string | undefined;
    /**
     * The fuel that a call has left.
     */
    fuel(handle: number): bigint;
    /**
     * The fuel that a call used so far.
     */
    fuel_used(handle: number): bigint;
    /**
     * The value of an exported global: its type and its bits; `undefined` where there is none.
     */
    global(instance: number, name: string): bigint | undefined;
    /**
     * The imports of a module: `[module, name, kind, ...]` each.
     */
    imports(module: number): string;
    /**
     * Begins to instantiate a module and returns the handle of the call of its start function,
     * which has to be stepped with [`Host::step`] also where there is none. Functions are
     * numbered by their ordinal among the module's imported functions; `memories` are the
     * handles for its imported memories, in order. `fuel`, `pages` and `nesting` are limits of
     * the instance's own; `overlapping` says that its calls need not nest.
     */
    instantiate(module: number, memories: Uint32Array | number[], state: number, fuel: bigint | null | undefined, pages: number | null | undefined, nesting: number | null | undefined, overlapping: boolean): number;
    /**
     * Makes an instance in the state of a snapshot and returns its number. Imports and limits are
     * given as to [`Host::instantiate`].
     */
    instantiate_from(module: number, memories: Uint32Array | number[], snapshot: number, fuel: bigint | null | undefined, pages: number | null | undefined, nesting: number | null | undefined, overlapping: boolean): number;
    /**
     * Whether a host call is being served, so that a call begun now is nested in another.
     */
    is_serving(): boolean;
    /**
     * Keeps what a call that is made now and begun later draws on, the fuel of the host call being
     * served: a handle for [`Host::begin`], or [`Host::NO_CALL`] where none is served.
     */
    keep_budget(): number;
    /**
     * All limits: `[name, number]` each.
     */
    limits(): string;
    /**
     * Reads a snapshot and returns its handle.
     */
    load_snapshot(bytes: Uint8Array | number[]): number;
    /**
     * The address of a memory's bytes in this module's memory, and in [`Host::PAGES_WORD`] its size in pages. They hold
     * until a guest runs or anything is made.
     */
    memory_address(memory: number): number;
    /**
     * Grows a memory by pages and returns its size before.
     */
    memory_grow(memory: number, pages: number): number;
    /**
     * Pages of all memories together.
     */
    memory_pages_in_use(): number;
    /**
     * The size of a memory in pages of 64 KiB.
     */
    memory_size(memory: number): number;
    /**
     * An empty store.
     */
    constructor(settings: Settings);
    /**
     * Makes a memory and returns its handle. A negative maximum is none.
     */
    new_memory(initial: number, maximum: number): number;
    /**
     * Ends a call that is still under way when the import that it was made in has returned, with a
     * trap, and says so as a step does.
     */
    outlive(handle: number): number;
    /**
     * Makes an instance what it was when the snapshot was taken.
     */
    restore(instance: number, snapshot: number): void;
    /**
     * Sets an exported mutable global, of the type that its module declares, to raw bits.
     */
    set_global(instance: number, name: string, word: bigint): void;
    /**
     * Makes a call stop with [`Host::SLICE_OVER`] whenever it used so much fuel.
     */
    set_slice(handle: number, fuel: bigint): void;
    /**
     * Captures the state of an instance and returns the handle of the snapshot.
     */
    snapshot(instance: number): number;
    /**
     * A copy of a snapshot's bytes.
     */
    snapshot_bytes(snapshot: number): Uint8Array;
    /**
     * Bytes that a snapshot can have at most, by the limits of the store.
     */
    snapshot_bytes_limit(): number;
    /**
     * Makes a step of a call: runs its guest until something happens, and returns what.
     *
     * * [`Host::FINISHED`]: the results are in the exchange. The call is over.
     * * [`Host::HOST_CALL`]: the detail is the function's ordinal, the state that of the host call; the
     *   arguments are in the exchange. Answer with [`Host::answer`] or [`Host::cancel`].
     * * [`Host::OUT_OF_FUEL`]: the detail is the fuel it needs at least.
     * * [`Host::SLICE_OVER`]: it has fuel left, see [`Host::set_slice`].
     * * [`Host::BUSY`]: a call of the guest that is nested in it has not ended. Nothing has changed.
     * * [`Host::TRAPPED`]: the detail is the number of the trap's code. The state says by
     *   [`Host::HAS_FRAMES`] whether there are frames to be had from [`Host::trap_frames`], by
     *   [`Host::HAS_MESSAGE`] whether there is a message of its own from [`Host::trap_message`]. The call
     *   is over.
     *
     * The head of the exchange has [the call's handle](Host::CALL_WORD), [the detail](Host::DETAIL_WORD), [the
     * state](Host::STATE_WORD), [the fuel left](Host::FUEL_WORD) and [the fuel used](Host::USED_WORD). For an
     * instantiation that finished the detail is the instance.
     */
    step(handle: number): number;
    /**
     * Closes the level of a host call that will be answered later, so that calls begun
     * meanwhile are not nested in it.
     */
    suspend(handle: number): void;
    /**
     * Ends the life of an instance.
     */
    teardown_instance(instance: number): void;
    /**
     * The trap codes, in the order of their numbers: `[name, message]` each.
     */
    static trap_codes(): string;
    /**
     * The frames of the call that trapped last, as [`Host::frames`] has them. They can be taken
     * once.
     */
    trap_frames(): string | undefined;
    /**
     * What the trap that was last says, where a limit refused. It can be taken once.
     */
    trap_message(): string | undefined;
}

/**
 * The core's store, with ids as numbers and values as SCALE bytes.
 *
 * A dispatch thunk is a function `(args, state, func) => result` that gets SCALE-encoded
 * arguments and returns a SCALE-encoded `Result<ReturnValue, HostError>`. What it throws comes
 * out of the call as the same object. It may use the store, which is borrowed only while a
 * guest runs.
 */
export class ScaleStore {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The SCALE-encoded `Option<Value>` of an exported global.
     */
    get_global_val(instance: number, name: string): Uint8Array;
    /**
     * Ends the life of an instance.
     */
    instance_teardown(instance: number): void;
    /**
     * Instantiates a module's bytes with a SCALE-encoded environment definition, and returns
     * the instance's number. Errors have the codes `environment-corrupted`, `module-decoding`,
     * `instantiation` and, with the class `Trap`, those of traps.
     */
    instantiate(thunk: Function, wasm: Uint8Array, environment: Uint8Array, state: number): number;
    /**
     * Calls an export with SCALE-encoded arguments and returns the SCALE-encoded `ReturnValue`,
     * of several results the first.
     */
    invoke(thunk: Function, instance: number, _export: string, args: Uint8Array, state: number): Uint8Array;
    /**
     * Reads from a memory.
     */
    memory_get(memory: number, offset: number, len: number): Uint8Array;
    /**
     * Makes a memory and returns its number; 0xFFFFFFFF is no maximum.
     */
    memory_new(initial: number, maximum: number): number;
    /**
     * Writes to a memory.
     */
    memory_set(memory: number, offset: number, bytes: Uint8Array | number[]): void;
    /**
     * Ends the life of a memory's number.
     */
    memory_teardown(memory: number): void;
    /**
     * An empty store.
     */
    constructor(settings: Settings);
    /**
     * Sets an exported mutable global to a SCALE-encoded `Value`.
     */
    set_global_val(instance: number, name: string, value: Uint8Array | number[]): void;
}

/**
 * Limits and features, for a store to be made with.
 */
export class Settings {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The limits of a preset, `default`, `strict`, `self-metered` or `unlimited`, changed by pairs of a name and
     * a number, with and without the features of the last names.
     *
     * # Errors
     *
     * A `RangeError` for a name that there is not.
     */
    constructor(preset: string, names: string[], numbers: Float64Array | number[], _with: string[], without: string[]);
}

/**
 * The host functions of a supervisor.
 *
 * A supervisor is an object with the methods `size`, `read`, `write`, `findThunk`,
 * `callThunk` and `failed`. Each may throw: an access is outside the memory then, a thunk of the wrong type
 * or trapped. Nothing is borrowed while one runs, so that `callThunk` may call in again.
 */
export class Substrate {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * `ext_allocator_free_version_1`
     */
    free_block(ptr: number): void;
    /**
     * `ext_sandbox_get_global_val_version_1`
     */
    get_global_val(instance: number, name: bigint): bigint;
    /**
     * `ext_sandbox_instance_teardown_version_1`
     */
    instance_teardown(instance: number): void;
    /**
     * `ext_sandbox_instantiate_version_1`
     */
    instantiate(thunk: number, wasm: bigint, environment: bigint, state: number): number;
    /**
     * `ext_sandbox_invoke_version_1`
     */
    invoke(instance: number, _export: bigint, args: bigint, ptr: number, len: number, state: number): number;
    /**
     * `ext_allocator_malloc_version_1`
     */
    malloc(len: number): number;
    /**
     * `ext_sandbox_memory_get_version_1`
     */
    memory_get(memory: number, offset: number, ptr: number, len: number): number;
    /**
     * `ext_sandbox_memory_new_version_1`
     */
    memory_new(initial: number, maximum: number): number;
    /**
     * `ext_sandbox_memory_set_version_1`
     */
    memory_set(memory: number, offset: number, ptr: number, len: number): number;
    /**
     * `ext_sandbox_memory_teardown_version_1`
     */
    memory_teardown(memory: number): void;
    /**
     * A sandbox without guests.
     */
    constructor(settings: Settings, supervisor: any);
    /**
     * Says where the supervisor's heap begins.
     */
    set_heap_base(heap_base: number): void;
}

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_host_free: (a: number, b: number) => void;
    readonly __wbg_scalestore_free: (a: number, b: number) => void;
    readonly __wbg_settings_free: (a: number, b: number) => void;
    readonly __wbg_substrate_free: (a: number, b: number) => void;
    readonly host_add_fuel: (a: number, b: number, c: bigint) => void;
    readonly host_answer: (a: number, b: number) => number;
    readonly host_begin: (a: number, b: number, c: number, d: number, e: number, f: bigint, g: number, h: number, i: number) => [number, number, number];
    readonly host_call: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly host_caller_memory: (a: number, b: number) => [number, number, number];
    readonly host_cancel: (a: number, b: number) => void;
    readonly host_charge: (a: number, b: number, c: bigint) => number;
    readonly host_check_module_bytes: (a: number, b: number) => [number, number];
    readonly host_compile: (a: number, b: number, c: number) => [number, number, number];
    readonly host_compile_with_frames: (a: number, b: number, c: number) => [number, number, number];
    readonly host_costs_version: () => number;
    readonly host_drop_budget: (a: number, b: number) => void;
    readonly host_drop_memory: (a: number, b: number) => [number, number];
    readonly host_drop_module: (a: number, b: number) => void;
    readonly host_drop_snapshot: (a: number, b: number) => void;
    readonly host_exchange: (a: number) => number;
    readonly host_exported_memory: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly host_exports: (a: number, b: number) => [number, number, number, number];
    readonly host_fork: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly host_frames: (a: number, b: number) => [number, number];
    readonly host_fuel: (a: number, b: number) => bigint;
    readonly host_fuel_used: (a: number, b: number) => bigint;
    readonly host_global: (a: number, b: number, c: number, d: number) => [number, bigint, number, number];
    readonly host_imports: (a: number, b: number) => [number, number, number, number];
    readonly host_instantiate: (a: number, b: number, c: number, d: number, e: number, f: number, g: bigint, h: number, i: number, j: number) => [number, number, number];
    readonly host_instantiate_from: (a: number, b: number, c: number, d: number, e: number, f: number, g: bigint, h: number, i: number, j: number) => [number, number, number];
    readonly host_is_serving: (a: number) => number;
    readonly host_keep_budget: (a: number) => number;
    readonly host_limits: (a: number) => [number, number];
    readonly host_load_snapshot: (a: number, b: number, c: number) => [number, number, number];
    readonly host_memory_address: (a: number, b: number) => [number, number, number];
    readonly host_memory_grow: (a: number, b: number, c: number) => [number, number, number];
    readonly host_memory_pages_in_use: (a: number) => number;
    readonly host_memory_size: (a: number, b: number) => [number, number, number];
    readonly host_new: (a: number) => number;
    readonly host_new_memory: (a: number, b: number, c: number) => [number, number, number];
    readonly host_outlive: (a: number, b: number) => number;
    readonly host_restore: (a: number, b: number, c: number) => [number, number];
    readonly host_set_global: (a: number, b: number, c: number, d: number, e: bigint) => [number, number];
    readonly host_set_slice: (a: number, b: number, c: bigint) => void;
    readonly host_snapshot: (a: number, b: number) => [number, number, number];
    readonly host_snapshot_bytes: (a: number, b: number) => [number, number, number];
    readonly host_snapshot_bytes_limit: (a: number) => number;
    readonly host_step: (a: number, b: number) => number;
    readonly host_suspend: (a: number, b: number) => void;
    readonly host_teardown_instance: (a: number, b: number) => [number, number];
    readonly host_trap_codes: () => [number, number];
    readonly host_trap_frames: (a: number) => [number, number];
    readonly host_trap_message: (a: number) => [number, number];
    readonly scalestore_get_global_val: (a: number, b: number, c: number, d: number) => [number, number, number, number];
    readonly scalestore_instance_teardown: (a: number, b: number) => [number, number];
    readonly scalestore_instantiate: (a: number, b: any, c: any, d: any, e: number) => [number, number, number];
    readonly scalestore_invoke: (a: number, b: any, c: number, d: number, e: number, f: any, g: number) => [number, number, number, number];
    readonly scalestore_memory_get: (a: number, b: number, c: number, d: number) => [number, number, number, number];
    readonly scalestore_memory_new: (a: number, b: number, c: number) => [number, number, number];
    readonly scalestore_memory_set: (a: number, b: number, c: number, d: number, e: number) => [number, number];
    readonly scalestore_memory_teardown: (a: number, b: number) => [number, number];
    readonly scalestore_new: (a: number) => number;
    readonly scalestore_set_global_val: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number];
    readonly settings_new: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => [number, number, number];
    readonly substrate_free_block: (a: number, b: number) => [number, number];
    readonly substrate_get_global_val: (a: number, b: number, c: bigint) => [bigint, number, number];
    readonly substrate_instance_teardown: (a: number, b: number) => [number, number];
    readonly substrate_instantiate: (a: number, b: number, c: bigint, d: bigint, e: number) => [number, number, number];
    readonly substrate_invoke: (a: number, b: number, c: bigint, d: bigint, e: number, f: number, g: number) => [number, number, number];
    readonly substrate_malloc: (a: number, b: number) => [number, number, number];
    readonly substrate_memory_get: (a: number, b: number, c: number, d: number, e: number) => [number, number, number];
    readonly substrate_memory_new: (a: number, b: number, c: number) => [number, number, number];
    readonly substrate_memory_set: (a: number, b: number, c: number, d: number, e: number) => [number, number, number];
    readonly substrate_memory_teardown: (a: number, b: number) => [number, number];
    readonly substrate_new: (a: number, b: any) => number;
    readonly substrate_set_heap_base: (a: number, b: number) => void;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __externref_drop_slice: (a: number, b: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
