/** One ComfyUI server of several: what a file may say of it, and what stands for the rest. */

import type { ModelDirs, ServerConfig } from "./config.ts";
import {
  headers,
  httpUrl,
  label,
  type MapFields,
  number,
  only,
  path,
  token,
  wholeNumber,
} from "./kinds.ts";

const DEFAULT_WEIGHT = 1;

/** One that runs and one whose inputs are there when it ends. */
const DEFAULT_IN_FLIGHT = 2;

/** A server as the settings have it: what is in its files is not read yet. */
export type ServerValues = Omit<ServerConfig, "modelDirs">;

/** No folder of any kind. */
const NO_DIRS: ModelDirs = { checkpoint: [], lora: [], vae: [] };

/** The keys of an entry of `comfyui.servers`; the compiler holds them and the type together. */
export const SERVER_FIELDS: MapFields<ServerValues> = {
  url: {
    key: "url",
    kind: httpUrl(),
    isRequired: true,
    isUnique: true,
    default: "",
    help: "its address",
  },
  name: {
    key: "name",
    kind: label(),
    isUnique: true,
    preset: ({ url }) => url === undefined ? undefined : nameOf(url),
    default: "the URL without scheme and user",
    help: "its name in logs and answers",
  },
  token: {
    key: "token",
    kind: token(),
    default: "",
    help: "sent as Authorization: Bearer with every request, and to the socket",
  },
  tokenFile: {
    key: "token_file",
    kind: path("file"),
    default: "",
    help: "file with that token, on one line",
  },
  headers: {
    key: "headers",
    kind: headers(),
    default: "",
    help: "more headers to send",
  },
  weight: {
    key: "weight",
    kind: number(0.01, 1000),
    preset: () => DEFAULT_WEIGHT,
    default: String(DEFAULT_WEIGHT),
    help: "its speed, compared with other servers",
  },
  maxInFlight: {
    key: "max_in_flight",
    kind: wholeNumber(1, 64),
    preset: () => DEFAULT_IN_FLIGHT,
    default: String(DEFAULT_IN_FLIGHT),
    help: "jobs given to it at once: one runs, the others wait in ComfyUI's queue",
  },
  checkpointDir: {
    key: "checkpoint_dir",
    kind: path("dir"),
    default: "models.checkpoint_dir",
    help: "directory of its checkpoints",
  },
  loraDir: {
    key: "lora_dir",
    kind: path("dir"),
    default: "models.lora_dir",
    help: "directory of its LoRAs",
  },
  vaeDir: {
    key: "vae_dir",
    kind: path("dir"),
    default: "models.vae_dir",
    help: "directory of its VAEs",
  },
  extraModelPaths: {
    key: "extra_model_paths",
    kind: only(path("file")),
    default: "models.extra_model_paths",
    help: "its extra_model_paths.yaml, with folders as this machine sees them",
  },
};

/** A server of which nothing but the URL is known. */
export function defaultServer(url: string): ServerConfig {
  return {
    url,
    name: nameOf(url),
    token: undefined,
    tokenFile: undefined,
    headers: undefined,
    weight: DEFAULT_WEIGHT,
    maxInFlight: DEFAULT_IN_FLIGHT,
    checkpointDir: undefined,
    loraDir: undefined,
    vaeDir: undefined,
    extraModelPaths: undefined,
    modelDirs: NO_DIRS,
  };
}

/** The URL as people call it: without its scheme, and without a password that a log must not show. */
function nameOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname.replace(/\/+$/, "");
}
