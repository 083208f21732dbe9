import { deepEqual, equal, match } from "node:assert/strict";
import type { Json, JsonObject } from "../../src/simulator/mod.ts";
import answers from "./fixtures/answers.json" with { type: "json" };
import { ask, plainImage, run, startFast } from "./support.ts";

/** The shape of a value: its members' names and the types of what they hold. */
function shapeOf(value: Json): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0] ?? null)];
  if (typeof value !== "object" || value === null) return value === null ? "any" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}

Deno.test("Answers without a prompt have the shape of the recorded ones", async () => {
  await using simulator = await startFast();
  for (const [path, recorded] of Object.entries(answers)) {
    const answer = await ask(simulator, `GET ${path}`);
    const got = shapeOf(JSON.parse(answer.text));
    const wanted = shapeOf(recorded as Json);
    // What is null on a machine without GPU and templates has a value here.
    const normalized = JSON.parse(
      JSON.stringify(
        got,
        (key, member) => ["index", "installed_templates_version"].includes(key) ? "any" : member,
      ),
    );
    deepEqual(normalized, wanted, path);
  }
  deepEqual((await ask(simulator, "GET /models")).json(), answers["/models"]);
  deepEqual(
    (await ask(simulator, "GET /models/checkpoints")).json(),
    answers["/models/checkpoints"],
  );
});

Deno.test("GET /object_info names the files that there are, and the largest seed exactly", async () => {
  await using simulator = await startFast({
    models: { loras: ["b.safetensors", "a/x.safetensors", "b.safetensors"], vae: [] },
  });
  const all = (await ask(simulator, "GET /object_info")).json() as Record<string, {
    input: { required: Record<string, [Json, JsonObject?]> };
  }>;
  const choices = (type: string, input: string) => all[type]?.input.required[input]?.[0];
  deepEqual(choices("LoraLoader", "lora_name"), ["a/x.safetensors", "b.safetensors"]);
  deepEqual(choices("VAELoader", "vae_name"), ["pixel_space"]);
  deepEqual(choices("LoadImage", "image"), []);
  equal((choices("KSampler", "sampler_name") as Json[]).length, 42);
  const one = await ask(simulator, "GET /object_info/KSampler");
  match(one.text, /"max": 18446744073709551615,/);
  deepEqual(Object.keys(one.json()), ["KSampler"]);
  deepEqual((await ask(simulator, "GET /object_info/Nope")).text, "{}");
});

Deno.test("Every node class in /object_info can be run", async () => {
  const { NODES } = await import("../../src/simulator/nodes/registry.ts");
  await using newest = await startFast({ profile: "0.33" });
  const all = Object.keys((await ask(newest, "GET /object_info")).json());
  deepEqual(all.sort(), Object.keys(NODES).sort());
  await using older = await startFast();
  const known = Object.keys((await ask(older, "GET /object_info")).json());
  deepEqual(known.filter((name) => !all.includes(name)), []);
});

Deno.test("Models: lists by folder, sizes, embeddings without extension, metadata", async () => {
  await using simulator = await startFast({
    models: {
      checkpoints: ["sd_xl_base_1.0.safetensors"],
      embeddings: ["bad-hands.pt", "sub/x.safetensors"],
      mine: ["m.bin"],
    },
  });
  const get = async (path: string) => (await ask(simulator, `GET ${path}`)).json() as Json;
  equal(((await get("/models")) as Json[]).at(-1), "mine");
  deepEqual(await get("/models/mine"), ["m.bin"]);
  deepEqual(await get("/embeddings"), ["bad-hands", "sub/x"]);
  const [file] = (await get("/experiment/models/checkpoints")) as JsonObject[];
  deepEqual([file?.name, file?.size], ["sd_xl_base_1.0.safetensors", 6_938_078_334]);
  const folders = (await get("/experiment/models")) as JsonObject[];
  equal(folders.some(({ name }) => name === "configs" || name === "custom_nodes"), false);
  for (const path of ["/models/clip", "/models/unet", "/experiment/models/nope"]) {
    const answer = await ask(simulator, `GET ${path}`);
    deepEqual([answer.status, answer.text], [404, ""]);
  }
  const metadata = (query: string) => ask(simulator, `GET /view_metadata/checkpoints${query}`);
  equal((await metadata("?filename=sd_xl_base_1.0.safetensors")).status, 200);
  equal((await metadata("?filename=other.safetensors")).status, 404);
  equal((await metadata("")).status, 404);
});

Deno.test("An unknown path is 404 for GET and 405 for the rest, OPTIONS is 200", async () => {
  await using simulator = await startFast();
  const cases: [route: string, status: number, text: string][] = [
    ["GET /nope", 404, ""],
    ["GET /queue/", 404, ""],
    ["GET /api", 404, ""],
    ["GET /api/internal/folder_paths", 404, ""],
    ["GET /history//", 404, ""],
    ["POST /nope", 405, "405: Method Not Allowed"],
    ["POST /view", 405, "405: Method Not Allowed"],
    ["DELETE /queue", 405, "405: Method Not Allowed"],
    ["PUT /prompt", 405, "405: Method Not Allowed"],
    ["OPTIONS /nope", 200, ""],
    ["GET /", 200, "<!DOCTYPE html><title>ComfyUI (simulated)</title><p>ComfyUI (simulated)</p>"],
    ["GET /extensions", 200, "[]"],
  ];
  for (const [route, status, text] of cases) {
    const answer = await ask(simulator, route);
    deepEqual([answer.status, answer.text], [status, text], route);
  }
  const head = await ask(simulator, "HEAD /queue");
  deepEqual([head.status, head.text], [200, ""]);
});

Deno.test("Pages of other sites are refused, handshakes included", async () => {
  await using simulator = await startFast();
  const own = simulator.url;
  const cases: [origin: string, status: number][] = [
    [own, 200],
    [own.replace("127.0.0.1", "localhost"), 403],
    ["http://127.0.0.1:5173", 403],
    ["app://obsidian.md", 403],
    ["null", 200],
    ["file://", 200],
    ["http://127.0.0.1", 200],
  ];
  for (const [origin, status] of cases) {
    const answer = await ask(simulator, "GET /queue", undefined, { origin });
    equal(answer.status, status, origin);
  }
  const handshake = { origin: "http://evil.example", upgrade: "websocket" };
  equal((await ask(simulator, "GET /ws", undefined, handshake)).status, 403);
});

Deno.test("JSON is written as Python writes it", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage(), { prompt_id: "é" });
  const { text } = await ask(simulator, "GET /history/%C3%A9");
  match(text, /^\{"\\u00e9": \{"prompt": \[0, "\\u00e9", \{"1": \{"class_type": "EmptyImage", /);
});
