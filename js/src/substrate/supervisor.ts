/** A supervisor that is a `WebAssembly.Instance`, as the wasm module reaches it. */
import { append } from "../base/define.js";
import { GuestboxError, fromHost } from "../base/errors.js";
import { NoThunk } from "../base/tables.js";

type Thunk = (ptr: number, len: number, state: number, func: number) => unknown;

/** The supervisor, as the wasm module reaches it. Its methods may throw: they are all caught there. */
export class Supervisor {
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
    const thunk = this.table.get(index) as Thunk | null;
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
export function isA<K extends keyof Kinds>(value: unknown, kind: K): value is Kinds[K] {
  return Object.prototype.toString.call(value) === `[object WebAssembly.${kind}]`;
}
