// The lints of all TypeScript and JavaScript here. `make check` runs them from the top level.
import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["**/node_modules/", "**/target/", "js/dist/", "js/dist.new/", "js/src/host/glue*.d.ts"]),
  // Programs with mistakes on purpose; the tests have them compiled.
  globalIgnores(["**/*.mts"]),
  eslint.configs.recommended,
  {
    languageOptions: { parser: tseslint.parser, parserOptions: { project: "tsconfig.lint.json", tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: { eqeqeq: "error" },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    rules: {
      "@typescript-eslint/consistent-indexed-object-style": ["error", "index-signature"],
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      // To do nothing is what such a function says.
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions"] }],
      // What is given may come from JavaScript, and is looked at whatever its type says.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // What the wasm module gives are numbers, and the table says which enumeration each is of.
      "@typescript-eslint/no-unsafe-enum-assignment": "off",
      // `as number` says what is known to be there, and `!` does not.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      // What imports throw and signals are aborted with goes on its way as it is.
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingAny: false, allowThrowingUnknown: true }],
      "@typescript-eslint/prefer-promise-reject-errors": ["error", { allowThrowingAny: false, allowThrowingUnknown: true }],
      // A loop by index asks no iterator, which is the page's to replace.
      "@typescript-eslint/prefer-for-of": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // Some of its numbers are words and some are bits.
    files: ["js/src/base/tables.ts"],
    rules: { "@typescript-eslint/no-duplicate-enum-values": "off" },
  },
  {
    // JavaScript declares no types: of the rules that ask for them, those for which it is enough what a call returns.
    files: ["**/*.mjs"],
    plugins: { "@typescript-eslint": tseslint.plugin },
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...["Buffer", "clearImmediate", "clearInterval", "clearTimeout", "console", "crypto", "document", "fetch", "performance"],
          ...["process", "queueMicrotask", "requestAnimationFrame", "setImmediate", "setInterval", "setTimeout", "structuredClone"],
        ].map((name) => [name, "readonly"]),
      ),
    },
    rules: {
      // The runner waits for its tests.
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", name: ["describe", "test"], package: "node:test" }] },
      ],
      "@typescript-eslint/no-for-in-array": "error",
      // What a function that is given has to return is guessed by a default for it.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false } }],
      // To let go of something, so that it can be collected, is an assignment with a use.
      "no-useless-assignment": "off",
    },
  },
  {
    // The parameters of imports are those that the guest declares.
    files: ["tests/guests/*.mjs"],
    rules: { "no-unused-vars": ["error", { args: "none" }] },
  },
);
