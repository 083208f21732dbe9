/** What a reader does with the page, in Debian's Chromium. */

import assert from "node:assert/strict";
import axe from "axe-core";
import { createToken } from "../../src/http/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { type HttpSetup, httpSetup, JOB } from "../http/support.ts";
import {
  type BrowserPage,
  hasChromium,
  openPage,
  type PageOptions,
  startBrowser,
} from "../support/browser.ts";
import { tempDir } from "../support/temp_dir.ts";
import { testConfig } from "../support/worker.ts";

/** Slow enough to be watched. */
const SLOW = { stepTimeMs: 20 };

type Step = (open: (url: string, options?: PageOptions) => Promise<BrowserPage>) => Promise<void>;

const STEPS: [name: string, fn: Step][] = [];

function browserTest(name: string, fn: Step): void {
  STEPS.push([name, fn]);
}

async function submitted(setup: HttpSetup, fields: Record<string, unknown>): Promise<string> {
  const response = await setup.submit(fields, { prefer: "wait=30" });
  const { job_id: id, state } = await response.json();
  assert.equal(state, "completed");
  return id;
}

/** Length of the image's pixels on the screen, and whether they stay sharp. */
async function enlargementOf({ page }: BrowserPage, selector: string) {
  return await page.locator(selector).first().evaluate((element) => {
    const image = element as unknown as {
      naturalWidth: number;
      getBoundingClientRect(): { width: number };
    };
    const { getComputedStyle: styleOf } = globalThis as unknown as {
      getComputedStyle(element: unknown): { imageRendering: string };
    };
    return {
      zoom: image.getBoundingClientRect().width / image.naturalWidth,
      rendering: styleOf(element).imageRendering,
    };
  });
}

browserTest(
  "a job that is asked for shows its progress, its previews and its image",
  async (open) => {
    const simulator = { ...SLOW, previewMethod: "latent2rgb" } as const;
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
    await page.getByLabel("Steps").fill("150");
    await page.getByRole("button", { name: "Generate" }).click();
    await page.getByRole("heading", { name: "a small dragon" }).waitFor();
    await page.getByText(/sampling \d+\/150/).waitFor();
    await page.getByRole("img", { name: "Preview: a small dragon" }).waitFor();
    await page.locator(".state", { hasText: "completed" }).waitFor();
    await page.locator("img.pixels[alt='a small dragon']").waitFor();
    const { zoom, rendering } = await enlargementOf(browser, "img.pixels");
    assert.equal(rendering, "pixelated");
    assert.ok(zoom >= 1 && Number.isInteger(zoom), `${zoom} times`);
    assert.deepEqual(browser.faults, []);
  },
);

browserTest("a running job can be cancelled from the list, by keyboard alone", async (open) => {
  await using setup = await httpSetup({}, { simulator: SLOW });
  await using browser = await open(setup.url);
  const { page } = browser;
  await (await setup.submit({ prompt: "a castle", steps: 2_000 })).body?.cancel();
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
  await using setup = await httpSetup({}, { simulator: SLOW });
  const { job_id: id } = await (await setup.submit({ steps: 80 })).json();
  await using browser = await open(`${setup.url}/#/job/${id}`);
  const { page } = browser;
  await page.getByText(/sampling \d+\/80/).waitFor();
  await page.reload();
  await page.getByText(/sampling \d+\/80/).waitFor();
  await page.locator("img.pixels[alt='a knight']").waitFor();
  await page.getByText("completed").first().waitFor();
});

