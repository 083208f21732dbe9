/** The table of all settings: the only place that knows their names, kinds, defaults and help. */

import { LOG_LEVELS } from "../log.ts";
import {
  address,
  database,
  filenamePattern,
  hostAndPort,
  httpUrl,
  type Kind,
  label,
  listOf,
  loraTrigger,
  mapsOf,
  oneOf,
  path,
  pixelOptions,
  proxy,
  seconds,
  toggle,
  webOrigin,
  wholeNumber,
  workflowName,
} from "./kinds.ts";
import type { FlagName } from "./flags.ts";
import { SERVER_FIELDS } from "./servers.ts";
import type { Field, ValueOf } from "./values.ts";

const [MAX_SERVERS, MAX_FILES, MAX_ORIGINS] = [64, 64, 64];

/** One setting, whose value is a `T`. */
export interface Setting<T> {
  /** Section and key in the file. */
  readonly path: string;
  /** Its flag; settings that are chosen once for a machine have none. */
  readonly flag?: FlagName;
  readonly kind: Kind<NonNullable<T>>;
  readonly default: T;
  /** A phrase for the help text. */
  readonly help: string;
}

/** The compiler holds this table and `Config` together: neither can have more than the other. */
export const SETTINGS: { readonly [F in Field]: Setting<ValueOf<F>> } = {
  "zmq.reqRepAddr": {
    path: "zmq.req_rep_addr",
    flag: "req-addr",
    kind: address(),
    default: "tcp://127.0.0.1:5555",
    help: "endpoint for requests",
  },
  "zmq.pubSubAddr": {
    path: "zmq.pub_sub_addr",
    flag: "pub-addr",
    kind: address(),
    default: "tcp://127.0.0.1:5556",
    help: "endpoint for updates",
  },
  "zmq.curveKey": {
    path: "zmq.curve_key",
    flag: "curve-key",
    kind: path("file"),
    default: undefined,
    help: "file with your secret CURVE key; with one the worker asks clients for theirs",
  },
  "zmq.curveClients": {
    path: "zmq.curve_clients",
    flag: "curve-clients",
    kind: path("dir"),
    default: undefined,
    help: "directory with the public keys of the clients that may connect, one NAME.key each",
  },
  "zmq.serverKey": {
    path: "zmq.server_key",
    flag: "server-key",
    kind: path("file"),
    default: undefined,
    help: "for clients: file with the worker's public CURVE key",
  },
  "zmq.allowInsecureBind": {
    path: "zmq.allow_insecure_bind",
    flag: "allow-insecure-bind",
    kind: toggle(),
    default: false,
    help: "listen beyond this machine without CURVE: whoever reaches the port may use the worker",
  },
  "http.addr": {
    path: "http.addr",
    flag: "http-addr",
    kind: hostAndPort(),
    default: undefined,
    help: "where to serve HTTP too, such as 127.0.0.1:8080",
  },
  "http.tokensFile": {
    path: "http.tokens_file",
    flag: "http-tokens-file",
    kind: path("file"),
    default: undefined,
    help: "file with the hashes of tokens; without it only this machine may ask",
  },
  "http.allowedOrigins": {
    path: "http.allowed_origins",
    kind: listOf(webOrigin(), MAX_ORIGINS),
    default: [],
    help: "origins whose pages may call over HTTP",
  },
  "comfyui.urls": {
    path: "comfyui.api_url",
    flag: "comfyui-url",
    kind: listOf(httpUrl(), MAX_SERVERS),
    default: ["http://127.0.0.1:8188"],
    help: "URL of a ComfyUI server; can be repeated",
  },
  "comfyui.servers": {
    path: "comfyui.servers",
    kind: mapsOf(SERVER_FIELDS, MAX_SERVERS),
    default: undefined,
    help: "ComfyUI servers with settings of their own, instead of api_url",
  },
  "comfyui.proxy": {
    path: "comfyui.proxy",
    kind: proxy(),
    default: undefined,
    help: "proxy to the servers; environment to follow HTTP_PROXY and the like",
  },
  "comfyui.timeoutMs": {
    path: "comfyui.timeout_s",
    flag: "comfyui-timeout",
    kind: seconds(0.1, 86_400),
    default: 300_000,
    help: "how long a running job may be silent before it fails",
  },
  "comfyui.maxRetries": {
    path: "comfyui.max_retries",
    kind: wholeNumber(0, 100),
    default: 3,
    help: "retries after a temporary failure",
  },
  "comfyui.retryDelayMs": {
    path: "comfyui.retry_delay_s",
    kind: seconds(0, 3600),
    default: 1000,
    help: "pause before the first retry",
  },
  "comfyui.awayMs": {
    path: "comfyui.away_s",
    kind: seconds(1, 86_400),
    default: 30_000,
    help: "how long a server may be away before others take over its jobs",
  },
  "comfyui.serversPerIsolate": {
    path: "comfyui.servers_per_isolate",
    kind: wholeNumber(1, MAX_SERVERS),
    default: 4,
    help: "most servers in one isolate; each isolate takes about 20 MB",
  },
  "executor.isolation": {
    path: "executor.isolation",
    flag: "isolation",
    kind: oneOf(["thread", "process"]),
    default: "thread",
    help: "where jobs run; process also ends loops without end and those that take all memory",
  },
  "comfyui.allowGlobalInterrupt": {
    path: "comfyui.allow_global_interrupt",
    kind: toggle(),
    default: false,
    help: "let a cancel interrupt whatever runs on a ComfyUI before 0.3.57",
  },
  "simulate": {
    path: "comfyui.simulate",
    flag: "simulate",
    kind: toggle(),
    default: false,
    help: "use the embedded simulator instead of ComfyUI",
  },
  "worker.maxConcurrentJobs": {
    path: "worker.max_concurrent_jobs",
    kind: wholeNumber(1, 256),
    default: undefined,
    help: "most jobs on all servers together; each still takes at most its max_in_flight",
  },
  "worker.maxRetries": {
    path: "worker.max_retries",
    kind: wholeNumber(0, 100),
    default: 3,
    help: "another name of comfyui.max_retries",
  },
  "worker.queueMaxSize": {
    path: "worker.queue_max_size",
    kind: wholeNumber(1, 10_000_000),
    default: 1000,
    help: "most waiting jobs; more are refused",
  },
  "worker.cleanupAgeMs": {
    path: "worker.cleanup_age_s",
    kind: seconds(1, 315_360_000),
    default: 604_800_000,
    help: "age at which a finished job is forgotten",
  },
  "worker.dbPath": {
    path: "worker.db",
    flag: "db",
    kind: database(),
    default: "./dgx-pixels.db",
    help: "SQLite file of the queue, or postgres:// URL of one that workers share",
  },
  "worker.name": {
    path: "worker.name",
    flag: "worker-name",
    kind: label(),
    default: "worker",
    help: "name of this worker, which no other one of a shared queue has",
  },
  "worker.drainTimeoutMs": {
    path: "worker.drain_timeout_s",
    kind: seconds(0, 86_400),
    default: 10_000,
    help: "how long running jobs may go on when the worker stops",
  },
  "worker.progressPerSecond": {
    path: "worker.progress_per_s",
    kind: wholeNumber(0, 1000),
    default: 60,
    help: "most progress updates a second for each job; 0 for no limit",
  },
  "workflows.dir": {
    path: "workflows.workflow_dir",
    flag: "workflow-dir",
    kind: path("dir"),
    default: undefined,
    help: "directory of workflow templates instead of the built-in ones",
  },
  "workflows.defaultWorkflow": {
    path: "workflows.default_workflow",
    kind: workflowName(),
    default: "pixel_art_workflow",
    help: "workflow for requests that name none",
  },
  "workflows.forAnimation": {
    path: "workflows.for_animation",
    kind: workflowName(),
    default: "animation",
    help: "workflow for animation_frames, unless the request names one",
  },
  "workflows.forTileset": {
    path: "workflows.for_tileset",
    kind: workflowName(),
    default: "tileset",
    help: "workflow for tileset_grid, unless the request names one",
  },
  "workflows.forInitImage": {
    path: "workflows.for_init_image",
    kind: workflowName(),
    default: "img2img_sdxl",
    help: "workflow for init_image, unless the request names one",
  },
  "workflows.forBatch": {
    path: "workflows.for_batch",
    kind: workflowName(),
    default: "batch",
    help: "workflow for a batch_size above 1, unless the request names one",
  },
  "workflows.forLora": {
    path: "workflows.for_lora",
    kind: workflowName(),
    default: "pixel_art_lora",
    help: "workflow for lora and loras, unless the request names one",
  },
  "workflows.loraTriggers": {
    path: "workflows.lora_triggers",
    kind: listOf(loraTrigger(), 256),
    default: [],
    help: "words that go into a prompt with a LoRA, such as pixel-art-xl=pixel art",
  },
  "input.dir": {
    path: "input.input_dir",
    flag: "input-dir",
    kind: path("dir"),
    default: undefined,
    help: "directory of the images that init_image names",
  },
  "output.dir": {
    path: "output.output_dir",
    flag: "output-dir",
    kind: path("dir"),
    default: "./output",
    help: "directory of finished images",
  },
  "output.filenamePattern": {
    path: "output.filename_pattern",
    kind: filenamePattern(),
    default: "{job_id}_{index}",
    help: "file name of an image, without extension",
  },
  "output.previewMethod": {
    path: "output.preview_method",
    kind: oneOf(["auto", "latent2rgb", "taesd", "none", "default"], { off: "none" }),
    default: "auto",
    help: "how ComfyUI makes previews; none for no previews, default for ComfyUI's own choice",
  },
  "output.keepPreviews": {
    path: "output.keep_previews",
    kind: toggle(),
    default: false,
    help: "keep previews after their job has ended",
  },
  "output.maxPreviewsPerSecond": {
    path: "output.max_previews_per_s",
    kind: wholeNumber(0, 1000),
    default: 10,
    help: "most previews a second for each job; 0 for no limit",
  },
  "output.maxPreviews": {
    path: "output.max_previews",
    kind: wholeNumber(1, 1_000_000),
    default: 100,
    help: "most preview files of a job; new ones replace the oldest",
  },
  "output.minFreeMb": {
    path: "output.min_free_mb",
    kind: wholeNumber(0, 1_000_000_000),
    default: 0,
    help: "free disk space below which new jobs are refused; 0 for no limit",
  },
  "output.pixel": {
    path: "output.pixel",
    kind: pixelOptions(),
    default: undefined,
    help: "make images pixel art unless a request says how",
  },
  "palettes.dir": {
    path: "palettes.palette_dir",
    flag: "palette-dir",
    kind: path("dir"),
    default: undefined,
    help: "directory of palette files that requests may name",
  },
  "models.checkpointDir": {
    path: "models.checkpoint_dir",
    kind: path("dir"),
    default: undefined,
    help: "directory of checkpoints",
  },
  "models.loraDir": {
    path: "models.lora_dir",
    kind: path("dir"),
    default: undefined,
    help: "directory of LoRAs",
  },
  "models.vaeDir": {
    path: "models.vae_dir",
    kind: path("dir"),
    default: undefined,
    help: "directory of VAEs",
  },
  "models.extraModelPaths": {
    path: "models.extra_model_paths",
    flag: "extra-model-paths",
    kind: listOf(path("file"), MAX_FILES),
    default: undefined,
    help: "ComfyUI's extra_model_paths.yaml; can be repeated",
  },
  "logging.level": {
    path: "logging.level",
    flag: "log-level",
    kind: oneOf(LOG_LEVELS, { warning: "warn" }),
    default: "info",
    help: "lowest severity to log",
  },
  "logging.file": {
    path: "logging.file",
    kind: path("file"),
    default: undefined,
    help: "file to append the log to instead of standard error",
  },
  "logging.format": {
    // Not "format": files written for the Python worker have a Python format string there.
    path: "logging.line_format",
    kind: oneOf(["auto", "human", "json"]),
    default: "auto",
    help: "format of log lines; auto is human on a terminal, json elsewhere",
  },
};
