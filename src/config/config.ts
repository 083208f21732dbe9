/** What the worker is told by its operator, and where each word of it came from. */

import type { LogLevel } from "../log.ts";
import type { ENDINGS, PixelOptions } from "../protocol/mod.ts";

/** How log lines look: `auto` means `human` on a terminal and `json` elsewhere. */
export type LogFormat = "auto" | "human" | "json";

/**
 * How ComfyUI makes previews: `auto` and `latent2rgb` cost next to nothing, `taesd` needs a decoder on
 * the server, `none` makes none, `default` is what the server was started with.
 */
export type PreviewMethod = "auto" | "latent2rgb" | "taesd" | "none" | "default";

/** The sockets that clients connect to. */
export interface ZmqConfig {
  /** Endpoint that requests come to. @default {"tcp://127.0.0.1:5555"} */
  readonly reqRepAddr: string;
  /** Endpoint that updates are published on. @default {"tcp://127.0.0.1:5556"} */
  readonly pubSubAddr: string;
  /** File with the own secret CURVE key, of the worker or of a client. @default {none} */
  readonly curveKey: string | undefined;
  /** Directory of the public keys that may connect to the worker. @default {none} */
  readonly curveClients: string | undefined;
  /** File with the worker's public key, for clients. @default {none} */
  readonly serverKey: string | undefined;
  /** Whether a worker may listen beyond this machine without CURVE. @default {false} */
  readonly allowInsecureBind: boolean;
  /** Connections that one address may have to each socket, and one key. @default {1000} */
  readonly maxConnections: number;
}

/** Where to listen. */
export interface HostAndPort {
  /** Name or address, without brackets. */
  readonly hostname: string;
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
}

/** The worker over HTTP. */
export interface HttpConfig {
  /** Where to listen. @default {not at all} */
  readonly addr: HostAndPort | undefined;
  /** File with the hashes of tokens. @default {none: only this machine may ask} */
  readonly tokensFile: string | undefined;
  /** Origins whose pages may call. @default {none} */
  readonly allowedOrigins: readonly string[];
  /** Most connections of one address; in all there may be four times as many. @default {1000} */
  readonly maxConnections: number;
}

/** Who is told over HTTP how jobs end. */
export interface WebhooksConfig {
  /** The operator's own receiver. @default {none} */
  readonly url: string | undefined;
  /** What it is told. @default {every ending} */
  readonly events: readonly JobEnding[] | undefined;
  /** File with the secrets that deliveries are signed with. @default {none} */
  readonly secretFile: string | undefined;
  /** Hosts that jobs may name: a name, `*.` and a domain, or an address, with a port if need be. @default {none} */
  readonly allowedHosts: readonly string[];
  /** Whether those may have addresses that are not of the public internet. @default {false} */
  readonly allowPrivate: boolean;
}

/** How a job can end. */
export type JobEnding = (typeof ENDINGS)[number];

/** Folders of model files by what is in them; of two files of one name the first folder's counts. */
export interface ModelDirs {
  /** Folders of checkpoints. */
  readonly checkpoint: readonly string[];
  /** Folders of LoRAs. */
  readonly lora: readonly string[];
  /** Folders of VAEs. */
  readonly vae: readonly string[];
}

/** One ComfyUI server. */
export interface ServerConfig {
  /** Base URL without a trailing slash. No two servers have the same. */
  readonly url: string;
  /** Name in logs and answers. No two servers have the same. @default {the URL without scheme and user} */
  readonly name: string;
  /** Token that it asks for, also if it came from a file. @default {undefined} */
  readonly token: string | undefined;
  /** File that the token came from. @default {undefined} */
  readonly tokenFile: string | undefined;
  /** Further headers to send with each request. @default {undefined} */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Work that it does in the same time, compared with other servers. @default {1} */
  readonly weight: number;
  /** Jobs handed to it at once: one runs, the others wait behind it. @default {2} */
  readonly maxInFlight: number;
  /** Directory of its checkpoints. @default {that of ModelsConfig} */
  readonly checkpointDir: string | undefined;
  /** Directory of its LoRAs. @default {that of ModelsConfig} */
  readonly loraDir: string | undefined;
  /** Directory of its VAEs. @default {that of ModelsConfig} */
  readonly vaeDir: string | undefined;
  /** ComfyUI's files of further model directories. @default {those of ModelsConfig} */
  readonly extraModelPaths: readonly string[] | undefined;
  /** Every directory to look for its models in: those above, and what stands in those files. */
  readonly modelDirs: ModelDirs;
}

