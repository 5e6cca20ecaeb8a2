// The supervisor, the file of its cases, and their guests, from this checkout.
import { readFileSync } from "node:fs";
import { wat } from "../../js/test/wat.mjs";

const read = (path, encoding) => readFileSync(new URL(`../../${path}`, import.meta.url), encoding);
const WASM = "target/wasm32-unknown-unknown/release/guestbox_test_supervisor.wasm";

export const document = JSON.parse(read("tests/scenarios/supervisor.json", "utf8"));
const seed = JSON.parse(read("tests/scenarios/seed.json", "utf8"));

/** The limits of the document, as `Substrate.load` takes them. */
export const limits = { fuel: BigInt(document.fuel) };

export function supervisorBytes() {
  try {
    return read(WASM);
  } catch (error) {
    throw new Error(`the supervisor is not built (${error.code}): run \`make supervisor\``, { cause: error });
  }
}

const made = new Map();

/** A guest's bytes by its name in the document. */
export function bytesOf(name) {
  if (!made.has(name)) made.set(name, make(name));
  return made.get(name);
}

function make(name) {
  const [folder, inFolder] = name.split("/");
  if (folder === "contracts") return wat(read(`tests/guests/contracts/${inFolder}.wat`, "utf8"));
  const { hex, wat: lines } = folder === "seed" ? seed.guests[inFolder] : document.guests[name];
  return hex === undefined ? wat(lines.join("\n")) : new Uint8Array(Buffer.from(hex, "hex"));
}

/** The names of all guests of the cases. */
export const guestNames = [...new Set(document.cases.flatMap(({ steps }) => steps.map(({ guest }) => guest ?? [])).flat())];
