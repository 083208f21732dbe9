import assert from "node:assert/strict";
import { readBatchFile } from "../../src/cli/generate/batch_file.ts";
import { parseFrame } from "../../src/comfyui/api/events.ts";
import { createComfyClient } from "../../src/comfyui/mod.ts";
import { parseYaml } from "../../src/config/yaml/value.ts";
import { PixelsError } from "../../src/errors.ts";
import { readPalette } from "../../src/pixels/mod.ts";
import { decodeReply, decodeRequest, decodeUpdate, encodeRequest } from "../../src/protocol/mod.ts";
import { parseMapping } from "../../src/workflow/template/mapping.ts";
import { checkGraph, createTemplate, parseGraph } from "../../src/workflow/mod.ts";
import { Random } from "../simulation/world/random.ts";
import { tempDir } from "../support/temp_dir.ts";
import { mutateBytes, mutateValue } from "./mutate.ts";

/** `FUZZ_TIMES=50` tries fifty times as much. */
const TIMES = Number(Deno.env.get("FUZZ_TIMES") ?? 1);

const REPOSITORY = new URL("../../", import.meta.url);
const encoder = new TextEncoder();

/** Tries a reader: it may refuse in our words, and nothing else. */
async function attack(
  seed: number,
  runs: number,
  read: (random: Random) => unknown,
): Promise<void> {
  const random = new Random(seed);
  for (let run = 0; run < runs * TIMES; run++) {
    try {
      await read(random);
    } catch (error) {
      assert.ok(error instanceof PixelsError, `run ${run}: ${(error as Error)?.stack ?? error}`);
    }
  }
}

function text(random: Random, sample: string): string {
  return new TextDecoder().decode(mutateBytes(random, encoder.encode(sample)));
}

async function json(path: string): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(new URL(path, REPOSITORY)));
}

const IMAGE = { prompt: "a knight", model: "m", size: [64, 64] as [number, number], steps: 4 };

Deno.test("Damaged messages of the wire are refused", async () => {
  const request = { type: "generate", id: "j", cfg_scale: 7, ...IMAGE } as const;
  const good = encodeRequest(request);
  for (const decode of [decodeRequest, decodeReply, decodeUpdate]) {
    await attack(1, 3_000, (random) => decode(mutateBytes(random, good)));
  }
});

Deno.test("Damaged event frames of ComfyUI are passed over", async () => {
  const id = "4a4d2862-07b5-4d7f-a683-29db8a4c115e";
  const samples = [
    { type: "status", data: { status: { exec_info: { queue_remaining: 1 } }, sid: id } },
    { type: "progress", data: { value: 3, max: 20, prompt_id: id, node: "3" } },
    { type: "executing", data: { node: "3", display_node: "3", prompt_id: id } },
    {
      type: "executed",
      data: { node: "9", output: { images: [{ filename: "a.png" }] }, prompt_id: id },
    },
    {
      type: "progress_state",
      data: { prompt_id: id, nodes: { 3: { value: 1, max: 2, state: "running" } } },
    },
    {
      type: "execution_error",
      data: { prompt_id: id, node_id: "3", exception_message: "x", traceback: [] },
    },
  ];
  const png = Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 2, 0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
  await attack(2, 6_000, (random) => {
    const value = mutateValue(random, samples[random.whole(0, samples.length - 1)]);
    parseFrame(JSON.stringify(value) ?? "");
    parseFrame(text(random, JSON.stringify(value) ?? ""));
    parseFrame(mutateBytes(random, png).buffer);
  });
});

