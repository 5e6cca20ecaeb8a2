/** The way into a wasm module that calls out while it is called, and is never used after an abort. */
import { PoisonedError, fromHost } from "../base/errors.js";

/** An object of the wasm module, until the module aborts. */
export class Door<T> {
  private poisoned: PoisonedError | undefined;

  /** `probe` throws where the stack has too little room for a call; `name` is what the errors of an abort call the thing to load anew. */
  constructor(
    private readonly object: T,
    private readonly probe: () => void,
    private readonly name: string,
  ) {}

  /**
   * Calls the module. What it throws on purpose becomes an error of guestbox, what callbacks threw
   * goes on its way.
   */
  use<R>(call: (object: T) => R, thrownByCallbacks: readonly unknown[] = []): R {
    this.check();
    this.probe();
    let result: R;
    try {
      result = call(this.object);
    } catch (thrown) {
      if (thrownByCallbacks.includes(thrown)) throw thrown;
      throw fromHost(thrown) ?? this.broken(thrown);
    }
    // A call within this one may have aborted, and a callback may have caught that.
    this.check();
    return result;
  }

  private check(): void {
    if (this.poisoned !== undefined) throw this.poisoned;
  }

  /** Notes that the module aborted: it must not be called again. */
  private broken(cause: unknown): PoisonedError {
    this.poisoned ??= PoisonedError.of(cause, this.name);
    return this.poisoned;
  }
}
