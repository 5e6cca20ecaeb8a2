// The runtimes, and how the scenarios are run in each from a project that has the packed package. Of each place that a runtime has it
// gives what came of them, and `without` which suites.
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { CHROMIUM, FIREFOX } from "../browser/installed.mjs";
import { toldIn } from "../browser/telling.mjs";
import { WORKERD, workerd } from "../bundlers/served.mjs";
import { bytesOf } from "./guests.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = promisify(execFile);
const JS = at("../../js/package.json");
const TURNS = at("../turns/package.json");
const installed = (name) => at(`../turns/node_modules/.bin/${name}`);
const versionOf = (name) => createRequire(TURNS)(`${name}/package.json`).version;

/** A page may fetch and compile what its own server has, and make no code of text. */
const POLICY = { "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'" };

export const runtimes = [
  node(20, process.execPath, "run this by Node 20"),
  node(24, at("../../js/node_modules/.bin/node"), "`make setup-js` installs it"),
  program("Deno, no permissions", "deno", ["run", "--no-prompt", "--no-remote"], ["vectors"]),
  program("Deno, --allow-read of the package", "deno", ["run", "--no-prompt", "--no-remote", "--allow-read=node_modules/guestbox"]),
  program("Bun", "bun", ["run"]),
  worker("workerd", []),
  worker("workerd, nodejs_compat", ["nodejs_compat"]),
  browser("Chromium", CHROMIUM),
  browser("Firefox", FIREFOX),
];

/** A Node of a version, if the one that there is has that. */
function node(major, executable, advice) {
  const version = existsSync(executable) && execFileSync(executable, ["--version"], { encoding: "utf8" }).trim().slice(1);
  return {
    places: [`Node ${major}`],
    missing: version && version.startsWith(`${major}.`) ? undefined : advice,
    run: async (project) => [{ place: `Node ${version}`, without: ["requests"], results: await printedBy(project, executable) }],
  };
}

/** A runtime from npm whose programs print. */
function program(place, name, args, except = []) {
  const command = installed(name);
  return {
    places: [place],
    missing: existsSync(command) ? undefined : "`make setup-runtimes` installs it",
    run: async (project) => {
      const results = await printedBy(project, command, args, except);
      return [{ place: place.replace(/^\w+/, `$& ${versionOf(name)}`), without: [...except, "requests"], results }];
    },
  };
}

async function printedBy(cwd, command, args = [], except = []) {
  try {
    const { stdout } = await run(command, [...args, "program.mjs", ...except], { cwd, timeout: 180_000 });
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(`${error.stdout ?? ""}${error.stderr ?? ""}`.trim() || error.message, { cause: error });
  }
}

function worker(place, flags) {
  return {
    places: [place],
    missing: existsSync(WORKERD) ? undefined : "`make setup-runtimes` installs it",
    run: async (project) => {
      const folder = join(project, "workerd");
      await bundle(project, { entryPoints: { main: "workerd.mjs" }, format: "esm", conditions: ["workerd"], outdir: folder });
      const { url, close } = await workerd(folder, flags);
      try {
        const results = await (await fetch(url, { signal: AbortSignal.timeout(120_000) })).json();
        results.push(...(await requests(url)));
        return [{ place: place.replace(/^\w+/, `$& ${versionOf("workerd")}`), without: ["worker"], results }];
      } finally {
        await close();
      }
    },
  };
}

/** Posts guests to a Worker, which runs them. */
async function requests(url) {
  const post = async (body) => {
    const response = await fetch(url, { method: "POST", body, signal: AbortSignal.timeout(30_000) });
    return { status: response.status, answer: await response.json() };
  };
  const cases = {
    "a guest that comes in a request is run": async () => {
      const { answer } = await post(bytesOf("answers"));
      return answer.status === "ok" && answer.value === 42;
    },
    "one that loops for ever ends by its fuel": async () => {
      const { answer } = await post(bytesOf("spins"));
      return answer.status === "trap" && answer.trap.code === "out-of-fuel" && Number(answer.fuelUsed) > 999_000;
    },
    "what is no guest is refused": async () => {
      const { status, answer } = await post(Uint8Array.of(1, 2, 3));
      return status === 400 && answer.guestbox === "CompileError";
    },
  };
  const results = [];
  for (const [name, act] of Object.entries(cases)) {
    const isSo = await act().catch((error) => error);
    results.push({ suite: "requests", name, ...(isSo === true ? {} : { error: `it is not so: ${isSo}` }) });
  }
  return results;
}

/** A browser, in which the scenarios are run in a page and in workers, all under a Content-Security-Policy. */
function browser(name, { executablePath, advice }) {
  const kinds = ["page", "module worker", "classic worker", "service worker"];
  const isModule = (kind) => ["page", "module worker"].includes(kind);
  return {
    places: kinds.map((kind) => `${name}, ${kind}`),
    missing: existsSync(executablePath) ? undefined : advice,
    run: async (project) => {
      await bundle(project, { entryPoints: { script: "script.mjs" }, format: "iife", outdir: project });
      const { told, userAgent } = await toldIn(name, "/page.html", { root: pathToFileURL(`${project}/`), headers: POLICY });
      const [, version] = /(?:Chrome|Firefox)\/(\d+)/.exec(userAgent);
      return kinds.map((kind) => {
        const { results, failed = "nothing was told" } = told.find(({ place }) => place === kind) ?? {};
        const without = isModule(kind) ? ["requests"] : ["requests", "worker"];
        return { place: `${name} ${version}, ${kind}`, without, ...(results === undefined ? { failed } : { results }) };
      });
    },
  };
}

function bundle(absWorkingDir, options) {
  const esbuild = createRequire(JS)("esbuild");
  const assets = { loader: { ".wasm": "copy" }, assetNames: "[name]", external: ["node:*"] };
  return esbuild.build({ absWorkingDir, bundle: true, logLevel: "error", ...assets, ...options });
}
