/** The standard streams of a program, as JavaScript has them. */
import { isObject } from "../base/checks.js";
import type { Readable, Writable } from "../base/web.js";
import { type Contents, contentsOf } from "./files.js";

/**
 * Standard input: all of it, or an iterable, an async iterable or a `ReadableStream` of pieces. Text is UTF-8. Without it the
 * program reads the end.
 */
export type Stdin = Contents | AsyncIterable<Contents> | Iterable<Contents> | Readable<Contents>;

/**
 * Takes output: a function, which is called with bytes of its own, and whose promise is awaited before more is written than
 * a buffer holds; or a `WritableStream`, which is not closed at the end.
 */
export type Sink = ((bytes: Uint8Array) => unknown) | Writable<Uint8Array>;

/** Where input is read from, piece by piece. */
interface Reader {
  next(): PromiseLike<{ readonly done?: boolean | undefined; readonly value?: Contents | undefined }>;
  end(): void;
}

/** Standard input that comes in pieces. */
export class Input {
  private reading: Promise<Uint8Array> | undefined;
  private isOver = false;

  constructor(private readonly reader: Reader) {}

  /** The next piece; nothing at the end. A piece that nobody has taken is given again. */
  read(): Promise<Uint8Array> {
    return (this.reading ??= this.readOn());
  }

  /** The piece has been taken. */
  taken(): void {
    this.reading = undefined;
  }

  private async readOn(): Promise<Uint8Array> {
    for (;;) {
      const { done, value } = await this.reader.next();
      if (done) {
        this.isOver = true;
        return new Uint8Array();
      }
      const bytes = contentsOf("what was read of stdin", value as Contents);
      if (bytes.length > 0) return bytes;
    }
  }

  /** Reads no more. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    // What becomes of a piece that is still to come is nobody's concern.
    this.reading?.catch(() => {});
    this.reader.end();
  }
}

/** All of the input, or where it comes from. */
export function inputOf(stdin: Stdin | undefined): Uint8Array | Input {
  if (stdin === undefined) return new Uint8Array();
  if (typeof stdin === "string" || stdin instanceof ArrayBuffer || ArrayBuffer.isView(stdin)) return contentsOf("stdin", stdin).slice();
  if (!isObject(stdin)) throw new TypeError("stdin is neither text, bytes, an iterable nor a ReadableStream");
  if ("getReader" in stdin) return new Input(readerOf(stdin));
  const source = stdin as Partial<AsyncIterable<Contents> & Iterable<Contents>>;
  const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.();
  if (iterator === undefined) throw new TypeError("stdin is neither text, bytes, an iterable nor a ReadableStream");
  return new Input({
    next: async () => iterator.next(),
    end: () => void Promise.resolve(iterator.return?.()).catch(() => {}),
  });
}

function readerOf(stream: Readable<Contents>): Reader {
  const reader = stream.getReader();
  return { next: () => reader.read(), end: () => void reader.cancel().catch(() => {}) };
}

/** Where output goes. */
export interface Output {
  write(bytes: Uint8Array): unknown;
  end(): void;
}

const NOWHERE: Output = { write: () => undefined, end: () => undefined };

/** Where a sink has output go. */
export function outputOf(name: string, sink: Sink | undefined): Output {
  if (sink === undefined) return NOWHERE;
  if (typeof sink === "function") return { write: sink, end: () => undefined };
  if (!isObject(sink) || !("getWriter" in sink)) throw new TypeError(`${name} is neither a function nor a WritableStream`);
  const writer = sink.getWriter();
  return { write: (bytes) => writer.write(bytes), end: () => writer.releaseLock() };
}
