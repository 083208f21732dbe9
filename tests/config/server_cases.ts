/** What each key of a server takes and refuses. */

import type { ServerConfig } from "../../src/config/mod.ts";
import { NO_NUMBERS, oneOfMany, paths, URLS } from "./cases.ts";

/** A key of a server in the list, with what it takes and what it refuses. */
export interface ServerCase {
  /** Its field. */
  field: keyof ServerConfig;
  good: readonly (readonly [text: string, value: unknown])[];
  bad: readonly string[];
}

/** One case a key of an entry of `comfyui.servers`. */
export const SERVER_CASES: Readonly<Record<string, ServerCase>> = {
  url: {
    field: "url",
    good: URLS.good.map((text, index) => [text, URLS.meaning[index]]),
    bad: ["", ...URLS.bad],
  },
  name: {
    field: "name",
    good: [["gpu-a", "gpu-a"], ["the big one (left)", "the big one (left)"], ["12", "12"], [
      "x".repeat(64),
      "x".repeat(64),
    ]],
    bad: ["", " ", "a\nb", "\u001b[2J", "x".repeat(65)],
  },
  token: {
    field: "token",
    good: [["abc", "abc"], ["Bearer x.y~z", "x.y~z"], ["bearer  1", "1"]],
    bad: ["", " ", "two words", "a\nb", "käse"],
  },
  token_file: {
    field: "tokenFile",
    good: [["/run/secrets/token", "/run/secrets/token"], ["./my.token", "./my.token"]],
    bad: ["", "~/token", "a\u0000b"],
  },
  headers: {
    field: "headers",
    good: [
      ['{"X-Api-Key":"a b"}', { "X-Api-Key": "a b" }],
      ['{"authorization":"Basic eA==","x":"1"}', { authorization: "Basic eA==", x: "1" }],
      ["{}", {}],
    ],
    bad: [
      "X-Api-Key: a",
      "[]",
      '{"a b":"c"}',
      '{"":"c"}',
      '{"a":""}',
      '{"a":1}',
      '{"a":"x\\ny"}',
      '{"Host":"a"}',
      '{"content-length":"1"}',
      '{"Sec-WebSocket-Key":"a"}',
      '{"Connection":"close"}',
    ],
  },
  weight: {
    field: "weight",
    good: [["2", 2], ["0.01", 0.01], ["1000", 1000], ["1e2", 100], ["2.5", 2.5]],
    bad: ["", "0", "0.009", "1000.1", "2x", ...NO_NUMBERS],
  },
  max_in_flight: {
    field: "maxInFlight",
    good: [["1", 1], ["64", 64], ["8", 8]],
    bad: ["", "0", "65", "1.5", ...NO_NUMBERS],
  },
  checkpoint_dir: { field: "checkpointDir", ...paths("checkpoints") },
  lora_dir: { field: "loraDir", ...paths("loras") },
  vae_dir: { field: "vaeDir", ...paths("vae") },
  extra_model_paths: { field: "extraModelPaths", ...oneOfMany(paths("extra.yaml")) },
};
