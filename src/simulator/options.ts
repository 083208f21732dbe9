/**
 * What a simulator can be told, checked once.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";
import { DEFAULT_PROFILE, type Profile, type ProfileName, PROFILES } from "./profile.ts";

/**
 * How the sampler shows its work: not at all (ComfyUI's default), by rough images, or by one small
 * grey image again and again, which takes next to no time.
 */
export type PreviewMethod = "none" | "latent2rgb" | "still";

/** What the painter's images are like: true pixel art, or what diffusion models make of it. */
export type Painting = "pixels" | "diffusion";

/** Time as the simulator sees it; replace it to test without waiting. */
export interface SimulatorClock {
  /** Unix milliseconds, for time stamps. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that aborts first. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

/** Model files that the simulator claims to have, by ComfyUI's folder key (`checkpoints`, `loras`, `vae`, …). */
export type ModelLists = Readonly<Record<string, readonly string[]>>;

/** A piece of work that takes time. */
export interface SimulatedWork {
  /** A sampler step, the loading of a model file that is not in memory yet, or any other node. */
  readonly type: "step" | "load" | "node";
  /** The prompt that it is part of. */
  readonly promptId: string;
  /** Class of the node that does it. */
  readonly nodeClass: string;
  /** Pixels of the images or latents that the node works on, all together; 0 if on none. */
  readonly pixels: number;
  /** Milliseconds that it takes by the options. */
  readonly ms: number;
}

/** Options of `startSimulator()`. */
export interface SimulatorOptions {
  /** Port to listen on; 0 lets the system choose one. @default {0} */
  port?: number;
  /** Address to listen on. @default {"127.0.0.1"} */
  hostname?: string;
  /** The version imitated. @default {"0.33", the newest recorded} */
  profile?: ProfileName;
  /** Milliseconds for one sampler step. @default {25} */
  stepTimeMs?: number;
  /** Milliseconds for loading a model file that is not in memory yet. @default {100} */
  loadTimeMs?: number;
  /** Milliseconds for every other node. @default {2} */
  nodeTimeMs?: number;
  /**
   * Decides how long each piece of work takes, in milliseconds, for machines whose times vary.
   *
   * @default {(work) => work.ms}
   */
  paceOf?: (work: SimulatedWork) => number;
  /** Milliseconds between the last event of a run and its history entry. @default {2} */
  historyGapMs?: number;
  /** Whether samplers send preview images. @default {"none"} */
  previewMethod?: PreviewMethod;
  /** What images are like. @default {"pixels"} */
  painting?: Painting;
  /** Folder for saved images; kept in memory when absent. */
  outputDir?: string;
  /** Folder for uploads; kept in memory when absent. */
  inputDir?: string;
  /** Folder whose subfolder `temp` takes temporary images, **emptied on start**; in memory when absent. */
  tempDir?: string;
  /**
   * Model files by folder key; a key given replaces that folder's list, an unknown key adds a folder.
   *
   * @default {a small pixel-art set around SDXL}
   */
  models?: ModelLists;
  /**
   * Free memory in bytes as `/system_stats` tells it. Newer versions keep results across prompts from
   * 128 GiB on.
   *
   * @default {96 GiB}
   */
  freeMemoryBytes?: number;
  /** Largest request body in bytes. @default {104857600} */
  maxUploadBytes?: number;
  /** Clock for time stamps and every delay above. @default {the system's} */
  clock?: SimulatorClock;
}

/** The options with every default filled in. */
export interface Settings {
  /** Port to listen on, 0 for any. */
  readonly port: number;
  /** Address to listen on. */
  readonly hostname: string;
  /** The version imitated. */
  readonly profile: Profile;
  /** Durations in milliseconds. */
  readonly timing: Readonly<{ step: number; load: number; node: number; historyGap: number }>;
  /** Milliseconds of a piece of work. */
  readonly paceOf: (work: SimulatedWork) => number;
  /** Whether samplers send previews. */
  readonly previewMethod: PreviewMethod;
  /** What images are like. */
  readonly painting: Painting;
  /** Folders on disk; absent ones live in memory. */
  readonly directories: Readonly<{ output?: string; input?: string; temp?: string }>;
  /** Model files given by the caller. */
  readonly models: ModelLists;
  /** Free memory in bytes. */
  readonly freeMemoryBytes: number;
  /** Largest request body in bytes. */
  readonly maxUploadBytes: number;
  /** Clock for time stamps and delays. */
  readonly clock: SimulatorClock;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigError} `invalid_value` naming the first option that is wrong.
 */
export function readOptions(options: SimulatorOptions): Settings {
  const {
    port = 0,
    hostname = "127.0.0.1",
    profile = DEFAULT_PROFILE,
    previewMethod = "none",
    painting = "pixels",
    models = {},
    freeMemoryBytes = 96 * 2 ** 30,
    maxUploadBytes = 104_857_600,
    paceOf = (work) => work.ms,
    clock = systemClock,
  } = options;
  checkInteger("port", port, 0, 65_535);
  checkInteger("maxUploadBytes", maxUploadBytes, 1, Number.MAX_SAFE_INTEGER);
  checkInteger("freeMemoryBytes", freeMemoryBytes, 0, Number.MAX_SAFE_INTEGER);
  checkOneOf("profile", profile, Object.keys(PROFILES));
  checkOneOf("previewMethod", previewMethod, ["none", "latent2rgb", "still"]);
  checkOneOf("painting", painting, ["pixels", "diffusion"]);
  checkModels(models);
  return {
    port,
    hostname: checkText("hostname", hostname),
    profile: PROFILES[profile],
    timing: {
      step: duration("stepTimeMs", options.stepTimeMs, 25),
      load: duration("loadTimeMs", options.loadTimeMs, 100),
      node: duration("nodeTimeMs", options.nodeTimeMs, 2),
      historyGap: duration("historyGapMs", options.historyGapMs, 2),
    },
    paceOf,
    previewMethod,
    painting,
    directories: readDirectories(options),
    models,
    freeMemoryBytes,
    maxUploadBytes,
    clock,
  };
}

/** The system's time. */
export const systemClock: SimulatorClock = { now: Date.now, delay: systemDelay };

function systemDelay(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.reject(signal.reason);
  const abort = () => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", abort);
    resolve();
  }, ms);
  signal.addEventListener("abort", abort, { once: true });
  return promise;
}

