/** Memories: made by the supervisor, or exported by a guest. */
import { type Bytes, bytesOf, checkBoolean, checkPlace, checkU32, encodeText } from "./base/checks.js";
import { mark } from "./base/copies.js";
import { disposable } from "./base/disposable.js";
import { DisposedError, MemoryError } from "./base/errors.js";
import { known, optionsOf } from "./base/options.js";
import { counted, shown } from "./base/shown.js";
import { type ErrorCodes, Protocol } from "./base/tables.js";
import type { Engine } from "./host/engine.js";
import type { Held, Keeper } from "./host/net.js";

/** Bytes of a page. */
export const PAGE_BYTES = 65_536;

/** Which memory refused, of the errors for which the place is why. */
const refusedBy = new WeakMap<MemoryError, Memory>();

/** @internal The memory that an error is of, if a place in it that was given is why. */
export const memoryOf = (error: unknown): Memory | undefined => (error instanceof MemoryError ? refusedBy.get(error) : undefined);

const bytesText = (count: number): string => (count === 1 ? "the byte" : `the ${count} bytes`);

/** How text is read. */
export interface ReadStringOptions {
  /** Ill-formed text is read with the replacement character in the place of what is wrong, and no error. */
  readonly lossy?: boolean;
  /** How the text is written: as UTF-8, which is the default, or as UTF-16 with the low byte first, as AssemblyScript has it. */
  readonly encoding?: Encoding;
}

/** How text is written. */
export type Encoding = "utf-8" | "utf-16le";

const READ_STRING_OPTIONS = known<ReadStringOptions>({ encoding: true, lossy: true });

const decoderOf = (encoding: Encoding, lossy: boolean): TextDecoder => new TextDecoder(encoding, { fatal: !lossy, ignoreBOM: true });
const decoder = decoderOf("utf-8", false);
const lossyDecoder = decoderOf("utf-8", true);

/** Where bytes are. */
interface Place {
  readonly address: number;
  readonly size: number;
  /** Whether the engine has to write them. */
  readonly isNoted: boolean;
  /** As of when the engine had been entered so often. */
  readonly entered: number;
  /** The number of a memory that is not in the engine's. */
  readonly outside: number | undefined;
}

/**
 * A memory of 64 KiB pages. Reading copies, so that nothing read goes stale. Places and lengths are whole numbers,
 * which may be negative as a guest's `i32` has those from 2^31 on.
 */
export class Memory {
  /** Does what `dispose` does, at the end of a `using`. */
  declare readonly [Symbol.dispose]: () => void;
  /** Where its bytes are and how many. */
  private place: Place = { address: 0, size: 0, isNoted: false, entered: -1, outside: undefined };
  private readonly held: Held;

  private constructor(
    private readonly engine: Engine,
    handle: number,
    private readonly guest?: object,
  ) {
    this.held = engine.net.watch(this, guest === undefined ? "memory" : undefined, handle, drop);
  }

  /** @internal A guest's own memory is given its guest, which lives as long. */
  static of(engine: Engine, handle: number, guest?: object): Memory {
    return new Memory(engine, handle, guest);
  }

  /** The size in pages of 64 KiB. */
  get pages(): number {
    const handle = this.use();
    return this.engine.use((host) => host.memory_size(handle));
  }

  /** The size in bytes, as of the `buffer` of a `WebAssembly.Memory`. */
  get byteLength(): number {
    return this.pages * PAGE_BYTES;
  }

  /** The size in pages, by the name that the instruction `memory.size` has: the same as `pages`. */
  get size(): number {
    return this.pages;
  }

  /** Grows the memory by `pages` and returns its size before, in pages. */
  grow(pages: number): number {
    checkU32("pages", pages);
    const handle = this.use();
    return this.engine.use((host) => host.memory_grow(handle, pages));
  }

  /** A copy of `length` bytes at `offset`. */
  read(offset: number, length: number): Uint8Array {
    return this.slice(offset, length).slice();
  }

  /** Writes bytes at `offset`; all of them or, where they do not fit, none. */
  write(offset: number, bytes: Bytes): void {
    const from = bytesOf("the bytes", bytes);
    const to = this.slice(offset, from.length);
    if (!this.place.isNoted) return to.set(from);
    const handle = this.use();
    this.engine.use((host) => host.memory_write(handle, checkPlace("offset", offset), from));
  }

