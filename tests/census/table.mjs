// The tables of the census, as they stand in tests/README.md.
import { readFileSync, writeFileSync } from "node:fs";
import { TOOLCHAINS } from "./toolchain.mjs";

const readme = new URL("../README.md", import.meta.url);
const PART = /(<!-- made by `make record-census` -->\n)[^]*?(<!-- end -->)/;

const compiles = (stage) => !stage.startsWith("refused");
const links = (stage) => stage === "links";

const COLUMNS = [
  ["modules", () => true],
  ["valid in Node", (row) => row.node],
  ["compile by default", (row) => compiles(row.default)],
  ["link by default", (row) => links(row.default)],
  ["link without vectors", (row) => links(row.withoutVectors)],
  ["compile unlimited", (row) => compiles(row.unlimited)],
  ["link unlimited", (row) => links(row.unlimited)],
  ["behave as in V8", (row) => row.behaves === "same"],
  ["but for NaN bits", (row) => row.behaves === "NaN"],
  ["differ", (row) => row.behaves?.startsWith("differs") ?? false],
];

const line = (cells) => `| ${cells.join(" | ")} |`;
const head = (names) => [line(names), line(names.map(() => "---"))];

function lineOf(name, rows) {
  const calls = rows.reduce((sum, row) => sum + (row.calls ?? 0), 0);
  return line([name, ...COLUMNS.map(([, holds]) => rows.filter(holds).length), calls.toLocaleString("en")]);
}

/** What a row says of how far a module gets. */
const REACHES = ["default", "unlimited", "withoutVectors"];

/** How often each reason is the first one, most often first. */
function reasons(rows) {
  const counts = new Map();
  for (const [at, name] of REACHES.entries()) {
    for (const row of rows) {
      const [, reason] = /^\w+: (.*)/s.exec(row[name]) ?? [];
      if (reason === undefined) continue;
      const count = counts.get(reason) ?? REACHES.map(() => 0);
      count[at] += 1;
      counts.set(reason, count);
    }
  }
  return [...counts].sort(([a, [x]], [b, [y]]) => y - x || a.localeCompare(b)).map(([reason, count]) => line([reason, ...count]));
}

/** The tables for rows by the modules' names. */
export function tables(found) {
  const rows = Object.values(found);
  const kinds = TOOLCHAINS.map((name) => [name, rows.filter(({ toolchain }) => toolchain === name)]).filter(([, some]) => some.length > 0);
  return [
    ...head(["toolchain", ...COLUMNS.map(([name]) => name), "calls that are the same"]),
    ...kinds.map(([name, some]) => lineOf(name, some)),
    lineOf("all", rows),
    "",
    ...head(["first refused for", "by default", "unlimited", "without vectors"]),
    ...reasons(rows),
  ].join("\n");
}

/** What stands in tests/README.md. */
export const written = () => PART.exec(readFileSync(readme, "utf8"))?.[0];

/** How the tables stand there. */
export const part = (found) => `<!-- made by \`make record-census\` -->\n${tables(found)}\n<!-- end -->`;

export function write(found) {
  const text = readFileSync(readme, "utf8");
  if (!PART.test(text)) throw new Error("tests/README.md has no place for the tables of the census");
  writeFileSync(
    readme,
    text.replace(PART, () => part(found)),
  );
}
