// What is typed, what is shown of it, and what a program reads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tty } from "./tty.mjs";

/** A tty with what it showed, whether it waits, and how often it was interrupted. */
function opened() {
  const seen = { shown: "", isWaiting: false, interrupts: 0 };
  const tty = new Tty({
    write: (text) => void (seen.shown += text),
    interrupt: () => void (seen.interrupts += 1),
    widthOf: (point) => (point > 0x2e80 ? 2 : 1),
    onWaiting: (isWaiting) => void (seen.isWaiting = isWaiting),
  });
  return { tty, seen, input: tty[Symbol.asyncIterator]() };
}

/** What is read where this is typed, to the end. */
async function read(typed) {
  const { tty } = opened();
  tty.type(typed);
  tty.end();
  const pieces = [];
  for await (const piece of tty) pieces.push(piece);
  return pieces;
}

/** What is on a screen of one line that is as wide as it has to be. */
function screenOf(shown) {
  const cells = [];
  let at = 0;
  for (const character of shown) {
    if (character === "\b") at -= 1;
    else for (let left = character > "\u2e80" ? 2 : 1; left > 0; left--) cells[at++] = character;
  }
  return cells.join("").trimEnd();
}

test("a line is given once it is whole, and what is read is what was left of it", async () => {
  const { tty, seen, input } = opened();
  const first = input.next();
  await null;
  assert.ok(seen.isWaiting);
  tty.type("helo");
  tty.type("\x7f");
  tty.type("lo\r");
  assert.deepEqual(await first, { done: false, value: "hello\n" });
  assert.ok(!seen.isWaiting);
  assert.equal(seen.shown, "helo\b \blo\r\n");
});

test("what is typed ahead is kept, line by line", async () => {
  const { tty, seen, input } = opened();
  tty.type("one\rtwo\r\nthr");
  assert.equal((await input.next()).value, "one\n");
  assert.equal((await input.next()).value, "two\n");
  const third = input.next();
  tty.type("ee\r");
  assert.equal((await third).value, "three\n");
  assert.equal(seen.interrupts, 0);
});

test("characters, words and lines are erased, and no more than was typed", async () => {
  assert.deepEqual(await read("ab\x7f\x7f\x7fc\r"), ["c\n"]);
  assert.deepEqual(await read("one two  \x17three\x17\x17\x17four\r"), ["four\n"]);
  assert.deepEqual(await read("gone\x15kept\r"), ["kept\n"]);
  for (const [typed, screen] of [
    ["漢字é\x7f\x7f", "漢漢"],
    ["one 漢字\x17", "one"],
    ["\t\x7f\x7f\x7f\x7fx", "x"],
    ["gone\x15", ""],
  ]) {
    const { tty, seen } = opened();
    tty.type(typed);
    assert.equal(screenOf(seen.shown), screen, typed);
  }
});

test("Ctrl-D ends the input at the beginning of a line, and elsewhere gives what there is of it", async () => {
  assert.deepEqual(await read("one\r\x04two\r"), ["one\n"]);
  assert.deepEqual(await read("half\x04\x04never\r"), ["half"]);
  const { tty, seen, input } = opened();
  const waiting = input.next();
  tty.type("\x04");
  assert.deepEqual(await waiting, { done: true, value: undefined });
  assert.deepEqual(await input.next(), { done: true, value: undefined });
  tty.type("too late\r");
  assert.equal(seen.shown, "", "nothing is shown that nobody can read");
});

test("Ctrl-C interrupts, and drops the line", async () => {
  const { tty, seen, input } = opened();
  tty.type("half\x03whole\r");
  assert.equal(seen.interrupts, 1);
  assert.equal((await input.next()).value, "whole\n");
  assert.equal(seen.shown, "half^C\r\nwhole\r\n");
});

test("keys that send escape sequences and other control characters do nothing", async () => {
  assert.deepEqual(await read("a\x01\x0cb\r"), ["ab\n"]);
  const { tty, seen, input } = opened();
  tty.type("\x1b[A");
  tty.type("a\r");
  assert.equal((await input.next()).value, "a\n");
  assert.equal(seen.shown, "a\r\n");
});

test("who waits when the program has ended reads the end", async () => {
  const { input, seen } = opened();
  const waiting = input.next();
  await input.return();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  assert.ok(!seen.isWaiting);
});
