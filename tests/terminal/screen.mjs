// The terminal as the page has it: its looks, how wide characters are, and what a program leaves of its state.
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { Terminal } from "@xterm/xterm";

const DARK = {
  ...{ background: "#111315", foreground: "#e3e5e6", cursor: "#6cc5ae", cursorAccent: "#111315", selectionBackground: "#2f5f56" },
  ...{ black: "#2a2e32", red: "#f0857b", green: "#7fcf8e", yellow: "#e8c26a", blue: "#7fb2ee", magenta: "#d59be0", cyan: "#6cc5ae" },
  ...{ white: "#d5d8da", brightBlack: "#8b939a", brightRed: "#ff9d94", brightGreen: "#9be3a8", brightYellow: "#f5d68a" },
  ...{ brightBlue: "#a3caf7", brightMagenta: "#e6bcee", brightCyan: "#93ddc9", brightWhite: "#ffffff" },
};
const LIGHT = {
  ...{ background: "#fdfcf9", foreground: "#22262a", cursor: "#1f6b5a", cursorAccent: "#fdfcf9", selectionBackground: "#bfe0d7" },
  ...{ black: "#22262a", red: "#b3362b", green: "#2c7a3d", yellow: "#8a5d00", blue: "#24609e", magenta: "#8a3d97", cyan: "#1f6b5a" },
  ...{ white: "#6a7178", brightBlack: "#596067", brightRed: "#c74438", brightGreen: "#35904a", brightYellow: "#a06e06" },
  ...{ brightBlue: "#2f73b8", brightMagenta: "#a04eae", brightCyan: "#27806c", brightWhite: "#3a4046" },
};
const OPTIONS = { allowProposedApi: true, convertEol: true, cursorBlink: true, fontSize: 14, lineHeight: 1.15, scrollback: 5_000 };

/** The cursor goes back around the left edge to the line above, where a line that is erased was wrapped. */
const REVERSE_WRAP = "\x1b[?45h";
/** What a program may have left: reports of the mouse and of pasting, colours, a hidden cursor; and the other screen. */
const RESET = `\x1b[?9;1000;1002;1003;1004;2004l\x1b[!p${REVERSE_WRAP}`;
const LEAVE_OTHER_SCREEN = "\x1b[?1049l";

const DIM = "\x1b[2m",
  RED = "\x1b[31m",
  PLAIN = "\x1b[0m";

/** A terminal in an element, as wide as there is room for; `onInput` gets what is typed. */
export class Screen {
  #terminal = new Terminal(OPTIONS);
  #widths;

  constructor(element, onInput) {
    const terminal = this.#terminal;
    // What knows how wide characters are is there to be registered with a terminal; who erases them asks it too.
    new Unicode11Addon().activate({ unicode: { register: (widths) => (this.#widths = widths) } });
    terminal.unicode.register(this.#widths);
    terminal.unicode.activeVersion = this.#widths.version;
    terminal.options.fontFamily = globalThis.getComputedStyle(element).getPropertyValue("--mono");
    const dark = globalThis.matchMedia("(prefers-color-scheme: dark)");
    const paint = () => (terminal.options.theme = dark.matches ? DARK : LIGHT);
    dark.addEventListener("change", paint);
    paint();
    terminal.open(element);
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    new globalThis.ResizeObserver(() => fit.fit()).observe(element);
    // What is selected is copied by the same keys as elsewhere.
    terminal.attachCustomKeyEventHandler((event) => !(event.ctrlKey && event.key === "c" && terminal.hasSelection()));
    terminal.onData(onInput);
    terminal.write(REVERSE_WRAP);
  }

  focus() {
    this.#terminal.focus();
  }

  /** Writes text or bytes; resolves once they are on the screen. */
  write(text) {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  /** Shows a command line. */
  prompt(line) {
    void this.write(`${DIM}$ ${PLAIN}${line}\r\n`);
  }

  /** Says something of the page's own, in a line. */
  say(text, isWrong = false) {
    void this.write(`${isWrong ? RED : DIM}${text}${PLAIN}\r\n`);
  }

  /** Makes the terminal what it was before a program ran, at the beginning of a line. */
  async reset() {
    const { buffer } = this.#terminal;
    await this.write(RESET);
    if (buffer.active.type === "alternate") await this.write(LEAVE_OTHER_SCREEN);
    if (buffer.active.cursorX > 0) await this.write("\r\n");
  }

  /** The columns of a character, by its code point. */
  widthOf(point) {
    return this.#widths.wcwidth(point);
  }
}
