/**
 * The lower level: the core's store one to one, with SCALE bytes in and out, for those who speak
 * the Substrate sandbox ABI. See `wire.ts` for the bytes.
 */
import { fromHost } from "./errors.js";
import type * as Glue from "./glue-types.js";
import { type SandboxOptions, instantiateGlue, limitPairs } from "./sandbox.js";

export * from "./wire.js";

/** Serves a guest's import call: SCALE-encoded arguments in, a SCALE-encoded result out. */
export type DispatchThunk = (args: Uint8Array, state: number, func: number) => Uint8Array;

/** Memories and instances by number, counted from 0 and never reused. */
export class ScaleStore {
  private constructor(private readonly store: Glue.ScaleStore) {}

  static async load(options: SandboxOptions = {}): Promise<ScaleStore> {
    const limits = limitPairs(options.limits);
    const [glue] = await instantiateGlue(options.wasm);
    return new ScaleStore(new glue.ScaleStore(...limits));
  }

  /** Makes a memory and returns its number; `MEM_UNLIMITED` is no maximum. */
  memoryNew(initial: number, maximum: number): number {
    return this.use((store) => store.memory_new(initial, maximum));
  }

  memoryGet(memory: number, offset: number, length: number): Uint8Array {
    return this.use((store) => store.memory_get(memory, offset, length));
  }

  memorySet(memory: number, offset: number, bytes: Uint8Array): void {
    this.use((store) => store.memory_set(memory, offset, bytes));
  }

  memoryTeardown(memory: number): void {
    this.use((store) => store.memory_teardown(memory));
  }

  /** Instantiates a module's bytes with a SCALE-encoded environment and returns its number. */
  instantiate(thunk: DispatchThunk, wasm: Uint8Array, environment: Uint8Array, state: number): number {
    return this.use((store) => store.instantiate(thunk, wasm, environment, state));
  }

  /** Calls an export with SCALE-encoded arguments; returns a SCALE-encoded `ReturnValue`. */
  invoke(thunk: DispatchThunk, instance: number, name: string, args: Uint8Array, state: number): Uint8Array {
    return this.use((store) => store.invoke(thunk, instance, name, args, state));
  }

  /** The SCALE-encoded `Option<Value>` of an exported global. */
  getGlobalVal(instance: number, name: string): Uint8Array {
    return this.use((store) => store.get_global_val(instance, name));
  }

  instanceTeardown(instance: number): void {
    this.use((store) => store.instance_teardown(instance));
  }

  private use<T>(call: (store: Glue.ScaleStore) => T): T {
    try {
      return call(this.store);
    } catch (thrown) {
      throw fromHost(thrown) ?? thrown;
    }
  }
}
