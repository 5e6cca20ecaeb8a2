/** Which trap it is that the host has thrown: its messages are all there is to tell by. */
import { CODE, EXPORTS, FUNCTION, FUNCTIONS, MEMORIES, TABLES, TYPES, body, exported, functionType, wasm } from "../base/binary.js";
import type { TrapCode } from "../base/tables.js";

/** What a message says: a trap, or that more has to be known. */
type Kind = TrapCode | "call" | "conversion";

/** The messages of V8. */
const KINDS = new Map<string, Kind>([
  ["divide by zero", "integer-division-by-zero"],
  ["divide result unrepresentable", "integer-overflow"],
  ["float unrepresentable in integer range", "conversion"],
  ["memory access out of bounds", "memory-out-of-bounds"],
  ["null function or function signature mismatch", "call"],
  ["remainder by zero", "integer-division-by-zero"],
  ["table index is out of bounds", "table-out-of-bounds"],
  ["unreachable", "unreachable"],
]);

/** Messages that begin so: they name the segment. */
const BEGINS: readonly (readonly [string, Kind])[] = [
  ["data segment", "memory-out-of-bounds"],
  ["element segment", "table-out-of-bounds"],
];

/** What a thrown error says; `undefined` of what is no trap that is known. */
export function kindOf(error: unknown): Kind | undefined {
  if (!(error instanceof WebAssembly.RuntimeError)) return undefined;
  const { message } = error;
  return KINDS.get(message) ?? BEGINS.find((one) => message.startsWith(one[0]))?.[1];
}

const I32_CONST = 0x41,
  DROP = 0x1a;

/** Code that traps, each in its way. */
const TRAPS: readonly (readonly [Kind, readonly number[]])[] = [
  ["unreachable", [0x00]],
  ["integer-division-by-zero", [I32_CONST, 1, I32_CONST, 0, 0x6d, DROP]],
  ["integer-division-by-zero", [I32_CONST, 1, I32_CONST, 0, 0x6f, DROP]],
  ["integer-overflow", [I32_CONST, 0x80, 0x80, 0x80, 0x80, 0x78, I32_CONST, 0x7f, 0x6d, DROP]],
  ["conversion", [0x43, 0, 0, 0xc0, 0x7f, 0xa8, DROP]],
  ["memory-out-of-bounds", [I32_CONST, 0x7f, 0x28, 0, 0, DROP]],
  ["table-out-of-bounds", [I32_CONST, 9, 0x11, 0, 0]],
  ["call", [I32_CONST, 0, 0x11, 0, 0]],
];

/** Whether this host's messages are known, which tells whether guests would trap here as they do elsewhere. */
export function areTrapsKnown(): boolean {
  const bytes = wasm(
    [TYPES, [functionType([], [])]],
    [FUNCTIONS, TRAPS.map(() => [0])],
    [TABLES, [[0x70, 0, 1]]],
    [MEMORIES, [[0, 0]]],
    [EXPORTS, TRAPS.map((_, index) => exported(String(index), FUNCTION, index))],
    [CODE, TRAPS.map(([, code]) => body([], code))],
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return TRAPS.every(([kind], index) => {
    try {
      (exports[String(index)] as () => void)();
      return false;
    } catch (error) {
      return kindOf(error) === kind;
    }
  });
}
