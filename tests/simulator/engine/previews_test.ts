import { deepEqual, equal, notDeepEqual } from "node:assert/strict";
import { Previews } from "../../../src/simulator/engine/previews.ts";
import { plainImage } from "../../../src/simulator/files/image.ts";
import { decodeJpeg } from "../../../src/simulator/files/jpeg.ts";
import type { PreviewMethod } from "../../../src/simulator/options.ts";
import { PROFILES } from "../../../src/simulator/profile.ts";

/** Previews of a run, and what moves its clock. */
function setup(previewMethod: PreviewMethod, asked?: unknown) {
  let nowMs = 5_000;
  const clock = { now: () => nowMs, delay: () => Promise.resolve() };
  const previews = new Previews({ profile: PROFILES["0.33"], previewMethod, clock }, asked);
  const show = (grey: number) => previews.of(() => plainImage(8, 4, [grey, grey, grey]));
  return { show, advance: (ms: number) => void (nowMs += ms) };
}

Deno.test("Previews.of() paints anew only what is older than a tenth of a second", () => {
  const { show, advance } = setup("latent2rgb");
  const first = show(20);
  advance(99);
  equal(show(200), first);
  advance(1);
  const second = show(200);
  notDeepEqual(second, first);
  // A clock that is set back must not keep the last one for hours.
  advance(-3_600_000);
  notDeepEqual(show(20), second);
});

Deno.test("Previews.of() brings previews to one size, unless a small one is sent for ever", () => {
  const { width, height } = decodeJpeg(setup("latent2rgb").show(20)!);
  deepEqual([width, height], [512, 256]);
  const { show, advance } = setup("still");
  const still = show(20);
  deepEqual([decodeJpeg(still!).width], [8]);
  advance(10_000);
  equal(show(200), still);
});

Deno.test("Previews.of() does as the prompt asks, if it asks for something that is known", () => {
  equal(setup("latent2rgb", "none").show(20), undefined);
  equal(setup("none").show(20), undefined);
  equal(setup("none", "default").show(20), undefined);
  equal(decodeJpeg(setup("none", "auto").show(20)!).width, 512);
});
