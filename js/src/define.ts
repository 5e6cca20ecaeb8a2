/**
 * Properties that are defined, not set: what a page gave `Object.prototype` or `Array.prototype`, a
 * setter or a value that cannot be written, has no say in it.
 */

/** Defines a property that stays as it is. */
export function constant(object: object, name: PropertyKey, value: unknown, enumerable = false): void {
  Object.defineProperty(object, name, { __proto__: null, value, enumerable } as PropertyDescriptor);
}

/** Adds to an array, as `push` does. */
export function append<T>(list: T[], value: T): void {
  const descriptor = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(list, list.length, descriptor as PropertyDescriptor);
}
