/** What a WASI system is made of. */
import { checkBoolean, checkFuel, encodeText } from "../base/checks.js";
import { type Known, type Names, known, optionsOf } from "../base/options.js";
import { Part, WASI_LIMIT_NAMES, type WasiLimitNumbers } from "../base/tables.js";
import { type LimitsPreset, limitArguments } from "../load/limits.js";
import { type Add, type FileSystem, type Mounts, pairsOf } from "./files.js";
import type { Sink, Stdin } from "./streams.js";

/** Limits of a system, each a whole number; what is not given is as the preset has it. */
export interface WasiLimits extends WasiLimitNumbers {
  /** Where the other limits come from; by default what the sandbox was loaded with. */
  readonly preset?: LimitsPreset;
}

const LIMITS: Known<WasiLimits> = new Set(["preset", ...WASI_LIMIT_NAMES]);

/** Deterministic clocks: the same in each run, however fast it is. */
export interface Clock {
  /** When the real time begins: a date, or milliseconds since 1970. */
  readonly start?: Date | number;
  /** Nanoseconds by which the clocks go on whenever they are asked. By default 1,000. */
  readonly tick?: number;
}

const CLOCK = known<Clock>({ start: true, tick: true });

/** What a program sees. By default nothing: no arguments, no variables, no files; its output goes nowhere. */
export interface WasiOptions {
  /** The arguments. By convention the first is the program's name. */
  readonly args?: readonly string[];
  /** The environment variables. */
  readonly env?: { readonly [name: string]: string } | ReadonlyMap<string, string>;
  /** The directories that the program has, by names such as `/`, with what is in them. */
  readonly files?: Mounts;
  /** What the program reads. By default nothing. */
  readonly stdin?: Stdin;
  /** Who takes what it writes. By default nobody. */
  readonly stdout?: Sink;
  /** Who takes what it writes of errors. By default nobody. */
  readonly stderr?: Sink;
  /**
   * The clocks: "host" for the runtime's, or deterministic ones, which begin on 14 November 2023 and go on by a microsecond
   * whenever they are asked. A program that sleeps does so in either.
   */
  readonly clock?: Clock | "host";
  /** Random numbers: "host" for the runtime's, a function that fills bytes, or a seed. By default the seed 0. */
  readonly random?: "host" | ((bytes: Uint8Array) => void) | bigint | number;
  /** Whether the standard streams are a terminal: programs then write each line at once, and ask. */
  readonly terminal?: boolean;
  /** What it may take: a preset by name, or limits that differ from it. By default the preset that the sandbox was loaded with. */
  readonly limits?: WasiLimits | LimitsPreset;
}

export const WASI_NAMES: Names<WasiOptions> = {
  args: true,
  clock: true,
  env: true,
  files: true,
  limits: true,
  random: true,
  stderr: true,
  stdin: true,
  stdout: true,
  terminal: true,
};

/** When clocks begin where nothing is said. */
const START = 1_700_000_000_000;

/** Resolution of the host's clocks, as programs are told: a millisecond, as `Date` has it. */
const RESOLUTION = 1_000_000;

const EMPTY = new Uint8Array();

/** Fills bytes with random ones. */
export type Fill = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Adds all that options say but for the standard streams. What fills random bytes, where JavaScript does. */
export function addOptions(options: WasiOptions, files: FileSystem, add: Add): Fill | undefined {
  const { args = [], env = {}, clock = {}, random = 0n } = options;
  const [preset, limits] = limitArguments(options.limits, LIMITS);
  if (preset !== undefined) add(Part.PRESET, encodeText(preset));
  for (const [name, value] of limits) add(Part.LIMIT, encodeText(name), EMPTY, value);
  if (!Array.isArray(args)) throw new TypeError("args are no array of strings");
  for (const arg of args as readonly string[]) add(Part.ARG, encodeText(arg));
  for (const [name, value] of pairsOf("env", env)) add(Part.VARIABLE, encodeText(name), encodeText(value));
  if (checkBoolean("terminal", options.terminal)) add(Part.TERMINAL, EMPTY);
  addClock(clock, add);
  if (options.files !== undefined) files.add(options.files, add);
  if (typeof random === "bigint" || typeof random === "number") {
    const seed = new Uint8Array(BigUint64Array.of(checkFuel("random", random)).buffer);
    add(Part.SEED, EMPTY, seed);
    return undefined;
  }
  if (random !== "host" && typeof random !== "function") throw new TypeError('random is neither "host", a function nor a seed');
  add(Part.RANDOM_HOST, EMPTY);
  return random === "host" ? (bytes) => void crypto.getRandomValues(bytes) : random;
}

function addClock(given: Clock | "host", add: Add): void {
  if (given === "host") return add(Part.CLOCK_HOST, EMPTY, EMPTY, RESOLUTION);
  const { start = START, tick } = optionsOf(given, CLOCK, "clock's options");
  const milliseconds = Number(start);
  if (!(milliseconds >= 0)) throw new RangeError(`the clock's start is no time since 1970: ${milliseconds}`);
  add(Part.CLOCK_START, EMPTY, EMPTY, milliseconds);
  if (tick !== undefined) add(Part.CLOCK_TICK, EMPTY, EMPTY, Number(checkFuel("tick", tick)));
}
