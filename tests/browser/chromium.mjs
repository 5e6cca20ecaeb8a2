// The browser, /usr/bin/chromium or what CHROMIUM names, and how it is started.
import { existsSync } from "node:fs";
import { chromium } from "../../js/node_modules/playwright-core/index.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

export async function launch() {
  if (!existsSync(executablePath)) {
    throw new Error(
      `there is no browser at ${executablePath}: install Chromium (on Debian: apt-get install chromium), or name one in CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath, args: FLAGS });
}
