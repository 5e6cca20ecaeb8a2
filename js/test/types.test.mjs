// The package's types: a program that uses all of it compiles, and its mistakes are found.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

test("a strict TypeScript program that uses the package compiles", () => {
  const strictness = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipDefaultLibCheck"];
  // Without Node's types: the package needs those of no runtime but the web's.
  const target = ["--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", "--typeRoots", path("types"), "--noEmit"];
  const args = [path("../node_modules/typescript/bin/tsc"), ...strictness, ...target, path("types/consumer.mts")];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});
