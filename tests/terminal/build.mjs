// Builds a program of tests/wasi/programs for WASI:
//
//   node tests/terminal/build.mjs sums.c OUT.wasm     by clang, which is itself wasm and comes from npm
//   node tests/terminal/build.mjs words.rs OUT.wasm   by rustc
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";

const [name, out] = process.argv.slice(2);
const source = fileURLToPath(new URL(`../wasi/programs/${name}`, import.meta.url));
const builders = { ".c": buildC, ".rs": buildRust };
mkdirSync(dirname(out), { recursive: true });
await builders[extname(name)]();

async function buildC() {
  const { Exit, runClang, runLLVM } = await import("@yowasp/clang");
  const args = ["clang", "--target=wasm32-wasip1", "-std=gnu17", "-Os", "-Wall", "-Wextra", "-Werror", "-s", name, "-o", "out.wasm"];
  let said = "";
  const stderr = (bytes) => void (bytes === null || (said += Buffer.from(bytes).toString()));
  // Loads the compiler, and says nothing of how far that is.
  await runLLVM(null, {}, { fetchProgress: () => {} });
  try {
    const { "out.wasm": wasm } = await runClang(args, { [name]: readFileSync(source) }, { stderr });
    writeFileSync(out, wasm);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    console.error(`${said}clang could not build ${source}`);
    process.exitCode = 1;
  }
}

function buildRust() {
  const args = ["--edition", "2024", "--target", "wasm32-wasip1", "-C", "opt-level=s", "-C", "strip=debuginfo", "-o", out, source];
  execFileSync(process.env.RUSTC ?? "rustc", args, { stdio: "inherit" });
}
