/** How things look where they are printed, and as JSON. */
import { constant } from "./define.js";

/** By what `console.log` of Node and Bun, and of Deno, asks for. */
const CUSTOM = [Symbol.for("nodejs.util.inspect.custom"), Symbol.for("Deno.customInspect")];

/** Lets the things of a class be printed in a line: its name, and what `describe` says of it. */
export function shown<T extends object>(Class: { readonly prototype: T; readonly name: string }, describe: (thing: T) => string): void {
  const { name } = Class;
  const show = function (this: T): string {
    try {
      return `${name} (${describe(this)})`;
    } catch {
      // Of what was disposed of nothing can be said.
      return `${name} (disposed of)`;
    }
  };
  for (const symbol of CUSTOM) constant(Class.prototype, symbol, show);
}

/** A number of things. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

/** Lets an outcome be written as JSON, which knows no BigInt: those are digits there. */
export function writable<T extends { readonly status: string }>(outcome: T): T {
  constant(outcome, "toJSON", toJSON);
  return outcome;
}

/** An outcome as plain data. */
export function toJSON(this: {
  readonly status: string;
  readonly value?: unknown;
  readonly trap?: unknown;
  readonly fuelUsed: bigint;
}): object {
  const { status, value, trap, fuelUsed } = this;
  const rest = status === "ok" ? { value: plain(value) } : status === "trap" ? { trap } : {};
  return { __proto__: null, status, ...rest, fuelUsed: String(fuelUsed) };
}

const plain = (value: unknown): unknown => (typeof value === "bigint" ? String(value) : Array.isArray(value) ? value.map(plain) : value);
