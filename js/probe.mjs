/**
 * Room on the runtime's own stack.
 *
 * An overflow within the engine would leave it half done, and for good. So before it is entered a
 * function is called whose frames take more than all that the engine and this package do there: where
 * they don't fit, the runtime throws its own error, a RangeError or Firefox's InternalError, before
 * anything has changed. Runtimes look for a frame's room as they enter it, however large it is, and never
 * touch it.
 */

/** Values that are live at once in a frame, 8 bytes each, and how many such frames there are: 128 KiB. */
const VALUES = 2_048, FRAMES = 8;

type Probe = (frames: number) => void;

let loading: Promise<Probe> | undefined;

/** Throws the runtime's error where there is too little room. The same function for all that is loaded. */
export async function loadProbe(): Promise<() => void> {
  loading ??= compile().catch((error) => {
    loading = undefined;
    throw error;
  });
  const probe = await loading;
  return () => probe(FRAMES);
}

async function compile(): Promise<Probe> {
  const { instance } = await WebAssembly.instantiate(probeModule());
  return instance.exports.probe as Probe;
}

/**
 * ```wat
 * (module
 *   (global $sum (mut i64) (i64.const 0))
 *   (func $probe (export "probe") (param $frames i32)
 *     (if (i32.gt_s (local.get $frames) (i32.const 1))
 *       (then (call $probe (i32.sub (local.get $frames) (i32.const 1)))))
 *     (if (i32.eqz (local.get $frames)) ;; never, but so the frame has all those values
 *       (then (global.set $sum (i64.add (i64.add (call $next) (call $next)) ...)))))
 *   (func $next (result i64)
 *     (global.set $sum (i64.add (global.get $sum) (i64.const 1)))
 *     (global.get $sum)))
 * ```
 */
function probeModule(): Uint8Array<ArrayBuffer> {
  const probe = [
    ...[0, 0x20, 0, 0x41, 1, 0x4a, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x0b],
    ...[0x20, 0, 0x45, 0x04, 0x40],
    ...Array.from({ length: VALUES }, () => [0x10, 1]).flat(),
    ...new Array<number>(VALUES - 1).fill(0x7c),
    ...[0x24, 0, 0x0b, 0x0b],
  ];
  const next = [0, 0x23, 0, 0x42, 1, 0x7c, 0x24, 0, 0x23, 0, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, 0x7f, 0, 0x60, 0, 1, 0x7e]),
    ...section(3, [2, 0, 1]),
    ...section(6, [1, 0x7e, 1, 0x42, 0, 0x0b]),
    ...section(7, [1, 5, 0x70, 0x72, 0x6f, 0x62, 0x65, 0, 0]),
    ...section(10, [2, ...sized(probe), ...sized(next)]),
  ]);
}

const section = (id: number, bytes: number[]): number[] => [id, ...sized(bytes)];

/** Bytes after their number, in LEB128. */
function sized(bytes: number[]): number[] {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 0x80) return [...length, rest, ...bytes];
    length.push((rest & 0x7f) | 0x80);
  }
}
