/**
 * What host and sandbox say to each other: plain data, one union for each direction.
 *
 * A structured clone loses the class of an error, so errors cross as codes and sentences.
 */

import type { LogFields, LogLevel } from "../log.ts";
import type { ExpectedTimes, RunTimes } from "../node_times.ts";
import type {
  GenerateRequest,
  ModelInfo,
  PixelOptions,
  PixelResult,
  Progress,
} from "../protocol/mod.ts";

/** Workflows of requests that name none. */
export interface WorkflowRoutes {
  /** For `animation_frames`. */
  animation: string;
  /** For `tileset_grid`. */
  tileset: string;
  /** For `init_image`. */
  initImage: string;
  /** For `batch_size` above 1. */
  batch: string;
  /** For `lora` or `loras`. */
  lora: string;
}

/** How previews are made, in ComfyUI's words. */
export type PreviewMethod = "auto" | "latent2rgb" | "taesd" | "none" | "default";

/** What a sandbox needs to know once of each of its servers. */
export interface SandboxSetup {
  /** Base URL of the ComfyUI server. */
  serverUrl: string;
  /** Sent with every request to it, a token perhaps. @default none */
  headers?: Readonly<Record<string, string>>;
  /** Socket that ComfyUI sends events to; the one of the process before, if it left prompts there. */
  clientId: string;
  /** Absolute folder for images. */
  outputDir: string;
  /** Absolute folder of workflows; the built-in ones if absent. */
  workflowDir?: string;
  /** Absolute folder below which requests name images to start from; they cannot if absent. */
  inputDir?: string;
  /** Folders to look for model files in besides asking ComfyUI, those that go first first. */
  modelDirs: Partial<Record<ModelInfo["model_type"], readonly string[]>>;
  /** Workflow of a request that nothing else decides. */
  defaultWorkflow: string;
  /** Workflows by what a request asks for, in place of the usual ones. */
  routes?: WorkflowRoutes;
  /** Words that go into a prompt with a LoRA, each as `lora=words`. @default {[]} */
  loraTriggers?: readonly string[];
  /** Absolute folder of palettes that requests may name; only those that come with us if absent. */
  paletteDir?: string;
  /** How images are made pixel art unless a request or its workflow says otherwise. @default not at all */
  pixel?: PixelOptions;
  /** Pattern of file names. */
  filenamePattern: string;
  /**
   * How ComfyUI is asked to make previews; with `none` those that come all the same are dropped.
   * @default {"default"}
   */
  previewMethod?: PreviewMethod;
  /** True to keep preview files after the job. */
  keepPreviews: boolean;
  /** Most preview files of a job in a second; 0 sets no limit. */
  maxPreviewsPerSecond: number;
  /** Preview files of a job that may lie there at once. */
  maxPreviews: number;
  /** Most progress events of a run in a second, but for those that end a stage; 0 sets no limit. */
  progressPerSecond: number;
  /** Longest silence of a running prompt in milliseconds. */
  stallTimeoutMs: number;
  /** True if a cancel may interrupt whatever runs where ComfyUI cannot be asked to stop one prompt. */
  allowGlobalInterrupt: boolean;
  /** How long the server may give no answer before its runs are given up, in milliseconds. @default {30000} */
  unreachableMs?: number;
}

/** One attempt at one job. */
export interface RunSpec {
  /** The client's name of the job. */
  jobId: string;
  /** What was asked for. */
  request: GenerateRequest;
  /** Seed to generate with. */
  seed: number;
  /** Id that the prompt gets, or has, on ComfyUI. */
  promptId: string;
  /** True if the prompt may have been posted before: ComfyUI is asked first. */
  resumed: boolean;
  /** True if an earlier attempt saw this prompt running. */
  hadStarted: boolean;
  /** True if there was no attempt before, which could have left files. @default {false} */
  isFirst?: boolean;
  /** What it is expected to take. @default nothing is known */
  expected?: ExpectedTimes;
}

