// Runs a command line by `guestbox/wasi`.
import { Sandbox } from "guestbox";
import * as wasi from "guestbox/wasi";
import { PROGRAMS, VARIABLES, argumentsOf } from "./programs.mjs";

/** What is wrong with a command line. */
export class CommandError extends Error {}

/** Keeps the programs that it has compiled. */
export class Runner {
  #sandbox;
  #modules = new Map();

  static async load() {
    const runner = new Runner();
    // Else the first program would be slow, and its first frames late.
    runner.#sandbox = await Sandbox.load({ warm: true });
    return runner;
  }

  /**
   * Runs a command line to its end: what `wasi.run` comes to. `options` are of its kind. `onStage` is awaited before the program is
   * loaded, compiled and run, with "loading", "compiling" or "running", and its name.
   */
  async run(line, options, onStage) {
    const args = argumentsOf(line);
    if (args.length === 0) throw new CommandError("there is no command");
    const [name] = args;
    if (!Object.hasOwn(PROGRAMS, name)) {
      throw new CommandError(`there is no program ${name}; there are ${Object.keys(PROGRAMS).join(", ")}`);
    }
    const module = this.#modules.get(name) ?? (await this.#compiled(name, onStage));
    options.signal.throwIfAborted();
    await onStage("running", name);
    // By default every run is the same; here it is now, and nobody knows what is random.
    const world = { clock: "host", env: VARIABLES, random: "host", terminal: true };
    return wasi.run(module, { ...world, ...options, args, timeout: Infinity });
  }

  async #compiled(name, onStage) {
    await onStage("loading", name);
    const response = await fetch(PROGRAMS[name]);
    if (!response.ok) throw new CommandError(`${name} is not there (${response.status}): \`make terminal\` brings it`);
    const bytes = await response.arrayBuffer();
    await onStage("compiling", name);
    const module = await this.#sandbox.compileAsync(bytes);
    this.#modules.set(name, module);
    return module;
  }
}
