/** How a sandbox comes by guests that run outside. */
import { CompileError, LoadError } from "../base/errors.js";
import type { Engine } from "../host/engine.js";
import { lackingError } from "./code.js";
import { Outside } from "./outside.js";

/** Compiles bytes, with frames or without: the handle of the module. */
export type Compiler = (engine: Engine, bytes: Uint8Array, frames: boolean) => number;

/** What runs guests outside, and how modules are compiled with it. */
export interface Loaded {
  readonly runner: Outside;
  /** The most frames of guests, and bytes of stack. */
  readonly stack: readonly [frames: number, bytes: number];
  readonly compiler: (otherwise: Compiler) => Compiler;
}

/**
 * What runs guests outside. With `isAuto` it is none where something would be lost: where this runtime does not do it, or does it without calls that
 * wait, or where more frames are asked for than it has room for; and modules that it does not do are compiled otherwise.
 */
export function load(isAuto: boolean, frames: number | undefined): Loaded | undefined {
  const { stack } = Outside;
  if (isAuto && (!Outside.canWait || (frames ?? 0) > stack[0])) return undefined;
  let runner: Outside;
  try {
    runner = new Outside(!isAuto);
  } catch (error) {
    if (isAuto && LoadError.is(error, "no-host-engine")) return undefined;
    throw error;
  }
  const compiler =
    (otherwise: Compiler): Compiler =>
    (engine, bytes, withFrames) => {
      let refused: Error | undefined = withFrames ? lackingError("the module is to be compiled with frames") : undefined;
      if (refused === undefined) {
        try {
          return engine.use((host) => host.compile_outside(bytes));
        } catch (error) {
          const lack = runner.takeLack();
          refused = lack === undefined ? (error as Error) : lackingError(`the module ${lack}`);
        }
      }
      if (isAuto && CompileError.is(refused, "engine")) return otherwise(engine, bytes, withFrames);
      throw refused;
    };
  return { runner, stack, compiler };
}
