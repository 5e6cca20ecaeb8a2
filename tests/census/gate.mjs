// What was recorded of the census, and what has become of it: no module may fall behind.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("expected.json", import.meta.url);

/** The rows by the modules' names, as recorded. */
export const recorded = () => JSON.parse(readFileSync(file, "utf8"));

/** Records rows, a line for each module. */
export function record(rows) {
  const lines = Object.entries(rows).map(([id, row]) => `  ${JSON.stringify(id)}: ${JSON.stringify(row)}`);
  writeFileSync(file, `{\n${lines.join(",\n")}\n}\n`);
}

// The first word of what is said of a module, from worst to best.
const GRADES = ["refused", "compiles", "links", "differs", "NaN", "same"];
const gradeOf = (word) => GRADES.indexOf(word?.split(":")[0]);

/** How far a row is in each respect, as numbers that may only rise. */
const MEASURES = {
  node: ({ node }) => Number(node),
  default: (row) => gradeOf(row.default),
  unlimited: (row) => gradeOf(row.unlimited),
  withoutVectors: (row) => gradeOf(row.withoutVectors),
  behaves: (row) => gradeOf(row.behaves),
  calls: (row) => row.calls ?? 0,
};

/** The differences of rows from those recorded, in words: what fell, and what else is to be recorded anew. */
export function compare(expected, found) {
  const falls = [];
  const changes = [];
  for (const [id, row] of Object.entries(expected)) {
    if (found[id] === undefined) falls.push(`${id}: there no longer`);
    else if (JSON.stringify(row) !== JSON.stringify(found[id])) compareRows(id, row, found[id], falls, changes);
  }
  for (const id of Object.keys(found)) if (expected[id] === undefined) changes.push(`${id}: new`);
  return { falls, changes };
}

function compareRows(id, before, now, falls, changes) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  for (const name of names.filter((name) => before[name] !== now[name])) {
    const measure = MEASURES[name];
    const isFall = measure !== undefined && measure(now) < measure(before);
    (isFall ? falls : changes).push(`${id}: ${name} was ${before[name]}, is ${now[name]}`);
  }
}
