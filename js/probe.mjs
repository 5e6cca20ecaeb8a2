// Room on the runtime's own stack: puts into the wasm module the function `probe`, which takes 128 KiB of it.
//
// An overflow within the engine would leave it half done, and for good. So before it is entered this
// function is called, whose frames take more than all that the engine and the package do there: where they
// don't fit, the runtime throws its own error, a RangeError or Firefox's InternalError, before anything has
// changed. Runtimes look for a frame's room as they enter it, however large it is, and never touch it.
//
//   (func $frame (param $more i32) (result i64)
//     (if (result i64) (i32.gt_s (local.get $more) (i32.const 0))
//       (then (call $frame (i32.sub (local.get $more) (i32.const 1))))
//       (else (if (result i64) (i32.lt_s (local.get $more) (i32.const 0))
//         (then (i64.add (call $frame (i32.const 0)) ...)) ;; never, but it makes the frame so large
//         (else (i64.const 0))))))
//   (func (export "probe") (drop (call $frame (i32.const FRAMES - 1))))
//
// Its functions come after all others, so that what is there keeps its index.
import { readFileSync, writeFileSync } from "node:fs";

/** Frames, and values of 8 bytes that are live at once in each. Runtimes compile functions with more too slowly. */
const FRAMES = 8,
  VALUES = 2_048;

const TYPE = 1,
  IMPORT = 2,
  FUNCTION = 3,
  EXPORT = 7,
  CODE = 10;
const CONST = 0x41,
  CALL = 0x10,
  GET = 0x20,
  IF = 0x04,
  ELSE = 0x05,
  END = 0x0b,
  I64 = 0x7e,
  I32 = 0x7f,
  FUNC = 0x60;

const frame = (self) => [
  ...[0, GET, 0, CONST, 0, 0x4a, IF, I64, GET, 0, CONST, 1, 0x6b, CALL, ...self, ELSE, GET, 0, CONST, 0, 0x48, IF, I64],
  ...Array.from({ length: VALUES }, () => [CONST, 0, CALL, ...self]).flat(),
  ...new Array(VALUES - 1).fill(0x7c),
  ...[ELSE, 0x42, 0, END, END, END],
];
const probe = (callee) => [0, CONST, FRAMES - 1, CALL, ...callee, 0x1a, END];

/** Adds the probe to the module in a file. */
export function addProbe(file) {
  const sections = sectionsOf(readFileSync(file));
  const contents = (id) => sections.find((section) => section.id === id).bytes;
  const [types] = leb(contents(TYPE), 0);
  const self = importedFunctions(contents(IMPORT)) + leb(contents(FUNCTION), 0)[0];
  const added = new Map([
    [
      TYPE,
      [
        [FUNC, 1, I32, 1, I64],
        [FUNC, 0, 0],
      ],
    ],
    [FUNCTION, [number(types), number(types + 1)]],
    [EXPORT, [[5, ...Buffer.from("probe"), 0, ...number(self + 1)]]],
    [CODE, [sized(frame(number(self))), sized(probe(number(self)))]],
  ]);
  const written = sections.map(({ id, bytes }) => {
    const all = appended(bytes, added.get(id) ?? []);
    return Buffer.concat([Buffer.from([id, ...number(all.length)]), all]);
  });
  writeFileSync(file, Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), ...written]));
}

function sectionsOf(module) {
  const sections = [];
  for (let at = 8; at < module.length;) {
    const [length, begin] = leb(module, at + 1);
    sections.push({ id: module[at], bytes: module.subarray(begin, begin + length) });
    at = begin + length;
  }
  return sections;
}

/** A section that is a vector, with more entries at its end; as it is where there are none. */
function appended(bytes, entries) {
  if (entries.length === 0) return bytes;
  const [count, rest] = leb(bytes, 0);
  return Buffer.concat([Buffer.from(number(count + entries.length)), bytes.subarray(rest), Buffer.from(entries.flat())]);
}

/** How many functions are imported. */
function importedFunctions(bytes) {
  let [count, at] = leb(bytes, 0);
  let functions = 0;
  for (; count > 0; count--) {
    for (let name = 0; name < 2; name++) {
      const [length, begin] = leb(bytes, at);
      at = begin + length;
    }
    if (bytes[at] !== 0) throw new Error("the module imports something else than functions");
    [, at] = leb(bytes, at + 1);
    functions++;
  }
  return functions;
}

/** The LEB128 number at an offset, and the offset after it. */
export function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

/** A number in LEB128. */
export function number(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

const sized = (bytes) => [...number(bytes.length), ...bytes];
