// The JavaScript examples of the README run as they stand.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);

test("the README has JavaScript examples", () => assert.ok(examples.length > 0));

examples.forEach((code, index) => {
  test(`README example ${index + 1}`, async (context) => {
    // Beside the tests, so that the package's own name resolves to this checkout.
    const file = new URL(`readme-example-${index + 1}-${process.pid}.mjs`, import.meta.url);
    context.after(() => rmSync(file));
    writeFileSync(file, code);
    const lines = [];
    context.mock.method(console, "log", (...values) => lines.push(values.join(" ")));
    await import(file.href);
    // What a line is said to print, in a comment behind it.
    const expected = [...code.matchAll(/console\.log\(.*\); +\/\/ (.*)$/gm)].map(([, text]) => text);
    assert.ok(expected.length > 0, "the example says what it prints");
    assert.deepEqual(lines, expected);
  });
});
