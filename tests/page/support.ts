/** Tests of the page in Debian's Chromium: each with a page of its own, those of a file in one browser. */

import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import type { HttpSetup } from "../http/support.ts";
import {
  type BrowserPage,
  hasChromium,
  openPage,
  type PageOptions,
  startBrowser,
} from "../support/browser.ts";

/** What a reader does; it opens pages by what it is given. */
export type Step = (
  open: (url: string, options?: PageOptions) => Promise<BrowserPage>,
) => Promise<void>;

/** The tests of a file. */
export interface BrowserTests {
  /** Takes a test. */
  add(name: string, fn: Step): void;
  /** Runs all of them. */
  run(name: string): Promise<void>;
}

/** Begins without any. */
export function browserTests(): BrowserTests {
  const steps: [name: string, fn: Step][] = [];
  return {
    add: (name, fn) => void steps.push([name, fn]),
    async run(name) {
      const ignore = !await hasChromium();
      Deno.test({
        name: `${name} in Chromium (left out without chromium)`,
        ignore,
        // All of a file in one test.
        timeout: 600_000,
        // Playwright tidies its folders up when the browser has gone already.
        sanitizeResources: false,
        async fn(test) {
          await using browser = await startBrowser();
          for (const [name, fn] of steps) {
            await test.step({ name, sanitizeResources: true, fn: () => done(browser, fn) });
          }
        },
      });
    },
  };
}

/** Runs a test; if it fails, tells what its page shows. */
async function done(browser: Browser, fn: Step): Promise<void> {
  let shown = "";
  await fn(async (url, options) => {
    const opened = await openPage(browser, url, options);
    const close = async () => {
      shown = await opened.page.locator("body").innerText().catch(String);
      await opened[Symbol.asyncDispose]();
    };
    return { ...opened, [Symbol.asyncDispose]: close };
  }).catch((error) => {
    throw new Error(`${error}; the page shows: ${shown}`, { cause: error });
  });
}

/** Runs a job to its end; gives its id. */
export async function submitted(
  setup: HttpSetup,
  fields: Record<string, unknown>,
): Promise<string> {
  const response = await setup.submit(fields, { prefer: "wait=90" });
  const { job_id: id, state } = await response.json();
  assert.equal(state, "completed");
  return id;
}
