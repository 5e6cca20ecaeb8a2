// Runs the scenarios, unchanged and from the packed tarball, in each runtime, and prints a table of runtimes by suites:
//
//   node tests/runtimes/run.mjs           all of them
//   node tests/runtimes/run.mjs NAME...   those whose names contain one of these
//
// A runtime that is not on this machine is named, and is a failure. The browsers are those that CHROMIUM and FIREFOX name.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeProject, pack } from "../bundlers/project.mjs";
import { guestsModule } from "./guests.mjs";
import { runtimes } from "./runtimes.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const wanted = process.argv.slice(2).map((name) => name.toLowerCase());
const isWanted = ({ places }) => wanted.length === 0 || places.some((place) => wanted.some((name) => place.toLowerCase().includes(name)));

const folder = mkdtempSync(join(tmpdir(), "guestbox-runtimes-"));
const project = makeProject(pack(folder), { "guests-made.mjs": guestsModule });
cpSync(at("places"), project.folder, { recursive: true });
for (const file of ["expecting.mjs", "scenarios.mjs"]) cpSync(at(file), join(project.folder, file));

const rows = [];
try {
  for (const runtime of runtimes.filter(isWanted)) {
    if (runtime.missing !== undefined) {
      rows.push(...runtime.places.map((place) => ({ place, failed: `not on this machine: ${runtime.missing}` })));
      continue;
    }
    const failed = (error) => runtime.places.map((place) => ({ place, failed: String(error.stack ?? error) }));
    rows.push(...(await runtime.run(project.folder).catch(failed)));
  }
} finally {
  project.remove();
  rmSync(folder, { recursive: true });
}
if (rows.length === 0) throw new Error(`no runtime is called ${wanted.join(" or ")}`);

/** What each scenario gave in the first runtime that has it. */
const gave = new Map();
const problems = [];
for (const row of rows) {
  if (row.failed !== undefined) problems.push(`${row.place}: ${row.failed}`);
  for (const result of row.results ?? []) {
    const key = `${result.suite}: ${result.name}`;
    if (result.error === undefined && !gave.has(key)) gave.set(key, { by: row.place, value: result.gave });
    const first = gave.get(key);
    if (result.error === undefined && first.value !== result.gave) {
      result.error = `it gave ${result.gave}, and in ${first.by} ${first.value}`;
    }
    if (result.error !== undefined) problems.push(`${row.place}, ${key}: ${result.error}`);
  }
}

const suites = [...new Set(rows.flatMap(({ results = [] }) => results.map(({ suite }) => suite)))];
const width = Math.max(...rows.map(({ place }) => place.length)) + 2;
for (const { place, results, without } of rows.filter(({ results }) => results !== undefined)) {
  const missing = suites.filter((suite) => !without.includes(suite) && !results.some((result) => result.suite === suite));
  if (missing.length > 0) problems.push(`${place}: nothing came of the suites ${missing.join(", ")}`);
}

const cellOf = ({ failed, results = [] }, suite) => {
  if (failed !== undefined) return failed.startsWith("not on") ? "absent" : "FAILED";
  const of = results.filter((result) => result.suite === suite);
  const wrong = of.filter(({ error }) => error !== undefined).length;
  return of.length === 0 ? "-" : wrong > 0 ? `${wrong} FAILED` : `${of.length} ok`;
};
const line = (first, cells) => first.padEnd(width) + cells.map((cell) => cell.padStart(11)).join("");
console.log(line("", suites));
for (const row of rows) {
  console.log(
    line(
      row.place,
      suites.map((suite) => cellOf(row, suite)),
    ),
  );
}
console.log(
  "-: not there (workerd, service workers and bundled scripts start no workers), or takes more permissions, or is for workerd only",
);
for (const problem of problems) console.log(`\n${problem}`);
if (problems.length > 0) process.exitCode = 1;
