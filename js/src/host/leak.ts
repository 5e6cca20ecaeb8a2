/** What was dropped without having been disposed of, as those are told who ask. */

/** What can be disposed of and was not. */
export type LeakKind = "global" | "guest" | "memory" | "module" | "outcome" | "parked" | "snapshot" | "table" | "wasi";

/** What was collected without having been disposed of. */
export interface Leak {
  /** What it was. */
  readonly kind: LeakKind;
}
