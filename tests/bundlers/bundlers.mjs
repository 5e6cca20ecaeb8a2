// The bundlers, as they are without configuration. Each makes something of a project that prints at the `url` of a
// page, or that a program prints, its `lines`, or both.
import { execFile, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { serve } from "../browser/server.mjs";
import { exampleOf, makeProject } from "./project.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = promisify(execFile);
const SMALL = at("package.json");
const MORE = at("../more-bundlers/package.json");
const JS = at("../../js/package.json");
const TURNS = at("../turns/package.json");
const PAGE = '<!doctype html><title>project</title><script type="module" src="./main.js"></script>';

/** What is said where a bundler copies no files. */
const WITHOUT_FILE = { guestbox: /^LoadError: cannot load .*guestbox\.wasm.*`guestbox\/inline`/ };

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

const workerdConfig = (port, hasWasm) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .example)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);
const example :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "main.js")${hasWasm ? ', (name = "guestbox.wasm", wasm = embed "guestbox.wasm")' : ""}],
  compatibilityDate = "2026-01-01");
`;

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
      const lines = async () => (await command(folder, process.execPath, outfile)).trim().split("\n");
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
        ? {}
        : {
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
      const { url, close } = await served(outdir, (port) => {
        writeFileSync(join(outdir, "config.capnp"), workerdConfig(port, existsSync(join(outdir, "guestbox.wasm"))));
        return [at("../turns/node_modules/.bin/workerd"), "serve", "config.capnp"];
      });
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

const quiet = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", CI: "1" };

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

/** A program in a folder that serves HTTP at a port. */
async function served(cwd, commandAt) {
  const port = String(20_000 + Math.floor(Math.random() * 20_000));
  const [name, ...args] = commandAt(port);
  const server = spawn(name, args, { cwd, stdio: ["ignore", "ignore", "inherit"], env: quiet });
  const close = async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await listening(port);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

const linesFrom = async (url) => (await fetch(url, { signal: AbortSignal.timeout(30_000) })).json();

/** Waits for somebody who listens at a port. */
async function listening(port) {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, "127.0.0.1");
    try {
      return await once(socket, "connect");
    } catch (error) {
      if (tries >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      socket.destroy();
    }
  }
}
