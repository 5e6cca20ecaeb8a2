// Floats across the border as the integers that have their bits, by a module that stands between guest and host:
// as a number JavaScript does not keep the bits of a NaN.

const TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const BITS = { f32: "i32", f64: "i64" };
const REINTERPRET = { f32: { in: 0xbe, out: 0xbc }, f64: { in: 0xbf, out: 0xbd } };

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const GLOBAL_GET = 0x23;
const CALL = 0x10;

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Whether a function of these types takes or gives floats. */
export const hasFloats = ({ params, results }) => [...params, ...results].some((type) => type in BITS);

/** The function of a guest's for JavaScript. */
export const fromGuest = (type, value) => between(type, bitsOf(type), value);

/** A function of JavaScript's for a guest. */
export const forGuest = (type, value) => between(bitsOf(type), type, value);

/** What reads a global of a guest's of a type of floats. */
export function globalBits({ type, mutable }, global) {
  const bytes = [
    ...HEADER,
    ...section(1, [[0x60, 0, 1, TYPES[BITS[type]]]]),
    ...section(2, [[1, 0x61, 1, 0x66, 3, TYPES[type], mutable ? 1 : 0]]),
    ...section(3, [[0]]),
    ...section(7, [[1, 0x66, 0, 0]]),
    ...section(10, [[5, 0, GLOBAL_GET, 0, REINTERPRET[type].out, 0x0b]]),
  ];
  return instantiate(bytes, global);
}

const bitsOf = ({ params, results }) => {
  const bits = (type) => BITS[type] ?? type;
  return { params: params.map(bits), results: results.map(bits) };
};

/** A function of a type that calls one of another: they are the same but for floats and their bits. */
function between(inner, outer, value) {
  const [given, taken] = [outer.params, inner.results];
  const code = [
    ...given.flatMap((type, at) => [LOCAL_GET, at, ...converted(type, inner.params[at])]),
    ...[CALL, 0],
    ...taken.map((_, at) => [LOCAL_SET, given.length + at]).reverse(),
    ...taken.map((type, at) => [LOCAL_GET, given.length + at, ...converted(type, outer.results[at])]),
  ].flat();
  const body = [...counted(taken.map((type) => [1, TYPES[type]])), ...code, 0x0b];
  const bytes = [
    ...HEADER,
    ...section(1, [functionType(inner), functionType(outer)]),
    ...section(2, [[1, 0x61, 1, 0x66, 0, 0]]),
    ...section(3, [[1]]),
    ...section(7, [[1, 0x66, 0, 1]]),
    ...section(10, [[...number(body.length), ...body]]),
  ];
  return instantiate(bytes, value);
}

const instantiate = (bytes, value) =>
  new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), { a: { f: value } }).exports.f;

const converted = (from, to) => {
  if (from === to) return [];
  return [from in BITS ? REINTERPRET[from].out : REINTERPRET[to].in];
};

const functionType = ({ params, results }) => [0x60, ...types(params), ...types(results)];
const types = (list) => counted(list.map((type) => [TYPES[type]]));
const counted = (entries) => [...number(entries.length), ...entries.flat()];
const section = (id, entries) => {
  const contents = counted(entries);
  return [id, ...number(contents.length), ...contents];
};

/** An unsigned LEB128 number. */
function number(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}
