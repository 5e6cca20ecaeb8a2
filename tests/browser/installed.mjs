// The browsers of this machine: where they are, unless the environment names others, and how Chromium is started.

export const CHROMIUM = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  flags: [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ],
  advice: "install Chromium (on Debian: apt-get install chromium), or name one in CHROMIUM",
};

export const FIREFOX = { executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr" };
