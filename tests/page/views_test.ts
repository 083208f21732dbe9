/** What a reader does with the page's other views. */

import assert from "node:assert/strict";
import axe from "axe-core";
import { startSimulator } from "../../src/simulator/mod.ts";
import { polled } from "../support/polled.ts";
import { httpSetup, statusOf } from "../http/support.ts";
import { browserTests, submitted } from "./support.ts";
import { IMAGE } from "../support/worker.ts";

/** Time between two looks of a view: the page's clock is set on by it. */
const LOOK_EVERY_MS = 5_000;

const { add: browserTest, run } = browserTests();

browserTest("one prompt on two models with two seeds stands side by side", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(`${setup.url}/#/compare`);
  const { page } = browser;
  await page.getByLabel("Prompt").fill("a treasure chest");
  await page.getByLabel("sd_xl_refiner_1.0").check();
  await page.getByLabel("Seeds").fill("5, 6");
  await page.getByLabel("Steps").fill("2");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator(".compare img.pixels:not([alt^='Preview'])").nth(3).waitFor();
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
    await page.getByLabel("To", { exact: true }).fill("2001-01-01");
    await page.getByText("No images here.").waitFor();
    assert.equal(await page.getByRole("link", { name: "Compare" }).count(), 1);
    await page.getByLabel("To", { exact: true }).fill("");
    await page.getByText("3 images; choose").waitFor();
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
  await page.locator("dd", { hasText: /^32 × 32, \d+ colours/ }).waitFor();
  assert.deepEqual(browser.faults, []);
});

browserTest("a refusal stands where the reader of a small screen is", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(`${setup.url}/#/new`, {
    viewport: { width: 390, height: 780 },
  });
  const { page } = browser;
  await page.getByLabel("Prompt", { exact: true }).fill("a blue slime");
  await page.getByLabel("Width", { exact: true }).fill("63");
  await page.getByRole("button", { name: "Generate" }).click();
  await page.getByRole("alert").getByText("ask for 56x1024 or 64x1024").waitFor();
  await polled(async () => {
    const box = await page.getByRole("alert").boundingBox();
    return box !== null && box.y > 0 && box.y + box.height <= 780 || undefined;
  }, "the refusal is in view");
});

browserTest("what can be chosen is asked for anew when the reader comes back", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(setup.url);
  const { page } = browser;
  // Nothing else of it changes by itself, nor tells the page.
  let extra: readonly string[] = ["early"];
  const add = async (path: RegExp, list: string, make: (name: string) => unknown) =>
    await page.route(path, async (route) => {
      const answer = await route.fetch();
      const known = (await answer.json())[list] as unknown[];
      const json = { [list]: [...known, ...extra.map(make)] };
      await route.fulfill({ response: answer, json });
    });
  await add(/\/v1\/models$/, "models", (name) => ({ name, model_type: "lora", size_mb: 1 }));
  await add(/\/v1\/workflows$/, "workflows", (name) => ({ name }));
  await add(/\/v1\/palettes$/, "palettes", (name) => ({ name, colors: ["#ffffff"] }));
  await page.goto(`${setup.url}/#/new`);
  const names = ["lora", "workflow", "pixel_palette"];
  const option = (field: string, name: string) =>
    page.locator(`select[name=${field}] option[value=${name}]`);
  for (const name of names) {
    await option(name, "early").waitFor({ state: "attached" });
    await page.locator(`select[name=${name}]`).selectOption("early");
  }
  extra = ["early", "late"];
  await page.evaluate(() => void dispatchEvent(new Event("focus")));
  for (const name of names) {
    await option(name, "late").waitFor({ state: "attached" });
    assert.equal(await page.locator(`select[name=${name}]`).inputValue(), "early");
  }
  assert.deepEqual(browser.faults, []);
});

browserTest(
  "the form waits for its models, and takes in those of a server that comes",
  async (open) => {
    await using setup = await httpSetup();
    await using second = await startSimulator({
      models: { checkpoints: ["aaa.safetensors"], loras: ["bbb.safetensors"] },
    });
    await using browser = await open(setup.url);
    const { page } = browser;
    const answered = Promise.withResolvers<void>();
    await page.route(/\/v1\/models$/, async (route) => {
      await answered.promise;
      await route.continue();
    });
    await page.clock.install();
    await page.goto(`${setup.url}/#/new`);
    const button = page.getByRole("button", { name: "Generate" });
    await button.waitFor();
    assert.equal(await button.isDisabled(), true);
    answered.resolve();
    const model = page.locator("select[name=model]");
    await model.selectOption({ label: "sd_xl_refiner_1.0" });
    assert.equal(await button.isDisabled(), false);
    assert.equal(await statusOf(setup.addServer({ url: second.url })), 201);
    await page.clock.fastForward(LOOK_EVERY_MS);
    await model.locator("option[value^='aaa']").waitFor({ state: "attached" });
    await page.locator("option[value^='bbb']").waitFor({ state: "attached" });
    assert.equal(await model.inputValue(), "sd_xl_refiner_1.0.safetensors");
    await page.goto(`${setup.url}/#/compare`);
    await page.getByLabel("aaa").waitFor();
    assert.equal(await page.getByRole("checkbox", { checked: true }).count(), 1);
  },
);

