/** What a WASI system is made of. */
import { checkBoolean, checkFuel, encodeText } from "../base/checks.js";
import { type Names, known, optionsOf } from "../base/options.js";
import { Part } from "../base/tables.js";
import { type Add, type FileSystem, type Mounts, pairsOf } from "./files.js";
import type { Sink, Stdin } from "./streams.js";

/** Limits of a system, each a whole number; what is not given is the default. */
export interface WasiLimits {
  /** Bytes of all files together. By default 64 MiB. */
  readonly fileBytes?: number;
  /** Files, directories and links. By default 10,000. */
  readonly inodes?: number;
  /** Descriptors that are open. By default 256. */
  readonly descriptors?: number;
  /** Directories within each other. By default 128. */
  readonly depth?: number;
  /** Bytes that one call reads or writes. By default 16 MiB. */
  readonly transferBytes?: number;
  /** Bytes of output that wait to be taken. By default 1 MiB. */
  readonly outputBuffer?: number;
  /** Bytes of output altogether. By default 16 MiB. */
  readonly outputBytes?: number;
  /** Bytes of arguments and environment variables. By default 64 KiB. */
  readonly stringBytes?: number;
  /** Arguments and environment variables. By default 1,000. */
  readonly strings?: number;
}

const LIMITS = known<WasiLimits>({
  depth: true,
  descriptors: true,
  fileBytes: true,
  inodes: true,
  outputBuffer: true,
  outputBytes: true,
  stringBytes: true,
  strings: true,
  transferBytes: true,
});

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
  readonly stdin?: Stdin;
  readonly stdout?: Sink;
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
  readonly limits?: WasiLimits;
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
  const { args = [], env = {}, clock = {}, limits, random = 0n } = options;
  for (const [name, value] of Object.entries(optionsOf(limits, LIMITS, "limits", "limit"))) {
    if (value !== undefined) add(Part.LIMIT, encodeText(name), EMPTY, Number(checkFuel(`the limit ${name}`, value as number)));
  }
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
