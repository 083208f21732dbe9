/** Good and bad values of every setting. */

import type { ServerConfig } from "../../src/config/mod.ts";
import {
  ADDRESSES,
  NO_NUMBERS,
  oneOfMany,
  paths,
  RATES,
  RETRIES,
  type SettingCase,
  TOGGLES,
  URLS,
  WORKFLOWS,
} from "./case_values.ts";
import { PIXEL_WORDS } from "./pixel_words.ts";
import { STORE_CASES } from "./store_cases.ts";
import { WEBHOOK_CASES } from "./webhook_cases.ts";

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

/** One case a setting but `comfyui.servers`, by path in the file. */
export const CASES: Readonly<Record<string, SettingCase>> = {
  ...WEBHOOK_CASES,
  ...STORE_CASES,
  "zmq.req_rep_addr": { read: (config) => config.zmq.reqRepAddr, ...ADDRESSES },
  "zmq.pub_sub_addr": { read: (config) => config.zmq.pubSubAddr, ...ADDRESSES },
  "zmq.curve_key": { read: (config) => config.zmq.curveKey, ...paths("worker.key_secret") },
  "zmq.curve_clients": { read: (config) => config.zmq.curveClients, ...paths("clients") },
  "zmq.server_key": { read: (config) => config.zmq.serverKey, ...paths("worker.key") },
  "zmq.allow_insecure_bind": { read: (config) => config.zmq.allowInsecureBind, ...TOGGLES },
  "zmq.max_connections": {
    read: (config) => config.zmq.maxConnections,
    good: [["1", 1], ["250", 250], ["1000000", 1_000_000]],
    bad: ["0", "1000001", "1.5", ...NO_NUMBERS],
  },
  "http.addr": {
    read: (config) => config.http.addr,
    good: [
      ["127.0.0.1:8080", { hostname: "127.0.0.1", port: 8080 }],
      ["[::1]:0", { hostname: "::1", port: 0 }],
      ["gpu-box.local:65535", { hostname: "gpu-box.local", port: 65535 }],
    ],
    bad: [
      "8080",
      ":8080",
      "localhost",
      "localhost:65536",
      "::1:80",
      "http://localhost:80",
      "a b:1",
    ],
  },
  "http.max_connections": {
    read: (config) => config.http.maxConnections,
    good: [["1", 1], ["250", 250], ["1000000", 1_000_000]],
    bad: ["0", "1000001", "1.5", ...NO_NUMBERS],
  },
  "http.tokens_file": { read: (config) => config.http.tokensFile, ...paths("tokens") },
  "http.allowed_origins": {
    read: (config) => config.http.allowedOrigins,
    good: [
      ["https://studio.example.org", ["https://studio.example.org"]],
      ["http://127.0.0.1:3000", ["http://127.0.0.1:3000"]],
      ["http://[::1]:3000", ["http://[::1]:3000"]],
    ],
    bad: ["studio.example.org", "https://studio.example.org/", "https://a.b/c"],
  },
  "comfyui.api_url": {
    read: (config) => config.comfyui.servers.map(({ url }) => url),
    good: URLS.good.map((text, index) => [text, [URLS.meaning[index]]]),
    bad: URLS.bad,
  },
  "comfyui.proxy": {
    read: (config) => config.comfyui.proxy,
    good: [
      ["http://proxy:3128", "http://proxy:3128"],
      ["environment", "environment"],
      ["https://me:s@proxy:1/", "https://me:s@proxy:1"],
      ["ENV", "environment"],
    ],
    bad: ["proxy:3128", "socks5://proxy", "http://", "yes", "http://proxy:99999"],
  },
  "comfyui.timeout_s": {
    read: (config) => config.comfyui.timeoutMs,
    good: [["60", 60_000], ["0.1", 100], ["86400", 86_400_000], ["1e2", 100_000], ["1.5", 1500]],
    bad: ["0", "0.05", "86401", "5m", ...NO_NUMBERS],
  },
  "comfyui.max_retries": { read: (config) => config.worker.maxRetries, ...RETRIES },
  "comfyui.retry_delay_s": {
    read: (config) => config.comfyui.retryDelayMs,
    good: [["0", 0], ["2.0", 2000], ["3600", 3_600_000]],
    bad: ["3601", ...NO_NUMBERS],
  },
  "comfyui.away_s": {
    read: (config) => config.comfyui.awayMs,
    good: [["1", 1000], ["2.5", 2500], ["86400", 86_400_000]],
    bad: ["0.9", "86401", ...NO_NUMBERS],
  },
  "comfyui.servers_per_isolate": {
    read: (config) => config.comfyui.serversPerIsolate,
    good: [["1", 1], ["4", 4], ["64", 64]],
    bad: ["0", "65", "1.5", ...NO_NUMBERS],
  },
  "executor.isolation": {
    read: (config) => config.executor.isolation,
    good: [["process", "process"], ["Thread", "thread"], ["PROCESS", "process"]],
    bad: ["processes", "isolate", "1"],
  },
  "comfyui.allow_global_interrupt": {
    read: (config) => config.comfyui.allowGlobalInterrupt,
    ...TOGGLES,
  },
  "comfyui.simulate": { read: (config) => config.simulate, ...TOGGLES },
  "worker.max_concurrent_jobs": {
    read: (config) => config.worker.maxConcurrentJobs,
    good: [["2", 2], ["1", 1], ["256", 256]],
    bad: ["0", "257", "1.5", ...NO_NUMBERS],
  },
  "worker.max_retries": { read: (config) => config.worker.maxRetries, ...RETRIES },
  "worker.queue_max_size": {
    read: (config) => config.worker.queueMaxSize,
    good: [["100", 100], ["1", 1], ["10000000", 10_000_000], ["1e3", 1000]],
    bad: ["0", "10000001", "1.5", ...NO_NUMBERS],
  },
  "worker.cleanup_age_s": {
    read: (config) => config.worker.cleanupAgeMs,
    good: [["3600", 3_600_000], ["1", 1000], ["315360000", 315_360_000_000]],
    bad: ["0", "315360001", ...NO_NUMBERS],
  },
  "worker.db": {
    read: (config) => config.worker.dbPath,
    good: [
      ...paths("queue.db").good,
      ["postgres://u:p@host:5433/d?schema=s", "postgres://u:p@host:5433/d?schema=s"],
      ["postgresql://u@[::1]/d", "postgresql://u@[::1]/d"],
      ["postgres://u:p,q@a:1,[::1]:2,b/d?schema=s", "postgres://u:p,q@a:1,[::1]:2,b/d?schema=s"],
    ],
    bad: [
      ...paths("queue.db").bad,
      "postgres:",
      "postgres://",
      "postgres://u@host",
      "postgres://u@a,b",
      "postgres://u@a,,b/d",
      "postgres:d.db",
    ],
  },
  "worker.name": {
    read: (config) => config.worker.name,
    good: [["gpu-box 2", "gpu-box 2"], ["b", "b"], ["x".repeat(64), "x".repeat(64)]],
    bad: ["x".repeat(65), "a\u0000b"],
  },
  "worker.peer_addr": { read: (config) => config.worker.peerAddr, ...ADDRESSES },
  "worker.drain_timeout_s": {
    read: (config) => config.worker.drainTimeoutMs,
    good: [["0", 0], ["30", 30_000], ["86400", 86_400_000]],
    bad: ["86401", ...NO_NUMBERS],
  },
  "worker.progress_per_s": { read: (config) => config.worker.progressPerSecond, ...RATES },
  "workflows.workflow_dir": { read: (config) => config.workflows.dir, ...paths("workflows") },
  "workflows.default_workflow": {
    read: (config) => config.workflows.defaultWorkflow,
    ...WORKFLOWS,
  },
  "workflows.for_animation": { read: (config) => config.workflows.forAnimation, ...WORKFLOWS },
  "workflows.for_tileset": { read: (config) => config.workflows.forTileset, ...WORKFLOWS },
  "workflows.for_init_image": { read: (config) => config.workflows.forInitImage, ...WORKFLOWS },
  "workflows.for_batch": { read: (config) => config.workflows.forBatch, ...WORKFLOWS },
  "workflows.for_lora": { read: (config) => config.workflows.forLora, ...WORKFLOWS },
  "workflows.lora_triggers": {
    read: (config) => config.workflows.loraTriggers,
    good: [
      ["pixel-art-xl=pixel art", ["pixel-art-xl=pixel art"]],
      ["a.safetensors=x", ["a.safetensors=x"]],
      ["b=two words", ["b=two words"]],
    ],
    bad: ["pixel art", "=words", "lora=", "lora= "],
  },
  "input.input_dir": { read: (config) => config.input.dir, ...paths("images") },
  "output.output_dir": { read: (config) => config.output.dir, ...paths("images") },
  "output.filename_pattern": {
    read: (config) => config.output.filenamePattern,
    good: [
      ["{job_id}", "{job_id}"],
      ["{job_id}_{timestamp}.png", "{job_id}_{timestamp}"],
      ["a {prompt} {seed}-{index}.{job_id}", "a {prompt} {seed}-{index}.{job_id}"],
      [
        "{job_id}{timestamp}{prompt}{seed}{index}{model}",
        "{job_id}{timestamp}{prompt}{seed}{index}{model}",
      ],
    ],
    bad: [
      "image",
      "{index}",
      "{job_id}/{index}",
      "..\\{job_id}",
      ".{job_id}",
      "{job_id}_{name}",
      "{job_id",
      "{{job_id}}",
      "{job_id}\u0007",
      "{job_id}" + "x".repeat(121),
    ],
  },
  "output.keep_previews": { read: (config) => config.output.keepPreviews, ...TOGGLES },
  "output.max_previews_per_s": {
    read: (config) => config.output.maxPreviewsPerSecond,
    ...RATES,
  },
  "output.preview_method": {
    read: (config) => config.output.previewMethod,
    good: [["auto", "auto"], ["Latent2RGB", "latent2rgb"], ["taesd", "taesd"], ["none", "none"], [
      "off",
      "none",
    ], ["default", "default"]],
    bad: ["fast", "true", "constructor"],
  },
  "output.max_previews": {
    read: (config) => config.output.maxPreviews,
    good: [["1", 1], ["100", 100], ["1000000", 1_000_000]],
    bad: ["0", "1000001", "1.5", ...NO_NUMBERS],
  },
  "output.min_free_mb": {
    read: (config) => config.output.minFreeMb,
    good: [["0", 0], ["500", 500], ["1000000000", 1_000_000_000]],
    bad: ["1000000001", "1.5", ...NO_NUMBERS],
  },
  "output.pixel": { read: (config) => config.output.pixel, ...PIXEL_WORDS },
  "palettes.palette_dir": { read: (config) => config.palettes.dir, ...paths("palettes") },
  "models.checkpoint_dir": {
    read: (config) => config.models.checkpointDir,
    ...paths("checkpoints"),
  },
  "models.lora_dir": { read: (config) => config.models.loraDir, ...paths("loras") },
  "models.vae_dir": { read: (config) => config.models.vaeDir, ...paths("vae") },
  "models.extra_model_paths": {
    read: (config) => config.models.extraModelPaths,
    ...oneOfMany(paths("extra.yaml")),
  },
  "logging.level": {
    read: (config) => config.logging.level,
    good: [["debug", "debug"], ["WARNING", "warn"], ["Warn", "warn"], ["ERROR", "error"]],
    bad: ["loud", "10", "constructor", "__proto__"],
  },
  "logging.file": { read: (config) => config.logging.file, ...paths("worker.log") },
  "logging.line_format": {
    read: (config) => config.logging.format,
    good: [["json", "json"], ["HUMAN", "human"], ["auto", "auto"]],
    bad: ["[%(asctime)s] %(message)s", "xml"],
  },
};
