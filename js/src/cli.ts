#!/usr/bin/env node
/** `npx guestbox`: runs a program of WASI preview 1, or says what is in a module. */
import { readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GuestboxError, Trap } from "./base/errors.js";
import { Sandbox } from "./node.js";
import type { ExternType, Module } from "./types.js";
import { type Contents, type Directory, type FileEntry, type RunOptions, run, symbolicLink } from "./wasi.js";

const USAGE = `guestbox runs untrusted programs of WASI preview 1 in a sandbox.

  guestbox run [OPTIONS] PROGRAM.wasm [ARGUMENTS]
      --dir HOST[::GUEST]  gives the program a copy of a directory, by its own name or another;
                           what the program changes in it is lost at the end
      --env NAME=VALUE     sets an environment variable
      --fuel UNITS         ends the program when it has used so much; by default there is no bound
      --timeout SECONDS    ends it after so long; by default there is no bound
      --memory MIB         lets it have so much memory; by default 256
      --real               gives it the real time and random numbers; by default each run is the same
      What is behind the program is its own, but for a \`--\` that comes first.

  guestbox inspect MODULE.wasm
      lists imports, exports, what the module takes of the limits, and the features that it uses

  guestbox --version
      says which version this is

Exit codes: that of the program; 2 where it could not be run, 124 after the timeout, 134 for a trap.
`;

/** Exit codes, as shells and `timeout` have them. */
const UNUSABLE = 2,
  TIMED_OUT = 124,
  TRAPPED = 134;

const PAGES_PER_MIB = 16;

/** What is wrong with how it was called. */
class UsageError extends Error {}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "run") return runFile(rest);
  if (command === "inspect") return inspectFile(rest);
  if (command === "--version") return sayVersion();
  const isHelp = command === undefined || command === "help" || command === "--help" || command === "-h";
  (isHelp ? process.stdout : process.stderr).write(isHelp ? USAGE : `guestbox: unknown command \`${command}\`\n\n${USAGE}`);
  return isHelp && command !== undefined ? 0 : UNUSABLE;
}

async function sayVersion(): Promise<number> {
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  process.stdout.write(`guestbox ${version}\n`);
  return 0;
}

const RUN = {
  dir: { type: "string", multiple: true, default: [] as string[] },
  env: { type: "string", multiple: true, default: [] as string[] },
  fuel: { type: "string" },
  memory: { type: "string" },
  real: { type: "boolean", default: false },
  timeout: { type: "string" },
} as const;

async function runFile(args: readonly string[]): Promise<number> {
  const at = programAt(args);
  const { values } = usage(() => parseArgs({ args: args.slice(0, at), options: RUN }));
  const [file, ...given] = args.slice(at);
  if (file === undefined) throw new UsageError("which program is to be run?");
  const fuel = values.fuel === undefined ? {} : { fuel: BigInt(Math.trunc(numberOf("fuel", values.fuel))) };
  const timeout = values.timeout === undefined ? Infinity : numberOf("timeout", values.timeout) * 1_000;
  const env = new Map(values.env.map(variableOf));
  const pages = values.memory === undefined ? undefined : Math.ceil(numberOf("memory", values.memory) * PAGES_PER_MIB);
  const sandbox = await Sandbox.load({
    simd: true,
    ...(pages === undefined ? {} : { limits: { memoryPages: pages, totalMemoryPages: pages } }),
  });
  const module = sandbox.compile(await readFile(file));
  const files = new Map<string, Directory>();
  for (const dir of values.dir) {
    const [host = "", guest = host] = dir.split("::");
    files.set(guest, await copied(host));
  }
  const options: RunOptions = {
    args: [file, ...(given[0] === "--" ? given.slice(1) : given)],
    env,
    files,
    stdin: process.stdin as AsyncIterable<Contents>,
    stdout: writing(process.stdout),
    stderr: writing(process.stderr),
    terminal: process.stdin.isTTY && process.stdout.isTTY,
    timeout,
    ...fuel,
    ...(values.real ? { clock: "host", random: "host" } : {}),
  };
  try {
    return (await run(module, options)).exitCode;
  } finally {
    // Else this process would live as long as somebody might type something.
    process.stdin.destroy();
  }
}

