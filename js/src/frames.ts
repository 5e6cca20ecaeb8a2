/** Frames: which functions of a guest had called each other, and where they were. */

/** A function of a guest that had been called and had not returned. */
export interface Frame {
  /** The function's index in the module, imported functions counted first. */
  readonly functionIndex: number;
  /** The function's name in the module's name section, which the guest's author wrote; `undefined` without one. */
  readonly name: string | undefined;
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
export const NO_FRAMES = framesOf([]);

/** Frames as the wasm-host describes them. */
export function framesOf(description: readonly unknown[]): Frames {
  const [leftOut = 0, ...rest] = description as [number?, ...unknown[]];
  const frames: Frame[] = [];
  for (let at = 0; at < rest.length; at += 3) {
    const [functionIndex, name, offset] = rest.slice(at, at + 3) as [number, string | undefined, number];
    frames.push(Object.freeze({ functionIndex, name, offset }));
  }
  // Not listed among the elements by those who print or compare them.
  Object.defineProperty(frames, "leftOut", { value: leftOut });
  return Object.freeze(frames) as unknown as Frames;
}

/** The lines of frames in the form of V8. */
export function linesOf(frames: Frames): string {
  const lines = frames.map(({ functionIndex, name, offset }) => {
    const place = `wasm-function[${functionIndex}]:0x${offset.toString(16)}`;
    return `\n    at ${name === undefined ? place : `${printable(name)} (${place})`}`;
  });
  if (frames.leftOut > 0) lines.push(`\n    at ${frames.leftOut} more`);
  return lines.join("");
}

/** A stack with the lines of frames in front of its own. */
export function stackWith(stack: string, frames: Frames): string {
  // After the message in V8; others have none in it.
  const begin = stack.search(/\n {4}at /);
  const message = begin < 0 ? "" : stack.slice(0, begin);
  const own = begin < 0 ? `\n${stack}` : stack.slice(begin);
  return message + (message === "" ? linesOf(frames).slice(1) : linesOf(frames)) + own;
}

/** A name that the guest's author chose, on one line and without what a terminal would obey. */
const printable = (name: string): string =>
  name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
