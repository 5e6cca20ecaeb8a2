/** Limits: what guests, environments and supervisors may take, before it is taken. */
import { type Known, type Names, known, optionsOf } from "../base/options.js";
import { LIMIT_NAMES, type LimitNumbers } from "../base/tables.js";
import type { WasmSource } from "./load.js";

/**
 * Limits by name: for guests nobody trusts, for many small ones, for a supervisor that meters its guests itself (no bound
 * of fuel, 128 levels of nesting), and without those that can be lifted.
 */
export type LimitsPreset = "default" | "strict" | "self-metered" | "unlimited";

/** Limits, each a whole number; what is not given is as the preset has it. */
export interface Limits extends LimitNumbers {
  /** Where the other limits come from; "default" if it is not given. */
  readonly preset?: LimitsPreset;
}

/** What modules may use of WebAssembly; all that is supported, unless it is switched off with `false`. */
export interface Features {
  /** `memory.copy`, `memory.fill`, `table.init` and the like; passive segments. */
  readonly bulkMemory?: boolean;
  /** Arithmetic in the initial values of globals and the offsets of segments. */
  readonly extendedConst?: boolean;
  /** The types f32 and f64 with everything that has to do with them. */
  readonly floats?: boolean;
  /** More than one memory in a module. */
  readonly multiMemory?: boolean;
  /** Several results of functions and blocks. */
  readonly multiValue?: boolean;
  /** Mutable globals that are exported. */
  readonly mutableGlobals?: boolean;
  /** `externref`, `funcref` as a value, more than one table. */
  readonly referenceTypes?: boolean;
  /** Vectors whose results the specification leaves open; of an engine that is loaded with `simd: true`. */
  readonly relaxedSimd?: boolean;
  /** Conversions of floats to integers that do not trap. */
  readonly saturatingFloatToInt?: boolean;
  /** `i32.extend8_s` and the like. */
  readonly signExtension?: boolean;
  /** Vectors of 128 bits; of an engine that is loaded with `simd: true`. */
  readonly simd?: boolean;
  /** `return_call` and `return_call_indirect`. */
  readonly tailCalls?: boolean;
}

/** What a store may be made with. */
export interface StoreOptions {
  /** What guests may take: a preset by name, or limits that differ from it. */
  readonly limits?: Limits | LimitsPreset;
  /** What modules may use. */
  readonly features?: Features;
}

/** How the wasm module is loaded, and what its store is made with. */
export interface LoadOptions extends StoreOptions {
  /** Where the wasm module is; by default beside the package's JavaScript. */
  readonly wasm?: WasmSource;
  /**
   * Whether guests may use vectors, the proposals simd and relaxed-simd. That takes another engine, half as large again, which is loaded in the place of
   * the usual one. Where `wasm` is given that decides.
   */
  readonly simd?: boolean;
}

export const LOAD_NAMES: Names<LoadOptions> = { features: true, limits: true, simd: true, wasm: true };
const LOAD_OPTIONS = known(LOAD_NAMES);

/** The options that a store without more of them is loaded with. */
export const loadOptions = (given: LoadOptions | undefined): LoadOptions => optionsOf(given, LOAD_OPTIONS);

const LIMITS: Known<Limits> = new Set(["preset", ...LIMIT_NAMES]);

/** Limits of some kind with a preset. */
interface WithPreset {
  readonly preset?: LimitsPreset;
}

/** The names of the features. */
const FEATURES = known<Features>({
  bulkMemory: true,
  extendedConst: true,
  floats: true,
  multiMemory: true,
  multiValue: true,
  mutableGlobals: true,
  referenceTypes: true,
  relaxedSimd: true,
  saturatingFloatToInt: true,
  signExtension: true,
  simd: true,
  tailCalls: true,
});

/**
 * Limits and features as the wasm module takes them: a preset's name, the names and numbers of
 * limits that differ from it, and the names of features that are switched on and off.
 */
export function storeArguments({ limits, features }: StoreOptions): [string, string[], Float64Array, string[], string[]] {
  const given = optionsOf(features, FEATURES, "features", "feature");
  const switches = Object.entries(given).filter(([, value]) => value !== undefined);
  const wrong = switches.find(([, value]) => typeof value !== "boolean");
  if (wrong !== undefined) throw new TypeError(`the feature ${wrong[0]} is neither true nor false`);
  const names = (on: boolean): string[] => switches.filter(([, value]) => value === on).map(([name]) => name);
  const [preset = "default", numbers] = limitArguments(limits, LIMITS);
  return [preset, numbers.map(([name]) => name), Float64Array.from(numbers, ([, value]) => value), names(true), names(false)];
}

/** A preset's name, where one is given, and the limits that differ from it. */
export function limitArguments<T extends WithPreset>(
  limits: T | LimitsPreset | undefined,
  known: Known<T>,
): [string | undefined, (readonly [string, number])[]] {
  if (typeof limits === "string") return [limits, []];
  const { preset, ...others } = optionsOf(limits, known, "limits", "limit");
  if (preset !== undefined && typeof preset !== "string") throw new TypeError("the preset is not a string");
  const entries = Object.entries(others as { [name: string]: bigint | number | undefined });
  const given = entries.filter((entry): entry is [string, bigint | number] => entry[1] !== undefined);
  return [preset, given.map(([name, value]) => [name, limitNumber(`the limit ${name}`, value)])];
}

/** A whole number; from 2^53 on those that numbers can be, for what is none or far off is no limit. */
function limitNumber(name: string, value: bigint | number): number {
  if (typeof value !== "bigint" && typeof value !== "number") throw new TypeError(`${name} is neither a BigInt nor a number`);
  const isLimit = typeof value === "bigint" ? value >= 0n && value < 1n << 64n : Number.isInteger(value) && value >= 0;
  if (!isLimit || value > 2 ** 64) throw new RangeError(`${name} is not a whole number from 0 to 2^64 - 1: ${value}`);
  return Number(value);
}