/** Where the program is named: the first word that is neither an option nor the value of one. */
function programAt(args: readonly string[]): number {
  const { tokens } = parseArgs({ args: [...args], options: RUN, allowPositionals: true, strict: false, tokens: true });
  return tokens.find(({ kind }) => kind === "positional")?.index ?? args.length;
}

/** A directory of the host's, with all that is in it. What is neither a file, a directory nor a link is left out. */
async function copied(path: string): Promise<Directory> {
  const directory = new Map<string, FileEntry>();
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const place = join(path, entry.name);
    if (entry.isDirectory()) directory.set(entry.name, await copied(place));
    else if (entry.isFile()) directory.set(entry.name, await readFile(place));
    else if (entry.isSymbolicLink()) directory.set(entry.name, symbolicLink(await readlink(place)));
  }
  return directory;
}

/** Writes to a stream of Node's, no faster than that takes it. */
const writing = (stream: NodeJS.WriteStream) => (bytes: Uint8Array) =>
  new Promise<void>((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));

function variableOf(given: string): [string, string] {
  const at = given.indexOf("=");
  if (at <= 0) throw new UsageError(`\`--env ${given}\` has no name or no value`);
  return [given.slice(0, at), given.slice(at + 1)];
}

function numberOf(name: string, given: string): number {
  const number = Number(given.replaceAll("_", ""));
  if (given === "" || !(number > 0)) throw new UsageError(`\`--${name} ${given}\` is no number above 0`);
  return number;
}

async function inspectFile(args: readonly string[]): Promise<number> {
  const { positionals } = usage(() => parseArgs({ args: [...args], allowPositionals: true }));
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("which module is to be inspected? One at a time");
  const bytes = await readFile(file);
  const sandbox = await Sandbox.load({ simd: true, limits: "unlimited" });
  const module = sandbox.compile(bytes);
  const lines = [
    ...section(
      "imports",
      module.imports.map((type) => `${type.module} ${type.name}: ${typeText(type)}`),
    ),
    ...section(
      "exports",
      module.exports.map((type) => `${type.name}: ${typeText(type)}`),
    ),
    ...section("needs", needsOf(module)),
    ...section("features", JSON.parse(sandbox.engine.use((host) => host.used_features(bytes))) as string[]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

const section = (title: string, lines: readonly string[]): string[] => [
  `${title}:${lines.length === 0 ? " none" : ""}`,
  ...lines.map((line) => `  ${line}`),
];

const needsOf = ({ needs }: Module): string[] => Object.entries(needs).map(([name, value]) => `${name}: ${String(value)}`);

function typeText(type: ExternType): string {
  switch (type.kind) {
    case "function":
      return `function (${type.params.join(", ")}) -> (${type.results.join(", ")})`;
    case "global":
      return `${type.mutable ? "mutable" : "constant"} ${type.type} global`;
    case "memory":
      return `memory of ${type.initial} pages${type.maximum === undefined ? "" : `, at most ${type.maximum}`}`;
    case "table":
      return `${type.element} table of ${type.initial} elements${type.maximum === undefined ? "" : `, at most ${type.maximum}`}`;
  }
}

/** Reads what was given; an option that there is not is a mistake of whoever called. */
function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Says why it went wrong, and gives the exit code for that. */
function explain(error: unknown): number {
  const say = (text: string): void => void process.stderr.write(`guestbox: ${text}\n`);
  if (error instanceof UsageError) {
    say(`${error.message}\n\n${USAGE}`);
  } else if (error instanceof Trap) {
    say(`the program trapped: ${error.message} (${error.fuelUsed} units of fuel used)`);
    return TRAPPED;
  } else if (error instanceof DOMException && error.name === "TimeoutError") {
    say("the program did not end in time");
    return TIMED_OUT;
  } else if (error instanceof GuestboxError) {
    say(`${error.name}: ${error.message}`);
  } else {
    say(error instanceof Error ? error.message : String(error));
  }
  return UNUSABLE;
}

// Who reads no more of the output, as `head`, is not to be told of it.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => code === "EPIPE" && process.exit(0));

process.exitCode = await main(process.argv.slice(2)).catch(explain);
