/**
 * Several copies of this package in one process, as when two dependencies bring one each.
 *
 * Each has classes of its own, so `instanceof` tells only its own objects. A symbol of the registry
 * that all copies share tells the others'.
 */
import { isObject } from "./checks.js";
import { constant } from "./define.js";

const MARK = Symbol.for("guestbox");

/** What is told by its mark. */
export type Mark = "call" | "global" | "memory" | "parked" | "snapshot" | "table";

/** Marks a function, or the prototype of a class. */
export function mark(object: object, as: Mark): void {
  constant(object, MARK, as);
}

/** Whether a function, or the class of an object, was marked by any copy. */
export function isMarked(value: unknown, as: Mark): boolean {
  return isObject(value) && (value as { [MARK]?: unknown })[MARK] === as;
}

/** What to say of an object that another copy made. */
export const OF_ANOTHER_COPY = "is of another copy of the package `guestbox`; make it with the copy that makes the guest";
