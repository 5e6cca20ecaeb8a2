// Whether two engines did the same, and if not, whether what differs is the bits of a NaN: those are canonical in guestbox
// and the processor's own elsewhere.

// What can be seen of an instance, and how it is called if it differs.
const STATE = { pages: "sizes of memories", memories: "memories", globals: "globals", asked: "calls of imports" };

/** Whether a trap of guestbox's is what V8 says it is, as far as V8 says it. */
const sameTrap = (ours, theirs) => theirs.codes === undefined || theirs.codes.includes(ours.code);

/** What of two outcomes differs first, in a word; `undefined` where nothing does. */
function difference(ours, theirs) {
  if (ours.status !== theirs.status) return `${wordOf(ours)} here, ${wordOf(theirs)} in V8`;
  if (ours.status === "trap" && !sameTrap(ours, theirs)) return `trap "${ours.code}" here, "${theirs.message}" in V8`;
  if (!same(ours.values, theirs.values)) return `results ${shown(ours.values)} here, ${shown(theirs.values)} in V8`;
  const what = Object.keys(STATE).find((name) => !same(ours[name], theirs[name]));
  return what === undefined ? undefined : `${STATE[what]} that differ`;
}

const wordOf = ({ status, code, message }) => (status === "trap" ? `trap "${code ?? message}"` : status);
const shown = (values) => String([values].flat());
const same = (a, b) => (Array.isArray(a) ? a.length === b?.length && a.every((value, at) => Object.is(value, b[at])) : Object.is(a, b));

/**
 * The first difference of a session: `{ equal, what, at }`, with how many calls were the same before. `at` is the call's
 * number, -1 for instantiating. Where V8's stack was full, nothing behind is known.
 */
export function firstDifference(ours, theirs) {
  const what = difference(ours.begun, theirs.begun);
  if (what !== undefined) return theirs.begun.status === "stopped" ? { equal: 0 } : { equal: 0, at: -1, what };
  for (let at = 0; at < ours.calls.length; at++) {
    if (theirs.calls[at] === undefined) return { equal: at };
    const what = difference(ours.calls[at], theirs.calls[at]);
    if (what !== undefined) return { equal: at, at, what };
  }
  return { equal: ours.calls.length };
}

const isNaN32 = (bits) => (bits & 0x7fffffff) > 0x7f800000;
const isNaN64 = (bits) => (bits & 0x7fffffffffffffffn) > 0x7ff0000000000000n;
const bothNaN32 = (a, b) => isNaN32(a) && isNaN32(b);
const bothNaN64 = (a, b) => isNaN64(a) && isNaN64(b);

/** Whether two values are the same, or both the bits of a NaN. */
function sameButNaN(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a === "bigint" && typeof b === "bigint")
    return bothNaN64(a, b) || halves(a).every((half, at) => sameButNaN(half, halves(b)[at]));
  return Number.isInteger(a) && Number.isInteger(b) && bothNaN32(a, b);
}

const halves = (bits) => [Number(BigInt.asIntN(32, bits)), Number(BigInt.asIntN(32, bits >> 32n))];

function sameMemories(a, b) {
  if (a.length !== b.length) return false;
  const words = (bytes) => new Int32Array(bytes.slice().buffer);
  const ours = words(a);
  const theirs = words(b);
  const double = (of, at) => (BigInt(of[at | 1]) << 32n) | BigInt(of[at & ~1] >>> 0);
  const isSame = (at) => bothNaN32(ours[at], theirs[at]) || bothNaN64(double(ours, at), double(theirs, at));
  return ours.every((word, at) => word === theirs[at] || isSame(at));
}

/** An import's number and its arguments. */
function sameWords(a, b) {
  const values = (words) => words.split(/[ ,]/).map((word) => (/^-?\d+$/.test(word) ? integer(word) : word));
  const ours = values(a);
  const theirs = values(b ?? "");
  return ours.length === theirs.length && ours.every((value, at) => sameButNaN(value, theirs[at]));
}

const integer = (word) => (Number.isSafeInteger(Number(word)) && Math.abs(Number(word)) < 2 ** 31 ? Number(word) : BigInt(word));

const allOf = (a, b, holds) => a.length === b.length && a.every((value, at) => holds(value, b[at]));

/** Whether all that differs after a call is the bits of NaNs: of what it came to, and of what was shown of both then. */
export function differsInNaN(ours, theirs, shownOurs, shownTheirs) {
  return (
    ours.status === theirs.status &&
    (ours.status === "ok" || sameTrap(ours, theirs)) &&
    allOf(ours.values ?? [], theirs.values ?? [], sameButNaN) &&
    allOf(ours.globals, theirs.globals, sameButNaN) &&
    allOf(shownOurs.memories, shownTheirs.memories, sameMemories) &&
    allOf(shownOurs.words, shownTheirs.words, sameWords)
  );
}
