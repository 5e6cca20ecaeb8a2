// The page in each browser: programs run, are typed to, sleep and are interrupted on its main thread, and it goes on.
//
// The longest frame is printed, and not compared with anything: what else the machine does is in it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serve } from "../browser/server.mjs";
import { names, visit } from "./browsers.mjs";

/** Frames that a page has in a second by far, if it is not held up. */
const ENOUGH = 10;

const { server, base } = await serve();
after(() => server.close());

for (const name of names) {
  describe(name, () => {
    let visitor;
    before(async () => (visitor = await visit(name, `${base}/tests/terminal/index.html`)));
    after(() => visitor?.close());

    const noteFrames = async (what) => {
      const { count, longest } = await visitor.gaps();
      console.log(`${name}, ${what}: the longest of ${count} frames took ${longest.toFixed(0)} ms`);
    };

    test("a Python waits for a line, sleeps and writes a file, which is shown and downloaded", async () => {
      await visitor.run("python ask.py");
      await visitor.asks(/What is your name\?/);
      await visitor.says(/python was compiled in \d+\.\d s; the page stood still meanwhile/);
      await visitor.frames(ENOUGH);
      await visitor.type("Adx");
      await visitor.press("Backspace");
      await visitor.type("a");
      await visitor.asks(/What is your name\? Ada/);
      await visitor.press("Enter");
      await visitor.ended(/^python ended with code 0 after \d+\.\d s, \d+ million units of fuel\.$/);
      assert.match(await visitor.page.$eval("#frames", ({ textContent }) => textContent), /^longest frame [1-9]\d* ms$/);
      await visitor.says(/^Writing a letter\.\.\.\nIt is in letter\.txt, Ada\.\nended with code 0$/m);
      // Three times 0.3 s.
      assert.ok((await visitor.framesBetween("Writing a letter.", "It is in")) >= ENOUGH);
      await noteFrames("python ask.py");
      const letter = "Dear Ada,\nall is well on the main thread.\n";
      await visitor.lists("letter.txt", `${letter.length} bytes, new`);
      assert.equal(await visitor.download("letter.txt"), letter);
    });

    test("a Python that never ends leaves the page its frames, and is interrupted by Ctrl-C", async () => {
      const idle = await visitor.rate();
      await visitor.run("python spin.py");
      await visitor.says(/Ctrl-C ends it\.$/);
      // What else runs on the machine has to let it, once.
      const rates = [];
      do rates.push(await visitor.rate());
      while (rates.at(-1) < idle / 2 && rates.length < 20);
      const shown = rates.map((rate) => rate.toFixed(0)).join(", ");
      assert.ok(rates.at(-1) >= idle / 2, `${idle.toFixed(0)} frames in a second without a program, with one ${shown}`);
      console.log(`${name}, python spin.py: ${rates.at(-1).toFixed(0)} frames in a second, ${idle.toFixed(0)} without it`);
      await visitor.control("c");
      await visitor.ended(/^python ended by Ctrl-C after/);
      await visitor.says(/\^C\nended by Ctrl-C$/);
      await noteFrames("python spin.py");
    });

    test("a Python has a prompt, and one that never ceases to write is stopped by the button", async () => {
      await visitor.run("python -q");
      await visitor.asks(/>>>/);
      await visitor.type("6 * 7\r");
      await visitor.says(/^42\n>>>$/m);
      await visitor.type("while True: print('on and on')\r\r");
      await visitor.says(/(^on and on\n){5}/m);
      await visitor.frames(2 * ENOUGH);
      await visitor.page.click("#stop");
      await visitor.ended(/^python ended by Ctrl-C/);
      await noteFrames("python -q");
    });

    test("a C program sleeps, asks, is answered, and keeps a file", async () => {
      await visitor.run("sums 3");
      await visitor.asks(/Your name\?/);
      await visitor.type("nobody at all");
      await visitor.control("u");
      await visitor.type("Ada\r");
      await visitor.says(/^3 sums, Ada\. 3\.\.\. 2\.\.\. 1\.\.\. go!$/m);
      assert.ok((await visitor.framesBetween("3 sums, Ada. 3...", "go!")) >= ENOUGH);
      await visitor.type(`${await answer(visitor, 1)}\r`);
      await visitor.says(/Right\./);
      await answer(visitor, 2);
      await visitor.type("many\r");
      await visitor.says(/A number, please\./);
      await visitor.type(`${(await answer(visitor, 2)) + 1}\r`);
      await visitor.says(/No, /);
      await visitor.type(`${await answer(visitor, 3)}\r`);
      await visitor.ended(/^sums ended with code 0/);
      await visitor.says(/^ {3}1 {2}Ada +2 right +\d+\.\d s$/m);
      await noteFrames("sums 3");
      assert.match(await visitor.download("sums.txt"), /^2 \d+\.\d Ada\n$/);
    });

    test("a C program reads the file that another run has left, and the end of its input", async () => {
      await visitor.run("sums 1");
      await visitor.asks(/Your name\?/);
      await visitor.type("Bob\r");
      await visitor.type(`${await answer(visitor, 1)}\r`);
      await visitor.ended(/^sums ended with code 0/);
      await visitor.says(/^ {3}1 {2}Ada +2 right .*\n {3}2 {2}Bob +1 right /m);
      await visitor.run("sums 1");
      await visitor.asks(/Your name\?/);
      await visitor.control("d");
      await visitor.ended(/^sums ended with code 1/);
      await visitor.run("sums none");
      await visitor.ended(/^sums ended with code 2/);
      await visitor.says(/usage: sums/);
    });

    test("a Rust program reads lines up to Ctrl-D, and writes a file", async () => {
      await visitor.run("words");
      await visitor.says(/Type some text/);
      await visitor.stage("waiting");
      await visitor.type("To be, or not to bee");
      await visitor.press("Backspace");
      await visitor.type(":\rthat's the Frage für 漢字");
      await visitor.press("Backspace");
      await visitor.type("\r");
      await visitor.says(/^To be, or not to be:\nthat's the Frage für 漢$/m);
      await visitor.control("d");
      await visitor.ended(/^words ended with code 0/);
      await visitor.says(/^ {5}2 {2}#{30} {2}to$/m);
      await noteFrames("words");
      const counts = ["be,2", "to,2", "frage,1", "für,1", "not,1", "or,1", "that's,1", "the,1", "漢,1"];
      assert.equal(await visitor.download("words.csv"), counts.map((line) => `${line}\n`).join(""));
    });

    test("a file is written in the page, read by a program, and shown", async () => {
      const { page } = visitor;
      await page.click("#new");
      await visitor.type("cats.txt");
      await page.click("#text");
      await visitor.type("cat dog\rcat\r");
      await page.click("[value=save]");
      await visitor.lists("cats.txt", "12 bytes, new");
      await visitor.run("words cats.txt");
      await visitor.ended(/^words ended with code 0/);
      await visitor.says(/^3 words, 2 different, all of them in words\.csv$/m);
      await visitor.lists("cats.txt", "12 bytes");
      await page.click('[title="Show words.csv"]');
      assert.equal(await page.$eval("#text", ({ value }) => value), "cat,2\ndog,1\n");
      await page.click("[value=cancel]");
    });

    test("a long line is wrapped, and erased around the edge", async () => {
      await visitor.run("words");
      await visitor.stage("waiting");
      await visitor.type("long ".repeat(40));
      await visitor.control("u");
      await visitor.type("short\r");
      await visitor.says(/ends it\.\nshort$/);
      await visitor.control("d");
      await visitor.ended(/^words ended with code 0/);
      await visitor.lists("words.csv", "8 bytes, new");
    });

    test("what is no program is said to be none, and nothing went wrong in the page", async () => {
      await visitor.run("perl");
      await visitor.ended(/^there is no program perl; there are python, sums, words\.$/);
      assert.deepEqual(visitor.problems, []);
    });
  });
}

/** The answer to the sum with a number that is asked. */
async function answer(visitor, number) {
  const [, left, sign, right] = await visitor.asks(new RegExp(`${number}\\. (\\d+) ([-+*]) (\\d+) =`));
  return { "+": +left + +right, "-": left - right, "*": left * right }[sign];
}
