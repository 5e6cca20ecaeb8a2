/** `using` for what can be disposed of. */
import { constant } from "./define.js";

/** Gives a class a `Symbol.dispose`, in runtimes that have one. */
export function disposable(Class: { readonly prototype: { readonly dispose: () => void } }): void {
  if (Symbol.dispose === undefined) return;
  constant(Class.prototype, Symbol.dispose, Class.prototype.dispose);
}
