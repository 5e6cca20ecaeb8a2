/// <reference lib="esnext.disposable" preserve="true" />
/** Sandboxes that live in a worker, behind promises. */
import { type Bytes, checkBoolean } from "../base/checks.js";
import { isMarked } from "../base/copies.js";
import { disposable } from "../base/disposable.js";
import { DisposedError } from "../base/errors.js";
import { printable } from "../base/frames.js";
import { checkImports, lookUp } from "../base/lookup.js";
import { type Names, known, optionsOf } from "../base/options.js";
import { counted, shown } from "../base/shown.js";
import { LOAD_NAMES, type LoadOptions } from "../load/limits.js";
import { loadModule } from "../load/load.js";
import type { CompileOptions } from "../sandbox.js";
import type { Exports, ExportsOf, Imports, ImportsOf, InstantiateArguments } from "../signatures.js";
import type { ExportDescriptor, GuestOptions, ImportDescriptor, PaceOptions } from "../types.js";
import { GuestInWorker, type WorkerGuest, copyOf, sendable } from "./guest.js";
import { Line } from "./line.js";
import type { WorkerLike } from "./port.js";
import type { Compiled, Given } from "./wire.js";

/** How a sandbox in a worker is loaded. */
export interface WorkerSandboxOptions extends LoadOptions {
  /** Whether the engine is run until the runtime has compiled it well, see `SandboxOptions`. */
  readonly warm?: boolean;
  /**
   * A worker that runs `guestbox/worker/thread`, which is the sandbox's own from now on and ends with it. By default one is
   * started that does.
   */
  readonly worker?: WorkerLike;
}

const NAMES: Names<WorkerSandboxOptions> = { ...LOAD_NAMES, warm: true, worker: true };
const OPTIONS = known(NAMES);

/** A module that is compiled in a worker. */
export interface WorkerModule {
  /** Does what `dispose` does, at the end of a `using`. */
  readonly [Symbol.dispose]: () => void;
  /** The imports, in the module's order. */
  readonly imports: readonly ImportDescriptor[];
  /** The exports, in the module's order. */
  readonly exports: readonly ExportDescriptor[];
  /**
   * Makes an instance and runs its start function. Imports are functions, which are called on this side, one at a time for each call, and
   * may be `async`; and values, of constant globals. Values that cross are copies. A memory, a table or a mutable global is in one thread
   * only, and cannot be imported.
   */
  instantiate<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    ...given: InstantiateArguments<I, GuestOptions & PaceOptions>
  ): Promise<WorkerGuest<E>>;
  /** Lets go of the module. Its instances go on. */
  dispose(): void;
}

/**
 * A sandbox in a worker of its own: compilation and guests take the time of its thread, and no other's. `dispose` ends it at once, whatever
 * it does.
 */
export class WorkerSandbox {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  private constructor(private readonly line: Line) {}

  /** Starts a worker and loads a sandbox in it. The wasm module is compiled here, once for all sandboxes. */
  static async load(given?: WorkerSandboxOptions): Promise<WorkerSandbox> {
    const { wasm, worker, simd, ...options } = optionsOf(given, OPTIONS);
    const hasVectors = checkBoolean("simd", simd);
    const line = new Line(worker);
    try {
      await line.ask("load", [{ ...options, wasm: await loadModule(wasm, hasVectors) }]);
    } catch (error) {
      line.dispose();
      throw error;
    }
    return new WorkerSandbox(line);
  }

  /** Compiles a module from a copy of its bytes. */
  async compile(bytes: Bytes, options?: CompileOptions): Promise<WorkerModule> {
    const copy = copyOf("the module's bytes", bytes);
    return new ModuleInWorker(this.line, await this.line.ask("compile", [copy, options], undefined, [copy.buffer]));
  }

  /** Ends the worker with all that is in it, at once. Calls that are under way are a `DisposedError`. */
  dispose(): void {
    this.line.dispose();
  }
}

disposable(WorkerSandbox);
shown(WorkerSandbox, () => "in a worker");

class ModuleInWorker implements WorkerModule {
  declare readonly [Symbol.dispose]: () => void;
  readonly imports: readonly ImportDescriptor[];
  readonly exports: readonly ExportDescriptor[];
  private readonly id: number;
  private isDisposed = false;

  constructor(
    private readonly line: Line,
    { id, imports, exports }: Compiled,
  ) {
    this.id = id;
    this.imports = imports;
    this.exports = exports;
  }

  instantiate<E extends ExportsOf<E> = Exports, I extends ImportsOf<I> = Imports>(
    ...given: InstantiateArguments<I, GuestOptions & PaceOptions>
  ): Promise<WorkerGuest<E>>;
  async instantiate(imports: Imports = {}, options?: GuestOptions & PaceOptions): Promise<WorkerGuest> {
    const { line } = this;
    if (this.isDisposed) throw new DisposedError("torn-down", "the module was disposed of");
    const { signal, rest } = sendable(options);
    checkImports(imports);
    const targets = this.imports.map((descriptor) => lookUp(imports, descriptor));
    const given = this.imports.map((descriptor, at) => givenFor(descriptor, targets[at]));
    const supply = line.supply(targets as readonly (() => unknown)[]);
    try {
      return new GuestInWorker(line, await line.ask("instantiate", [this.id, supply, given, rest], signal), supply);
    } catch (error) {
      line.withdraw(supply);
      throw error;
    }
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.line.tell("disposeModule", [this.id]);
  }
}

disposable(ModuleInWorker);
shown(ModuleInWorker, ({ imports, exports }) => `${counted(imports.length, "import")}, ${counted(exports.length, "export")}`);

/** What is sent for an import. */
function givenFor({ module, name, kind }: ImportDescriptor, target: unknown): Given {
  const problem = (what: string): TypeError => new TypeError(`import \`${printable(module)}\` \`${printable(name)}\`: ${what}`);
  if (typeof target === "function") {
    if (isMarked(target, "call")) {
      throw problem("what `call` makes gets a context, which is in the worker; use the guest itself, once it is instantiated");
    }
    return [module, name, true];
  }
  if (target !== undefined && (kind === "memory" || kind === "table" || isMarked(target, "global"))) {
    throw problem(`a ${kind} is of one thread, and cannot be given to a guest in a worker`);
  }
  return [module, name, false, target];
}
