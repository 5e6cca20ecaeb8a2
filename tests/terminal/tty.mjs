// The terminal's end of a program's standard input: lines are edited here and given to the program once they are whole, as a
// tty does in its usual ("cooked") mode.
//
// | key | what happens |
// |---|---|
// | Enter | ends the line, and gives it to the program |
// | Backspace, Ctrl-W, Ctrl-U | erase a character, a word, the line |
// | Ctrl-D | gives what there is of the line; at its beginning it ends the input |
// | Ctrl-C | interrupts |
//
// What is typed before the program asks is shown at once and kept for it. Arrows and other keys that send an escape sequence
// do nothing, and a tab is four spaces, so that it can be erased.

const TAB = "    ";
const isSpace = (character) => /\s/u.test(character);

/** The input of one run: an async iterable of text. */
export class Tty {
  #line = [];
  #ready = [];
  #isOver = false;
  #reader;
  #options;

  /**
   * `write(text)` shows text; `interrupt()` is called for Ctrl-C; `widthOf(character)` is how many columns one takes, by
   * its code point; `onWaiting(isWaiting)` is told when the program begins and ceases to wait for input.
   */
  constructor({ write, interrupt, widthOf = () => 1, onWaiting = () => {} }) {
    this.#options = { write, interrupt, widthOf, onWaiting };
  }

  /** Takes what was typed or pasted, as the terminal sends it: `\r` for Enter. */
  type(text) {
    if (text.startsWith("\x1b")) return;
    for (const character of text.replaceAll("\r\n", "\r")) {
      if (this.#isOver) return;
      this.#take(character);
    }
  }

  /** Ends the input, as whoever runs the program does when that has ended. */
  end() {
    this.#isOver = true;
    this.#pass();
  }

  #take(character) {
    const { write, interrupt } = this.#options;
    switch (character) {
      case "\r":
      case "\n":
        write("\r\n");
        this.#give("\n");
        break;
      case "\x03":
        write("^C\r\n");
        this.#line = [];
        interrupt();
        break;
      case "\x04":
        if (this.#line.length > 0) this.#give("");
        else this.end();
        break;
      case "\b":
      case "\x7f":
        this.#erase(1);
        break;
      case "\x15":
        this.#erase(this.#line.length);
        break;
      case "\x17":
        this.#erase(this.#line.length - startOfLastWord(this.#line));
        break;
      case "\t":
        for (const space of TAB) this.#add(space);
        break;
      default:
        // Other control characters.
        if (character >= " ") this.#add(character);
    }
  }

  #add(character) {
    this.#line.push(character);
    this.#options.write(character);
  }

  /** Erases characters at the end of the line. The terminal goes back around its left edge where the line is wrapped. */
  #erase(count) {
    const { write, widthOf } = this.#options;
    for (const character of this.#line.splice(this.#line.length - count)) {
      write("\b \b".repeat(widthOf(character.codePointAt(0))));
    }
  }

  #give(ending) {
    this.#ready.push(this.#line.join("") + ending);
    this.#line = [];
    this.#pass();
  }

  /** Gives a program that waits what there is. */
  #pass() {
    if (this.#reader === undefined || (this.#ready.length === 0 && !this.#isOver)) return;
    const resolve = this.#reader;
    this.#reader = undefined;
    this.#options.onWaiting(false);
    resolve(this.#next());
  }

  #next() {
    return this.#ready.length > 0 ? { done: false, value: this.#ready.shift() } : { done: true, value: undefined };
  }

  [Symbol.asyncIterator]() {
    return {
      next: async () => {
        if (this.#ready.length > 0 || this.#isOver) return this.#next();
        this.#options.onWaiting(true);
        return new Promise((resolve) => (this.#reader = resolve));
      },
      return: async () => {
        this.end();
        return { done: true, value: undefined };
      },
    };
  }
}

/** Where the last word of a line begins, with the spaces behind it. */
function startOfLastWord(line) {
  let at = line.length;
  while (at > 0 && isSpace(line[at - 1])) at -= 1;
  while (at > 0 && !isSpace(line[at - 1])) at -= 1;
  return at;
}
