// The census: how real modules from npm get on in guestbox.
//
//   node run.mjs [--record] [NAME...]
//
// With names, only the modules whose path has one of them; nothing is compared with what was recorded then.
import { parseArgs } from "node:util";
import { compare, record, recorded } from "./gate.mjs";
import { places } from "./modules.mjs";
import { Survey } from "./survey.mjs";
import { tables, write } from "./table.mjs";

const { values: options, positionals: names } = parseArgs({
  options: { record: { type: "boolean", default: false } },
  allowPositionals: true,
});

const secondsSince = (time) => `${((performance.now() - time) / 1_000).toFixed(1)} s`;

const isWanted = ({ id }) => names.length === 0 || names.some((name) => id.includes(name));
const wanted = places().filter(isWanted);
const survey = new Survey();
const found = {};
const start = performance.now();
for (const place of wanted) {
  const begun = performance.now();
  const row = await survey.row(place);
  found[place.id] = row;
  console.log(`${place.id} ${secondsSince(begun)}: ${Object.values(row).join("; ")}`);
}
survey.end();
console.log(`\n${tables(found)}\n\n${wanted.length} modules in ${secondsSince(start)}`);

if (names.length > 0) {
  console.log("only some: not compared with what was recorded");
} else if (options.record) {
  record(found);
  write(found);
  console.log("recorded in tests/census/expected.json and tests/README.md");
} else {
  const { falls, changes } = compare(recorded(), found);
  for (const change of changes) console.log(`changed: ${change}`);
  for (const fall of falls) console.log(`FAILED: ${fall}`);
  if (changes.length > 0) console.log("more or other than recorded: read it, then `make record-census`");
  process.exitCode = falls.length > 0 ? 1 : 0;
}
