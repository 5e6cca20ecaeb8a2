/** Handles of what guests can share, and whose they are. */
import { DisposedError } from "../base/errors.js";
import type { Engine } from "./engine.js";
import type { LeakKind } from "./leak.js";
import type { Held, Keeper } from "./net.js";

/** Whose something is that a guest exports. */
export interface Owner {
  /** The name that it is exported by. */
  readonly name: string;
  /** Asks the engine for a handle. A guest may export thousands, so each is asked for when it is used. */
  readonly ask: () => number;
}

/** A handle of an object that was made, or that is a guest's own and lives as long as that. */
export class Handle {
  private held: Held | undefined;
  private isOver = false;

  constructor(
    private readonly engine: Engine,
    private readonly object: object,
    private readonly kind: LeakKind & ("global" | "table"),
    /** The handle, or who is to be asked for it. */
    private readonly of: number | Owner,
    private readonly drop: (engine: Keeper, handle: number) => void,
  ) {
    if (typeof of === "number") this.held = engine.net.watch(object, kind, of, drop);
  }

  /** The name that it is exported by. */
  get name(): string | undefined {
    return typeof this.of === "number" ? undefined : this.of.name;
  }

  /** Throws where it is not there any more. */
  check(): void {
    this.engine.check();
    if (this.isOver)
      throw new DisposedError("torn-down", `the ${this.name === undefined ? "supervisor" : "guest"}'s ${this.kind} was disposed of`);
  }

  /** The number. */
  use(): number {
    this.check();
    if (typeof this.of !== "number") this.held ??= this.engine.net.watch(this.object, undefined, this.of.ask(), this.drop);
    return (this.held as Held).value as number;
  }

  /** Frees it, where somebody asks for that. */
  dispose(): void {
    if (this.isOver || !this.engine.isLive) return;
    this.held?.dispose();
    this.isOver = true;
  }

  /** Ends its life with that of its guest. */
  forget(): void {
    this.isOver = true;
    this.held?.free();
  }
}
