// Which exports are called, with what, and how it is noted: the same for each engine.
import { crc32 } from "node:zlib";
import { isNumber } from "./imports.mjs";
import { spread } from "./modules.mjs";

/** Exports of a module that are called: the first ones, which set it up, and others from all over it. */
const FIRST = 8;
const OTHERS = 40;

/** The arguments by the round and their place: nothing, small numbers, what may be pointers and lengths. */
const ROUNDS = [() => 0, (at) => at + 1, (at) => (at % 2 === 0 ? 1_024 + 64 * at : 16)];

function argument(type, number) {
  if (type === "i64") return BigInt(number);
  return type === "i32" ? number : number + 0.5;
}

/** The calls of a module with these exports, `{ name, args }`. */
export function callsOf(exports) {
  const callable = exports.filter((type) => type.kind === "function" && [...type.params, ...type.results].every(isNumber));
  const chosen = [...callable.slice(0, FIRST), ...spread(callable.slice(FIRST), OTHERS)];
  return chosen.flatMap(({ name, params }) => {
    const rounds = params.length === 0 ? ROUNDS.slice(0, 1) : ROUNDS;
    return rounds.map((number) => ({ name, args: params.map((type, at) => argument(type, number(at))) }));
  });
}

/** Instances of a module that are driven: another one begins behind each call that is stopped. */
const SESSIONS = 12;

/**
 * Makes calls of a module, in sessions of an instance each. `begin` makes an instance: its `call(name, args)` gives
 * `{ status, ... }`, its `state` what can be seen of it, its `begun` what instantiating it came to. A call that is
 * "stopped", by its fuel or the depth of its stack, leaves its guest anywhere: it is left out, and those behind it are
 * made in another session.
 */
export function sessionsOf(begin, calls) {
  const sessions = [];
  const rest = calls.slice();
  let isOver = false;
  while (!isOver && sessions.length < SESSIONS) {
    const session = sessionOf(begin(), rest);
    sessions.push(session);
    isOver = session.begun.status !== "ok" || rest.length === 0;
  }
  return sessions;
}

/** Makes calls of an instance, and takes them from the list, until one is stopped: how it began, and what they came to. */
export function sessionOf(instance, rest) {
  const session = { begun: { ...instance.begun, ...instance.state() }, calls: [] };
  if (instance.begun.status !== "ok") return session;
  for (let call = rest.shift(); call !== undefined; call = rest.shift()) {
    const outcome = instance.call(call.name, call.args);
    if (outcome.status === "stopped") break;
    session.calls.push({ ...call, ...outcome, ...instance.state() });
  }
  return session;
}

/** Makes calls of an instance, and says what its memories are then, and what the last one asked its imports for. */
export function shownAfter(instance, noted, calls) {
  noted.words = [];
  for (const { name, args } of calls) {
    noted.words = [];
    instance.call(name, args);
  }
  return { memories: instance.memories.map((memory) => memory.bytes().slice()), words: noted.words };
}

/** What can be seen of an instance: its memories, its mutable globals, and what it asked its imports for. */
export const stateOf = (memories, globals, calls) => ({
  pages: memories.map(({ pages }) => pages),
  memories: memories.map(({ bytes }) => crc32(bytes())),
  globals: globals.map((value) => value()),
  asked: calls.sum,
});