browserTest("a server is drained by its button and given jobs again", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(`${setup.url}/#/servers`);
  const { page } = browser;
  await page.getByRole("button", { name: /^Drain (?!worker)/ }).click();
  await page.getByText("drained", { exact: true }).waitFor();
  assert.equal((await setup.worker.client.servers())[0]!.draining, true);
  await page.getByRole("button", { name: /^Resume / }).click();
  await page.getByRole("button", { name: /^Drain (?!worker)/ }).waitFor();
  assert.ok(!(await setup.worker.client.servers())[0]!.draining);
});

browserTest(
  "workers tell what they run, and any of them is drained by its button",
  async (open) => {
    await using setup = await httpSetup();
    using stall = setup.worker.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
    await (await setup.submit({ id: "long", prompt: "a long one" })).body?.cancel();
    await stall.reached;
    await using browser = await open(setup.url);
    const { page } = browser;
    const far = { name: "gpu2", silent_s: 4_000, servers: 2, active_jobs: 0 };
    await page.route("**/v1/workers", async (route) => {
      const answer = await route.fetch();
      const { workers } = await answer.json();
      await route.fulfill({ response: answer, json: { workers: [...workers, far] } });
    });
    await page.goto(`${setup.url}/#/servers`);
    const own = page.locator(".worker", { hasText: "shown by it" });
    await own.getByRole("link", { name: "a long one" }).waitFor();
    const silent = page.locator(".worker", { hasText: "gpu2" });
    await silent.getByText("silent", { exact: true }).waitFor();
    assert.equal(await silent.getByRole("button").count(), 0);
    await own.getByRole("button", { name: "Drain worker worker" }).click();
    await own.getByText("drained", { exact: true }).waitFor();
    assert.equal((await setup.worker.client.workers())[0]!.draining, true);
    await own.getByRole("button", { name: "Resume worker worker" }).click();
    await own.getByRole("button", { name: "Drain worker worker" }).waitFor();
    await page.goto(`${setup.url}/#/queue`);
    await page.getByText(/^on 127\.0\.0\.1/).waitFor();
    stall.release();
    assert.deepEqual(browser.faults, []);
  },
);

browserTest(
  "servers tell what they have loaded, and those of other workers stand beside them",
  async (open) => {
    await using setup = await httpSetup();
    const { model } = IMAGE;
    await setup.worker.client.generate(IMAGE).result;
    assert.equal((await setup.worker.client.servers())[0]!.loaded, model);
    await using browser = await open(setup.url);
    const { page } = browser;
    const far = { worker: "gpu2", name: "far", state: "ready", active_jobs: 1, draining: true };
    await page.route("**/v1/servers", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(), elsewhere: [far] } });
    });
    await page.goto(`${setup.url}/#/servers`);
    await page.locator("dd", { hasText: "sd_xl_base_1.0" }).waitFor();
    const card = page.locator(".card", { hasText: "gpu2" });
    await card.getByText("drained").waitFor();
    // Its own worker gives it jobs, or no more of them.
    assert.equal(await card.getByRole("button").count(), 0);
    assert.deepEqual(browser.faults, []);
  },
);

browserTest("a fault is shown until the worker answers again", async (open) => {
  await using setup = await httpSetup();
  await using browser = await open(setup.url);
  const { page } = browser;
  const fault = page.getByRole("alert");
  await page.clock.install();
  for (const [view, path] of [["servers", /\/v1\/servers$/], ["charts", /\/v1\/jobs\?/]] as const) {
    await page.route(path, (route) => route.abort());
    await page.goto(`${setup.url}/#/${view}`);
    await fault.waitFor();
    await page.unroute(path);
    await submitted(setup, {});
    await page.clock.fastForward(LOOK_EVERY_MS);
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

browserTest(
  "charts draw ten thousand jobs, and ask for those that have ended once",
  async (open) => {
    await using setup = await httpSetup();
    await using browser = await open(setup.url);
    const { page } = browser;
    const now = Date.now() / 1_000;
    const jobs = Array.from({ length: 12_000 }, (_, index) => ({
      job_id: `job-${index}`,
      state: index === 3_500 ? "running" : "completed",
      attempts: 1,
      created_at: now - 1 - index / 10,
      started_at: now - 1 - index / 10,
      ...index === 3_500 ? {} : { finished_at: now - index / 10 },
    }));
    const asked: number[] = [];
    await page.route(/\/v1\/jobs\?/, (route) => {
      const { searchParams } = new URL(route.request().url());
      const first = Number(searchParams.get("cursor") ?? 0);
      asked.push(first);
      const cursor = first + 1_000 < jobs.length ? { cursor: String(first + 1_000) } : {};
      return route.fulfill({ json: { jobs: jobs.slice(first, first + 1_000), ...cursor } });
    });
    await page.clock.install();
    const lookAgain = async () => {
      const answered = page.waitForResponse(/\/v1\/jobs\?/);
      await page.clock.fastForward(LOOK_EVERY_MS);
      await answered;
    };
    await page.goto(`${setup.url}/#/charts`);
    await page.getByText("Only the newest 10000 jobs are drawn.").waitFor();
    await page.getByText("9999 jobs ended").waitFor();
    assert.ok(!asked.includes(10_000));
    Object.assign(jobs[3_500]!, { state: "completed", finished_at: now });
    await lookAgain();
    await page.getByText("10000 jobs ended").waitFor();
    const isCalm = () => asked.slice(-3).every((first) => first === 0) || undefined;
    await polled(() => lookAgain().then(isCalm), "only the newest are asked for");
    await page.getByLabel("Of the last").selectOption("15 minutes");
    await page.getByText(/^[5-9]\d{3} jobs ended/).waitFor();
    assert.deepEqual(browser.faults, []);
  },
);

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

await run("a reader goes through the views of the page");
