// Guests for the tests, written as WebAssembly text, and what goes wrong with them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { GuestboxError, Sandbox } from "guestbox";
import initWabt from "wabt";

const wabt = await initWabt();

/** The bytes of a module; `write_debug_names` gives it a name section. */
export function wat(text, options = {}) {
  const features = {
    bulk_memory: true,
    multi_value: true,
    multi_memory: true,
    mutable_globals: true,
    reference_types: true,
    tail_call: true,
    extended_const: true,
    simd: true,
    relaxed_simd: true,
  };
  const module = wabt.parseWat("guest.wat", text, { ...features, sat_float_to_int: true, sign_extension: true });
  try {
    module.resolveNames();
    return module.toBinary(options).buffer.slice();
  } finally {
    module.destroy();
  }
}

/** A sandbox for the tests of a file, and an instance in it of some text. */
export async function workbench(options) {
  const sandbox = await Sandbox.load(options);
  const guest = (text, imports, guestOptions) => sandbox.compile(wat(text)).instantiate(imports, guestOptions);
  return { sandbox, guest };
}

/** The codes of each class of errors, as the types have them. */
export const CODES = (() => {
  const source = readFileSync(new URL("../src/base/tables.ts", import.meta.url), "utf8");
  const codes = (union) => [...union.matchAll(/"([^"]*)"/g)].map(([, code]) => code);
  const [, classes] = source.match(/interface ErrorCodes \{([^]*?)\n\}/);
  const named = [...classes.matchAll(/readonly (\w+): (.*);/g)].map(([, name, union]) => [name, codes(union)]);
  return new Map([...named, ["Trap", codes(source.match(/type TrapCode = (.*);/)[1])]]);
})();

/** An error, whose code is one of its class: the types are true. */
function typed(error) {
  if (error instanceof GuestboxError) assert.ok(CODES.get(error.name)?.includes(error.code), `${error.name} "${error.code}"`);
  return error;
}

/** What a call throws; that it throws nothing is an error, too. */
export function thrownBy(call) {
  try {
    call();
  } catch (error) {
    return typed(error);
  }
  throw new Error("nothing was thrown");
}

/** What a promise is rejected with; that it is fulfilled is an error, too. */
export async function rejectionOf(promise) {
  try {
    await promise;
  } catch (error) {
    return typed(error);
  }
  throw new Error("the promise was fulfilled");
}

/** A promise and what settles it. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}
