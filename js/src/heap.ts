/**
 * Room in a guest's memory that its own allocator gives, and text in it: by the functions that toolchains export for that, or by
 * those that its options name.
 */
import { type Bytes, bytesOf, checkPlace, checkU32, encodeText, isThenable } from "./base/checks.js";
import { disposable } from "./base/disposable.js";
import { InvokeError, MemoryError } from "./base/errors.js";
import { known, optionsOf } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import type { Value } from "./host/value.js";
import type { Memory, ReadStringOptions } from "./memory.js";
import type * as Types from "./types.js";

/** How text is kept: with its length beside its pointer, with a NUL behind it too, or in an object of AssemblyScript's. */
type Text = "length" | "nul" | "object";

/** The functions of an allocator, by the names that a toolchain gives them. */
interface Allocator {
  readonly allocate: string;
  readonly free: string | undefined;
  readonly text: Text;
}

const allocator = (allocate: string, free: string | undefined, text: Text): Allocator => ({ allocate, free, text });

/** Those of AssemblyScript, wasm-bindgen, C and Emscripten, and Rust where nothing makes them. */
const ALLOCATORS = [
  allocator("__new", "__unpin", "object"),
  allocator("__wbindgen_malloc", "__wbindgen_free", "length"),
  allocator("malloc", "free", "nul"),
  allocator("_malloc", "_free", "nul"),
  allocator("alloc", "dealloc", "length"),
  allocator("allocate", "deallocate", "length"),
];

const ALLOCATOR_NAMES = known<Types.AllocatorNames>({ allocate: true, free: true });

/** The numbers of AssemblyScript's classes `ArrayBuffer` and `String`. */
const enum Class {
  BUFFER = 1,
  STRING = 2,
}

/** What is used of a guest. */
export interface HeapOwner {
  readonly module: Pick<Types.Module, "exports"> & { position(name: string): number | undefined };
  readonly mainMemory: Memory;
  callSync(name: string, args: readonly Value[]): Value | Value[];
  call(name: string, args: readonly Value[]): Promise<unknown>;
}

/** The allocator of a guest that names it. */
export function allocatorOf(given: Types.AllocatorNames | undefined): Allocator | undefined {
  if (given === undefined) return undefined;
  const { allocate, free } = optionsOf(given, ALLOCATOR_NAMES);
  if (typeof allocate !== "string") throw new TypeError("allocate is not a string");
  if (free !== undefined && typeof free !== "string") throw new TypeError("free is not a string");
  return allocator(allocate, free, "length");
}

/** The room that a guest's allocator gives. */
export class Heap {
  constructor(
    private readonly owner: HeapOwner,
    private known: Allocator | undefined,
  ) {}

  allocate(contents: Bytes | number | string): Allocation {
    if (typeof contents === "number") return this.take(checkU32("the number of bytes", contents), Class.BUFFER);
    const isText = typeof contents === "string";
    const text = isText ? this.allocator.text : undefined;
    const bytes = !isText ? bytesOf("the contents", contents) : text === "object" ? utf16Of(contents) : encodeText(contents);
    const taken = this.take(bytes.length, isText ? Class.STRING : Class.BUFFER, text === "nul" ? 1 : 0);
    const { mainMemory } = this.owner;
    mainMemory.write(taken.pointer, bytes);
    if (text === "nul") mainMemory.write(taken.pointer + bytes.length, new Uint8Array(1));
    return taken;
  }

  withString<R>(text: string, use: (pointer: number, length: number) => R): R {
    if (typeof use !== "function") throw new TypeError("what uses the text is no function");
    const allocation = this.allocate(text);
    let result: R;
    try {
      result = use(allocation.pointer, allocation.length);
    } catch (error) {
      attempt(() => allocation.free());
      throw error;
    }
    if (isThenable(result)) return this.after(result, allocation) as R;
    allocation.free();
    return result;
  }

  private async after(result: PromiseLike<unknown>, allocation: Allocation): Promise<unknown> {
    let value: unknown;
    try {
      value = await result;
    } catch (error) {
      await allocation.freeAsync().catch(() => {});
      throw error;
    }
    await allocation.freeAsync();
    return value;
  }

  readString(pointer: number, length?: number, options?: ReadStringOptions): string {
    const { mainMemory } = this.owner;
    if (length !== undefined) return mainMemory.readString(pointer, length, options);
    switch (this.find()?.text) {
      case "nul":
        return mainMemory.readString(pointer, mainMemory.lengthAt(pointer), options);
      case "object": {
        // Its length in bytes is before it.
        const size = new DataView(mainMemory.read(checkPlace("pointer", pointer) - 4, 4).buffer).getUint32(0, true);
        return mainMemory.readString(pointer, size, { encoding: "utf-16le", ...options });
      }
      default:
        throw new TypeError("the length of the text is not given, and is not told by where it is in guests of this kind");
    }
  }

  /** Takes room for so many bytes, and for more behind them. */
  private take(length: number, of: Class, more = 0): Allocation {
    const { owner } = this;
    const { allocate, free, text } = this.allocator;
    const size = length + more;
    // The second parameter is a class, or an alignment.
    const given = owner.callSync(allocate, [size, text === "object" ? of : 1].slice(0, this.params(allocate)));
    if (given === 0 && size > 0) throw new MemoryError("limit", `the guest's \`${allocate}\` has no room for ${counted(size, "byte")}`);
    const pointer = given as number;
    if (text === "object") owner.callSync("__pin", [pointer]);
    const isFreed = free !== undefined && this.params(free) !== undefined;
    return new Allocation(owner, pointer, length, isFreed ? free : undefined, [pointer, size, 1].slice(0, isFreed ? this.params(free) : 0));
  }

  private get allocator(): Allocator {
    const found = this.find();
    if (found !== undefined) return found;
    throw new InvokeError(
      "export-not-found",
      "the guest exports no allocator of a known name; name its own by `instantiate(imports, { allocator: { allocate, free } })`",
    );
  }

  private find(): Allocator | undefined {
    return (this.known ??= ALLOCATORS.find(({ allocate }) => this.params(allocate) !== undefined));
  }

  /** How many parameters an exported function has. */
  private params(name: string): number | undefined {
    const { module } = this.owner;
    const position = module.position(name);
    const found = position === undefined ? undefined : module.exports[position];
    return found?.kind === "function" ? found.params.length : undefined;
  }
}

/** Room that was given. */
export class Allocation implements Types.Allocation {
  declare readonly [Symbol.dispose]: () => void;
  private isFree = false;

  constructor(
    private readonly owner: HeapOwner,
    readonly pointer: number,
    readonly length: number,
    private readonly freeing: string | undefined,
    private readonly args: readonly number[],
  ) {}

  free(): void {
    this.dispose();
  }

  dispose(): void {
    if (this.isFirst()) this.owner.callSync(this.freeing as string, this.args);
  }

  /** Gives it back when the guest's turn comes. */
  async freeAsync(): Promise<void> {
    if (this.isFirst()) await this.owner.call(this.freeing as string, this.args);
  }

  private isFirst(): boolean {
    const isFirst = !this.isFree && this.freeing !== undefined;
    this.isFree = true;
    return isFirst;
  }
}

disposable(Allocation);
shown(Allocation, ({ pointer, length }) => `${counted(length, "byte")} at ${pointer >>> 0}`);

function attempt(free: () => void): void {
  try {
    free();
  } catch {
    // How the use of it ended says more.
  }
}

/** Text as AssemblyScript has it, lone surrogates too. */
function utf16Of(text: string): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), true);
  return new Uint8Array(view.buffer);
}
