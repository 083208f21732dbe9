/** Debian's Chromium, driven from a test. */

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** It speaks to 127.0.0.1 only, and looks for no newer version of itself. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Longest wait for something to be seen, in milliseconds: a bound, not a pause. */
const MAX_WAIT_MS = 90_000;

/** Whether the tests that need it can run: CI must have it. */
export async function hasChromium(): Promise<boolean> {
  if (Deno.env.get("CI") !== undefined) return true;
  return await Deno.stat(PROGRAM).then(() => true, () => false);
}

/** Starts one; several tests share it, as it takes a while. */
export async function startBrowser(): Promise<Browser & AsyncDisposable> {
  return await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
}

/** A page with a session of its own. */
export interface BrowserPage extends AsyncDisposable {
  readonly page: Page;
  /** What went wrong in scripts, and what the page's policy forbade. */
  readonly faults: readonly string[];
}

/** How the reader's device is. */
export type PageOptions = BrowserContextOptions;

/** Opens a page. */
export async function openPage(
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<BrowserPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(MAX_WAIT_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (line) => {
    if (/Content Security Policy|Refused to/.test(line.text())) faults.push(line.text());
  });
  await page.goto(url);
  return {
    page,
    faults,
    async [Symbol.asyncDispose]() {
      // An answer that a test was about to give to a page that is gone is no failure of the test.
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
    },
  };
}