/** The ComfyUI servers and how patient the worker is with them. */
export interface ComfyuiConfig {
  /** The servers; at least one. @default {one at "http://127.0.0.1:8188"} */
  readonly servers: readonly ServerConfig[];
  /**
   * Proxy on the way to all of them, or `environment` for what variables such as `HTTP_PROXY` say;
   * without it they are asked directly. @default {undefined}
   */
  readonly proxy: string | undefined;
  /**
   * Longest silence of a running job in milliseconds. Not a limit of its whole run: each sign of
   * progress starts the time anew. @default {300000}
   */
  readonly timeoutMs: number;
  /** Wait before the first further attempt in milliseconds. @default {1000} */
  readonly retryDelayMs: number;
  /**
   * How long a server may be away, in milliseconds, before others run what it was given. What it had
   * begun may then run twice. @default {30000}
   */
  readonly awayMs: number;
  /**
   * Most servers that share an isolate until it falls for the first time; with 1 each has its own, and no
   * server can ever disturb the jobs of another. @default {4, or up to 16 where cores are few}
   */
  readonly serversPerIsolate: number | undefined;
  /**
   * Whether a cancel may interrupt whatever runs, on a ComfyUI that cannot be asked to interrupt one
   * prompt. @default {false}
   */
  readonly allowGlobalInterrupt: boolean;
}

/** Where jobs run. */
export interface ExecutorConfig {
  /**
   * In threads of the worker or in processes of their own, which the system can end whatever they do; the
   * worker then needs the right to start Deno. @default {"thread"}
   */
  readonly isolation: "thread" | "process";
}

/** The queue and how jobs leave it. */
export interface WorkerConfig {
  /**
   * Jobs handed out at once over all servers; when undefined only each server's `maxInFlight` counts.
   * @default {undefined}
   */
  readonly maxConcurrentJobs: number | undefined;
  /** Further attempts after a failure that may pass. @default {3} */
  readonly maxRetries: number;
  /** Jobs that may wait before more are refused. @default {1000} */
  readonly queueMaxSize: number;
  /** Age in milliseconds at which a finished job is forgotten. @default {604800000} */
  readonly cleanupAgeMs: number;
  /** SQLite file of the queue, or `postgres://` URL of one that workers share. @default {"./dgx-pixels.db"} */
  readonly dbPath: string;
  /** Name of this worker, unique among those that share a queue. @default {"worker"} */
  readonly name: string;
  /** Where other workers of a shared queue reach its updates. @default {`zmq.pubSubAddr`} */
  readonly peerAddr: string | undefined;
  /** Longest wait in milliseconds for running jobs when the worker stops. @default {10000} */
  readonly drainTimeoutMs: number;
  /** Most progress updates of one job in a second; 0 sets no limit. @default {60} */
  readonly progressPerSecond: number;
}

/** The workflow templates. */
export interface WorkflowsConfig {
  /** Directory of templates; the built-in ones when undefined. @default {undefined} */
  readonly dir: string | undefined;
  /** Template for requests that name none, without `.json`. @default {"pixel_art_workflow"} */
  readonly defaultWorkflow: string;
  /** Template for `animation_frames`. @default {"animation"} */
  readonly forAnimation: string;
  /** Template for `tileset_grid`. @default {"tileset"} */
  readonly forTileset: string;
  /** Template for `init_image`. @default {"img2img_sdxl"} */
  readonly forInitImage: string;
  /** Template for a `batch_size` above 1. @default {"batch"} */
  readonly forBatch: string;
  /** Template for `lora` and `loras`. @default {"pixel_art_lora"} */
  readonly forLora: string;
  /** Words that go into a prompt with a LoRA, each as `lora=words`. @default {[]} */
  readonly loraTriggers: readonly string[];
}

/** The images that requests may start from. */
export interface InputConfig {
  /** Directory below which `init_image` names a file; names are refused when undefined. @default {undefined} */
  readonly dir: string | undefined;
}

/** The palettes that pixel art may have. */
export interface PalettesConfig {
  /** Directory of palette files that requests may name. @default {only those that come with the worker} */
  readonly dir: string | undefined;
}

/** The files that the worker writes. */
export interface OutputConfig {
  /** Directory of finished images. @default {"./output"} */
  readonly dir: string;
  /**
   * Name of an image without its extension. Contains `{job_id}`, and of the rest only what
   * {@linkcode FILENAME_PLACEHOLDERS} lists. @default {"{job_id}_{index}"}
   */
  readonly filenamePattern: string;
  /** How ComfyUI is asked to make previews, from its 0.5.0 on. @default {"auto"} */
  readonly previewMethod: PreviewMethod;
  /** Whether preview images outlive their job. @default {false} */
  readonly keepPreviews: boolean;
  /** Most preview images of one job in a second; 0 sets no limit. @default {10} */
  readonly maxPreviewsPerSecond: number;
  /** Preview images of one job that are kept at once; older ones give way. @default {100} */
  readonly maxPreviews: number;
  /** Free space in MB (10^6 bytes) below which new jobs are refused; 0 sets no limit. @default {0} */
  readonly minFreeMb: number;
  /** Whether the images of a job go when it is forgotten. @default {false} */
  readonly deleteForgotten: boolean;
  /** How images are made pixel art where neither request nor workflow says. @default {not at all} */
  readonly pixel: PixelOptions | undefined;
  /** Directory or `s3://bucket/prefix` that each image is stored in besides, for all workers. @default {nowhere} */
  readonly store: string | undefined;
}

