// Bundles the README's example with each bundler and each entry of the package, runs what comes of it in
// headless Chromium or in its server, and prints a table of the results:
//
//   node tests/bundlers/run.mjs           Vite, webpack and esbuild
//   node tests/bundlers/run.mjs --all     all bundlers that are there
//   node tests/bundlers/run.mjs NAME...   those whose names contain one of these
//
// The browser is /usr/bin/chromium, or what CHROMIUM names.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launch } from "../browser/chromium.mjs";
import { WITHOUT_WORKER, more, open, small, versionOf } from "./bundlers.mjs";
import { expectedOf, pack } from "./project.mjs";

const { values: options, positionals: wanted } = parseArgs({ options: { all: { type: "boolean" } }, allowPositionals: true });
const isWanted = ({ name }) => wanted.some((one) => name.toLowerCase().includes(one.toLowerCase()));
const bundlers = wanted.length > 0 ? [...small, ...more].filter(isWanted) : options.all ? [...small, ...more] : small;
if (bundlers.length === 0) throw new Error(`no bundler is called ${wanted.join(" or ")}`);

const folder = mkdtempSync(join(tmpdir(), "guestbox-bundlers-"));
const tarball = pack(folder);
const browser = await launch();
try {
  for (const bundler of bundlers) {
    const version = versionOf(bundler);
    if (version === undefined && !options.all) process.exitCode = 1;
    for (const entry of ["guestbox", "guestbox/inline", "guestbox/worker"]) {
      const began = performance.now();
      const result = version === undefined ? "not on this machine" : await resultOf(bundler, entry);
      const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
      console.log(`${`${bundler.name} ${version ?? ""}`.padEnd(46)}${entry.padEnd(17)}${seconds} s  ${result}`);
    }
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

async function resultOf(bundler, entry) {
  try {
    const opened = await open(bundler, tarball, entry);
    try {
      return await resultIn(opened, entry, bundler.refused?.[entry], bundler.refusedOnServer?.[entry]);
    } finally {
      await opened.close();
    }
  } catch (error) {
    process.exitCode = 1;
    return `FAILED: ${error.message}`;
  }
}

/** Whether it runs in all its places, or is refused by an error that says what to do. */
async function resultIn({ lines, url, folder: served, project }, entry, refused, refusedOnServer) {
  const expected = expectedOf(entry);
  const runs = (printed) => {
    if (String(printed) !== String(expected)) throw new Error(`printed ${JSON.stringify(printed)}`);
  };
  const inPage = url === undefined ? undefined : () => linesOf(url, expected.length);
  const places = [inPage, lines].filter((place) => place !== undefined);
  if (refusedOnServer !== undefined) {
    runs(await inPage());
    const [problem = "nothing"] = await lines();
    if (!refusedOnServer.test(problem)) throw new Error(`printed ${problem}`);
    return `runs, in the page; on the server no: ${problem}`;
  }
  if (refused === undefined) {
    for (const place of places) runs(await place());
    return places.length > 1 ? "runs, in the page and on the server" : "runs";
  }
  const [printed] = places;
  const [problem = "nothing"] = await printed();
  if (!refused.test(problem)) throw new Error(`printed ${problem}`);
  if (served === undefined) return `no: ${problem}`;
  copyFileSync(join(project.folder, "node_modules/guestbox/dist/guestbox.wasm"), join(served, "guestbox.wasm"));
  if (entry === "guestbox/worker") {
    const [other = "nothing"] = await printed();
    if (!WITHOUT_WORKER.test(other)) throw new Error(`printed ${other}`);
    return "no: copies no files and bundles no workers, and the errors say so";
  }
  runs(await printed());
  return "no: copies no files, and the error says so; runs with guestbox.wasm beside the bundle";
}

/** What a page prints until it has printed as many lines as are expected, or the error that ends it. */
async function linesOf(url, count) {
  const page = await browser.newPage();
  const lines = [];
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not done within 30 s; printed ${JSON.stringify(lines)}`)), 30_000);
      const end = () => {
        clearTimeout(timer);
        resolve();
      };
      page.on("console", (message) => {
        if (message.type() === "log" && lines.push(message.text()) === count) end();
      });
      page.on("pageerror", (error) => {
        lines.push(String(error.stack ?? error));
        end();
      });
      page.goto(url).catch(reject);
    });
  } finally {
    await page.close();
  }
  return lines;
}