  /**
   * The text of `length` bytes at `offset`, UTF-8 unless another `encoding` is given. What is ill-formed is a
   * `MemoryError` "ill-formed-text", or with `{ lossy: true }` becomes U+FFFD, the replacement character.
   */
  readString(offset: number, length: number, options?: ReadStringOptions): string {
    const given = optionsOf(options, READ_STRING_OPTIONS);
    const lossy = checkBoolean("lossy", given.lossy);
    const { encoding = "utf-8" } = given;
    if (encoding !== "utf-8" && encoding !== "utf-16le") throw new TypeError('encoding is neither "utf-8" nor "utf-16le"');
    const bytes = this.slice(offset, length);
    try {
      return (encoding === "utf-16le" ? decoderOf(encoding, lossy) : lossy ? lossyDecoder : decoder).decode(bytes);
    } catch {
      const place = `${bytesText(bytes.length)} at ${offset >>> 0}`;
      throw this.refused("ill-formed-text", `${place} cannot be read as ${encoding.toUpperCase()}; \`{ lossy: true }\` reads any bytes`);
    }
  }

  /** Writes text as UTF-8 and returns its length in bytes. A lone surrogate is a TypeError. */
  writeString(offset: number, text: string): number {
    const bytes = encodeText(text);
    this.write(offset, bytes);
    return bytes.length;
  }

  /**
   * Ends the life of this object. Guests that import the memory keep it; a guest's own memory
   * goes with the guest.
   */
  dispose(): void {
    this.held.dispose();
  }

  /** @internal How many bytes there are at `offset` before a NUL. */
  lengthAt(offset: number): number {
    const start = checkPlace("offset", offset);
    const length = this.slice(start, Math.max(this.byteLength - start, 0)).indexOf(0);
    if (length >= 0) return length;
    throw this.refused("out-of-bounds", `the text at ${start} has no NUL at its end`);
  }

  /** @internal Ends its life with that of its guest. */
  forget(): void {
    this.held.free();
  }

  /** @internal The handle, for the same engine only. */
  handleIn(engine: Engine): number {
    if (engine !== this.engine) throw new MemoryError("other-store", "the memory belongs to another sandbox");
    return this.use();
  }

  /** Bytes in place. They hold until the engine is called again. */
  private slice(offset: number, length: number): Uint8Array {
    const handle = this.use();
    const start = checkPlace("offset", offset);
    const count = checkPlace("length", length);
    const { engine } = this;
    if (this.place.entered !== engine.entered) {
      const address = engine.use((host) => host.memory_address(handle));
      const word = engine.head(Protocol.PAGES_WORD);
      const isOutside = (word & Protocol.OUTSIDE_MEMORY) !== 0;
      this.place = {
        address: isOutside ? 0 : address,
        size: (word & ~(Protocol.NOTED | Protocol.OUTSIDE_MEMORY)) * PAGE_BYTES,
        isNoted: (word & Protocol.NOTED) !== 0,
        entered: engine.entered,
        outside: isOutside ? address : undefined,
      };
    }
    const { address, size, outside } = this.place;
    if (start + count > size) {
      throw this.refused("out-of-bounds", `${bytesText(count)} at ${start} cannot be reached in a memory of ${size} bytes`);
    }
    return engine.bytes(address + start, count, outside);
  }

  /** @internal Whether it is a guest's own. */
  isOf(guest: object): boolean {
    return this.guest === guest;
  }

  private refused(code: ErrorCodes["MemoryError"], message: string): MemoryError {
    const error = new MemoryError(code, message);
    refusedBy.set(error, this);
    return error;
  }

  private use(): number {
    this.engine.check();
    const handle = this.held.value;
    if (handle === undefined) {
      throw new DisposedError("torn-down", `the ${this.guest === undefined ? "supervisor" : "guest"}'s memory was disposed of`);
    }
    return handle;
  }
}

disposable(Memory);
shown(Memory, ({ pages }) => counted(pages, "page"));
mark(Memory.prototype, "memory");

const drop = (engine: Keeper, handle: number): void => engine.proceed((host) => host.drop_memory(handle));
