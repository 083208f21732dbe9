/** Readers of what ComfyUI says, and of the workflows that it runs. */

import { parseFrame } from "../../src/comfyui/api/events.ts";
import { createComfyClient } from "../../src/comfyui/mod.ts";
import { checkGraph, createTemplate, parseGraph } from "../../src/workflow/mod.ts";
import { parseMapping } from "../../src/workflow/template/mapping.ts";
import { Random } from "../simulation/world/random.ts";
import { mutateBytes, mutateText, mutateValue } from "./mutate.ts";
import type { Attack, Reader } from "./readers.ts";

const REPOSITORY = new URL("../../", import.meta.url);
const ID = "4a4d2862-07b5-4d7f-a683-29db8a4c115e";

const EVENTS: readonly unknown[] = [
  { type: "status", data: { status: { exec_info: { queue_remaining: 1 } }, sid: ID } },
  { type: "progress", data: { value: 3, max: 20, prompt_id: ID, node: "3" } },
  { type: "executing", data: { node: "3", display_node: "3", prompt_id: ID } },
  {
    type: "executed",
    data: { node: "9", output: { images: [{ filename: "a.png" }] }, prompt_id: ID },
  },
  {
    type: "progress_state",
    data: { prompt_id: ID, nodes: { 3: { value: 1, max: 2, state: "running" } } },
  },
  {
    type: "execution_error",
    data: { prompt_id: ID, node_id: "3", exception_message: "x", traceback: [] },
  },
];

/** Previews: a plain one, one with metadata, one as text. */
const BINARIES: readonly Uint8Array[] = [
  Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 2, 0x89, 0x50, 0x4e, 0x47, 1, 2, 3]),
  Uint8Array.from([
    ...[0, 0, 0, 4, 0, 0, 0, 42],
    ...new TextEncoder().encode('{"prompt_id":"a","image_type":"image/png"}'),
    ...[0x89, 0x50, 0x4e, 0x47],
  ]),
  Uint8Array.from([0, 0, 0, 3, 0, 0, 0, 1, 51, 97, 98]),
];

const ITEM = [1, ID, { 3: { class_type: "KSampler", inputs: { seed: 1 } } }, {}, ["9"]];

const ANSWERS: Readonly<Record<string, unknown>> = {
  "/history": {
    [ID]: {
      prompt: ITEM,
      outputs: { 9: { images: [{ filename: "a.png", subfolder: "", type: "output" }] } },
      status: { status_str: "success", completed: true, messages: [["execution_start", {}]] },
    },
  },
  "/queue": { queue_running: [ITEM], queue_pending: [ITEM] },
  "/system_stats": {
    system: { os: "posix", comfyui_version: "0.3.64", ram_total: 1, ram_free: 1 },
    devices: [{ name: "cuda:0", type: "cuda", vram_total: 1, vram_free: 1 }],
  },
  "/models": ["a.safetensors"],
  "/features": { supports_preview_metadata: true },
  "/node_replacements": { Old: { new_node_id: "New" } },
  "/api": { jobs: [{ id: ID, status: "completed" }] },
};

/** The readers. */
export const COMFYUI_READERS: readonly Reader[] = [
  {
    what: "events of ComfyUI",
    share: 12_000,
    open: () => (random) => {
      const json = JSON.stringify(mutateValue(random, random.any(EVENTS))) ?? "";
      parseFrame(random.chance(0.5) ? json : mutateText(random, json));
    },
  },
  {
    what: "binary frames of ComfyUI",
    share: 12_000,
    open: () => (random) => parseFrame(mutateBytes(random, random.any(BINARIES)).buffer),
  },
  {
    what: "answers of ComfyUI",
    share: 700,
    open: () =>
      answers(ANSWERS, (client) => [
        () => client.history(ID),
        () => client.queue(),
        () => client.state(ID),
        () => client.systemStats(),
        () => client.features(),
        () => client.models("checkpoints"),
        () => client.modelDetails("checkpoints"),
        () => client.nodeReplacements(),
      ]),
  },
  {
    what: "/object_info",
    share: 300,
    open: async () => {
      const classes = await usedClasses();
      return answers({ "/object_info": classes }, (client) => [() => client.objectInfo()]);
    },
  },
  {
    what: "workflows",
    share: 1_500,
    open: async () => {
      const workflow = await json("workflows/pixel_art_workflow.json");
      return (random) => createTemplate("bad", mutateValue(random, workflow));
    },
  },
  {
    what: "map files",
    share: 3_000,
    open: async () => {
      const { graph } = createTemplate("good", await json("workflows/pixel_art_workflow.json"));
      const mapping = {
        prompt: [{ node: "2", input: "text" }],
        steps: [{ node: "5", input: "steps" }],
        ignore: ["seed"],
        prompt_prefix: "a",
        frame_step: 2,
        pixel: { colors: 16, size: [32, 32], dither: "none" },
      };
      return (random) => parseMapping(mutateValue(random, mapping), graph, "bad.map.json");
    },
  },
  {
    what: "workflows against classes of nodes",
    share: 1_500,
    open: async () => {
      const workflow = await json("workflows/pixel_art_workflow.json");
      const template = createTemplate("good", workflow);
      const used = await usedClasses();
      return (random) => {
        const classes = mutateValue(random, used) as Parameters<typeof checkGraph>[2];
        if (typeof classes !== "object" || classes === null) return;
        checkGraph(template, parseGraph(workflow, "good"), classes);
      };
    },
  },
];

type Client = ReturnType<typeof createComfyClient>;

/** Asks a server that gives senseless answers. */
function answers(
  samples: Readonly<Record<string, unknown>>,
  calls: (client: Client) => (() => Promise<unknown>)[],
): Attack {
  let random = new Random(0);
  const answer = (url: string): Promise<Response> => {
    const path = new URL(url).pathname;
    const known = Object.keys(samples).find((start) => path.startsWith(start));
    const body = JSON.stringify(mutateValue(random, samples[known ?? ""] ?? ITEM)) ?? "";
    return Promise.resolve(new Response(random.chance(0.2) ? mutateText(random, body) : body));
  };
  return async (source) => {
    random = source;
    await using client = createComfyClient({ url: "http://127.0.0.1:1", fetch: answer });
    await random.any(calls(client))();
  };
}

/** The classes of nodes that the shipped workflow uses. */
async function usedClasses(): Promise<Record<string, unknown>> {
  const info = await json("src/simulator/object_info.json") as Record<string, unknown>;
  const { graph } = createTemplate("good", await json("workflows/pixel_art_workflow.json"));
  const names = Object.values(graph as Record<string, { class_type: string }>)
    .map(({ class_type }) => class_type);
  return Object.fromEntries(names.map((name) => [name, info[name]]));
}

async function json(path: string): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(new URL(path, REPOSITORY)));
}
