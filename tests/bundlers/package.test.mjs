// The packed tarball: what is in it, what publint and attw say of it, its types, and what pages see of its errors.
//
//   node --test tests/bundlers/package.test.mjs
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { RESOLUTIONS, compiles, entriesOf, problemsOf } from "../../js/test/types/check.mjs";
import { launch } from "../browser/chromium.mjs";
import { makeProject, pack } from "./project.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const esbuild = createRequire(at("../../js/package.json"))("esbuild");
const folder = mkdtempSync(join(tmpdir(), "guestbox-package-"));
const tarball = pack(folder);
/** One that imports what the package has besides its code, and those of the package's own tests. */
const PROGRAMS = {
  "entries.mts": readFileSync(at("consumer.mts")),
  "consumer.mts": readFileSync(at("../../js/test/types/consumer.mts")),
  "named.mts": readFileSync(at("../../js/test/types/named.mts")),
  "worker.mts": readFileSync(at("../../js/test/types/worker.mts")),
};
const project = makeProject(tarball, PROGRAMS);
const installed = join(project.folder, "node_modules/guestbox");
const textOf = (path) => readFileSync(join(installed, path), "utf8");
const manifest = JSON.parse(textOf("package.json"));
after(() => {
  project.remove();
  rmSync(folder, { recursive: true });
});

function succeeds(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project.folder, encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
}

test("publint has no message", async () => {
  const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
  assert.deepEqual(messages, []);
});

test("attw finds no problem, by its profile for ESM only", () => {
  succeeds(at("node_modules/.bin/attw"), tarball, "--profile", "esm-only");
});

describe("strict TypeScript programs compile", () => {
  for (const resolution of RESOLUTIONS) {
    for (const program of Object.keys(PROGRAMS)) {
      // All but the one that knows nothing else use what the web has.
      const lib = program === "named.mts" ? "es2022" : "es2022,dom";
      test(`${program}, by ${resolution[0]}`, () => compiles(join(project.folder, program), resolution, lib));
    }
  }
});

test("all that TypeScript programs see is explained, and is neither `any` nor meant for the package itself", () => {
  const { problems, looked } = problemsOf(entriesOf(installed, manifest));
  assert.deepEqual(problems, []);
  assert.ok(looked > 400, `${looked}`);
});

describe("the tarball has", () => {
  const scripts = readdirSync(join(installed, "dist"), { recursive: true }).filter((name) => name.endsWith(".js"));
  const GENERATED = ["host/glue.js", "load/inline-bytes.js"];

  test("the file of each export, and of each folder for those that do not know exports", () => {
    const targets = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(targets));
    for (const path of targets(manifest.exports)) assert.ok(existsSync(join(installed, path)), path);
    assert.equal(manifest.main, manifest.exports["."].default);
    for (const name of ["inline", "scale", "slim", "substrate", "wasi", "worker"]) {
      const { main, types } = JSON.parse(textOf(`${name}/package.json`));
      const { default: file, types: declarations } = manifest.exports[`./${name}`];
      assert.deepEqual([main, types], [`.${file}`, `.${declarations}`]);
    }
  });
  test("a source map of each script that was written by hand, with the sources in it", () => {
    assert.ok(scripts.length > 30);
    for (const name of scripts) {
      if (GENERATED.includes(name)) continue;
      assert.match(textOf(`dist/${name}`), new RegExp(`^//# sourceMappingURL=${basename(name).replaceAll(".", "\\.")}\\.map$`, "m"));
      const { sources, sourcesContent } = JSON.parse(textOf(`dist/${name}.map`));
      assert.deepEqual(sources, [`${"../".repeat(name.split("/").length)}src/${name.replace(/js$/, "ts")}`]);
      assert.deepEqual(sourcesContent, [readFileSync(at(`../../js/src/${name.replace(/js$/, "ts")}`), "utf8")]);
    }
  });
  test("both licences, and notices of all crates that the wasm module names", () => {
    for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) assert.equal(textOf(name), readFileSync(at(`../../${name}`), "utf8"));
    const notices = textOf("THIRD-PARTY-NOTICES.txt");
    const named = [...textOf("dist/guestbox.wasm").matchAll(/\/([a-z][\w-]*)-\d+\.\d+\.\d+\/src\//g)].map(([, name]) => name);
    assert.ok(named.length > 20);
    for (const name of new Set(named)) assert.match(notices, new RegExp(`\\b${name}\\b`));
    assert.match(notices, /^wasm-bindgen [\d.]+, under MIT OR Apache-2.0$/m);
    assert.ok(notices.includes("Permission is hereby granted"));
  });
});

