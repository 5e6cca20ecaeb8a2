// Pages that nobody drives: each tells what it comes to by POST to /told, and in the end which browser it is in.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "./chromium.mjs";
import { FIREFOX } from "./installed.mjs";
import { serve } from "./server.mjs";

const TIMEOUT = 180_000;

/** Opens a page in a browser until `finished` is settled. */
export const openers = {
  async Chromium(address, finished) {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(address);
      return await finished;
    } finally {
      await browser.close();
    }
  },

  async Firefox(address, finished) {
    const profile = mkdtempSync(join(tmpdir(), "guestbox-firefox-"));
    const running = spawn(FIREFOX.executablePath, ["--headless", "--no-remote", "--profile", profile, address], { stdio: "ignore" });
    const ended = new Promise((_, reject) => {
      running.on("error", reject);
      running.on("exit", (code) => reject(new Error(`Firefox ended with ${code}`)));
    });
    try {
      return await Promise.race([finished, ended]);
    } finally {
      ended.catch(() => {});
      if (running.exitCode === null) {
        const gone = once(running, "exit");
        running.kill();
        await gone;
      }
      rmSync(profile, { recursive: true, force: true });
    }
  },
};

/** All that the page at a path told in a browser, which served as `serving` says, and which browser it was. */
export async function toldIn(browser, path, serving) {
  const told = [];
  let finish;
  const finished = new Promise((resolve, reject) => (finish = { resolve, reject }));
  const listen = (body) => {
    const said = JSON.parse(body);
    if (said.error !== undefined) finish.reject(new Error(said.error));
    else if (said.userAgent !== undefined) finish.resolve(said.userAgent);
    else told.push(said);
  };
  const { server, base } = await serve({ ...serving, posted: { "/told": listen } });
  const late = setTimeout(() => finish.reject(new Error(`${browser} did not finish within ${TIMEOUT} ms`)), TIMEOUT);
  try {
    return { told, userAgent: await openers[browser](`${base}${path}`, finished) };
  } finally {
    clearTimeout(late);
    server.close();
    server.closeAllConnections();
  }
}
