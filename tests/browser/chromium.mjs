// The browser, and how it is started.
import { existsSync } from "node:fs";
import { chromium } from "../../js/node_modules/playwright-core/index.mjs";
import { CHROMIUM } from "./installed.mjs";

export async function launch() {
  const { executablePath, flags, advice } = CHROMIUM;
  if (!existsSync(executablePath)) throw new Error(`there is no browser at ${executablePath}: ${advice}`);
  return chromium.launch({ executablePath, args: flags });
}
