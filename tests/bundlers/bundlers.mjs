// The bundlers, as they are without configuration. Each makes something of a project that prints at the `url` of a
// page, or that a program prints, its `lines`, or both.
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { serve } from "../browser/server.mjs";
import { exampleOf, makeProject } from "./project.mjs";
import { quiet, served, workerd } from "./served.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = promisify(execFile);
const SMALL = at("package.json");
const MORE = at("../more-bundlers/package.json");
const JS = at("../../js/package.json");
const TURNS = at("../turns/package.json");
const PAGE = '<!doctype html><title>project</title><script type="module" src="./main.js"></script>';

/** What is said where a bundler copies no files. */
const NO_FILE = /^LoadError: cannot load .*guestbox\.wasm.*`guestbox\/inline`/;
const WITHOUT_FILE = { guestbox: NO_FILE, "guestbox/worker": NO_FILE };

/** What is said where a bundler makes nothing of workers. */
export const WITHOUT_WORKER = /^LoadError: cannot start the worker .*`guestbox\/worker\/thread`/;

const NO_WORKERS = /^LoadError: cannot start a worker \(Worker is not defined\)/;

const pageFiles = (entry) => ({ "index.html": PAGE, "main.js": exampleOf(entry) });

/** Code of a function that answers with what an example prints. It is evaluated at the first request only. */
const PRINTS = (path) => `
  const [lines, log] = [[], console.log];
  console.log = (...values) => lines.push(values.join(" "));
  await import("${path}").catch((error) => lines.push(String(error))).finally(() => (console.log = log));
  return Response.json(lines);`;

const nextFiles = (entry) => ({
  "example.js": exampleOf(entry),
  "app/layout.js": "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
  "app/page.js": `"use client";
import { useEffect } from "react";
export default function Page() {
  useEffect(() => void import("../example.js"), []);
  return <p>example</p>;
}`,
  "app/example/route.js": `export const dynamic = "force-dynamic"; export async function GET() { ${PRINTS("../../example.js")} }`,
});

/** The small ones, which run in every test. */
export const small = [
  {
    name: "Vite, dev",
    of: [SMALL, "vite"],
    async open(folder) {
      const vite = await imported(SMALL, "vite");
      const server = await vite.createServer({ root: folder, logLevel: "error", server: { port: 0, host: "127.0.0.1" } });
      await server.listen();
      return { url: `http://127.0.0.1:${server.httpServer.address().port}/`, close: () => server.close() };
    },
  },
  {
    name: "Vite, build",
    of: [SMALL, "vite"],
    async open(folder) {
      const vite = await imported(SMALL, "vite");
      await vite.build({ root: folder, logLevel: "error" });
      return filesOf(join(folder, "dist"));
    },
  },
  ...["production", "development"].map((mode) => ({
    name: `webpack, ${mode}`,
    of: [SMALL, "webpack"],
    async open(folder) {
      const { default: webpack } = await imported(SMALL, "webpack");
      const output = { path: join(folder, "dist") };
      const stats = await promisify(webpack)({ context: folder, mode, entry: "./main.js", output });
      if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
      return page(output.path);
    },
  })),
  {
    name: "esbuild",
    of: [JS, "esbuild"],
    refused: WITHOUT_FILE,
    async open(folder) {
      const esbuild = await imported(JS, "esbuild");
      const outdir = join(folder, "dist");
      await esbuild.build({ absWorkingDir: folder, entryPoints: ["main.js"], bundle: true, format: "esm", outdir, logLevel: "error" });
      return page(outdir);
    },
  },
  {
    name: "esbuild, for Node",
    of: [JS, "esbuild"],
    refused: { "guestbox/worker": WITHOUT_WORKER },
    async open(folder) {
      const esbuild = await imported(JS, "esbuild");
      const outfile = join(folder, "dist/main.mjs");
      await esbuild.build({
        absWorkingDir: folder,
        entryPoints: ["main.js"],
        bundle: true,
        format: "esm",
        platform: "node",
        outfile,
        logLevel: "error",
      });
      // Of a program that ends by an error, that.
      const problemOf = ({ message }) => /^\w*Error: .*$/m.exec(message)?.[0] ?? message;
      const lines = async () => (await command(folder, process.execPath, outfile).catch(problemOf)).trim().split("\n");
      return { lines, close: () => {} };
    },
  },
];

