// Prints how fairly calls that never end share their runtime, for each runtime that is there:
//
//   node tests/turns/run.mjs [NAME...]
//
// Milliseconds, on top of what a timer of 0 ms takes in that runtime when nothing runs.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createRequire } from "node:module";
import { CHROMIUM, FIREFOX } from "../browser/installed.mjs";
import { serve } from "../browser/server.mjs";
import { WORKERD, workerd } from "../bundlers/served.mjs";
import { COUNTS } from "./measure.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = promisify(execFile);
const program = at("print.mjs");
const installed = (name) => at(`node_modules/.bin/${name}`);
const js = createRequire(at("../../js/package.json"));

const byCommand = (command, ...args) => ({
  isThere: () => existsSync(command),
  measure: async () => JSON.parse((await run(command, [...args, program], { timeout: 120_000 })).stdout),
});
const RUNTIMES = {
  "this Node": byCommand(process.execPath),
  "Node 24": byCommand(at("../../js/node_modules/.bin/node")),
  Deno: byCommand(installed("deno"), "run", "--allow-read", "--no-config"),
  Bun: byCommand(installed("bun"), "run"),
  Chromium: byBrowser("chrome", CHROMIUM.executablePath, ["--no-sandbox", "--disable-gpu"]),
  Firefox: byBrowser("firefox", FIREFOX.executablePath, []),
  workerd: byWorkerd([]),
  "workerd, nodejs_compat": byWorkerd(["nodejs_compat"]),
};

const wanted = process.argv.slice(2);
const cell = (value) => (value === undefined ? "-" : value.toFixed(1)).padStart(9);
console.log(
  `${"".padEnd(24)}${["calls", "begin", "timer", "worst", "abort", "deadline", "signal"].map((name) => name.padStart(9)).join("")}`,
);
for (const [name, { isThere, measure }] of Object.entries(RUNTIMES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (!isThere()) {
    console.log(`${name.padEnd(24)} not on this machine`);
    continue;
  }
  try {
    const { gap, idle, rows } = await measure();
    for (const { calls, beginning, timer, worst, abort, timedOut, abortedByTimer } of rows) {
      const cells = [beginning, timer - idle, worst - idle, abort, timedOut, abortedByTimer];
      console.log(`${name.padEnd(24)}${String(calls).padStart(9)}${cells.map(cell).join("")}`);
    }
    if (gap !== undefined) console.log(`${name.padEnd(24)} longest gap without a turn while cold: ${gap.toFixed(1)}`);
  } catch (error) {
    console.log(`${name.padEnd(24)} failed: ${error.stderr || error.stack}`);
    process.exitCode = 1;
  }
}

function byBrowser(browser, executablePath, args) {
  return {
    isThere: () => existsSync(executablePath) && existsSync(at("node_modules/puppeteer-core")),
    measure: async () => {
      const { default: puppeteer } = await import("puppeteer-core");
      const { server, base } = await serve({ made: { "/": "<!doctype html><title>turns</title>" } });
      const opened = await puppeteer.launch({ browser, executablePath, args, headless: true, protocolTimeout: 120_000 });
      try {
        const page = await opened.newPage();
        await page.goto(`${base}/tests/browser/index.html`);
        return await page.evaluate(async () => {
          const [{ Sandbox }, { measure }] = await Promise.all([import("/js/dist/index.js"), import("/tests/turns/measure.mjs")]);
          return measure(Sandbox);
        });
      } finally {
        await opened.close();
        server.close();
      }
    },
  };
}

/** From outside: what each step takes, less what the shortest one does. */
function byWorkerd(flags) {
  return {
    isThere: () => existsSync(WORKERD),
    measure: async () => {
      const folder = mkdtempSync(`${tmpdir()}/guestbox-turns-`);
      writeFileSync(`${folder}/guestbox.wasm`, readFileSync(at("../../js/dist/guestbox.wasm")));
      await js("esbuild").build({
        ...{ entryPoints: [at("worker.mjs")], bundle: true, format: "esm", outfile: `${folder}/main.js` },
        external: ["guestbox.wasm", "node:*"],
      });
      const { url, close } = await workerd(folder, flags);
      try {
        const idle = median((await steps(url, 0)).timers);
        const rows = [];
        for (const calls of COUNTS) {
          const { begun, timers, aborts, timedOut, signalled } = await steps(url, calls);
          rows.push({
            calls,
            beginning: begun,
            timer: median(timers),
            worst: Math.max(...timers),
            abort: Math.max(...aborts),
            timedOut,
            abortedByTimer: signalled,
          });
        }
        return { idle, rows };
      } finally {
        await close();
        rmSync(folder, { recursive: true });
      }
    },
  };
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Reads what a worker says, and when. */
async function steps(url, calls) {
  const response = await fetch(`${url}/?calls=${calls}`, { signal: AbortSignal.timeout(60_000) });
  const seen = { timers: [], aborts: [], begun: 0, timedOut: 0, signalled: 0 };
  // Words that come together were said at some time since the last ones.
  let [last, rest] = [performance.now(), ""];
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    const now = performance.now();
    const words = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = words.pop();
    for (const word of words) {
      if (word.startsWith("error")) throw new Error(word);
      const passed = now - last;
      last = now;
      if (word === "begun") seen.begun = passed;
      else if (word === "timer") seen.timers.push(passed);
      else if (word === "aborted") seen.aborts.push(passed);
      else if (word === "signalled") seen.signalled = passed - 50;
      else if (word === "timed out") seen.timedOut = passed - 50;
    }
  }
  // The first comes after another wait.
  seen.timers.shift();
  return seen;
}
