// One module: what it is, how far it gets in guestbox, and whether it does there what it does in Node's own WebAssembly.
import { Child } from "./child.mjs";
import { differsInNaN, firstDifference } from "./compare.mjs";
import { bytesAt } from "./modules.mjs";
import { toolchainOf } from "./toolchain.mjs";

// V8's optimizing compiler may give a NaN other bits than the other one, and when it compiles what is up to the machine.
const PLAIN_OPTIONS = ["--experimental-wasm-type-reflection", "--liftoff-only"];

/** For what has to be compiled in between, milliseconds. */
const PATIENCE = 240_000;

export class Survey {
  #plain = new Child("plain.mjs", PLAIN_OPTIONS);
  #sandboxed = new Child("sandboxed.mjs");

  /** The row of a module. */
  async row(place) {
    const bytes = bytesAt(place);
    const described = await this.#ask(this.#plain, { kind: "describe", bytes });
    const types = { imports: described.imports, exports: described.exports };
    const row = { toolchain: toolchainOf({ id: place.id, ...described }), node: described.invalid === undefined };
    for (const limits of ["default", "unlimited"]) row[limits] = await this.#reach({ bytes, limits, simd: true });
    row.withoutVectors = await this.#reach({ bytes, limits: "default", simd: false });
    if (row.node && row.unlimited === "links") Object.assign(row, await this.#behaviour({ bytes, types, limits: "unlimited" }));
    return row;
  }

  end() {
    this.#plain.end();
    this.#sandboxed.end();
  }

  async #ask(child, question) {
    const answer = await child.ask(question, PATIENCE);
    if (answer.failed !== undefined) throw new Error(`${child.program}: ${question.kind}: ${answer.failed}`);
    return answer;
  }

  /** How far it gets, in words: "links", or a stage and the reason why no farther. */
  async #reach(question) {
    const { stage, reason, failed } = await this.#sandboxed.ask({ kind: "reach", ...question }, PATIENCE);
    if (failed !== undefined) return `refused: ${failed.slice(0, 160)}`;
    return reason === undefined ? stage : `${stage}: ${reason}`;
  }

  async #behaviour(question) {
    const ours = await this.#sandboxed.ask({ kind: "follow", ...question }, PATIENCE);
    if (ours.failed !== undefined) return { behaves: `differs: ${ours.failed.slice(0, 160)}`, calls: 0 };
    const calls = ours.sessions.map((session) => session.calls.map(({ name, args }) => ({ name, args })));
    const theirs = await this.#plain.ask({ kind: "follow", ...question, sessions: calls }, PATIENCE);
    if (theirs.failed !== undefined) return { behaves: `differs: in V8 ${theirs.failed.slice(0, 160)}`, calls: 0 };
    const differences = ours.sessions.map((session, at) => firstDifference(session, theirs.sessions[at]));
    const equal = differences.reduce((sum, found) => sum + found.equal, 0);
    let behaves = "same";
    for (const [at, { at: call, what }] of differences.entries()) {
      if (what === undefined) continue;
      const isNaN = await this.#isOfNaN(question, ours.sessions[at], theirs.sessions[at], call);
      if (!isNaN) return { behaves: `differs: ${placeOf(ours.sessions[at], at, call)}: ${what}`, calls: equal };
      behaves = "NaN";
    }
    return { behaves, calls: equal };
  }

  /** Whether the difference after a call of a session is only the bits of NaNs. */
  async #isOfNaN(question, ours, theirs, call) {
    const calls = ours.calls.slice(0, call + 1).map(({ name, args }) => ({ name, args }));
    const shown = [
      await this.#ask(this.#sandboxed, { kind: "show", ...question, calls }),
      await this.#ask(this.#plain, { kind: "show", ...question, calls }),
    ];
    const last = ({ begun, calls }) => (call < 0 ? begun : calls[call]);
    return differsInNaN(last(ours), last(theirs), ...shown);
  }
}

function placeOf({ calls }, session, call) {
  if (call < 0) return `instantiating`;
  const { name, args } = calls[call];
  return `session ${session}, call ${call}, ${name}(${args.join(", ")})`;
}
