/**
 * What the platform has of which the package's types speak. They are the platform's own where a program has its types, of the DOM,
 * of Node or others, and else what the package uses of them: so its declarations need none of these.
 */

/** The instances of a global class that there may be. */
type InstanceOf<Global, Else> = Global extends { readonly prototype: infer Instance } ? Instance : Else;

/** Ends what it is given to. */
export type Signal = typeof globalThis extends { AbortSignal: infer Global } ? InstanceOf<Global, SignalLike> : SignalLike;

/** An address. */
export type Address = typeof globalThis extends { URL: infer Global } ? InstanceOf<Global, AddressLike> : AddressLike;

/** A module as the runtime compiles it. */
export type PlainModule = typeof globalThis extends { WebAssembly: { Module: infer Global } } ? InstanceOf<Global, object> : object;

/** What `fetch` comes to. */
export type Answer = typeof globalThis extends { Response: infer Global } ? InstanceOf<Global, AnswerLike> : AnswerLike;

/** What of an `AbortSignal` is used. */
export interface SignalLike {
  /** Whether it is aborted. */
  readonly aborted: boolean;
  /** What it is aborted with. */
  readonly reason: unknown;
  /** Throws the reason, if it is aborted. */
  throwIfAborted(): void;
  /** Has a listener called when it is aborted. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Has a listener not called any more. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What of a `URL` is used. */
export interface AddressLike {
  /** The address as text. */
  readonly href: string;
}

/** What of a `Response` is used. */
export interface AnswerLike {
  /** Whether it has what was asked for. */
  readonly ok: boolean;
  /** The code of the answer. */
  readonly status: number;
  /** The code in words. */
  readonly statusText: string;
  /** Its bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** What of a `ReadableStream` is used. */
export interface Readable<T> {
  /** Makes what reads it, piece by piece. */
  getReader(): {
    /** The next piece, or that there is none. */
    read(): PromiseLike<{
      /** Whether there is none. */
      readonly done?: boolean | undefined;
      /** The piece. */
      readonly value?: T | undefined;
    }>;
    /** Wants no more pieces. */
    cancel(): Promise<void>;
  };
}

/** What of a `WritableStream` is used. */
export interface Writable<T> {
  /** Makes what writes to it. */
  getWriter(): {
    /** Writes a piece. */
    write(piece: T): PromiseLike<unknown>;
    /** Writes no more. */
    releaseLock(): void;
  };
}

/** What of a `WebAssembly.Memory` is used. */
export interface PlainMemory {
  /** Its bytes, as long as it does not grow. */
  readonly buffer: ArrayBufferLike;
}

/** What of a `WebAssembly.Instance` is used. */
export interface PlainInstance {
  /** What it exports. */
  readonly exports: { readonly [name: string]: unknown };
}
