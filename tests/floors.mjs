// Holds the sources to their floors, which floors.txt lists from the ground up:
//
//   node tests/floors.mjs
//
// A line of that table is a floor of a root: folders, with a slash at the end, and files without their endings. A file
// imports from the floors below, from its own folder, and, if it is named itself, from the files that are named beside
// it; what is only a type counts too. No files import each other in a circle, but those of a folder that has an `@`
// before it. Every file is on a floor. What a module of Rust passes on by `pub use` is of the file that it comes from:
// who imports it there imports that file. A crate in parentheses is named on the floors that have it and on no other.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("..", import.meta.url));
const ts = createRequire(join(top, "js/package.json"))("typescript");

/** The roots of the table, each with its floors from the ground up. */
export function read(table) {
  const roots = new Map();
  for (const line of table.split("\n").filter((line) => line.trim() !== "")) {
    const [root, ...names] = line.trim().split(/\s+/);
    roots.set(root, [...(roots.get(root) ?? []), names]);
  }
  return roots;
}

/** The texts of the sources of a root, by their paths in it. */
export function sources(root) {
  const files = readdirSync(join(top, root), { recursive: true }).filter((file) => /\.(rs|ts)$/.test(file));
  return new Map(files.sort().map((file) => [file, readFileSync(join(top, root, file), "utf8")]));
}

/** What is wrong in the sources of a root: the file, the line and the rule. */
export function wrongs(root, floors, texts) {
  const wrong = [];
  const graph = new Map();
  const crates = new Set(floors.flat().filter(isCrate));
  for (const [file, text] of texts) {
    const place = placeOf(floors, file);
    if (place === undefined) {
      wrong.push(`${root}/${file}:1: the file is on no floor; name it, or its folder, in tests/floors.txt`);
      continue;
    }
    for (const crate of crates) {
      const at = floors[place.floor].includes(crate) ? -1 : codeOf(text).search(new RegExp(`\\b${crate.slice(1, -1)}(::|;)`));
      if (at >= 0) wrong.push(`${root}/${file}:${lineOf(text, at)}: names ${crate.slice(1, -1)}, which is for other floors`);
    }
    const targets = new Map();
    graph.set(file, targets);
    for (const { at, target, written } of importsOf(file, text, texts)) {
      const line = lineOf(text, at);
      const says = (rule) => wrong.push(`${root}/${file}:${line}: imports ${target ?? written}, ${rule}`);
      if (target === undefined) {
        says("which is not there");
        continue;
      }
      const other = placeOf(floors, target);
      if (other === undefined || other.floor < place.floor) continue;
      // Where nothing is imported upwards a circle stays on its floor.
      if (other.floor === place.floor && target !== file && !targets.has(target)) targets.set(target, line);
      if (other.floor > place.floor) says(`which is above it: on the floor of ${other.name}, and it is on that of ${place.name}`);
      else if (other.name !== place.name && (isFolder(other.name) || isFolder(place.name))) says("of another folder on its floor");
    }
  }
  for (const circle of circles(graph)) {
    const [name] = new Set(circle.map((file) => placeOf(floors, file).name));
    if (name.startsWith("@") && circle.every((file) => placeOf(floors, file).name === name)) continue;
    const [first, second] = circle;
    wrong.push(`${root}/${first}:${graph.get(first).get(second)}: imports ${second}, in a circle: ${[...circle, first].join(" -> ")}`);
  }
  return wrong;
}

const isFolder = (name) => name.endsWith("/");
const isCrate = (name) => name.startsWith("(");

const lineOf = (text, at) => text.slice(0, at).split("\n").length;

/** The floor of a file, from 0 at the ground, and the name in the table that it is there by. */
function placeOf(floors, file) {
  const stem = file.replace(/(\.d)?\.(rs|ts)$/, "");
  for (const [floor, names] of floors.entries()) {
    const name = names.find((name) => (isFolder(name) ? file.startsWith(name.replace("@", "")) : name === stem));
    if (name !== undefined) return { floor, name };
  }
  return undefined;
}

/** What a file imports of the same root: where in the text, which file, and how it is written. */
const importsOf = (file, text, texts) => (file.endsWith(".rs") ? importsOfRust : importsOfTypeScript)(file, text, texts);

function importsOfTypeScript(file, text, texts) {
  const own = ts.preProcessFile(text).importedFiles.filter(({ fileName }) => fileName.startsWith("."));
  return own.map(({ fileName, pos }) => {
    const stem = normalize(join(dirname(file), fileName)).replace(/\.js$/, "");
    return { at: pos, target: [`${stem}.ts`, `${stem}.d.ts`].find((path) => texts.has(path)), written: fileName };
  });
}

