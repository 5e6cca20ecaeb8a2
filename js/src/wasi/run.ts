/** Running a command: a program that has a `_start`. */
import { Trap } from "../base/errors.js";
import { type Names, known, optionsOf } from "../base/options.js";
import type { Imports } from "../signatures.js";
import type { Module, PaceOptions } from "../types.js";
import type { Files } from "./files.js";
import { WASI_NAMES, type WasiOptions } from "./options.js";
import { Wasi } from "./system.js";

/** How a command is run. */
export interface RunOptions extends WasiOptions, Pick<PaceOptions, "deadline" | "fuel" | "signal" | "timeout"> {
  /** The fuel of the run, and of a start function besides. By default there is no bound of it, but a timeout. */
  readonly fuel?: bigint | number;
  /** Milliseconds after which the run ends with a `TimeoutError`. By default a minute; `Infinity` for none. */
  readonly timeout?: number;
  /** Pages (64 KiB) that the program may take. By default the sandbox's limit. */
  readonly maxMemoryPages?: number;
  /** What else the program imports. */
  readonly imports?: Imports;
}

const RUN_NAMES: Names<RunOptions> = {
  ...WASI_NAMES,
  deadline: true,
  fuel: true,
  imports: true,
  maxMemoryPages: true,
  signal: true,
  timeout: true,
};
const RUN_OPTIONS = known(RUN_NAMES);

/** What a run came to. */
export interface RunResult {
  /** The exit code; 0 of a program that returned. */
  readonly exitCode: number;
  /** The fuel used. */
  readonly fuelUsed: bigint;
  /** What the directories have become that can be written to. */
  readonly files: Files;
}

/** The timeout of a run that is given none, in milliseconds. */
const TIMEOUT = 60_000;

const NO_BOUND = 2n ** 64n - 1n;

/**
 * Runs a command to its end.
 *
 * A trap is a `Trap`; what a sink, a source of input or a lazy file throws, and the reason of a signal, come as they are. What
 * the program wrote until then has been handed over.
 */
export async function run(module: Module, given?: RunOptions): Promise<RunResult> {
  const { fuel = NO_BOUND, timeout = TIMEOUT, deadline, signal, maxMemoryPages, imports, ...options } = optionsOf(given, RUN_OPTIONS);
  const end = Math.min(deadline ?? Infinity, performance.now() + timeout);
  const wasi = new Wasi(module, options);
  try {
    const pace = { deadline: end, ...(signal === undefined ? {} : { signal }) };
    const [exitCode, fuelUsed] = await exitOf(module, wasi, fuel, pace, imports, maxMemoryPages);
    return { exitCode, fuelUsed, files: wasi.files };
  } finally {
    wasi.dispose();
  }
}

async function exitOf(
  module: Module,
  wasi: Wasi,
  fuel: bigint | number,
  pace: PaceOptions,
  imports: Imports | undefined,
  maxMemoryPages: number | undefined,
): Promise<[number, bigint]> {
  const pages = maxMemoryPages === undefined ? {} : { maxMemoryPages };
  try {
    const guest = await module.instantiateAsync(importsWith(imports, wasi), { fuel, ...pace, ...pages });
    try {
      const outcome = await guest.tryCall("_start", [], { fuel, ...pace });
      if (outcome.status === "ok") return [0, outcome.fuelUsed];
      if (outcome.status === "trap") throw outcome.trap;
      const { fuelUsed, frames } = outcome;
      outcome.abort();
      throw new Trap("out-of-fuel", wasi.engine.traps.find(({ code }) => code === "out-of-fuel")?.message ?? "", fuelUsed, frames);
    } finally {
      guest.dispose();
    }
  } catch (error) {
    if (!wasi.hasEndedWith(error)) throw error;
    return [error.exitCode as number, error.fuelUsed as bigint];
  }
}

/** A program's imports, with those of the system. */
function importsWith(imports: Imports | undefined, wasi: Wasi): Imports {
  if (imports instanceof Map) return new Map([...(imports as ReadonlyMap<string, object>), ...Object.entries(wasi.imports())]);
  return { ...(imports as { readonly [module: string]: object } | undefined), ...wasi.imports() };
}
