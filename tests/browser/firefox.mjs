// Runs the sessions of WASI in headless Firefox, and compares them with the recorded traces:
//
//   node tests/browser/firefox.mjs
//
// Nothing drives it: the page says what it comes to. The browser is /usr/bin/firefox-esr, or what FIREFOX names; where it is not,
// that is said, and is no failure.
import { existsSync } from "node:fs";
import { difference } from "../traces/run.mjs";
import { guestBytes, recordedSessions, sessions } from "../wasi/files.mjs";
import { FIREFOX } from "./installed.mjs";
import { toldIn } from "./telling.mjs";

const { executablePath } = FIREFOX;

if (existsSync(executablePath)) {
  const made = { "/wasi/sessions.json": JSON.stringify(sessions), "/wasi/guest.wasm": guestBytes() };
  const { told, userAgent } = await toldIn("Firefox", "/tests/browser/firefox.html", { made });
  console.log(userAgent);
  compare(told);
} else console.log(`Firefox: not on this machine (${executablePath}); the sessions of WASI were NOT run in it`);

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
