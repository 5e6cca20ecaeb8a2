/** `using` for what can be disposed of. */

/** Gives a class a `Symbol.dispose`, in runtimes that have one. */
export function disposable(Class: { readonly prototype: { dispose(): void } }): void {
  if (Symbol.dispose === undefined) return;
  Object.defineProperty(Class.prototype, Symbol.dispose, { value: Class.prototype.dispose, configurable: true });
}
