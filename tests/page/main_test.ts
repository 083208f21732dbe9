/** What a reader does with jobs on the page. */

import assert from "node:assert/strict";
import { createToken } from "../../src/http/mod.ts";
import { type SimulatedWork, startSimulator } from "../../src/simulator/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { httpSetup, JOB } from "../http/support.ts";
import type { BrowserPage } from "../support/browser.ts";
import { tempDir } from "../support/temp_dir.ts";
import { testConfig } from "../support/worker.ts";
import { browserTests, submitted } from "./support.ts";

const { add: browserTest, run } = browserTests();

/** Steps of the jobs that are watched. */
const STEPS = 120;

/** Time that goes slowly until the page has shown what it should, however busy the machine is. */
function slowSteps() {
  let stepMs = 1_000;
  return {
    paceOf: ({ type, ms }: SimulatedWork) => type === "step" ? stepMs : ms,
    hurry: () => void (stepMs = 0),
  };
}

/** Length of the image's pixels on the screen, whether they stay sharp, and what is behind them. */
async function enlargementOf({ page }: BrowserPage, selector: string) {
  return await page.locator(selector).first().evaluate(async (element) => {
    const image = element as unknown as {
      decode(): Promise<void>;
      naturalWidth: number;
      getBoundingClientRect(): { width: number };
    };
    // It is shown before its bytes are there.
    await image.decode();
    const { getComputedStyle: styleOf } = globalThis as unknown as {
      getComputedStyle(element: unknown): { imageRendering: string; backgroundImage: string };
    };
    return {
      zoom: image.getBoundingClientRect().width / image.naturalWidth,
      rendering: styleOf(element).imageRendering,
      behind: styleOf(element).backgroundImage,
    };
  });
}

browserTest(
  "a job that is asked for shows its progress, its previews and its image",
  async (open) => {
    const { paceOf, hurry } = slowSteps();
    const simulator = { paceOf, previewMethod: "still" } as const;
    await using setup = await httpSetup({}, { simulator });
    await using browser = await open(`${setup.url}/#/new`);
    const { page } = browser;
    await page.getByLabel("Prompt", { exact: true }).fill("a small dragon");
    for (const side of ["Width", "Height"]) {
      const field = page.getByLabel(side, { exact: true });
      // Models make nothing usable of small images, but those are enlarged here.
      assert.equal(await field.inputValue(), "1024");
      await field.fill("64");
    }
    await page.getByLabel("Steps").fill(String(STEPS));
    await page.getByRole("button", { name: "Generate" }).click();
    await page.getByRole("heading", { name: "a small dragon" }).waitFor();
    await page.getByText(/sampling \d+\/120/).waitFor();
    await page.getByRole("img", { name: "Preview: a small dragon" }).waitFor();
    hurry();
    await page.locator(".state", { hasText: "completed" }).waitFor();
    await page.locator("img.pixels[alt='a small dragon']").waitFor();
    const { zoom, rendering, behind } = await enlargementOf(browser, "img.pixels");
    assert.equal(rendering, "pixelated");
    assert.match(behind, /conic-gradient/);
    assert.ok(zoom >= 1 && Number.isInteger(zoom), `${zoom} times`);
    assert.deepEqual(browser.faults, []);
  },
);

