// A project as a user of the package has it: the packed tarball in node_modules, and an example of the
// READMEs as it stands.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const readme = readFileSync(at("../../README.md"), "utf8");
const [, main] = /^```js\n([^]*?)^```$/m.exec(readme);
const [bytes] = /^const bytes = [^]*?;$/m.exec(main);
const [, worker] = /^## Workers$[^]*?^```js\n([^]*?)^```$/m.exec(readFileSync(at("../../js/README.md"), "utf8"));

/** The example of an entry: the README's first one with the package's API from there, or that of workers, with the same guest. */
export function exampleOf(entry) {
  if (entry === "guestbox/worker") return worker.replace(/(?<=^import .*\n)/, `\n${bytes}\n`);
  const code = main.replace('from "guestbox"', `from "${entry}"`);
  if (!code.includes(`from "${entry}"`)) throw new Error("the README's example imports no `guestbox`");
  return code;
}

/** What an example prints, as the comments behind its lines say. */
export function expectedOf(entry) {
  const lines = [...exampleOf(entry).matchAll(/console\.log\(.*\); +\/\/ (.*)$/gm)].map(([, text]) => text);
  if (lines.length === 0) throw new Error("the README's example does not say what it prints");
  return lines;
}

/** Packs the package into a folder, and returns the tarball. */
export function pack(folder) {
  const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: at("../../js"), encoding: "utf8" });
  return join(folder, JSON.parse(printed)[0].filename);
}

/** Makes a project of files, by path, in a folder of its own. It has no dependencies but the package. */
export function makeProject(tarball, files, parent = tmpdir()) {
  const folder = mkdtempSync(join(parent, "guestbox-project-"));
  const installed = join(folder, "node_modules/guestbox");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  const all = { "package.json": JSON.stringify({ name: "project", private: true, dependencies: { guestbox: "*" } }), ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
