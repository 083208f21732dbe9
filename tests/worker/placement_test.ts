import assert from "node:assert/strict";
import { choosePlace, type Place } from "../../src/worker/placement.ts";
import { generateRequest } from "../support/requests.ts";

const REQUEST = generateRequest({ model: "sdxl" });

Deno.test("choosePlace() prefers the server that has the model in memory", () => {
  assert.equal(choose([place("cold"), place("warm", { loaded: "sdxl" })]), "warm");
});

Deno.test("choosePlace() counts LoRAs as part of what is in memory", () => {
  const request = generateRequest({ model: "sdxl", lora: "pixel" });
  const places = [place("plain", { loaded: "sdxl" }), place("both", { loaded: "sdxl\npixel" })];
  assert.equal(choosePlace(request, undefined, places), "both");
});

Deno.test("choosePlace() does not wait longer for a warm server than a cold one takes to load", () => {
  const warm = (waitMs: number) => place("warm", { loaded: "sdxl", waitMs });
  assert.equal(choose([place("cold"), warm(7_000)]), "warm");
  assert.equal(choose([place("cold"), warm(9_000)]), "cold");
});

Deno.test("choosePlace() takes the shortest wait, and counts a fast server's as shorter", () => {
  const slow = place("slow", { waitMs: 5_000 });
  assert.equal(choose([slow, place("idle")]), "idle");
  assert.equal(choose([slow, place("fast", { waitMs: 8_000, weight: 4 })]), "fast");
});

Deno.test("choosePlace() chooses no server that is busy, even if only that one has the model", () => {
  const busy = place("busy", { free: false, loaded: "sdxl" });
  assert.equal(choose([busy, place("lacks it", { has: () => false })]), undefined);
});

Deno.test("choosePlace() lets any server say that the model is nowhere", () => {
  const lacks = (name: string) => place(name, { has: () => false });
  assert.equal(choose([lacks("a"), lacks("b")]), "a");
});

Deno.test("choosePlace() avoids a server unless no other has the model", () => {
  const places = [place("failed it", { loaded: "sdxl" }), place("other")];
  assert.equal(choosePlace(REQUEST, "failed it", places), "other");
  assert.equal(choosePlace(REQUEST, "failed it", [places[0]!]), "failed it");
  const lacking = place("other", { has: () => false });
  assert.equal(choosePlace(REQUEST, "failed it", [places[0]!, lacking]), "failed it");
});

function choose(places: Place[]): string | undefined {
  return choosePlace(REQUEST, undefined, places);
}

function place(name: string, fields: Partial<Place> = {}): Place {
  return { name, free: true, waitMs: 0, weight: 1, loaded: undefined, has: () => true, ...fields };
}
