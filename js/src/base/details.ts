/**
 * What an error says besides its message, as plain data.
 *
 * The copies of an error that `structuredClone` and `postMessage` make have its message, its stack and
 * its `cause`, in Node and in browsers; whatever else it has is left out, and its class is `Error`. So
 * the errors of guestbox have their details as their `cause`.
 */
import { type Frame, type Frames, NO_FRAMES, framesWith } from "./frames.js";
import type { ErrorCode, TrapCode } from "./tables.js";

/** The details of an error. */
export interface ErrorDetails {
  /** The name of its class. */
  readonly guestbox: string;
  /** What is wrong, as programs tell it. */
  readonly code: ErrorCode;
  /** Of a module that is not supported: the name of the proposal. */
  readonly proposal?: string;
  /** Of a trap: a BigInt, in JSON its digits. */
  readonly fuelUsed?: bigint | string;
  /** Of a trap, if it has some, the innermost first. */
  readonly frames?: readonly Frame[];
  /** How many frames there were besides. */
  readonly framesLeftOut?: number;
}

/** An error as plain data, which can be written as JSON. */
export interface ErrorJSON extends ErrorDetails {
  /** What is wrong, in words. */
  readonly message: string;
}

/** What a program exited with. */
export interface WasiExit {
  /** Its exit code. */
  readonly code: number;
  /** The fuel that the call used. */
  readonly fuelUsed: bigint;
}

/** What was found in the copy of an error. */
export interface Copied {
  /** The name of its class. */
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  readonly proposal: string | undefined;
  readonly fuelUsed: bigint;
  readonly frames: Frames;
}

/** The details of a trap. */
export function trapDetails(guestbox: string, code: TrapCode, fuelUsed: bigint, frames: Frames): ErrorDetails {
  if (frames.length === 0) return { guestbox, code, fuelUsed };
  return { guestbox, code, fuelUsed, frames: [...frames], framesLeftOut: frames.leftOut };
}

/** Reads the copy of an error: one with details as its cause, or details with a message. */
export function copied(value: unknown): Copied | undefined {
  const [message, stack, cause] = [own(value, "message"), own(value, "stack"), own(value, "cause")];
  const places = [value, cause, own(cause, "cause")];
  const details = places.find((place) => typeof own(place, "guestbox") === "string");
  const [name, code, fuelUsed] = [own(details, "guestbox"), own(details, "code"), own(details, "fuelUsed")];
  const proposal = own(details, "proposal");
  if (typeof name !== "string" || typeof code !== "string" || typeof message !== "string") return undefined;
  // An error of an engine that aborted has what that threw for its cause, which has the details.
  const isFurther = details === places[2];
  if (isFurther && name !== "PoisonedError") return undefined;
  return {
    class: name,
    code,
    message,
    stack: typeof stack === "string" ? stack : undefined,
    cause: isFurther ? cause : undefined,
    proposal: typeof proposal === "string" ? proposal : undefined,
    fuelUsed: fuelOf(fuelUsed),
    frames: framesOfCopy(own(details, "frames"), own(details, "framesLeftOut")),
  };
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as { [name: string]: unknown })[name];
}

function fuelOf(fuel: unknown): bigint {
  if (typeof fuel === "bigint") return fuel;
  return typeof fuel === "string" && /^\d{1,20}$/.test(fuel) ? BigInt(fuel) : 0n;
}

function framesOfCopy(frames: unknown, leftOut: unknown): Frames {
  if (!Array.isArray(frames)) return NO_FRAMES;
  const read = frames.map((frame: unknown): Frame | undefined => {
    const [functionIndex, offset] = [own(frame, "functionIndex"), own(frame, "offset")];
    if (typeof functionIndex !== "number" || typeof offset !== "number") return undefined;
    const [name, module] = [own(frame, "name"), own(frame, "module")].map((text) => (typeof text === "string" ? text : undefined));
    return { functionIndex, name, module, offset };
  });
  const known = read.filter((frame) => frame !== undefined);
  return framesWith(known, typeof leftOut === "number" ? leftOut : 0);
}