Deno.test("Senseless answers of ComfyUI are refused", async () => {
  const id = "4a4d2862-07b5-4d7f-a683-29db8a4c115e";
  const image = { filename: "a.png", subfolder: "", type: "output" };
  const item = [1, id, { 3: { class_type: "KSampler", inputs: { seed: 1 } } }, {}, ["9"]];
  const entry = {
    prompt: item,
    outputs: { 9: { images: [image] } },
    status: { status_str: "success", completed: true, messages: [["execution_start", {}]] },
  };
  const stats = {
    system: { os: "posix", comfyui_version: "0.3.64", ram_total: 1, ram_free: 1 },
    devices: [{ name: "cuda:0", type: "cuda", vram_total: 1, vram_free: 1 }],
  };
  const samples: Record<string, unknown> = {
    "/history": { [id]: entry },
    "/queue": { queue_running: [item], queue_pending: [item] },
    "/system_stats": stats,
    "/object_info": { KSampler: { input: { required: { seed: ["INT", { min: 0 }] } } } },
    "/models": ["a.safetensors"],
    "/features": { supports_preview_metadata: true },
    "/node_replacements": { Old: { new_node_id: "New" } },
    "/api": { jobs: [{ id, status: "completed" }] },
  };
  let random = new Random(0);
  const answer = (url: string): Promise<Response> => {
    const path = new URL(url).pathname;
    const known = Object.keys(samples).find((start) => path.startsWith(start)) ?? "/queue";
    const body = JSON.stringify(mutateValue(random, samples[known])) ?? "";
    return Promise.resolve(new Response(random.chance(0.2) ? text(random, body) : body));
  };
  await attack(3, 700, async (source) => {
    random = source;
    await using client = createComfyClient({ url: "http://127.0.0.1:1", fetch: answer });
    const calls = [
      () => client.history(id),
      () => client.queue(),
      () => client.state(id),
      () => client.systemStats(),
      () => client.features(),
      () => client.objectInfo(),
      () => client.models("checkpoints"),
      () => client.modelDetails("checkpoints"),
      () => client.nodeReplacements(),
    ];
    await calls[random.whole(0, calls.length - 1)]!();
  });
});

Deno.test("Damaged workflows, mappings and node classes are refused or said to be a problem", async () => {
  const workflow = await json("workflows/pixel_art_workflow.json");
  const info = await json("src/simulator/object_info.json") as Record<string, unknown>;
  const template = createTemplate("good", workflow);
  const names = Object.values(template.graph as Record<string, { class_type: string }>)
    .map(({ class_type }) => class_type);
  const used = Object.fromEntries(names.map((name) => [name, info[name]]));
  const mapping = { prompt: ["6.text"], ignore: ["seed"], prompt_prefix: "a" };
  await attack(4, 1_500, (random) => createTemplate("bad", mutateValue(random, workflow)));
  await attack(5, 1_500, (random) => {
    parseMapping(mutateValue(random, mapping), template.graph, "bad.map.json");
  });
  await attack(6, 1_500, (random) => {
    const classes = mutateValue(random, used) as Parameters<typeof checkGraph>[2];
    if (typeof classes !== "object" || classes === null) return;
    checkGraph(template, parseGraph(workflow, "good"), classes);
  });
});

Deno.test("Damaged settings, palettes and lists of jobs are refused", async () => {
  const yaml =
    "zmq:\n  req_addr: tcp://127.0.0.1:5555\ncomfyui: &a\n  servers: [{url: http://x}]\nb: *a\n";
  await attack(7, 1_500, (random) => parseYaml(text(random, yaml), "bad.yaml"));
  const palettes = [
    "GIMP Palette\nName: x\nColumns: 2\n#\n0 0 0 Black\n255 255 255 White\n",
    "JASC-PAL\n0100\n2\n0 0 0\n255 255 255\n",
    "000000\nffffff\n",
    ";paint.net\nFF000000\nFFFFFFFF\n",
  ].map((sample) => encoder.encode(sample));
  const ase = Uint8Array.from(
    "41534546000100000000000100010000001600020061000052474220000000003f8000003f8000000000"
      .match(/../g)!.map((pair) => parseInt(pair, 16)),
  );
  await attack(8, 4_000, (random) => {
    readPalette(mutateBytes(random, [...palettes, ase][random.whole(0, 4)]!), "bad");
  });
  await using dir = await tempDir();
  const lists: Record<string, string> = {
    csv: 'prompt,steps,size\n"a, ""knight""",4,64x64\nb,5,32x32\n',
    jsonl: '{"prompt":"a","steps":4}\n{"prompt":"b"}\n',
    json: '[{"prompt":"a"}]',
    txt: "a knight\n\na slime\n",
  };
  await attack(9, 300, async (random) => {
    const ending = Object.keys(lists)[random.whole(0, 3)]!;
    await Deno.writeFile(
      `${dir.path}/a.${ending}`,
      mutateBytes(random, encoder.encode(lists[ending]!)),
    );
    await readBatchFile(`${dir.path}/a.${ending}`);
  });
});
