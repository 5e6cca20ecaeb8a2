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

/** A stack whose places are no properties: where adding to an array in this careful way would take too long. */
export class Stack<T> {
  private readonly places = new Map<number, T>();

  get length(): number {
    return this.places.size;
  }

  get top(): T | undefined {
    return this.places.get(this.length - 1);
  }

  push(value: T): void {
    this.places.set(this.length, value);
  }

  pop(): T | undefined {
    const { top } = this;
    this.places.delete(this.length - 1);
    return top;
  }

  /** The place of the lowest value of a kind, -1 without one. */
  findIndex(is: (value: T) => boolean): number {
    for (let at = 0; at < this.length; at++) if (is(this.places.get(at) as T)) return at;
    return -1;
  }

  get(place: number): T | undefined {
    return this.places.get(place);
  }
}
