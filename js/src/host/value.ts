/** Values of guests. */

/**
 * A value as JavaScript has it: a number or a BigInt, as the type of the guest's says; of a `v128` a BigInt of 128 bits, the lane of the
 * lowest number in the lowest ones; of a `funcref` a function of a guest, or null; of an `externref` anything.
 */
export type Value = number | bigint | string | boolean | symbol | object | null | undefined;
