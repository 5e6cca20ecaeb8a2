// The browsers, and what a visitor does with the page in them.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { CHROMIUM, FIREFOX } from "../browser/installed.mjs";

const PATIENCE = 120_000;

/** How each browser is started; what it downloads goes into `folder`. */
const BROWSERS = {
  Chromium: {
    ...CHROMIUM,
    options: (folder) => ({
      browser: "chrome",
      args: CHROMIUM.flags,
      downloadBehavior: { policy: "allow", downloadPath: folder },
    }),
  },
  Firefox: {
    ...FIREFOX,
    isOptional: true,
    options: (folder) => ({
      browser: "firefox",
      extraPrefsFirefox: { "browser.download.dir": folder, "browser.download.folderList": 2, "browser.download.alwaysOpenPanel": false },
    }),
  },
};

/** Those that there have to be, and those that there are. */
export const names = Object.keys(BROWSERS).filter((name) => {
  const { executablePath, isOptional } = BROWSERS[name];
  const isThere = existsSync(executablePath);
  if (isOptional && !isThere) console.log(`${name}: not on this machine (${executablePath}); the page was NOT tested in it`);
  return isThere || !isOptional;
});

/** Opens the page at an address. */
export async function visit(name, address) {
  const { executablePath, advice, options } = BROWSERS[name];
  assert.ok(existsSync(executablePath), `there is no browser at ${executablePath}: ${advice}`);
  const folder = mkdtempSync(join(tmpdir(), "guestbox-terminal-"));
  const browser = await puppeteer.launch({ executablePath, headless: true, protocolTimeout: PATIENCE, ...options(folder) });
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 860 });
    page.setDefaultTimeout(PATIENCE);
    const visitor = new Visitor(browser, page, folder);
    await page.goto(address);
    await page.evaluate(watch);
    await visitor.stage("ready");
    return visitor;
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** Who looks at the page, types and clicks. */
class Visitor {
  /** What went wrong in the page. */
  problems = [];

  constructor(browser, page, folder) {
    Object.assign(this, { browser, page, folder });
    page.on("pageerror", (error) => this.problems.push(error.message));
    page.on("console", (message) => message.type() === "error" && this.problems.push(message.text()));
    page.on("response", (response) => response.ok() || this.problems.push(`${response.status()} ${response.url()}`));
  }

  async close() {
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Writes a command line, and runs it. */
  async run(line) {
    await this.page.evaluate(() => {
      globalThis.seen.length = 0;
      document.getElementById("line").value = "";
    });
    await this.page.type("#line", line);
    await this.page.click("#run");
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  async press(key) {
    await this.page.keyboard.press(key);
  }

  /** Presses a key with Ctrl. */
  async control(key) {
    await this.page.keyboard.down("Control");
    await this.page.keyboard.press(key);
    await this.page.keyboard.up("Control");
  }

  /** Waits for a stage of the page. */
  async stage(wanted) {
    await this.page.waitForFunction((wanted) => document.body.dataset.stage === wanted, {}, wanted);
  }

  /** Waits for what matches on the screen of the last run; the match. */
  async says(pattern) {
    let screen;
    const found = async () => (screen = await this.screen()).match(pattern) ?? undefined;
    return awaited(found, () => `${pattern} is not on the screen:\n${screen}\n${this.problems}`);
  }

  /** Waits until it waits for a line, and what it asks is at the end of the screen. */
  async asks(pattern) {
    await this.stage("waiting");
    return this.says(new RegExp(`${pattern.source}$`));
  }

  /** Waits for the end, and what the page says of it. */
  async ended(pattern) {
    await this.page.waitForFunction(() => ["ended", "failed"].includes(document.body.dataset.stage));
    assert.match(await this.page.$eval("#status", ({ textContent }) => textContent), pattern);
  }

  /** What is on the screen since the last command line. */
  async screen() {
    const text = await this.page.evaluate(() => globalThis.screenText());
    return text.slice(text.lastIndexOf("\n$ ") + 1);
  }

  /** Waits until the page has had so many more frames. */
  async frames(count) {
    const before = await this.page.evaluate(() => globalThis.seen.length);
    await this.page.waitForFunction((wanted) => globalThis.seen.length >= wanted, {}, before + count);
  }

  /** How many frames the page has in a second. */
  async rate() {
    const now = () => this.page.evaluate(() => ({ count: globalThis.seen.length, time: performance.now() }));
    const before = await now();
    await sleep(1_000);
    const after = await now();
    return ((after.count - before.count) / (after.time - before.time)) * 1_000;
  }

  /** How many frames the page had since the last command line while one text was on the screen and another was not yet. */
  async framesBetween(from, to) {
    const count = (from, to) => globalThis.seen.filter(({ text }) => text.includes(from) && !text.includes(to)).length;
    return this.page.evaluate(count, from, to);
  }

  /** The frames since the last command line in which the program ran or waited: how many, and the longest in milliseconds. */
  async gaps() {
    const seen = await this.page.evaluate(() => globalThis.seen.map(({ at, stage }) => ({ at, stage })));
    const gaps = seen.slice(1).map(({ at }, before) => ({ gap: at - seen[before].at, stage: seen[before].stage }));
    const counted = gaps.filter(({ stage }) => stage === "running" || stage === "waiting");
    return { count: counted.length, longest: Math.max(0, ...counted.map(({ gap }) => gap)) };
  }

  /** The files of the list with their sizes, as they are shown. */
  async files() {
    return this.page.$$eval("#files li", (rows) =>
      Object.fromEntries(rows.map((row) => [row.querySelector(".name").textContent, row.querySelector("small").textContent])),
    );
  }

  /** Waits until a file is in the list, with what is said of its size: the page hears later than the visitor that a dialog was closed. */
  async lists(name, wanted) {
    let files;
    const isListed = async () => (files = await this.files())[name] === wanted || undefined;
    await awaited(isListed, () => `${name} is not in the list with ${wanted}: ${JSON.stringify(files)}`);
  }

  /** Downloads a file of the list. */
  async download(name) {
    const file = join(this.folder, name);
    await this.page.click(`#files a[download="${name}"]`);
    // It is there before its bytes are.
    const bytes = () => (existsSync(file) ? readFileSync(file) : Buffer.of());
    return awaited(
      () => bytes().toString() || undefined,
      () => `${name} was not downloaded`,
    );
  }
}

/** Looks again and again until there is something, which it gives. */
async function awaited(look, problem) {
  for (const end = Date.now() + PATIENCE; ; await sleep(50)) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < end, problem());
  }
}

/** In the page: notes at each frame the time, the stage and the text of the terminal. */
function watch() {
  globalThis.seen = [];
  globalThis.screenText = () => {
    const rows = [...document.querySelectorAll(".xterm-rows > div")];
    return rows
      .map(({ textContent }) => textContent.replaceAll("\u00a0", " ").trimEnd())
      .join("\n")
      .trimEnd();
  };
  const onFrame = (at) => {
    globalThis.seen.push({ at, stage: document.body.dataset.stage, text: globalThis.screenText() });
    requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);
}
