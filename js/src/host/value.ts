/** Values of guests, and functions that take and give them. */

/** The type of a value. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref";

/** How floats are shown to JavaScript: as numbers, or as their raw bits. */
export type FloatMode = "number" | "bits";

/**
 * A value as JavaScript has it: a number or a BigInt, as the type of the guest's says; of a `v128` a BigInt of 128 bits, the lane of the
 * lowest number in the lowest ones; of a `funcref` a function of a guest, or null; of an `externref` anything.
 */
export type Value = number | bigint | string | boolean | symbol | object | null | undefined;

/** The results of a call: nothing, a value, or an array of several. */
export type Result = Value | Value[] | undefined;

/** A function of a guest. */
export type GuestFunction = {
  /** A method, so that a function with a named type is one too. */
  call(...args: Value[]): Result;
}["call"];