/** The others. */
export const more = [
  {
    name: "Rollup, node-resolve",
    of: [MORE, "rollup"],
    refused: WITHOUT_FILE,
    async open(folder) {
      const { rollup } = await imported(MORE, "rollup");
      const { nodeResolve } = await imported(MORE, "@rollup/plugin-node-resolve");
      const bundle = await rollup({ input: join(folder, "main.js"), plugins: [nodeResolve()] });
      await bundle.write({ dir: join(folder, "dist") });
      await bundle.close();
      return page(join(folder, "dist"));
    },
  },
  {
    name: "Parcel",
    of: [MORE, "parcel"],
    async open(folder) {
      await command(folder, at("../more-bundlers/node_modules/.bin/parcel"), "build", "index.html");
      return filesOf(join(folder, "dist"));
    },
  },
  {
    name: "Bun",
    of: [TURNS, "bun"],
    refused: WITHOUT_FILE,
    async open(folder) {
      await command(folder, at("../turns/node_modules/.bin/bun"), "build", "./main.js", "--outdir", "dist");
      return page(join(folder, "dist"));
    },
  },
  ...["turbopack", "webpack"].map((bundler) => ({
    name: `Next, ${bundler}`,
    of: [MORE, "next"],
    // What webpack makes of a worker it looks for at the address that pages have it by.
    refusedOnServer: bundler === "webpack" ? { "guestbox/worker": WITHOUT_WORKER } : {},
    files: nextFiles,
    // Below its dependencies.
    parent: at("../more-bundlers"),
    async open(folder) {
      const next = at("../more-bundlers/node_modules/.bin/next");
      await command(folder, next, "build", `--${bundler}`);
      const { url, close } = await served(folder, (port) => [next, "start", "--hostname", "127.0.0.1", "--port", port]);
      return { url, lines: () => linesFrom(`${url}/example`), close };
    },
  })),
  ...[["workerd"], []].map((conditions) => ({
    name: `esbuild, workerd${conditions.length > 0 ? "" : ", no condition"}`,
    of: [TURNS, "workerd"],
    refused:
      conditions.length > 0
        ? { "guestbox/worker": NO_WORKERS }
        : {
            "guestbox/worker": NO_WORKERS,
            guestbox: /^LoadError: cannot tell where .*`load\(\{ wasm \}\)`/,
            "guestbox/inline": /^LoadError: this runtime compiles no bytes; .*`load\(\{ wasm \}\)`/,
          },
    files: (entry) => ({ "example.js": exampleOf(entry), "main.js": `export default { async fetch() { ${PRINTS("./example.js")} } };` }),
    async open(folder) {
      const esbuild = await imported(JS, "esbuild");
      const outdir = join(folder, "dist");
      const options = {
        absWorkingDir: folder,
        entryPoints: ["main.js"],
        bundle: true,
        format: "esm",
        outdir,
        conditions,
        assetNames: "[name]",
      };
      await esbuild.build({ ...options, loader: { ".wasm": "copy" }, logLevel: "error" });
      const { url, close } = await workerd(outdir);
      return { lines: () => linesFrom(url), close };
    },
  })),
];

/** The version of a bundler, or nothing where it is not there. */
export function versionOf({ of: [from, name] }) {
  const file = join(from, "../node_modules", name, "package.json");
  return existsSync(file) ? createRequire(from)(file).version : undefined;
}

/** Has a bundler bundle the example with one of the package's entries, and opens what it made. */
export async function open({ files = pageFiles, parent, open: openIn }, tarball, entry) {
  const project = makeProject(tarball, files(entry), parent);
  try {
    const opened = await openIn(project.folder);
    const close = async () => {
      await opened.close();
      project.remove();
    };
    return { ...opened, project, close };
  } catch (error) {
    project.remove();
    throw error;
  }
}

const imported = (from, name) => import(pathToFileURL(createRequire(from).resolve(name)).href);

/** What a command prints. */
async function command(cwd, name, ...args) {
  try {
    return (await run(name, args, { cwd, timeout: 240_000, env: quiet })).stdout;
  } catch (error) {
    throw new Error(`${error.stdout}${error.stderr}`.trim() || error.message, { cause: error });
  }
}

async function filesOf(folder) {
  const { server, base } = await serve({ root: pathToFileURL(`${folder}/`) });
  return { url: `${base}/index.html`, folder, close: () => server.close() };
}

/** The files of a folder, and a page for the bundle in it. */
function page(folder) {
  writeFileSync(join(folder, "index.html"), PAGE);
  return filesOf(folder);
}

const linesFrom = async (url) => (await fetch(url, { signal: AbortSignal.timeout(30_000) })).json();
