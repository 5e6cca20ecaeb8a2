/** Frames: which functions of a guest had called each other, and where they were. */
import { constant } from "./define.js";

/** A function of a guest that had been called and had not returned. */
export interface Frame {
  /** The function's index in the module, imported functions counted first. */
  readonly functionIndex: number;
  /** The function's name in the module's name section, which the guest's author wrote; `undefined` without one. */
  readonly name: string | undefined;
  /**
   * Where the function is of another guest than the one that was called, which it reached through a table: the name of its
   * module, from the module's name section; where that has none, the first eight digits of the hash of the module's bytes.
   */
  readonly module: string | undefined;
  /**
   * Where the function was, as an offset of an operator in the module's bytes: the call of the next
   * inner frame, the operator that trapped, or where it last passed a call, a loop's begin or an
   * operator that can trap, if it is out of fuel.
   */
  readonly offset: number;
}

/** The frames of a guest call, the innermost first; of more than 100 the innermost. */
export interface Frames extends ReadonlyArray<Frame> {
  /** How many there were besides, further out. */
  readonly leftOut: number;
}

/** Those of a guest whose module was compiled without frames. */
export const NO_FRAMES = framesWith([], 0);

/** Frames as the wasm-host describes them. */
export function framesOf(description: string | undefined): Frames {
  if (description === undefined) return NO_FRAMES;
  const [leftOut, ...frames] = JSON.parse(description) as [number, ...Described[]];
  // Taking arrays apart would call what a page may have given all objects, while the guest waits.
  const frame = (one: Described): Frame => {
    return { functionIndex: one[0], name: one[1] ?? undefined, module: one[3] ?? undefined, offset: one[2] };
  };
  return framesWith(frames.map(frame), leftOut);
}

type Described = [functionIndex: number, name: string | null, offset: number, module: string | null];

/** Frames, of which some were left out. */
export function framesWith(list: readonly Frame[], leftOut: number): Frames {
  const frames = list.map((frame) => Object.freeze(frame));
  // Not listed among the elements by those who print or compare them.
  constant(frames, "leftOut", leftOut);
  return Object.freeze(frames) as unknown as Frames;
}

/** The lines of frames in the form of V8. */
export function linesOf(frames: Frames): string {
  const lines = frames.map(({ functionIndex, name, module, offset }) => {
    const of = module === undefined ? "" : `${printable(module)}:`;
    const place = `${of}wasm-function[${functionIndex}]:0x${offset.toString(16)}`;
    return `\n    at ${name === undefined ? place : `${printable(name)} (${place})`}`;
  });
  return lines.join("") + (frames.leftOut > 0 ? `\n    at ${frames.leftOut} more` : "");
}

/** A stack with the lines of frames in front of its own. */
export function stackWith(stack: string, frames: Frames): string {
  const [message, own] = parted(stack);
  return message + (message === "" ? linesOf(frames).slice(1) : linesOf(frames)) + own;
}

/** A stack with the lines of another one in the place of its own. */
export function stackAt(stack: string, other: string): string {
  const [message] = parted(stack);
  return message === "" ? other : message + parted(other)[1];
}

/** The message and the lines of a stack: in V8 the one is before the others, elsewhere there is none in it. */
function parted(stack: string): [message: string, lines: string] {
  const begin = stack.search(/\n {4}at /);
  return begin < 0 ? ["", `\n${stack}`] : [stack.slice(0, begin), stack.slice(begin)];
}

/** A name that the guest's author chose, on one line and without what a terminal would obey. */
export const printable = (name: string): string =>
  name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
