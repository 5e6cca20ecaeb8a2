// Runs the sessions of WASI in headless Firefox, and compares them with the recorded traces:
//
//   node tests/browser/firefox.mjs
//
// Nothing drives it: the page says what it comes to. The browser is /usr/bin/firefox-esr, or what FIREFOX names; where it is not,
// that is said, and is no failure.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { difference } from "../traces/run.mjs";
import { guestBytes, recordedSessions, sessions } from "../wasi/files.mjs";
import { FIREFOX } from "./installed.mjs";
import { serve } from "./server.mjs";

const { executablePath } = FIREFOX;
const TIMEOUT = 180_000;

if (existsSync(executablePath)) await main();
else console.log(`Firefox: not on this machine (${executablePath}); the sessions of WASI were NOT run in it`);

async function main() {
  const told = [];
  let finish;
  const finished = new Promise((resolve, reject) => (finish = { resolve, reject }));
  const listen = (body) => {
    const said = JSON.parse(body);
    if (said.error !== undefined) finish.reject(new Error(said.error));
    else if (said.userAgent !== undefined) finish.resolve(said.userAgent);
    else told.push(said);
  };
  const made = { "/wasi/sessions.json": JSON.stringify(sessions), "/wasi/guest.wasm": guestBytes() };
  const { server, base } = await serve({ made, posted: { "/told": listen } });
  const profile = mkdtempSync(join(tmpdir(), "guestbox-firefox-"));
  const page = `${base}/tests/browser/firefox.html`;
  const running = spawn(executablePath, ["--headless", "--no-remote", "--profile", profile, page], { stdio: "ignore" });
  const late = setTimeout(() => finish.reject(new Error(`Firefox did not finish within ${TIMEOUT} ms`)), TIMEOUT);
  running.on("error", finish.reject);
  running.on("exit", (code) => finish.reject(new Error(`Firefox ended with ${code}`)));
  try {
    console.log(await finished);
    compare(told);
  } finally {
    clearTimeout(late);
    running.removeAllListeners("exit");
    if (running.exitCode === null) {
      const gone = once(running, "exit");
      running.kill();
      await gone;
    }
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true });
  }
}

function compare(told) {
  let failed = 0;
  for (const { name } of sessions) {
    const lines = told.find((one) => one.name === name)?.lines ?? "it was not run";
    const differs = typeof lines === "string" ? lines : difference(name, recordedSessions.get(name), lines);
    if (differs !== undefined) failed += 1;
    console.log(differs === undefined ? `ok      WASI, ${name} (${lines.length} lines)` : `FAILED  WASI, ${name}: ${differs}`);
  }
  console.log(`${sessions.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
