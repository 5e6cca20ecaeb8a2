/**
 * The lower level: the core's store one to one, with SCALE bytes in and out, for those who speak
 * the Substrate sandbox ABI. See `wire` for the bytes.
 */
import { type Bytes, bytesOf, checkBoolean, checkU32, encodeText, isThenable } from "../base/checks.js";
import { append } from "../base/define.js";
import { asyncImport, hostError } from "../base/errors.js";
import { Door } from "../host/door.js";
import type * as Glue from "../host/glue-types.js";
import { instantiateGlue } from "../load/instance.js";
import { type LoadOptions, loadOptions, storeArguments } from "../load/limits.js";

/**
 * Serves a guest's import call: SCALE-encoded arguments in, a SCALE-encoded result out. What it
 * throws ends the call and comes out of it as the same object. It may use the store.
 */
export type DispatchThunk = (args: Uint8Array, state: number, func: number) => Uint8Array;

/** Memories and instances by number, counted from 0 and never reused. */
export class ScaleStore {
  private constructor(private readonly door: Door<Glue.ScaleStore>) {}

  /** Loads the wasm module, and makes a store in it. */
  static async load(given?: LoadOptions): Promise<ScaleStore> {
    const options = loadOptions(given);
    const settings = storeArguments(options);
    const [glue, , probe] = await instantiateGlue(options.wasm, checkBoolean("simd", options.simd));
    const store = hostError(() => new glue.ScaleStore(new glue.Settings(...settings)));
    return new ScaleStore(new Door(store, probe, "store"));
  }

  /** Makes a memory and returns its number; `MEM_UNLIMITED` is no maximum. */
  memoryNew(initial: number, maximum: number): number {
    checkU32("initial", initial);
    checkU32("maximum", maximum);
    return this.door.use((store) => store.memory_new(initial, maximum));
  }

  /** Bytes of a memory, copied. */
  memoryGet(memory: number, offset: number, length: number): Uint8Array {
    checkU32("memory", memory);
    checkU32("offset", offset);
    checkU32("length", length);
    return this.door.use((store) => store.memory_get(memory, offset, length));
  }

  /** Writes bytes into a memory; all of them or none. */
  memorySet(memory: number, offset: number, bytes: Bytes): void {
    checkU32("memory", memory);
    checkU32("offset", offset);
    const from = bytesOf("the bytes", bytes);
    this.door.use((store) => store.memory_set(memory, offset, from));
  }

  /** Ends a memory. Instances that import it keep it. */
  memoryTeardown(memory: number): void {
    checkU32("memory", memory);
    this.door.use((store) => store.memory_teardown(memory));
  }

  /** Instantiates a module's bytes with a SCALE-encoded environment and returns its number. */
  instantiate(thunk: DispatchThunk, wasm: Bytes, environment: Bytes, state: number): number {
    const bytes = bytesOf("the module's bytes", wasm);
    const definition = bytesOf("the environment's bytes", environment);
    checkU32("state", state);
    return this.serve(thunk, (store, served) => store.instantiate(served, bytes, definition, state));
  }

  /** Calls an export with SCALE-encoded arguments; returns a SCALE-encoded `ReturnValue`. */
  invoke(thunk: DispatchThunk, instance: number, name: string, args: Bytes, state: number): Uint8Array {
    checkU32("instance", instance);
    encodeText(name);
    const bytes = bytesOf("the arguments", args);
    checkU32("state", state);
    return this.serve(thunk, (store, served) => store.invoke(served, instance, name, bytes, state));
  }

  /** The SCALE-encoded `Option<Value>` of an exported global. */
  getGlobalVal(instance: number, name: string): Uint8Array {
    checkU32("instance", instance);
    encodeText(name);
    return this.door.use((store) => store.get_global_val(instance, name));
  }

  /** Sets an exported mutable global to a SCALE-encoded `Value`. */
  setGlobalVal(instance: number, name: string, value: Bytes): void {
    checkU32("instance", instance);
    encodeText(name);
    const bytes = bytesOf("the value", value);
    this.door.use((store) => store.set_global_val(instance, name, bytes));
  }

  /** Ends an instance. A call that is under way completes. */
  instanceTeardown(instance: number): void {
    checkU32("instance", instance);
    this.door.use((store) => store.instance_teardown(instance));
  }

  /** Calls the module with a thunk, whose errors are told from the module's own. */
  private serve<T>(thunk: DispatchThunk, call: (store: Glue.ScaleStore, served: DispatchThunk) => T): T {
    const thrown: unknown[] = [];
    const served: DispatchThunk = (args, state, func) => {
      try {
        const result: unknown = thunk(args, state, func);
        if (isThenable(result)) throw asyncImport(result);
        return result as Uint8Array;
      } catch (error) {
        append(thrown, error);
        throw error;
      }
    };
    return this.door.use((store) => call(store, served), thrown);
  }
}
