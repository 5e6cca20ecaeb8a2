/** What is found by the names of imports, in objects, Maps, instances of classes and Proxies. */
import { isObject, isThenable } from "./checks.js";
import { isMarked, mark } from "./copies.js";

type Target = (...args: unknown[]) => unknown;

/** Throws unless names can be looked up in it. */
export function checkImports(imports: unknown): asserts imports is object {
  if (!isObject(imports))
    throw new TypeError("the imports are no object; give objects or Maps of functions by module and name, or nothing");
  if (isThenable(imports)) throw new TypeError("the imports are a promise; await it first");
}

/** What there is for an import; `undefined` where there is nothing. */
export function lookUp(imports: object, { module, name }: { readonly module: string; readonly name: string }): unknown {
  const fields = entry(imports, module);
  if (typeof fields !== "object" || fields === null) return undefined;
  const target = entry(fields, name);
  // A method of a class wants its object.
  const isMethod = typeof target === "function" && !(fields instanceof Map) && !Object.hasOwn(fields, name);
  return isMethod ? bound(target as Target, fields) : target;
}

/**
 * What an object, a Map, an instance of a class or a Proxy has by a name. What all objects inherit is
 * nothing of its own, so that every name is a name like any other.
 */
function entry(names: object, name: string): unknown {
  if (names instanceof Map) return names.get(name);
  const fields = names as { readonly [name: string]: unknown };
  if (Object.hasOwn(fields, name)) return fields[name];
  if (name === "constructor" || name === "__proto__") return undefined;
  const value = fields[name];
  return value === rootOf(fields)[name] ? undefined : value;
}

/** The last prototype of an object: what all objects of its realm inherit from. */
function rootOf(object: object): { readonly [name: string]: unknown } {
  let root = object;
  for (let next: object | null = root; next !== null; next = Object.getPrototypeOf(next) as object | null) root = next;
  return root as { readonly [name: string]: unknown };
}

/** A function that is called as a method of an object, with context if it has one. */
function bound(target: Target, object: object): Target {
  const method: Target = (...args) => Reflect.apply(target, object, args);
  if (isMarked(target, "call")) mark(method, "call");
  return method;
}
