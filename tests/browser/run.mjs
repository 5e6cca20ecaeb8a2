// Runs the package in a page in headless Chrome: real guests, compared with plain WebAssembly here
// in Node, a supervisor that is itself wasm, a runtime with contracts, programs, again the real guests and sessions of WASI, compared
// with their recorded traces, and checks of the API.
//
//   node tests/browser/run.mjs               a line for each check, and how many passed and failed
//   node tests/browser/run.mjs --trace NAME  a guest's trace as Chrome ran it
//   node tests/browser/run.mjs --json        all traces, {guest: {lines, ms}}
//
// The browser is /usr/bin/chromium, or what CHROMIUM names.
import { parseArgs } from "node:util";
import { wat } from "../../js/test/wat.mjs";
import { loadBytes } from "../guests/bytes.mjs";
import { guests } from "../guests/index.mjs";
import { plainEngine } from "../guests/plain.mjs";
import { WASM, oracle, runtimes } from "../runtime/files.mjs";
import { calls, difference as dumpDifference } from "../runtime/host.mjs";
import { bytesOf, document, guestNames, supervisorBytes } from "../scenarios/supervisor-files.mjs";
import { difference } from "../scenarios/supervisor.mjs";
import { programs, recorded } from "../traces/files.mjs";
import { difference as traceDifference } from "../traces/run.mjs";
import { guestBytes, recordedSessions, sessions } from "../wasi/files.mjs";
import { launch } from "./chromium.mjs";
import { serve } from "./server.mjs";
import { texts } from "./texts.mjs";

const { values: options } = parseArgs({ options: { json: { type: "boolean" }, trace: { type: "string" } } });
if (options.trace !== undefined && !guests.some(({ name }) => name === options.trace)) {
  fail(`no guest is called ${options.trace}; there are ${guests.map(({ name }) => name).join(", ")}`);
}

const isCheck = options.trace === undefined && !options.json;
const browser = await launch().catch((error) => fail(error.message));
const { server, base } = await serve({ made: isCheck ? filesOfChecks() : {} });
try {
  const page = await openPage();
  if (isCheck) await runChecks(page);
  else if (options.json) console.log(JSON.stringify(await allTraces(page)));
  else console.log((await traceIn(page, options.trace)).lines.join("\n"));
} finally {
  await browser.close();
  server.close();
}