describe("in a page", () => {
  const PAGE = '<!doctype html><script type="module" src="/assets/main.js"></script>';
  const wasm = readFileSync(join(installed, "dist/guestbox.wasm"));
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  /** A minified bundle of a program. */
  async function bundled(contents, format = "esm") {
    const stdin = { contents, resolveDir: project.folder };
    const options = { stdin, bundle: true, format, minify: true, write: false, logLevel: "error" };
    const { outputFiles, warnings } = await esbuild.build(options);
    return { script: outputFiles[0].text, warnings };
  }

  /** What a minified bundle of one of the entries says in a page, at whose server there are these files besides. */
  async function saidBy(entry, load, files = {}, headers = {}, format = "esm") {
    const Sandbox = entry === "guestbox/worker" ? "WorkerSandbox" : "Sandbox";
    const contents = `import { ${Sandbox} } from "${entry}";
      ${Sandbox}.load(${load}).then(() => "loaded", (error) => [error.name, error.code, error.message].join("; ")).then(console.log);`;
    const { script, warnings } = await bundled(contents, format);
    if (entry === "guestbox/inline" || entry === "guestbox/slim") assert.deepEqual(warnings, []);
    const all = { "/deep/page": [PAGE, "text/html"], "/assets/main.js": [script, "text/javascript"], ...files };
    const page = await browser.newPage();
    await page.route("**/*", (route) => {
      const [body, contentType] = all[new URL(route.request().url()).pathname] ?? all["*"] ?? ["", "text/plain"];
      return route.fulfill({ status: body === "" ? 404 : 200, body, contentType, headers });
    });
    const said = page.waitForEvent("console", { predicate: (message) => message.type() === "log", timeout: 30_000 });
    await page.goto("http://localhost/deep/page");
    const text = (await said).text();
    await page.close();
    return text;
  }

  test("a path is the page's own, not the bundle's", async () => {
    for (const [path, load] of [
      ["/deep/own.wasm", "own.wasm"],
      ["/own.wasm", "/own.wasm"],
      ["/own.wasm", "http://localhost/own.wasm"],
    ]) {
      assert.equal(await saidBy("guestbox", `{ wasm: "${load}" }`, { [path]: [wasm, "application/wasm"] }), "loaded");
    }
  });
  test("what a server answers for a file that it does not have is named, with what to do", async () => {
    const address = "http://localhost/assets/guestbox.wasm";
    const missing = await saidBy("guestbox", "");
    assert.ok(missing.startsWith(`LoadError; status; cannot load ${address}: the answer is 404 Not Found; `), missing);
    const page = await saidBy("guestbox", "", { "*": [PAGE, "text/html"] });
    assert.ok(page.startsWith(`LoadError; html; cannot load ${address}: the answer is an HTML page, `), page);
    const scripted = await saidBy("guestbox", "", {}, {}, "iife");
    assert.ok(scripted.startsWith("LoadError; unreachable; cannot tell where guestbox.wasm is ("), scripted);
    for (const text of [missing, page, scripted]) assert.match(text, /`load\(\{ wasm \}\)`, or import `guestbox\/inline`/);
  });
  test("a bundle that is no module has it inline, or is given it, without a warning", async () => {
    assert.equal(await saidBy("guestbox/inline", "", {}, {}, "iife"), "loaded");
    const files = { "/own.wasm": [wasm, "application/wasm"] };
    assert.equal(await saidBy("guestbox/slim", '{ wasm: "/own.wasm" }', files, {}, "iife"), "loaded");
    const without = await saidBy("guestbox/slim", "", files, {}, "iife");
    assert.ok(without.startsWith("LoadError; unreachable; `guestbox/slim` has no engine; "), without);
  });
  test("a worker's script that is not there is named, and one that is bundled by itself can be given", async () => {
    const { script } = await bundled('import "guestbox/worker/thread";', "iife");
    const files = { "/assets/guestbox.wasm": [wasm, "application/wasm"], "/thread.js": [script, "text/javascript"] };
    const missing = await saidBy("guestbox/worker", "", files);
    assert.match(missing, /^LoadError; unreachable; cannot start the worker .*`load\(\{ worker: new Worker\(\.\.\.\) \}\)`/);
    assert.equal(await saidBy("guestbox/worker", '{ worker: new Worker("/thread.js") }', files), "loaded");
  });
  test("a Content-Security-Policy that forbids it is named, with what to add", async () => {
    const policy = (sources) => ({ "content-security-policy": `script-src ${sources}` });
    for (const [entry, files] of [
      ["guestbox/inline", {}],
      ["guestbox", { "/assets/guestbox.wasm": [wasm, "application/wasm"] }],
    ]) {
      const refused = await saidBy(entry, "", files, policy("'self'"));
      assert.match(refused, /^LoadError; csp; .*'wasm-unsafe-eval'/);
      assert.equal(await saidBy(entry, "", files, policy("'self' 'wasm-unsafe-eval'")), "loaded");
    }
  });
});