browserTest("a running job can be cancelled from the list, by keyboard alone", async (open) => {
  await using setup = await httpSetup({}, { simulator: { paceOf: slowSteps().paceOf } });
  await using browser = await open(setup.url);
  const { page } = browser;
  await (await setup.submit({ prompt: "a castle", steps: 10_000 })).body?.cancel();
  const button = page.getByRole("button", { name: "Cancel a castle" });
  await page.locator(".state", { hasText: "running" }).waitFor();
  await button.waitFor();
  for (let presses = 0; presses < 30; presses++) {
    if (await button.evaluate((element) => element.matches(":focus"))) break;
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.locator(".state", { hasText: "cancelled" }).waitFor();
  assert.equal(await button.count(), 0);
  assert.deepEqual(browser.faults, []);
});

browserTest("a page loaded again in the middle of a job goes on showing it", async (open) => {
  const { paceOf, hurry } = slowSteps();
  await using setup = await httpSetup({}, { simulator: { paceOf } });
  const { job_id: id } = await (await setup.submit({ steps: STEPS })).json();
  await using browser = await open(`${setup.url}/#/job/${id}`);
  const { page } = browser;
  await page.getByText(/sampling \d+\/120/).waitFor();
  await page.reload();
  await page.getByText(/sampling \d+\/120/).waitFor();
  hurry();
  await page.locator("img.pixels[alt='a knight']").waitFor();
  await page.getByText("completed").first().waitFor();
});

browserTest("a page stays through a restart of the worker in the middle of a job", async (open) => {
  await using dir = await tempDir();
  const { paceOf, hurry } = slowSteps();
  await using simulator = await startSimulator({ nodeTimeMs: 1, loadTimeMs: 1, paceOf });
  const start = async (addr: string) => {
    const config = await testConfig(dir.path, simulator.url, { "http-addr": addr });
    // It stops in the middle of the job, which it leaves on the server.
    return await startWorker({
      config: { ...config, worker: { ...config.worker, drainTimeoutMs: 0 } },
    });
  };
  let worker = await start("127.0.0.1:0");
  const url = worker.httpUrl!;
  const stopped = async () => await worker[Symbol.asyncDispose]();
  try {
    await using browser = await open(`${url}/#/queue`);
    const { page } = browser;
    const response = await fetch(`${url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...JOB, steps: STEPS }),
    });
    await response.body?.cancel();
    await page.getByText(/sampling \d+\/120/).waitFor();
    await stopped();
    await page.getByText("connecting").waitFor();
    worker = await start(new URL(url).host);
    await page.getByText("live", { exact: true }).waitFor();
    hurry();
    await page.locator(".state", { hasText: "completed" }).waitFor();
    await page.locator("li.job img.pixels").waitFor({ state: "attached" });
  } finally {
    await stopped();
  }
});

browserTest(
  "a wrong token is told; the right one opens the page and brings images",
  async (open) => {
    await using dir = await tempDir();
    const { token, line } = await createToken("reader", "submit");
    await Deno.writeTextFile(`${dir.path}/tokens`, `${line}\n`);
    await using setup = await httpSetup({ "http-tokens-file": `${dir.path}/tokens` });
    await submitted({
      ...setup,
      submit: (fields, headers) =>
        setup.submit(fields, { ...headers, authorization: `Bearer ${token}` }),
    }, {});
    await using browser = await open(setup.url);
    const { page } = browser;
    await page.getByText("This worker asks for a token").waitFor();
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Enter" }).click();
    await page.getByText("The token is not known").waitFor();
    await page.getByLabel("Token").fill(token);
    await page.keyboard.press("Enter");
    await page.locator("li.job img.pixels[src^='blob:']").waitFor({ state: "attached" });
    await page.reload();
    await page.locator("li.job").waitFor();
    assert.ok(!(await page.content()).includes(token));
    assert.deepEqual(browser.faults, []);
  },
);

browserTest("the image, sheet and atlas of a job come as files", async (open) => {
  await using setup = await httpSetup();
  const id = await submitted(setup, { prompt: "a knight walks", animation_frames: 3 });
  await using browser = await open(`${setup.url}/#/job/${id}`, { acceptDownloads: true });
  const { page } = browser;
  for (
    const [word, path, name] of [
      ["Image", "images/0", /_0\.png$/],
      ["Sheet", "sheet", /_sheet\.png$/],
      ["Atlas", "atlas", /_sheet\.json$/],
    ] as const
  ) {
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: word, exact: true }).click();
    const download = await coming;
    assert.match(download.suggestedFilename(), name);
    const wanted = await (await setup.ask(`/v1/jobs/${id}/${path}`)).bytes();
    assert.deepEqual(await Deno.readFile(await download.path()), wanted, word);
  }
  assert.deepEqual(browser.faults, []);
});

browserTest("a job is run again with another seed, or changed first", async (open) => {
  await using setup = await httpSetup();
  const wish = { prompt: "a green slime", seed: 7, steps: 3, size: [128, 64] };
  const id = await submitted(setup, wish);
  await using browser = await open(`${setup.url}/#/job/${id}`);
  const { page } = browser;
  const seed = page.locator("dt:text-is('Seed') + dd");
  await seed.getByText("7", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Run again with another seed" }).click();
  await page.waitForURL(({ hash }) => !hash.endsWith(id));
  await page.locator(".state", { hasText: "completed" }).waitFor();
  await page.getByRole("heading", { name: "a green slime" }).waitFor();
  assert.notEqual(await seed.innerText(), "7");
  await page.goto(`${setup.url}/#/job/${id}`);
  await seed.getByText("7", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Change and run" }).click();
  await page.getByRole("button", { name: "Generate" }).waitFor();
  const names = ["prompt", "seed", "steps", "width", "height"];
  const values = names.map((name) => page.locator(`form [name=${name}]`).inputValue());
  assert.deepEqual(await Promise.all(values), ["a green slime", "7", "3", "128", "64"]);
  assert.deepEqual(browser.faults, []);
});

browserTest("of ten thousand jobs a page is asked for and drawn at a time", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(setup.url);
  const { page } = browser;
  const now = Date.now() / 1_000;
  const jobs = Array.from({ length: 10_000 }, (_, index) => ({
    job_id: `job-${index}`,
    prompt: `number ${index}`,
    state: "cancelled",
    attempts: 1,
    created_at: now - index,
    finished_at: now - index,
  }));
  const limits = new Set<string | null>();
  await page.route(/\/v1\/jobs\?/, (route) => {
    const { searchParams } = new URL(route.request().url());
    const first = Number(searchParams.get("cursor") ?? 0);
    limits.add(searchParams.get("limit"));
    const end = first + Number(searchParams.get("limit"));
    const cursor = end < jobs.length ? { cursor: String(end) } : {};
    return route.fulfill({ json: { jobs: jobs.slice(first, end), ...cursor } });
  });
  await page.goto(`${setup.url}/#/queue`);
  const shows = async (first: number, number: number) => {
    await page.getByText(`page ${number}`, { exact: true }).waitFor();
    await page.locator("li.job", { hasText: new RegExp(`number ${first}\\b`) }).waitFor();
    assert.equal(await page.locator("li.job").count(), 50);
  };
  await shows(0, 1);
  for (let number = 2; number <= 8; number += 1) {
    await page.getByRole("button", { name: "Older" }).click();
    await shows((number - 1) * 50, number);
  }
  await page.getByRole("button", { name: "Newer" }).click();
  await shows(300, 7);
  assert.deepEqual([...limits], ["50"]);
  assert.deepEqual(browser.faults, []);
});

await run("a reader watches jobs on the page");