/** What the checks need and is not in the repository, by path. The traces of real guests need none of it. */
function filesOfChecks() {
  const files = { "/checks/number": "42", "/supervisor/supervisor.wasm": supervisorBytes(), "/wasi/guest.wasm": guestBytes() };
  for (const [name, text] of Object.entries(texts)) files[`/checks/${name}.wasm`] = wat(text);
  for (const name of guestNames) files[`/supervisor/${name}.wasm`] = bytesOf(name);
  for (const one of programs) {
    for (const name of one.modules) files[`/programs/${one.name}/${name}.wasm`] = one.bytesOf(name);
  }
  return files;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

async function openPage() {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("response", (response) => response.ok() || problems.push(`${response.status()} ${response.url()}`));
  await page.goto(`${base}/tests/browser/index.html`);
  try {
    await page.waitForFunction(() => globalThis.guestboxPage !== undefined, undefined, { timeout: 30_000 });
  } catch (error) {
    throw new Error(`the page did not load: ${problems.join("; ") || error.message}`, { cause: error });
  }
  return page;
}

function traceIn(page, name) {
  return page.evaluate((guest) => globalThis.guestboxPage.trace(guest), name);
}

async function allTraces(page) {
  const traces = {};
  for (const { name } of guests) traces[name] = await traceIn(page, name);
  return traces;
}

async function runChecks(firstPage) {
  let page = firstPage;
  let failed = 0;
  let passed = 0;
  const check = async (title, act) => {
    const begin = performance.now();
    try {
      const note = await act();
      passed += 1;
      console.log(`ok      ${title} (${note ? `${note}, ` : ""}${(performance.now() - begin).toFixed(0)} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${title}: ${error.message}`);
    }
  };
  for (const guest of guests) {
    await check(`${guest.name}: the trace is that of plain WebAssembly`, async () => {
      const { lines } = await traceIn(page, guest.name);
      const expected = [];
      guest.run(plainEngine, loadBytes(guest.name), (line) => expected.push(line));
      const at = expected.findIndex((line, index) => line !== lines[index]);
      if (at >= 0) throw new Error(`line ${at + 1} is "${lines[at]}", expected "${expected[at]}"`);
      if (lines.length !== expected.length) throw new Error(`${lines.length} lines, expected ${expected.length}`);
      return `${lines.length} lines`;
    });
  }
  for (const one of document.cases) {
    await check(`a supervisor that is itself wasm: ${one.name}`, async () => {
      const run = ([given, fuel]) => globalThis.guestboxPage.supervise(given, fuel);
      const results = await withinTime(30_000, page.evaluate(run, [one, document.fuel]));
      const differs = difference(one, results);
      if (differs !== undefined) throw new Error(differs);
      return `${results.reduce((lines, { trace }) => lines + trace.length, 0)} lines`;
    });
  }
  for (const file of runtimes) {
    await check(`a runtime with contracts, ${file}: the dump is that of its native form`, async () => {
      const run = (path) => globalThis.guestboxPage.runtime(path);
      const path = `/tests/runtime/target/${WASM}/${file}.wasm`;
      const dumped = await withinTime(60_000, page.evaluate(run, path));
      const differs = dumpDifference(oracle(), dumped);
      if (differs !== undefined) throw new Error(differs);
      return `${calls(dumped)} calls`;
    });
  }
  const isRecorded = (name, lines) => {
    const differs = traceDifference(name, recorded.get(name), lines);
    if (differs !== undefined) throw new Error(differs);
    return `${lines.length} lines`;
  };
  for (const one of programs) {
    await check(`${one.name}: the trace is the recorded one, in slices too`, async () => {
      const run = ([program, slice]) => globalThis.guestboxPage.program(program, slice);
      isRecorded(one.name, await withinTime(30_000, page.evaluate(run, [one, 5_000n])));
      return isRecorded(one.name, await withinTime(30_000, page.evaluate(run, [one])));
    });
  }
  for (const { name } of guests) {
    await check(`${name}: the trace with the fuel of each call is the recorded one`, async () =>
      isRecorded(
        name,
        await withinTime(
          30_000,
          page.evaluate((guest) => globalThis.guestboxPage.metered(guest), name),
        ),
      ),
    );
  }
  for (const one of sessions) {
    await check(`WASI, ${one.name}: the trace is the recorded one, and the same from snapshots`, async () => {
      const run = (session) => globalThis.guestboxPage.session(session);
      const lines = await withinTime(30_000, page.evaluate(run, one));
      const differs = traceDifference(one.name, recordedSessions.get(one.name), lines);
      if (differs !== undefined) throw new Error(differs);
      return `${lines.length} lines`;
    });
  }
  await check("no recorded trace is missing, and none is left over", () => {
    const names = [...programs, ...guests].map(({ name }) => name).sort();
    const left = [...recorded.keys()];
    if (String(left) !== String(names)) throw new Error(`recorded are ${left}; there are ${names}`);
    return `${names.length} programs`;
  });
  await check("a program goes on in a page that is reloaded whenever it asks for something", reload);
  const names = await page.evaluate(() => globalThis.guestboxPage.checkNames);
  for (const name of names) {
    await check(name, async () => {
      try {
        return await withinTime(
          60_000,
          page.evaluate((one) => globalThis.guestboxPage.check(one), name),
        );
      } catch (error) {
        // Should the page hang, the next check gets another.
        page = await openPage();
        throw error;
      }
    });
  }
  if (names.length === 0) throw new Error("the page has no checks");
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Has a page be reloaded at each of the six questions of its program. */
async function reload() {
  const page = await browser.newPage();
  let loads = 0;
  page.on("load", () => (loads += 1));
  await page.goto(`${base}/tests/browser/reloaded.html`);
  await page.waitForFunction(() => globalThis.result !== undefined, undefined, { timeout: 60_000 });
  const { error, whole, resumed, seen, bytes } = await page.evaluate(() => globalThis.result);
  await page.close();
  if (error !== undefined) throw new Error(error);
  const twice = Array.from({ length: 12 }, (_, at) => seen[at & ~1]);
  if (resumed.value !== 910) throw new Error(`the program comes to ${resumed.value}`);
  if (resumed.fuelUsed !== whole.fuelUsed) throw new Error(`${resumed.fuelUsed} units, ${whole.fuelUsed} in a page that stays`);
  if (new Set(seen).size !== 6 || String(seen) !== String(twice)) throw new Error(`asked were ${seen}`);
  if (loads !== 7) throw new Error(`${loads} loads`);
  return `${bytes} bytes`;
}

function withinTime(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
