/** What the HTTP side is given by the worker: the same answers and updates as ZeroMQ clients get. */

import type { Logger } from "../log.ts";
import type { GenerateRequest, Reply, Request } from "../protocol/mod.ts";
import type { ImageFile } from "../store/mod.ts";
import type { KnownConnections } from "./crowd.ts";
import type { UpdateFeed } from "./feed.ts";
import type { Metrics, Snapshot } from "./metrics/metrics.ts";

/** How a delivery to a webhook stands; `dead` when it was given up. */
export const HOOK_STATES = ["waiting", "delivered", "dead"] as const;

/** One of them. */
export type HookState = (typeof HOOK_STATES)[number];

/** Something that a webhook is told. Times are Unix seconds. */
export interface HookView {
  /** Its name, which the receiver sees as `webhook-id`. */
  readonly id: string;
  /** The job that it is about. */
  readonly job_id: string;
  /** Where to, secrets hidden. */
  readonly url: string;
  /** How it stands. */
  readonly state: HookState;
  /** How often it was tried. */
  readonly attempts: number;
  /** When the job ended. */
  readonly created_at: number;
  /** When it is tried next, while it waits. */
  readonly next_at?: number;
  /** Why the last try failed. */
  readonly error?: string;
}

/**
 * Opens a file that a job has made.
 *
 * @param url Where it is stored, if it is.
 * @param worker Name of the worker that made it, if the queue tells.
 * @throws {JobError} `storage` if its store does not answer.
 */
export type OpenImage = (
  path: string,
  url: string | undefined,
  worker: string | undefined,
) => Promise<ImageFile | undefined>;

/** What the routes work with. */
export interface HttpContext {
  /** Answers a valid request of the wire protocol. */
  readonly handle: (request: Request) => Promise<Reply>;
  /** The request of a job as it was stored, for running it again. */
  readonly storedRequest: (jobId: string) => Promise<GenerateRequest | undefined>;
  /**
   * What requests can name besides models.
   *
   * @throws {Error} if no server's isolate answers.
   */
  readonly catalog: () => Promise<{
    readonly workflows: readonly string[];
    readonly unusable: readonly { readonly name: string; readonly error: string }[];
    readonly palettes: readonly { readonly name: string; readonly colors: readonly string[] }[];
  }>;
  /** The ComfyUI servers, until the next start. */
  readonly servers: {
    /** Adds one; resolves with its name. @throws {ConfigError} `invalid_value`, or `in_use` for a known one. */
    add(fields: Readonly<Record<string, unknown>>): Promise<string>;
    /** Removes one when its jobs have ended; false if there is none. @throws {ConfigError} `in_use` for the last. */
    remove(name: string): boolean;
  };
  /** What webhooks are told. */
  readonly webhooks: {
    /** Some deliveries, newest first. */
    list(query: { state?: HookState; limit: number }): Promise<readonly HookView[]>;
    /** Has one that was given up tried again; false if there is none of that id. */
    retry(id: string): Promise<boolean>;
  };
  /** Counts what happens. */
  readonly metrics: Metrics;
  /** Looks at what the metrics cannot count. */
  readonly snapshot: () => Promise<Omit<Snapshot, "listeners">>;
  /** Every update. */
  readonly feed: UpdateFeed;
  /** Opens a file of a job, from its store if it is not here; `undefined` if it is there no more. */
  readonly openImage: OpenImage;
  /** Real path of the directory of images to start from, if there is one. */
  readonly inputDir: string | undefined;
  /** Why nothing more may be put on the disk; undefined if something may. */
  readonly diskProblem: () => string | undefined;
  /** True once the worker takes no more jobs. */
  readonly isStopping: () => boolean;
  /** Takes log lines. */
  readonly logger: Logger;
}

/** Options of `startHttp`. */
export interface HttpOptions {
  /** What the routes work with. */
  readonly context: HttpContext;
  /** Name or address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 lets the system choose. */
  readonly port: number;
  /** File with the hashes of tokens; without it only this machine may ask. */
  readonly tokensFile?: string | undefined;
  /** Origins whose pages may call, such as `https://studio.example.org`. @default {none but its own} */
  readonly allowedOrigins?: readonly string[];
  /** Pause between comments that keep an event stream open, in milliseconds. @default {15000} */
  readonly pingMs?: number;
  /** Most connections of one address. @default {1000} */
  readonly maxConnections?: number;
  /** Looks at the connections to a port of this process. @default {only requests are counted} */
  readonly connectionsTo?: (port: number) => KnownConnections | undefined;
}
