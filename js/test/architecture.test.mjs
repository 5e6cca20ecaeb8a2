// Each name in backticks in ARCHITECTURE.md is in the sources: a file, what is declared, or a member of a type.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
/** A text for each folder: what a macro of one file declares may be listed in the file beside it. */
function textsOf(top, ending) {
  const texts = {};
  for (const file of readdirSync(new URL(top, root), { recursive: true }).filter((file) => file.endsWith(ending))) {
    texts[dirname(file)] = `${texts[dirname(file)] ?? ""}\n${readFileSync(new URL(`${top}/${file}`, root), "utf8")}`;
  }
  return Object.values(texts);
}
const rust = ["core/src", "wasm-host/src"].flatMap((folder) => textsOf(folder, ".rs"));
const typescript = textsOf("js/src", ".ts");
const text = readFileSync(new URL("ARCHITECTURE.md", root), "utf8");

const has = (texts, ...patterns) => texts.some((source) => patterns.every((pattern) => new RegExp(pattern, "m").test(source)));

/** Whether a file is there, `calls/drive.ts`. */
const isFile = (path) => ["", "js/src/"].some((folder) => existsSync(new URL(folder + path, root)));

/** Whether a type in Rust has a function, a constant, a variant or a field, `Store::invoke`. */
const isOfRust = (type, name) =>
  has(
    rust,
    `\\b(?:impl(?:<[^>]*>)? (?:\\w+ for )?|enum |struct |trait )${type}\\b`,
    `\\b(?:fn|const) ${name}\\b|^ +(?:pub )?${name}(?:[,({:]| [{(]| =>)`,
  );

/** Whether a class or an interface in TypeScript has a member, `Calls.begin`; `guest.call` is one of a guest. */
const isOfTypeScript = (type, name) => {
  const noun = type[0].toUpperCase() + type.slice(1);
  return has(typescript, `\\b(?:class|interface) ${noun}\\b`, `^ +(?:(?:private|readonly|get|async|static) )*#?${name}\\??[<(:]`);
};

/** Whether something of this name is declared, or is a variant or a member. */
const isDeclared = (name) =>
  has(rust, `\\b(?:fn|struct|enum|trait|type|const|static|mod) ${name}\\b|^ +${name}(?:[,(]| \\{)`) ||
  has(typescript, `\\b(?:function|class|interface|type|const|enum) ${name}\\b|^ +(?:readonly |private )*${name}\\??:`);

function isThere(name) {
  if (name.includes("/")) return isFile(name);
  const [, type, separator, member] = name.match(/^(\w+)(::|\.)(\w+)$/) ?? [];
  if (separator === "::") return isOfRust(type, member);
  if (separator === ".") return isOfTypeScript(type, member) || NOT_NAMES.has(name);
  return /^\w+$/.test(name) && isDeclared(name);
}

/** What a guest or a page writes. */
const NOT_NAMES = new Set(["c.charge", "table.grow"]);

test("each name in ARCHITECTURE.md is in the sources", () => {
  const names = [...new Set([...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name))];
  assert.ok(names.length > 100, `${names.length}`);
  assert.deepEqual(
    names.filter((name) => !isThere(name)),
    [],
  );
});

test("a name that is not there would be noticed", () => {
  for (const name of [
    "Store::invent",
    "Execution::dispatch_all",
    "Invented::new",
    "Guest.invent",
    "guest.invent",
    "calls/invented.ts",
    "Inventory",
    "f(x)",
  ]) {
    assert.ok(!isThere(name), name);
  }
});