/** How a store that speaks S3 is reached. */
export interface S3Config {
  /** Its base URL without a trailing slash. @default {Amazon's, of the region} */
  readonly endpoint: string | undefined;
  /** Name of its region. @default {"us-east-1"} */
  readonly region: string;
  /** Whether the bucket goes into the path, not before the host's name. @default {true} */
  readonly pathStyle: boolean;
  /** Name of the key that requests are signed with. @default {undefined} */
  readonly accessKey: string | undefined;
  /** The key. @default {undefined} */
  readonly secretKey: string | undefined;
  /** Token that goes with a lent key. @default {undefined} */
  readonly sessionToken: string | undefined;
  /** File with them, as AWS's tools write it. @default {undefined} */
  readonly credentialsFile: string | undefined;
}

/** Model directories to look into besides asking ComfyUI, for servers that name none of their own. */
export interface ModelsConfig {
  /** Directory of checkpoints. @default {undefined} */
  readonly checkpointDir: string | undefined;
  /** Directory of LoRAs. @default {undefined} */
  readonly loraDir: string | undefined;
  /** Directory of VAEs. @default {undefined} */
  readonly vaeDir: string | undefined;
  /** ComfyUI's `extra_model_paths.yaml` files, which name more of them. @default {undefined} */
  readonly extraModelPaths: readonly string[] | undefined;
}

/** The log. */
export interface LoggingConfig {
  /** Least severity that is written. @default {"info"} */
  readonly level: LogLevel;
  /** File to append to; standard error when undefined. @default {undefined} */
  readonly file: string | undefined;
  /** How a line looks. @default {"auto"} */
  readonly format: LogFormat;
}

/** Every setting, checked and frozen. */
export interface Config {
  /** The sockets that clients connect to. */
  readonly zmq: ZmqConfig;
  /** The worker over HTTP. */
  readonly http: HttpConfig;
  /** Who is told over HTTP how jobs end. */
  readonly webhooks: WebhooksConfig;
  /** The ComfyUI servers. */
  readonly comfyui: ComfyuiConfig;
  /** Where jobs run. */
  readonly executor: ExecutorConfig;
  /** The queue and how jobs leave it. */
  readonly worker: WorkerConfig;
  /** The workflow templates. */
  readonly workflows: WorkflowsConfig;
  /** The images that requests may start from. */
  readonly input: InputConfig;
  /** The palettes that pixel art may have. */
  readonly palettes: PalettesConfig;
  /** The files that the worker writes. */
  readonly output: OutputConfig;
  /** How a store of images that speaks S3 is reached. */
  readonly s3: S3Config;
  /** Model directories. */
  readonly models: ModelsConfig;
  /** The log. */
  readonly logging: LoggingConfig;
  /** Whether an embedded simulator stands in for the ComfyUI servers. @default {false} */
  readonly simulate: boolean;
}

/** What a filename pattern may hold, each between braces. */
export const FILENAME_PLACEHOLDERS = [
  "job_id",
  "index",
  "timestamp",
  "prompt",
  "seed",
  "model",
] as const;

/** One of the names that a filename pattern may hold. */
export type FilenamePlaceholder = (typeof FILENAME_PLACEHOLDERS)[number];

/** Where a value came from. */
export type Origin =
  | { readonly type: "flag"; readonly flag: string }
  | { readonly type: "env"; readonly name: string }
  | { readonly type: "file"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly type: "default" };

/** The settings in force, with what an operator may want to know of them. */
export interface LoadedConfig {
  /** The settings, frozen all the way down. */
  readonly config: Config;
  /** The origin of each setting, by its path in the file such as `zmq.req_rep_addr`. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** One sentence for each thing in the file that has no effect. */
  readonly warnings: readonly string[];
}

/** Says where a value came from: `--db`, `DGX_PIXELS_DB`, `config.yaml:7:12` or `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.type) {
    case "flag":
      return origin.flag;
    case "env":
      return origin.name;
    case "file":
      return `${origin.file}:${origin.line}:${origin.column}`;
    case "default":
      return "default";
  }
}
