import { deepEqual } from "node:assert/strict";
import { Catalogue } from "../../../src/simulator/validation/catalogue.ts";
import type { Prompt } from "../../../src/simulator/graph.ts";
import { ModelLibrary } from "../../../src/simulator/files/models.ts";
import { Schedule } from "../../../src/simulator/engine/schedule.ts";
import { node, textToImage } from "../support.ts";

/** The order in which a graph runs. */
function orderOf(prompt: unknown, outputs: string[], cached: string[] = []): string[] {
  const catalogue = new Catalogue(new ModelLibrary({}), false);
  const schedule = new Schedule(prompt as Prompt, catalogue, (id) => cached.includes(id));
  for (const id of outputs) schedule.add(id);
  const order: string[] = [];
  for (let id = schedule.next(); id !== undefined; id = schedule.next()) {
    order.push(id);
    schedule.complete(id);
  }
  return order;
}

Deno.test("Schedule runs the stock graph in the recorded order, not in that of its keys", () => {
  deepEqual(orderOf(textToImage(), ["7"]), ["1", "4", "3", "2", "5", "6", "7"]);
});

Deno.test("Schedule loads a separate VAE first, since it is two steps from an output", () => {
  const prompt = {
    ...textToImage(),
    "6": node("VAEDecode", { vae: ["9", 0], samples: ["5", 0] }),
    "9": node("VAELoader", { vae_name: "pixel_space" }),
  };
  deepEqual(orderOf(prompt, ["7"])[0], "9");
});

Deno.test("Schedule runs an output as soon as it can, and what leads to one before the rest", () => {
  const prompt = {
    a: node("EmptyImage", {}),
    b: node("ImageScaleBy", { image: ["a", 0] }),
    c: node("ImageScaleBy", { image: ["b", 0] }),
    d: node("SaveImage", { images: ["c", 0] }),
    e: node("PreviewImage", { images: ["a", 0] }),
  };
  deepEqual(orderOf(prompt, ["d", "e"]), ["a", "e", "b", "c", "d"]);
});

Deno.test("Schedule leaves out what is cached and what no output needs", () => {
  const prompt = { ...textToImage(), "8": node("EmptyImage", {}) };
  deepEqual(orderOf(prompt, ["7"], ["1", "2", "3", "4"]), ["5", "6", "7"]);
  deepEqual(orderOf(prompt, ["7"], ["6"]), ["7"]);
});
