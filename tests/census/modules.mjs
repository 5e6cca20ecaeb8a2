// The modules of the census: of the packages that package.json names, each module once.
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { isModule, readerOf } from "./embedded.mjs";

/** As many of one package stand for all of it, so that none outweighs the others. */
const OF_A_PACKAGE = 5;

const root = new URL("node_modules/", import.meta.url);

/** The packages by name, with their versions. */
export const packages = () => Object.entries(JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")).dependencies);

/** The files of a package that may have modules, by their paths below node_modules. */
function filesOf(name) {
  const inside = new URL(`${name}/`, root);
  const paths = globSync("**/*", { cwd: inside, withFileTypes: true, exclude: (entry) => entry.name === "node_modules" })
    .filter((entry) => entry.isFile() && readerOf(entry.name) !== undefined)
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.pathname.length));
  if (paths.length === 0) throw new Error(`${name} is not installed, or has no module: run \`make setup-census\``);
  return paths.sort(compare);
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** Of a list as many as stand for it, from all over it. */
export function spread(list, count) {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, at) => list[Math.floor((at * list.length) / count)]);
}

/** Where a package has its modules: `{ id, file, at }`, the one in a file by its number. */
function placesOf(name, known) {
  const places = [];
  // Files of modules first: what has the same bytes within JavaScript is no other module.
  const files = filesOf(name).sort((a, b) => Number(/js$/.test(a)) - Number(/js$/.test(b)));
  for (const file of files) {
    readFile(file).forEach((bytes, at) => {
      const digest = createHash("sha256").update(bytes).digest("hex");
      const place = { id: at === 0 ? file : `${file}#${at}`, file, at, size: bytes.length };
      if (!known.has(digest) && !places.some((other) => isOtherBuild(place, other))) places.push(place);
      known.add(digest);
    });
  }
  if (places.length === 0) throw new Error(`${name} has no module`);
  return spread(places, OF_A_PACKAGE);
}

/** Whether two are builds of one module for different loaders: of the same name, and nearly the same size. */
function isOtherBuild({ file, size }, other) {
  const isClose = Math.abs(size - other.size) < size / 100;
  return isClose && file.endsWith(".wasm") && basename(file) === basename(other.file);
}

function readFile(file) {
  const read = readerOf(file);
  return read(readFileSync(new URL(file, root))).filter(isModule);
}

/** All places of modules, in the order of the packages. */
export function places() {
  const known = new Set();
  return packages().flatMap(([name]) => placesOf(name, known));
}

/** The bytes of the module at a place. */
export const bytesAt = ({ file, at }) => readFile(file)[at];