browserTest("a page stays through a restart of the worker in the middle of a job", async (open) => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ nodeTimeMs: 1, loadTimeMs: 1, ...SLOW });
  const start = async (addr: string) =>
    await startWorker({ config: await testConfig(dir.path, simulator.url, { "http-addr": addr }) });
  let worker = await start("127.0.0.1:0");
  const url = worker.httpUrl!;
  const stopped = async () => await worker[Symbol.asyncDispose]();
  try {
    await using browser = await open(`${url}/#/queue`);
    const { page } = browser;
    const response = await fetch(`${url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...JOB, steps: 80 }),
    });
    await response.body?.cancel();
    await page.getByText(/sampling \d+\/80/).waitFor();
    await stopped();
    await page.getByText("connecting").waitFor();
    worker = await start(new URL(url).host);
    await page.getByText("live", { exact: true }).waitFor();
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

browserTest("one prompt on two models with two seeds stands side by side", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(`${setup.url}/#/compare`);
  const { page } = browser;
  await page.getByLabel("Prompt").fill("a treasure chest");
  await page.getByLabel("sd_xl_refiner_1.0").check();
  await page.getByLabel("Seeds").fill("5, 6");
  await page.getByLabel("Steps").fill("2");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator(".compare img.pixels").nth(3).waitFor();
  const shown = await page.locator(".compare li").allInnerTexts();
  const cells = shown.map((text) => text.replace(/\s+/g, " ").trim()).toSorted();
  assert.deepEqual(cells, [
    "sd_xl_base_1.0 seed 5",
    "sd_xl_base_1.0 seed 6",
    "sd_xl_refiner_1.0 seed 5",
    "sd_xl_refiner_1.0 seed 6",
  ]);
  assert.deepEqual(browser.faults, []);
});

browserTest(
  "the gallery is sifted by prompt, model and seed, and its animations play",
  async (open) => {
    await using setup = await httpSetup();
    await submitted(setup, { prompt: "a green slime", seed: 7 });
    await submitted(setup, { prompt: "a tower", model: "sd_xl_refiner_1.0.safetensors", seed: 8 });
    await submitted(setup, {
      prompt: "a knight walks",
      animation_frames: 3,
      cycle: "walk",
      fps: 30,
    });
    await using browser = await open(`${setup.url}/#/gallery`);
    const { page } = browser;
    const left = async (label: string, text: string) => {
      await page.getByLabel(label, { exact: true }).fill(text);
      await page.keyboard.press("Enter");
      await page.getByText("1 image; choose").waitFor();
      const [caption] = await page.locator(".gallery .caption").allTextContents();
      await page.getByLabel(label, { exact: true }).fill("");
      await page.keyboard.press("Enter");
      await page.getByText("3 images; choose").waitFor();
      return caption;
    };
    await page.getByText("3 images; choose").waitFor();
    assert.equal(await left("Prompt", "SLIME"), "a green slime");
    assert.equal(await left("Model", "refiner"), "a tower");
    assert.equal(await left("Seed", "7"), "a green slime");
    for (const frame of [0, 1, 2]) {
      await page.locator(`.gallery canvas[data-frame='${frame}']`).waitFor();
    }
  },
);

browserTest("the form asks for true pixel art in a palette that it shows", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(`${setup.url}/#/new`);
  const { page } = browser;
  await page.getByLabel("Prompt", { exact: true }).fill("a blue slime");
  await page.getByLabel("Palette").selectOption("pico-8");
  await page.getByRole("img", { name: "16 colours of pico-8" }).waitFor();
  await page.getByLabel("Pixels across").fill("32");
  await page.getByLabel("Transparent background").check();
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await page.getByRole("button", { name: "Generate" }).click();
  assert.deepEqual((await sent).postDataJSON().pixel, {
    enabled: true,
    size: [32, 32],
    palette: "pico-8",
    background: "transparent",
  });
  await page.locator(".state", { hasText: "completed" }).waitFor();
  assert.deepEqual(browser.faults, []);
});

browserTest("a server is drained by its button and given jobs again", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(`${setup.url}/#/servers`);
  const { page } = browser;
  await page.getByRole("button", { name: /^Drain / }).click();
  await page.getByText("drained", { exact: true }).waitFor();
  assert.equal((await setup.worker.client.servers())[0]!.draining, true);
  await page.getByRole("button", { name: /^Resume / }).click();
  await page.getByRole("button", { name: /^Drain / }).waitFor();
  assert.ok(!(await setup.worker.client.servers())[0]!.draining);
});