function readDirectories(options: SimulatorOptions): Settings["directories"] {
  const { outputDir, inputDir, tempDir } = options;
  return {
    ...(outputDir !== undefined && { output: checkText("outputDir", outputDir) }),
    ...(inputDir !== undefined && { input: checkText("inputDir", inputDir) }),
    ...(tempDir !== undefined && { temp: `${checkText("tempDir", tempDir)}/temp` }),
  };
}

function duration(name: string, value: number | undefined, preset: number): number {
  const ms = value ?? preset;
  if (typeof ms === "number" && ms >= 0 && Number.isFinite(ms)) return ms;
  throw invalid(name, ms, "give milliseconds, 0 or more");
}

function checkInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(name, value, `give a whole number from ${least} to ${most}`);
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw invalid(name, value, `give one of ${allowed.join(", ")}`);
}

function checkText(name: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalid(name, value, "give a text that is not empty");
}

function checkModels(models: ModelLists): void {
  for (const [folder, names] of Object.entries(models)) {
    const valid = Array.isArray(names) && names.every((name) => typeof name === "string");
    if (!valid) throw invalid(`models.${folder}`, names, "give a list of file names");
  }
}

function invalid(name: string, value: unknown, remedy: string): ConfigError {
  return new ConfigError(
    "invalid_value",
    `Cannot start the simulator: option ${name} is ${JSON.stringify(value)}; ${remedy}`,
  );
}
