// The page: a program is chosen, or a command line written, and runs in the terminal.
import { Trap } from "guestbox";
import { Files } from "./files.mjs";
import { Frames, painted } from "./frames.mjs";
import { CHOICES, SAMPLES } from "./programs.mjs";
import { CommandError, Runner } from "./runner.mjs";
import { Screen } from "./screen.mjs";
import { Tty } from "./tty.mjs";

const element = (id) => document.getElementById(id);
const INTERRUPTED = Symbol("interrupted");

/** What runs: what ends it, its input, its name, since when it has been compiled and has run, and whether it waits. */
let running;

const screen = new Screen(element("screen"), (text) => running?.tty.type(text));
const frames = new Frames(showProgress);
offerChoices();
const files = new Files(await Promise.all(SAMPLES.map(sample)));
const runner = await Runner.load();
screen.say("Choose a program, and run it.\r\n");
showStage("ready", "Ready.");
showButtons();
element("command").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running === undefined) void run(element("line").value);
});
element("stop").addEventListener("click", interrupt);
globalThis.addEventListener("beforeunload", (event) => running && event.preventDefault());

/** Lets one of the command lines be chosen. */
function offerChoices() {
  for (const { command, language, about } of CHOICES) {
    const label = element("choices").appendChild(document.createElement("label"));
    label.className = "choice";
    const input = label.appendChild(document.createElement("input"));
    Object.assign(input, { type: "radio", name: "choice", value: command });
    input.addEventListener("change", () => (element("line").value = command));
    for (const [kind, text] of Object.entries({ i: language, b: command, small: about })) {
      label.appendChild(document.createElement(kind)).textContent = text;
    }
  }
  const inputs = [...element("choices").querySelectorAll("input")];
  element("line").addEventListener("input", ({ target }) => {
    for (const input of inputs) input.checked = input.value === target.value;
  });
  inputs[0].click();
}

/** A file that is there at first: its name and its bytes. */
async function sample(name) {
  const response = await fetch(`samples/${name}`);
  return [name, new Uint8Array(await response.arrayBuffer())];
}

async function run(line) {
  const controller = new globalThis.AbortController();
  const tty = new Tty({ write: (text) => screen.write(text), interrupt, widthOf: (point) => screen.widthOf(point), onWaiting });
  running = { controller, tty };
  showButtons();
  showStage("starting", "Starting…");
  element("frames").textContent = "";
  screen.prompt(line);
  screen.focus();
  // Who writes waits for the terminal, so that a program that never ceases is not ahead of it.
  const sink = (bytes) => screen.write(bytes);
  const options = { files: { "/": files.mount() }, stdin: tty, stdout: sink, stderr: sink, signal: controller.signal };
  const end = await runner.run(line, options, onStage).then(endOfResult, endOfError);
  const { name, began } = running;
  const time = began === undefined ? "" : ` after ${secondsSince(began)}`;
  await painted();
  frames.end();
  tty.end();
  await screen.reset();
  running = undefined;
  screen.say(`${end.message}\r\n`, end.isWrong);
  showStage(end.isWrong ? "failed" : "ended", `${name === undefined ? "" : `${name} `}${end.message}${time}${end.more ?? ""}.`);
  if (began !== undefined) showFrames();
  showButtons();
}

/** What is said of a run that came to an exit code. */
function endOfResult({ exitCode, fuelUsed, files: left }) {
  files.take(left["/"]);
  const millions = Number(fuelUsed) / 1e6;
  return { message: `ended with code ${exitCode}`, more: `, ${millions.toFixed(millions < 10 ? 1 : 0)} million units of fuel` };
}

/** What is said of a run that came to none. */
function endOfError(error) {
  if (error === INTERRUPTED) return { message: "ended by Ctrl-C" };
  if (error instanceof Trap) return { message: `ended by a trap: ${error.message}`, isWrong: true };
  if (!(error instanceof CommandError)) console.error(error);
  return { message: error.message, isWrong: true };
}

function interrupt() {
  running?.controller.abort(INTERRUPTED);
}

/** Says what a run is about to do; painted before the page stands still. */
async function onStage(stage, name) {
  running.name = name;
  if (stage === "loading") {
    showStage(stage, `Loading ${name}…`);
  } else if (stage === "compiling") {
    showStage(stage, `Compiling ${name}; the page stands still meanwhile…`);
    await painted();
    running.compiledSince = performance.now();
  } else {
    const { compiledSince } = running;
    if (compiledSince !== undefined) screen.say(`${name} was compiled in ${secondsSince(compiledSince)}; the page stood still meanwhile`);
    running.began = performance.now();
    frames.begin();
    onWaiting(false);
  }
}

/** Says whether the program waits for a line. */
function onWaiting(isWaiting) {
  running.isWaiting = isWaiting;
  document.body.dataset.stage = isWaiting ? "waiting" : "running";
  showProgress();
}

/** Shows for how long the program has run: anew in each frame, so that the page is seen to go on. */
function showProgress() {
  const { name, began, isWaiting } = running;
  element("status").textContent = isWaiting ? `${name} waits for a line: type it, then Enter.` : `${name} runs, ${secondsSince(began)}`;
  showFrames();
}

function showFrames() {
  element("frames").textContent = frames.longest === 0 ? "" : `longest frame ${frames.longest.toFixed(0)} ms`;
}

function showStage(stage, text) {
  document.body.dataset.stage = stage;
  element("status").textContent = text;
}

function showButtons() {
  element("run").disabled = running !== undefined;
  element("stop").disabled = running === undefined;
}

const secondsSince = (time) => `${((performance.now() - time) / 1000).toFixed(1)} s`;