function importsOfRust(file, text, texts) {
  const own = [...pathsOf(file, text)].filter(({ passedOn }) => !passedOn);
  return own.map(({ at, names, begin }) => {
    const written = [...(begin === "crate" ? ["crate"] : []), ...names].join("::");
    return { at, target: fileOf(names, texts), written };
  });
}

/** The paths that begin in the crate, from its root: where each is, how it begins, and whether it is passed on. */
function* pathsOf(file, text) {
  const code = codeOf(text);
  const module = moduleOf(file);
  for (const { 0: path, 1: begin, index } of code.matchAll(/\b(crate|self|(?:self::)?super(?:::super)*)::/g)) {
    if (/\bin\s*$/.test(code.slice(0, index))) continue;
    const ups = (begin.match(/super/g)?.length ?? 0) - inlined(code, index);
    const from = begin === "crate" ? [] : module.slice(0, module.length - Math.max(ups, 0));
    const passedOn = passesOn(code, index);
    for (const { at, names } of pathsAt(code, index + path.length)) yield { at, begin, names: [...from, ...names], passedOn };
  }
}

/** Whether a path stands in a `pub use`. */
const passesOn = (code, index) => /\bpub(\([a-z]+\))?\s+use\s+$/.test(code.slice(0, index));

/** Comments and what is in quotes become blanks, so that places stay. */
const codeOf = (text) =>
  text.replace(/\/\/.*|\/\*[^]*?\*\/|r(#*)"[^]*?"\1|"(?:\\[^]|[^"\\])*"|'(?:\\.|[^'\\\n])'/g, (all) => all.replace(/[^\n]/g, " "));

/** The module that a file is, as its names from the root. */
const moduleOf = (file) => {
  const own = file.replace(/\.rs$/, "").replace(/(^|\/)(mod|lib)$/, "");
  return own === "" ? [] : own.split("/");
};

/** What a file passes on by `pub use`: the paths, by the names under which it does. */
const passedOn = (file, text) =>
  new Map([...pathsOf(file, text)].filter(({ passedOn }) => passedOn).map(({ names }) => [names.at(-1), names]));

/** How many modules that are written out within their file are around a place. */
function inlined(code, place) {
  let around = 0;
  for (const { 0: head, index } of code.matchAll(/\bmod \w+ \{/g)) {
    let at = index + head.length;
    for (let depth = 1; at < code.length && depth > 0; at++) depth += code[at] === "{" ? 1 : code[at] === "}" ? -1 : 0;
    if (index < place && place < at) around++;
  }
  return around;
}

/** The paths that are written at a place, `a::b` or `{a, b::{c, d}}`, each with where its last part is. */
function pathsAt(code, from) {
  const paths = [];
  let at = from;
  const skip = () => (at += code.slice(at).match(/^\s*/)[0].length);
  const tree = (before) => {
    skip();
    const [name = ""] = code.slice(at).match(/^(\w+|\*)/) ?? [];
    const begin = at;
    const names = name === "" || name === "*" || name === "self" ? before : [...before, name];
    at += name.length;
    if (code.startsWith("::", at)) {
      at += 2;
      tree(names);
    } else if (name === "" && code[at] === "{") {
      do {
        at++;
        skip();
        if (code[at] !== "}") tree(before);
        at += code.slice(at).match(/^(\s+as\s+\w+)?\s*/)[0].length;
      } while (code[at] === ",");
      at++;
    } else {
      paths.push({ at: begin, names });
    }
  };
  tree([]);
  return paths;
}

/** The file that has what a path names: of the innermost module that it names, or where that has it from. */
function fileOf(names, texts) {
  for (let length = names.length; length >= 0; length--) {
    const stem = names.slice(0, length).join("/");
    const file = [`${stem}.rs`, `${stem}/mod.rs`, ...(length === 0 ? ["lib.rs"] : [])].find((path) => texts.has(path));
    if (file === undefined) continue;
    const comesFrom = passedOn(file, texts.get(file)).get(names[length]);
    return comesFrom === undefined ? file : fileOf(comesFrom, texts);
  }
  return undefined;
}

/** Circles, one of each group of files that import each other. */
function circles(graph) {
  const found = [];
  const done = new Set();
  const visit = (file, path) => {
    if (path.includes(file)) {
      found.push(path.slice(path.indexOf(file)));
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file)?.keys() ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const roots = read(readFileSync(new URL("floors.txt", import.meta.url), "utf8"));
  const wrong = [...roots].flatMap(([root, floors]) => wrongs(root, floors, sources(root)));
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
  else console.log(`every file of ${[...roots.keys()].join(" and ")} is on its floor`);
}
