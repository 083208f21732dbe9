/** Readers of files that people write: settings, keys, lists of jobs, palettes; and of messages. */

import { encode } from "@msgpack/msgpack";
import { readBatchFile } from "../../src/cli/generate/batch_file.ts";
import { loadConfig } from "../../src/config/mod.ts";
import { parseYaml } from "../../src/config/yaml/value.ts";
import { parseKeys } from "../../src/keys/zpl.ts";
import { readPalette } from "../../src/pixels/mod.ts";
import { decodeReply, decodeRequest, decodeUpdate } from "../../src/protocol/mod.ts";
import { mutateBytes, mutateText, mutateValue } from "./mutate.ts";
import type { Reader } from "./readers.ts";

const IMAGE = { prompt: "a knight", model: "m", size: [64, 64], steps: 4, cfg_scale: 7 };

const YAML =
  "zmq:\n  req_addr: tcp://127.0.0.1:5555\ncomfyui: &a\n  servers: [{url: http://x}]\nb: *a\n";

const SETTINGS = `zmq:
  req_rep_addr: tcp://127.0.0.1:5555
comfyui:
  servers:
    - url: http://127.0.0.1:8188
      name: big
      extra_model_paths: extra.yaml
      token_file: token
worker:
  queue_max_size: 100
output:
  output_dir: ./output
logging:
  level: info
`;

const EXTRA = `a111:
  base_path: /models
  checkpoints: models/Stable-diffusion
  loras: |
    models/Lora
    models/LyCORIS
  is_default: true
`;

const LISTS: Readonly<Record<string, string>> = {
  csv: 'prompt,steps,size\n"a, ""knight""",4,64x64\nb,5,32x32\n',
  jsonl: '{"prompt":"a","steps":4}\n{"prompt":"b"}\n',
  yaml: '- prompt: a knight\n  steps: 4\n  size: 64x64\n- {prompt: "b", seed: 5}\n',
};

const PALETTES: readonly Uint8Array[] = [
  ...[
    "GIMP Palette\nName: x\nColumns: 2\n#\n0 0 0 Black\n255 255 255 White\n",
    "JASC-PAL\n0100\n2\n0 0 0\n255 255 255\n",
    "000000\nffffff\n",
    ";paint.net\nFF000000\nFFFFFFFF\n",
  ].map((text) => new TextEncoder().encode(text)),
  Uint8Array.fromHex(
    "41534546000100000000000100010000001600020061000052474220000000003f8000003f8000000000",
  ),
];

/** The readers. */
export const TEXT_READERS: readonly Reader[] = [
  {
    what: "messages of the wire",
    share: 9_000,
    open: () => {
      const info = { job_id: "j", state: "running", created_at: 1, attempts: 1 };
      const progress = {
        type: "progress",
        job_id: "j",
        stage: "sampling",
        step: 1,
        total_steps: 2,
      };
      const messages: [(bytes: Uint8Array) => unknown, Record<string, unknown>][] = [
        [decodeRequest, { type: "generate", id: "j", ...IMAGE }],
        [decodeRequest, { type: "list_jobs", job_ids: ["j"], limit: 3 }],
        [decodeReply, { type: "job_list", jobs: [info], epoch: 1, last_seq: 2 }],
        [decodeReply, { type: "job_accepted", job_id: "j", estimated_time_s: 1.5 }],
        [decodeUpdate, { ...progress, percent: 3.5, eta_s: 1, epoch: 1, seq: 2 }],
        [decodeUpdate, { type: "job_complete", job_id: "j", image_path: "/a.png", duration_s: 1 }],
      ];
      return (random) => {
        const [decode, message] = random.any(messages);
        const isValue = random.chance(0.5);
        const bytes = encode(isValue ? mutateValue(random, message) : message);
        return decode(isValue ? bytes : mutateBytes(random, bytes));
      };
    },
  },
  {
    what: "YAML",
    share: 1_500,
    open: () => (random) => parseYaml(mutateText(random, YAML), "bad.yaml"),
  },
  {
    what: "files of settings and what they name",
    share: 400,
    open: () => (random) => {
      const files: Record<string, string> = { "token": "secret\n", "extra.yaml": EXTRA };
      const readTextFile = (path: string) => {
        const name = path.split("/").at(-1)!;
        return Promise.resolve(mutateText(random, files[name] ?? SETTINGS));
      };
      return loadConfig({ flags: { config: "a.yaml" }, env: () => undefined, readTextFile });
    },
  },
  {
    what: "files of keys",
    share: 3_000,
    open: () => (random) => {
      const key = "a".repeat(40);
      parseKeys(mutateText(random, `curve\n  public-key = "${key}"\n  secret-key = "${key}"\n`));
    },
  },
  {
    what: "palettes",
    share: 4_000,
    open: () => (random) => readPalette(mutateBytes(random, random.any(PALETTES)), "bad"),
  },
  ...Object.entries(LISTS).map(([ending, text]): Reader => ({
    what: `lists of jobs in ${ending}`,
    share: 250,
    open: (dir) => async (random) => {
      const path = `${dir}/list.${ending}`;
      await Deno.writeFile(path, mutateBytes(random, new TextEncoder().encode(text)));
      await readBatchFile(path);
    },
  })),
];
