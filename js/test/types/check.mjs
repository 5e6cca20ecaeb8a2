// What is looked at of the package's declarations: that programs compile against them, and that whoever writes one is told what each
// thing is that can be seen in them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = fileURLToPath(new URL(".", import.meta.url));
const STRICT = [
  "--strict",
  "--exactOptionalPropertyTypes",
  "--noUncheckedIndexedAccess",
  "--skipLibCheck",
  "false",
  "--noEmit",
  "--declaration",
];

/** Each way in which TypeScript finds a package, with the modules that it is for. */
export const RESOLUTIONS = Object.entries({ bundler: "es2022", node16: "node16", nodenext: "nodenext" });

/**
 * Compiles a program by one of them, with the declarations that it imports looked at too, and no other types than those of the
 * libraries that are named.
 */
export function compiles(program, [resolution, module], lib) {
  const options = ["--target", "es2022", "--module", module, "--moduleResolution", resolution, "--lib", lib];
  // Where there are no packages of types.
  const args = [join(dirname(fileURLToPath(import.meta.resolve("typescript"))), "tsc.js"), ...STRICT, "--typeRoots", here, ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, program], { cwd: dirname(program), encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
}

/** The declarations of a package's entries, which its package.json names. */
export const entriesOf = (folder, { exports }) =>
  Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [] : [join(folder, entry.types)]));

const isHidden = (node) => (ts.getCombinedModifierFlags(node) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;

/**
 * What is wrong with what can be seen from entries of the package: names and members that nothing is said of, `any`, and what is meant
 * for the package itself. What is exported is followed to all that its declarations name. With how many names were looked at.
 */
export function problemsOf(entries) {
  const program = ts.createProgram(entries, { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts"] });
  const checker = program.getTypeChecker();
  const folder = dirname(entries[0]) + sep;
  const seen = new Set();
  const problems = new Set();
  const report = (node, what) => {
    const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
    problems.add(`${node.getSourceFile().fileName.slice(folder.length)}:${line + 1}: ${what}`);
  };

  /** A name, and all that its declarations lead to. */
  function look(symbol) {
    const meant = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const declarations = (meant.declarations ?? []).filter((node) => node.getSourceFile().fileName.startsWith(folder));
    if (seen.has(meant) || declarations.length === 0) return;
    seen.add(meant);
    say(meant, declarations);
    for (const declaration of declarations) walk(declaration);
  }

  function say(symbol, declarations) {
    const said = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
    if (said === "") report(declarations[0], `nothing is said of \`${symbol.name}\``);
    if (symbol.getJsDocTags(checker).some(({ name }) => name === "internal")) report(declarations[0], `\`${symbol.name}\` is internal`);
  }

  function walk(node) {
    if (ts.isClassElement(node) && isHidden(node)) return;
    if (node.kind === ts.SyntaxKind.AnyKeyword) report(node, "any");
    // What a type is compared with has names of its own.
    if (ts.isConditionalTypeNode(node.parent) && node === node.parent.extendsType) return;
    if (ts.isTypeElement(node) || ts.isClassElement(node)) member(node);
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
    if (symbol !== undefined && !symbol.declarations?.some((one) => ts.isParameter(one) || ts.isTypeParameterDeclaration(one)))
      look(symbol);
    ts.forEachChild(node, walk);
  }

  /** A member of a class or a type. What has no name is shown by what has it, but for a constructor. */
  function member(node) {
    const symbol = ts.isConstructorDeclaration(node) ? node.symbol : node.name && checker.getSymbolAtLocation(node.name);
    if (symbol === undefined || seen.has(symbol)) return;
    seen.add(symbol);
    say(symbol, [node]);
  }

  for (const entry of entries)
    for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)))) look(symbol);
  return { problems: [...problems], looked: seen.size };
}
