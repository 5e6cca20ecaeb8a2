// Processes that are asked one thing at a time, and ended when they don't answer.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program of this folder in a process of its own, which is begun anew after it was ended. */
export class Child {
  #process;

  constructor(program, options = []) {
    this.program = fileURLToPath(new URL(program, import.meta.url));
    this.options = options;
  }

  /** What the program answers; `{ failed }` says why there is no answer. */
  ask(question, milliseconds) {
    this.#process ??= fork(this.program, [], { execArgv: this.options, serialization: "advanced" });
    const child = this.#process;
    return new Promise((resolve) => {
      const settle = (answer) => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (answer.failed !== undefined) this.end();
        resolve(answer);
      };
      const timer = setTimeout(() => settle({ failed: `no answer within ${milliseconds / 1000} s` }), milliseconds);
      child.on("message", settle);
      child.on("error", (error) => settle({ failed: error.message }));
      child.on("exit", (code, signal) => settle({ failed: `the process ended with ${signal ?? code}` }));
      child.send(question);
    });
  }

  end() {
    this.#process?.kill("SIGKILL");
    this.#process = undefined;
  }
}

/** Answers what the process is asked: each kind of question by a function of that name. */
export function answer(kinds) {
  process.on("message", async (question) => {
    let given;
    try {
      given = await kinds[question.kind](question);
    } catch (error) {
      given = { failed: error.stack ?? String(error) };
    }
    process.send(given);
  });
}
