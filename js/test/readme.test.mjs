// The JavaScript examples of both READMEs run as they stand. What they need and what is to be true after them
// is in comments around them, which nobody sees who reads the page:
//
//   <!-- before:
//   ...
//   -->
//   ```js
//   ```
//   <!-- after:
//   ...
//   -->
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { transformSync } from "esbuild";

const EXAMPLE = /(?:^<!-- before:\n([^]*?)^-->\n)?^```(js|ts)\n([^]*?)^```$(?:\n<!-- after:\n([^]*?)^-->$)?/gm;

for (const name of ["../../README.md", "../README.md"]) {
  const readme = readFileSync(new URL(name, import.meta.url), "utf8");
  const examples = [...readme.matchAll(EXAMPLE)];

  describe(name, () => {
    test("all its JavaScript is run", () => {
      assert.ok(examples.length > 0);
      assert.equal(examples.length, readme.match(/^```(js|ts|jsx|tsx|javascript|typescript|mjs)$/gm).length);
    });

    examples.forEach(([, before = "", language, example, after = ""], index) => {
      test(`example ${index + 1}`, async (context) => {
        // Beside the tests, so that the package's own name resolves to this checkout.
        const file = new URL(`readme-example-${process.pid}-${index + 1}-${readme.length}.mjs`, import.meta.url);
        context.after(() => rmSync(file));
        const code = transformSync(before + example + after, { loader: language, format: "esm", target: "es2022" });
        writeFileSync(file, code.code);
        const lines = [];
        context.mock.method(console, "log", (...values) => lines.push(values.join(" ")));
        await import(file.href);
        // What a line is said to print, in a comment behind it.
        const expected = [...example.matchAll(/console\.log\(.*\); +\/\/ (.*)$/gm)].map(([, text]) => text);
        assert.ok(expected.length > 0 || after.includes("assert"), "the example says what it prints, or it is looked at after");
        assert.deepEqual(lines.slice(0, expected.length), expected);
      });
    });
  });
}
