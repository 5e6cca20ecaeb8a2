/**
 * Options: an object's own properties, each read once, by names that are known.
 *
 * What `Object.prototype` or any other prototype has is no option, so that nobody who changed one
 * decides about fuel or signals. A name that is not known is a mistake, and is named.
 */

/** The names of options. */
export type Known<T> = ReadonlySet<string & keyof T>;

/** The names of all options of a type: none can be forgotten. */
export type Names<T> = { readonly [name in keyof Required<T>]: true };

export const known = <T>(names: Names<T>): Known<T> => new Set(Object.keys(names) as (string & keyof T)[]);

const NONE = Object.freeze({ __proto__: null });

/** The options that were given, as an object without a prototype. `things` are what to call them, `thing` one of them. */
export function optionsOf<T extends object>(given: T | undefined, names: Known<T>, things = "options", thing = "option"): T {
  if (given === undefined) return NONE as unknown as T;
  if (typeof given !== "object" || given === null) throw new TypeError(`the ${things} are no object`);
  const options: { [name: string]: unknown } = { __proto__: null };
  const own = Object.getOwnPropertyNames(given);
  for (let at = 0; at < own.length; at++) {
    const name = own[at] as string & keyof T;
    if (!names.has(name)) throw new TypeError(`unknown ${thing} \`${name}\`; ${advice(name, [...names])}`);
    options[name] = given[name];
  }
  return options as T;
}

/** Options with others that go before them. */
export function merged<T extends object>(options: T, before: T): T {
  return { __proto__: null, ...options, ...before };
}

/** What options are called elsewhere. */
const ELSEWHERE = new Map([
  ["abort", "signal"],
  ["gas", "fuel"],
  ["maxMemory", "maxMemoryPages"],
  ["minimum", "initial"],
  ["timeLimit", "timeout"],
]);

function advice(name: string, names: readonly string[]): string {
  const elsewhere = ELSEWHERE.get(name);
  if (elsewhere !== undefined && names.includes(elsewhere)) return `did you mean \`${elsewhere}\`?`;
  const written = name.toLowerCase();
  let [nearest, least] = ["", Infinity];
  for (const other of names) {
    const distance = distanceOf(written, other.toLowerCase());
    if (distance < least) [nearest, least] = [other, distance];
  }
  // A name is another one misspelt if more of it is right than wrong.
  if (least * 2 < Math.max(written.length, nearest.length)) return `did you mean \`${nearest}\`?`;
  return names.length > 0 ? `there are ${names.map((known) => `\`${known}\``).join(", ")}` : "there are none";
}

const sorted = (text: string): string => Array.from(text).sort().join("");

/**
 * How many letters are to be put in, left out or replaced to make one text of the other; 1 where they are the same in
 * another order. Of long texts not looked at.
 */
function distanceOf(from: string, to: string): number {
  if (from.length > 64) return from.length;
  if (from !== to && sorted(from) === sorted(to)) return 1;
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    let before = i;
    row = row.map((above, j) => {
      if (j === 0) return i;
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      before = Math.min(above + 1, before + 1, replaced);
      return before;
    });
  }
  return row[to.length] as number;
}
