// The package's types: programs that use all of it compile, their mistakes are found, and all that they see is explained.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { RESOLUTIONS, compiles, entriesOf, problemsOf } from "./types/check.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

describe("a strict TypeScript program that uses the package compiles", () => {
  for (const program of ["consumer", "worker"])
    test(`${program}, with the types of the web`, () => compiles(path(`types/${program}.mts`), RESOLUTIONS.at(-1), "es2022,dom"));
  for (const resolution of RESOLUTIONS)
    test(`with the types of ECMAScript only, by ${resolution[0]}`, () => compiles(path("types/named.mts"), resolution, "es2022"));
});

test("the README's example with types compiles", (context) => {
  const [, example] = /^## TypeScript$[^]*?^```ts$([^]*?)^```$/m.exec(readFileSync(path("../README.md"), "utf8"));
  // Beside the tests, so that the package's own name resolves to this checkout.
  const program = path(`types/readme-example-${process.pid}.mts`);
  context.after(() => rmSync(program));
  writeFileSync(program, `declare const bytes: Uint8Array;\n${example}`);
  compiles(program, RESOLUTIONS.at(-1), "es2022,dom");
});

test("all that programs see is explained, and is neither `any` nor meant for the package itself", () => {
  const { problems, looked } = problemsOf(entriesOf(path(".."), JSON.parse(readFileSync(path("../package.json"), "utf8"))));
  assert.deepEqual(problems, []);
  assert.ok(looked > 400, `${looked}`);
});

test("what is not explained would be noticed", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "guestbox-types-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const entry = join(folder, "entry.d.ts");
  writeFileSync(
    join(folder, "more.d.ts"),
    "/** More. */\nexport interface More {\n  /** @internal It is. */\n  handle: number;\n  value: any;\n}\n",
  );
  writeFileSync(
    entry,
    [
      'import type { More } from "./more.js";',
      "export declare class Thing {",
      "  private hidden: any;",
      "  constructor();",
      "  /** It is said. */",
      "  said(): void;",
      "  more?: More;",
      "}",
    ].join("\n"),
  );
  assert.deepEqual(problemsOf([entry]).problems, [
    "entry.d.ts:2: nothing is said of `Thing`",
    "entry.d.ts:4: nothing is said of `__constructor`",
    "entry.d.ts:7: nothing is said of `more`",
    "more.d.ts:4: nothing is said of `handle`",
    "more.d.ts:4: `handle` is internal",
    "more.d.ts:5: nothing is said of `value`",
    "more.d.ts:5: any",
  ]);
});
