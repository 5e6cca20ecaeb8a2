// Reads the programs and the recorded traces, from this checkout. Node only.
import { readFileSync, readdirSync } from "node:fs";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const namesIn = (folder, ending) =>
  readdirSync(new URL(folder, import.meta.url))
    .map((file) => {
      if (!file.endsWith(ending)) throw new Error(`${folder}/${file} does not belong there`);
      return file.slice(0, -ending.length);
    })
    .sort();

/** The recorded traces by the name of their program. */
export const recorded = new Map(namesIn("recorded", ".txt").map((name) => [name, read(`recorded/${name}.txt`)]));

/**
 * The programs in the order of their names. Each is JSON: its `limits`, `memories` and `steps`, and the
 * names of its `modules`; besides, `bytesOf` gives the bytes of one of these, as `wat` makes them.
 */
export const readPrograms = (wat) => namesIn("programs", ".wat").map((name) => parse(name, read(`programs/${name}.wat`), wat));

function parse(name, text, wat) {
  const program = { name, limits: {}, memories: [], modules: [], steps: [] };
  /** The options of each guest. */
  const options = new Map();
  const [head, ...texts] = text.split(/^(?=\(module )/m);
  for (const [, directive] of head.matchAll(/^;;! (.*)$/gm)) {
    const words = directive.split(/\s+/).filter((word) => word !== "");
    const plain = words.filter((word) => !word.includes("="));
    const given = words.filter((word) => word.includes("=")).map((word) => word.split("="));
    direct(program, options, plain, given);
  }
  const modules = new Map(texts.map((module) => [/^\(module \$(\S+)/.exec(module)[1], module]));
  program.modules = [...modules.keys()];
  const made = new Map();
  const bytesOf = (module) => {
    if (!made.has(module)) made.set(module, wat(modules.get(module)));
    return made.get(module);
  };
  return Object.defineProperty(program, "bytesOf", { value: bytesOf, enumerable: false });
}

function direct(program, options, [word, name, ...rest], given) {
  const numbers = () => Object.fromEntries(given.map(([option, value]) => [option, Number(value)]));
  switch (word) {
    case "limits":
      program.limits = numbers();
      break;
    case "memory":
      program.memories.push({ name, initial: Number(rest[0]), maximum: rest[1] && Number(rest[1]) });
      break;
    case "guest":
      options.set(name, numbers());
      program.steps.push({ do: "guest", guest: name, options: options.get(name) });
      break;
    case "call": {
      const [exported, ...args] = rest;
      const fuel = given.flatMap(([, value]) => value.split("+").map(Number));
      program.steps.push({ do: "call", guest: name, export: exported, args, fuel, options: options.get(name) ?? {} });
      break;
    }
    default:
      throw new Error(`${program.name}: ${word} is no directive`);
  }
}
