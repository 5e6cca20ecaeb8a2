// How long the page's frames are apart.

/** Measures from `begin` to `end`; `onFrame` is called in each frame between. */
export class Frames {
  #onFrame;
  #last;
  #handle;
  /** The longest time between two frames, in milliseconds. */
  longest = 0;

  constructor(onFrame) {
    this.#onFrame = onFrame;
    // A page that is not shown has no frames.
    document.addEventListener("visibilitychange", () => (this.#last = undefined));
  }

  begin() {
    this.longest = 0;
    this.#last = undefined;
    this.#handle = requestAnimationFrame((now) => this.#frame(now));
  }

  end() {
    globalThis.cancelAnimationFrame(this.#handle);
  }

  #frame(now) {
    if (this.#last !== undefined) this.longest = Math.max(this.longest, now - this.#last);
    this.#last = now;
    this.#handle = requestAnimationFrame((next) => this.#frame(next));
    this.#onFrame();
  }
}

/** Resolves once what was changed has been painted. */
export const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