browserTest("a fault is shown until the worker answers again", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(setup.url);
  const { page } = browser;
  const fault = page.getByRole("alert");
  for (const [view, path] of [["servers", /\/v1\/servers$/], ["charts", /\/v1\/jobs\?/]] as const) {
    await page.route(path, (route) => route.abort());
    await page.goto(`${setup.url}/#/${view}`);
    await fault.waitFor();
    await page.unroute(path);
    await submitted(setup, {});
    await fault.waitFor({ state: "detached" });
  }
});

browserTest("jobs whose ids hold commas are compared", async (open) => {
  await using setup = await httpSetup();
  const ids = [await submitted(setup, { id: "a,b" }), await submitted(setup, { id: "a" })];
  await using browser = await open(`${setup.url}/#/gallery`);
  const { page } = browser;
  for (const index of ids.keys()) await page.getByRole("checkbox").nth(index).check();
  await page.getByRole("link", { name: "Compare" }).last().click();
  await page.locator(".compare img.pixels").nth(1).waitFor();
});

browserTest("the gallery shows more of what there is, each image once", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(setup.url);
  const { page } = browser;
  const jobs = Array.from({ length: 120 }, (_, index) => ({
    job_id: `job-${index}`,
    state: "completed",
    attempts: 1,
    created_at: 1_800_000_000 - index * 3_600,
    finished_at: 1_800_000_000 - index * 3_600,
  }));
  await page.route(/\/v1\/jobs\?/, (route) => {
    const { searchParams } = new URL(route.request().url());
    const first = Number(searchParams.get("cursor") ?? 0);
    const cursor = first + 60 < jobs.length ? { cursor: String(first + 60) } : {};
    return route.fulfill({ json: { jobs: jobs.slice(first, first + 60), ...cursor } });
  });
  const more = page.getByRole("button", { name: "More" });
  const images = page.locator(".gallery li");
  await page.goto(`${setup.url}/#/gallery`);
  for (const shown of [48, 96]) {
    await page.getByText(`${shown} images so far`).waitFor();
    assert.equal(await images.count(), shown);
    await more.click();
  }
  await page.getByText("120 images;").waitFor();
  assert.equal(await images.count(), 120);
  assert.equal(await more.count(), 0);
  const since = new Date((1_800_000_000 - 55 * 3_600) * 1_000).toISOString().slice(0, 10);
  await page.goto(`${setup.url}/#/gallery?from=${since}`);
  await page.getByText("48 images so far").waitFor();
  await more.click();
  await more.waitFor({ state: "detached" });
  assert.ok(await images.count() > 48);
  assert.deepEqual(browser.faults, []);
});

/** Views, and what is there once they are. */
const VIEWS = [
  ["queue", "li.job"],
  ["new", "select[name=model] option"],
  ["gallery", ".gallery li"],
  ["compare", "input[name=model]"],
  ["charts", ".uplot"],
  ["servers", ".card"],
  ["job/none", "[role=alert]"],
] as const;

browserTest("axe finds nothing serious in any view, light, dark or on a phone", async (open) => {
  await using setup = await httpSetup();
  const id = await submitted(setup, {});
  const phone = { viewport: { width: 390, height: 780 }, colorScheme: "dark" } as const;
  for (const options of [{}, phone]) {
    await using browser = await open(setup.url, options);
    const { page } = browser;
    for (
      const [view, sign] of [...VIEWS, [`job/${id}`, ".facts"], [
        `compare?jobs=${id}`,
        ".compare img",
      ]] as const
    ) {
      await page.goto(`${setup.url}/#/${view}`);
      await page.locator(sign).first().waitFor({ state: "attached" });
      await page.evaluate(axe.source);
      const found = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; impact: string }[] }> };
        };
        return (await axe.run()).violations.map(({ id, impact }) => `${impact}: ${id}`);
      });
      assert.deepEqual(found, [], view);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      assert.ok(Number(width) <= (page.viewportSize()?.width ?? 0), `${view} is ${width} wide`);
    }
    assert.deepEqual(browser.faults, []);
  }
});

Deno.test({
  name: "a reader works with the page in Chromium (left out without chromium)",
  ignore: !await hasChromium(),
  async fn(test) {
    await using browser = await startBrowser();
    for (const [name, fn] of STEPS) {
      await test.step(name, () => fn((url, options) => openPage(browser, url, options)));
    }
  },
});
