/**
 * Each field of `generate` is used, can be asked for on the command line, and is described.
 *
 * To add a field, follow the messages: each names the file to change and the table here.
 */

import { deepEqual } from "node:assert/strict";
import { GENERATE_FIELDS } from "../src/cli/generate/fields.ts";
import { messagesJsonSchema } from "../src/protocol/mod.ts";

/** The file below src/ where a field first makes a difference: to the graph, route, results or queue. */
const CONSUMERS: Readonly<Record<string, string>> = {
  id: "queue/row.ts",
  prompt: "workflow/bind/bind.ts",
  model: "workflow/bind/bind.ts",
  size: "workflow/bind/bind.ts",
  steps: "workflow/bind/bind.ts",
  cfg_scale: "workflow/bind/bind.ts",
  lora: "workflow/bind/lora.ts",
  batch_size: "workflow/bind/bind.ts",
  animation_frames: "sandbox/results.ts",
  tileset_grid: "sandbox/results.ts",
  negative_prompt: "workflow/bind/bind.ts",
  seed: "queue/sqlite/sqlite_queue.ts",
  sampler_name: "workflow/bind/bind.ts",
  scheduler: "workflow/bind/bind.ts",
  denoise: "workflow/bind/bind.ts",
  lora_strength: "workflow/bind/lora.ts",
  loras: "workflow/bind/lora.ts",
  workflow: "workflow/route.ts",
  output_format: "workflow/bind/bind.ts",
  init_image: "workflow/bind/bind.ts",
  priority: "queue/sqlite/sqlite_queue.ts",
  deadline_s: "queue/acceptance.ts",
  fit: "workflow/bind/fit.ts",
  cycle: "workflow/animation/frames.ts",
  frame_prompts: "workflow/animation/frames.ts",
  fps: "sandbox/animation.ts",
  sheet_columns: "sandbox/animation.ts",
  pixel: "sandbox/pixel/wish.ts",
  webhook: "worker/hooks/endings.ts",
};

/** Why a field has no flag of `generate` by its own name. */
const WITHOUT_FLAG: Readonly<Record<string, string>> = {
  id: "--id names the job of one run, and no column of a file of prompts may",
  lora_strength: "--lora name:strength says it",
  loras: "--lora makes it when it is given several times",
};

const FIELDS = Object.keys(messagesJsonSchema().$defs?.["GenerateRequest"]?.properties ?? {})
  .filter((field) => field !== "type");

const HERE = "tests/generate_fields_test.ts";

function readText(path: string): Promise<string> {
  return Deno.readTextFile(new URL(`../${path}`, import.meta.url));
}

/** Whether code takes a field out of something: `request.field`, or `{ field } = request`. */
function reads(source: string, field: string): boolean {
  const code = source.replace(/\/\*.*?\*\/|\/\/.*?$/gms, "");
  return new RegExp(`\\.${field}\\b|\\{[^{}]*\\b${field}\\b[^{}]*\\}\\s*[:=][^=>]`).test(code);
}

Deno.test("each field of generate has a consumer, which reads it", async () => {
  const faults = await Promise.all(FIELDS.map(async (field) => {
    const file = CONSUMERS[field];
    if (file === undefined) {
      return [
        `${field}: nothing uses it. Read it in src/workflow/bind/bind.ts (graph), src/workflow/route.ts ` +
        `(route), src/sandbox/results.ts (results) or src/queue/sqlite/sqlite_queue.ts (order), then name ` +
        `that file in CONSUMERS of ${HERE}`,
      ];
    }
    if (reads(await readText(`src/${file}`), field)) return [];
    return [`${field}: src/${file} does not read it; correct CONSUMERS of ${HERE}`];
  }));
  deepEqual(faults.flat(), []);
});

Deno.test("each field of generate has a flag, or a reason why not", () => {
  const faults = FIELDS.flatMap((field) => {
    const [hasFlag, hasReason] = [field in GENERATE_FIELDS, field in WITHOUT_FLAG];
    if (hasFlag !== hasReason) return [];
    return hasFlag ? [`${field}: it has a flag, so take it out of WITHOUT_FLAG of ${HERE}`] : [
      `${field}: the command line cannot ask for it. Add it to GENERATE_FIELDS of ` +
      `src/cli/generate/fields.ts, or say why not in WITHOUT_FLAG of ${HERE}`,
    ];
  });
  deepEqual(faults, []);
});

Deno.test("each field of generate is listed in the wire protocol", async () => {
  const readme = await readText("src/protocol/README.md");
  const section = readme.split("\n### `generate`\n")[1]?.split("\n##")[0] ?? "";
  const missing = FIELDS.filter((field) => !new RegExp(`\\n- \`${field}\`\\?? `).test(section));
  deepEqual(
    missing.map((field) =>
      `${field}: add its line below "### \`generate\`" of src/protocol/README.md`
    ),
    [],
  );
});

Deno.test("the tables name no field that generate lacks", () => {
  const named = [CONSUMERS, WITHOUT_FLAG, GENERATE_FIELDS].flatMap((table) => Object.keys(table));
  deepEqual(named.filter((field) => !FIELDS.includes(field)), []);
});

Deno.test("a field counts as read when it is taken out of a request, not when it is only named", () => {
  const code = ["request.style", "const { size, style } = request;", "f({ style: s }: Request) {}"];
  deepEqual(code.map((text) => reads(text, "style")), [true, true, true]);
  const not = ["// request.style", "/** request.style */", "{ style: 0 }", "request.styles"];
  deepEqual(not.map((text) => reads(text, "style")), [false, false, false, false]);
});
