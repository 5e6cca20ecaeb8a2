// What the check of the floors finds, in small sources in which it is planted.
//
//   node --test tests/floors.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { read, sources, wrongs } from "./floors.mjs";

const roots = read(readFileSync(new URL("floors.txt", import.meta.url), "utf8"));

const small = (table, files) =>
  wrongs("src", read(table.map((line) => `src ${line}`).join("\n")).get("src"), new Map(Object.entries(files)));

/** What is wrong in the real sources where a line is put in front of a file. */
function planted(root, file, line) {
  const texts = sources(root);
  texts.set(file, `${line}\n${texts.get(file)}`);
  return wrongs(root, roots.get(root), texts);
}

test("an upward import that is planted in the package is named with its line and the rule, be it of a type only", () => {
  const rule = "imports guest.ts, which is above it: on the floor of guest, and it is on that of";
  for (const line of [
    'import { Guest } from "../guest.js";',
    'import type { Guest } from "../guest.js";',
    'type G = import("../guest.js").Guest;',
  ]) {
    assert.equal(planted("js/src", "calls/pace.ts", line)[0], `js/src/calls/pace.ts:1: ${rule} calls/`);
  }
  assert.equal(planted("js/src", "base/define.ts", '\nexport * from "../guest.js";')[0], `js/src/base/define.ts:2: ${rule} base/`);
});

test("an upward import that is planted in the wasm-host is named with its line and the rule", () => {
  for (const line of ["use crate::host::Host;", "use super::{slab, host::{self, Host}};", "fn f() -> crate::host::Host {}"]) {
    const [found] = planted("wasm-host/src", "slab.rs", `//\n${line}`);
    assert.equal(found, "wasm-host/src/slab.rs:2: imports host.rs, which is above it: on the floor of host, and it is on that of slab");
  }
  const [root] = planted("wasm-host/src", "call.rs", "use crate::Host;");
  assert.match(root, /^wasm-host\/src\/call\.rs:1: imports host\.rs, in a circle/);
});

test("an upward import that is planted in the core is named, and so is the engine's crate", () => {
  const [store] = planted("core/src", "wasm/types.rs", "use crate::Store;");
  assert.match(store, /^core\/src\/wasm\/types\.rs:1: imports store\/mod\.rs, which is above it/);
  const [execution] = planted("core/src", "module/state.rs", "use crate::store::Execution;");
  assert.match(execution, /^core\/src\/module\/state\.rs:1: imports store\/execution\/mod\.rs, which is above it/);
  assert.deepEqual(planted("core/src", "store/chain.rs", "use wasmi::Val;"), [
    "core/src/store/chain.rs:1: names wasmi, which is for other floors",
  ]);
  assert.deepEqual(planted("core/src", "substrate/mend.rs", "use wasmi::Val;"), []);
});

test("what a module passes on is of the file that it comes from", () => {
  const files = { "a/mod.rs": "mod b;\nmod c;\npub use self::{b::B, c::C};", "a/b.rs": "use super::C;", "a/c.rs": "" };
  assert.deepEqual(small(["a/"], files), []);
  files["a/c.rs"] = "use crate::a::B;";
  assert.deepEqual(small(["a/"], files), ["src/a/b.rs:1: imports a/c.rs, in a circle: a/b.rs -> a/c.rs -> a/b.rs"]);
});

test("a circle on a floor is named, but in a folder that may have one", () => {
  const circle = { "a/b.rs": "use crate::a::c;", "a/c.rs": "\nuse super::b::B;" };
  assert.deepEqual(small(["a/"], circle), ["src/a/b.rs:1: imports a/c.rs, in a circle: a/b.rs -> a/c.rs -> a/b.rs"]);
  assert.deepEqual(small(["@a/"], circle), []);
  assert.equal(small(["a b"], { "a.ts": 'import "./b.js";', "b.ts": 'import "./a.js";' }).length, 1);
});

test("folders on one floor do not import each other, and files that are named there may", () => {
  assert.deepEqual(small(["a/ b/"], { "a/x.ts": 'import "../b/y.js";', "b/y.ts": "" }), [
    "src/a/x.ts:1: imports b/y.ts, of another folder on its floor",
  ]);
  assert.deepEqual(small(["a b"], { "a.ts": 'import "./b.js";', "b.ts": "" }), []);
});

test("a file on no floor and an import of what is not there are named", () => {
  assert.match(small(["a"], { "b.ts": "" })[0], /^src\/b\.ts:1: the file is on no floor/);
  assert.deepEqual(small(["a"], { "a.ts": 'import "./b.js";' }), ["src/a.ts:1: imports ./b.js, which is not there"]);
});

test("comments and texts import nothing, nor do modules within a file that name the one around them", () => {
  const text =
    '// use crate::b::B;\nconst TEXT: &str = "crate::b::B";\npub(in crate::b) struct C;\nmod tests {\n  use super::*;\n  use super::super::b::B;\n}\n';
  const files = { "lib.rs": "", "a.rs": text, "b.rs": "" };
  assert.deepEqual(small(["a", "b", "lib"], files), [
    "src/a.rs:6: imports b.rs, which is above it: on the floor of b, and it is on that of a",
  ]);
});
