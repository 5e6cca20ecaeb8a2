/**
 * A net under `dispose`: what was dropped without it is freed once the runtime has collected it.
 *
 * That can be late, or never, where the runtime sees no need to collect: so it is never the way. What
 * an object has in the engine is a `Held`, by which the object frees it, and the net if the object
 * did not. A `Held` must not lead to the object that it is of: as the net keeps it, so it would
 * keep the object. That is why what it holds are handles, and what frees them is told all it needs.
 */
import type { Host } from "./glue-types.js";
import type { Leak, LeakKind } from "./leak.js";

/** An engine, as far as those need it who free what is in it. */
export interface Keeper {
  readonly isLive: boolean;
  readonly net: Net;
  enter(): void;
  died(guest: number): void;
  proceed<T>(call: (host: Host) => T): T;
}

/** What an object has in an engine, until it is freed, once. */
export class Held<T = number> {
  private isHeld = true;

  constructor(
    private readonly engine: Keeper,
    readonly kind: LeakKind | undefined,
    /** `undefined` where there is nothing to free yet. */
    public value: T | undefined,
    private readonly drop: (engine: Keeper, value: T) => void,
  ) {}

  /** Frees it; `false` where that was done before, or the engine is gone. */
  free(): boolean {
    const { engine, value, drop } = this;
    if (!engine.isLive || !this.forget()) return false;
    if (value !== undefined) drop(engine, value);
    return true;
  }

  /** Frees it, where somebody asks for that: where the stack has no room it is still held after. */
  dispose(): void {
    if (!this.engine.isLive || !this.isHeld) return;
    this.engine.enter();
    this.free();
  }

  /** Lets go of it without freeing it. Whether it was still held. */
  forget(): boolean {
    if (!this.isHeld) return false;
    this.isHeld = false;
    this.value = undefined;
    this.engine.net.leave(this);
    return true;
  }
}

/** What the net knows of what is held. */
type Watched = Pick<Held, "free" | "kind">;

/** What counts against the limits of what lives, and what one and several of it are called. */
const COUNTED: readonly (readonly [LeakKind, string, string])[] = [
  ["guest", "guest", "guests"],
  ["memory", "memory", "memories"],
  ["table", "table", "tables"],
  ["outcome", "paused call", "paused calls"],
];

/** The net of an engine. */
export class Net {
  /** Told of what was collected without having been disposed of. */
  onLeak: ((leak: Leak) => void) | undefined;
  private readonly counts = new Map<LeakKind, number>();
  private readonly registry =
    typeof FinalizationRegistry === "undefined" ? undefined : new FinalizationRegistry<Watched>((held) => this.collected(held));

  constructor(private readonly engine: Keeper) {}

  /**
   * Watches an object that has something in the engine, or will have. Of one that belongs to another
   * object, and is not to be disposed of itself, there is no kind.
   */
  watch<T>(object: object, kind: LeakKind | undefined, value: T | undefined, drop: (engine: Keeper, value: T) => void): Held<T> {
    const held = new Held(this.engine, kind, value, drop);
    this.count(kind, 1);
    this.registry?.register(object, held, held);
    return held;
  }

  /** Something is held no more. */
  leave(held: Watched): void {
    this.count(held.kind, -1);
    this.registry?.unregister(held);
  }

  /** What has not been disposed of, of what the limits count: a sentence, if there is any. */
  undisposed(): string {
    const counted = COUNTED.map(([kind, one, several]) => [this.counts.get(kind) ?? 0, one, several] as const);
    const parts = counted.filter(([count]) => count > 0).map(([count, one, several]) => `${grouped(count)} ${count === 1 ? one : several}`);
    const last = parts.pop();
    if (last === undefined) return "";
    const has = parts.length === 0 && last.startsWith("1 ") ? "has" : "have";
    return `${parts.length === 0 ? last : `${parts.join(", ")} and ${last}`} ${has} not been disposed of`;
  }

  /** Nobody catches what is thrown here. */
  private collected(held: Watched): void {
    const { kind } = held;
    try {
      if (held.free() && kind !== undefined) this.onLeak?.({ kind });
    } catch {
      // If the engine aborted, whoever uses it next is told.
    }
  }

  private count(kind: LeakKind | undefined, change: number): void {
    if (kind !== undefined) this.counts.set(kind, (this.counts.get(kind) ?? 0) + change);
  }
}

/** A number with a comma before each group of three digits. */
const grouped = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
