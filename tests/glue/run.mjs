// Runs published packages by their own JavaScript, their guests in a sandbox, and compares what comes of it with
// WebAssembly of the runtime:
//
//   node tests/glue/run.mjs [PROGRAM...]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PROGRAMS } from "./programs.mjs";

const [mode, name] = process.argv.slice(2);
if (mode === "--plain" || mode === "--guestbox") {
  await child(mode === "--guestbox", name);
} else {
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PROGRAMS);
  const failed = chosen.filter((program) => !compare(program));
  if (failed.length > 0) {
    console.error(`${failed.join(", ")}: not as with the runtime's own WebAssembly`);
    process.exitCode = 1;
  }
}

/** Runs a program and prints what it returns. */
async function child(isGuest, name) {
  const { log } = console;
  // The packages' own output is not what is compared.
  console.log = console.error;
  if (isGuest) {
    const { Sandbox } = await import("../../js/dist/node.js");
    const { webAssemblyOver } = await import("./webassembly.mjs");
    globalThis.WebAssembly = webAssemblyOver(await Sandbox.load({ limits: { fuel: 2n ** 63n } }));
  }
  log(JSON.stringify(await PROGRAMS[name]()));
  process.exit(0);
}

/** Whether a program does the same in both. */
function compare(program) {
  const began = performance.now();
  const [plain, guest] = ["--plain", "--guestbox"].map((mode) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), mode, program], {
      encoding: "utf8",
      timeout: 300_000,
    });
    return status === 0 ? stdout : `exit ${status}: ${stderr.slice(-3_000)}`;
  });
  const isSame = plain === guest && !plain.startsWith("exit");
  console.log(
    `${program}: ${isSame ? `the same, ${plain.length} characters` : `${plain}\n${guest}`} (${Math.round(performance.now() - began)} ms)`,
  );
  return isSame;
}