/** How a run ended. */
export type RunOutcome =
  | {
    type: "completed";
    /** The files, in order. */
    imagePaths: string[];
    /** Animations as files that play. */
    animationPaths?: string[];
    /** The seed that was used, if the nodes of the workflow did not take the one of the job. */
    seed?: number;
    /** What was found in the images that were made pixel art. */
    pixel?: PixelResult[];
    /** Where the time went, unless that says nothing about the next run. */
    times?: RunTimes;
  }
  | { type: "cancelled" }
  | {
    type: "failed";
    /** Code of the error, from `errors.ts`. */
    code: string;
    /** A sentence for the client. */
    error: string;
    /** True if the fault was not the job's, so that another attempt may do better. */
    retry: boolean;
    /** True if the prompt may still live on ComfyUI. */
    keepPrompt: boolean;
    /** True if ComfyUI went down while it ran this very job. */
    crashed: boolean;
  };

/** What a run tells before it ends. */
export type RunEvent =
  | { type: "started"; workflow: string }
  | { type: "progress"; progress: Omit<Progress, "type" | "job_id" | "worker"> }
  | { type: "preview"; path: string; step: number };

/** Whether a request can be done here, as far as it can be known now. */
export type CheckResult =
  | {
    type: "ok";
    workflow: string;
    /** Pixels of all images that will be generated, where the request does not tell. */
    pixels?: number;
  }
  | { type: "refused"; code: "invalid_parameter" | "model_not_found"; error: string };

/** A file of a workflow that cannot be used. */
export interface UnusableWorkflow {
  /** Its name, without `.json`. */
  readonly name: string;
  /** Why, in a sentence. */
  readonly error: string;
}

/** What a request can name besides models. */
export interface Catalog {
  /** Workflow templates, by name. */
  readonly workflows: readonly string[];
  /** Files of workflows that cannot be used, and why. */
  readonly unusable: readonly UnusableWorkflow[];
  /** Palettes: those that come with the worker, then those of its folder that can be read. */
  readonly palettes: readonly NamedPalette[];
}

/** A palette that can be named. */
export interface NamedPalette {
  /** Its name. */
  readonly name: string;
  /** Its colours as `#rrggbb`. */
  readonly colors: readonly string[];
}

/** Questions that need no job, with their answers. */
export interface SandboxCalls {
  /** Would this request run? */
  check: { question: GenerateRequest; answer: CheckResult };
  /** Which models has the server? Only those of the first three types, or of all? */
  models: { question: { allTypes: boolean }; answer: ModelInfo[] };
  /** Which of these prompts, all posted from here, is the server done with, now that it was asked to? */
  withdraw: { question: readonly string[]; answer: string[] };
  /** What can a request name besides models? */
  catalog: { question: null; answer: Catalog };
  /** Lets go of the server for good: nothing runs on it, and nobody asks about it again. */
  leave: { question: null; answer: boolean };
}

/** Health of a server as its sandbox sees it. */
export type ServerState = "connecting" | "ready" | "unreachable";

/** Host to sandbox; `server` is the place of a server in `setups`. */
export type ToSandbox =
  | { type: "setup"; setups: readonly SandboxSetup[]; ring?: SharedArrayBuffer }
  | { type: "run"; server: number; run: number; spec: RunSpec; sentAtMs?: number }
  | { type: "cancel"; run: number }
  | { type: "call"; server: number; call: number; name: keyof SandboxCalls; question: unknown }
  | { type: "ping" };

/** Sandbox to host, some at a time: what is posted is a list of these. */
export type FromSandbox =
  | { type: "ready" }
  | { type: "refused"; code: string; error: string }
  | { type: "event"; run: number; event: RunEvent }
  | { type: "ended"; run: number; outcome: RunOutcome; sentAtMs?: number }
  | { type: "answer"; call: number; answer: unknown }
  | { type: "failure"; call: number; code: string; error: string }
  | { type: "server"; server: number; state: ServerState; error?: string }
  | { type: "log"; level: LogLevel; message: string; fields: LogFields }
  | { type: "pong" };
