/** Which models a server has, asked when somebody wants to know and remembered for a moment. */

import type { ModelInfo } from "../protocol/mod.ts";
import { createModelFiles, type ModelFiles } from "./model_files.ts";
import type { ServerWatch } from "./server.ts";

/** How long a server's answer is good, in milliseconds; a new file shows up after that. */
const FRESH_MS = 5_000;

/** Folders by ComfyUI's name for them (`folder_paths.py`), with what is in them. */
type Folders = readonly (readonly [folder: string, type: ModelInfo["model_type"]])[];

/** The folders that a request can name files of, and that clients of any age know. */
const FOLDERS: Folders = [["checkpoints", "checkpoint"], ["loras", "lora"], ["vae", "vae"]];

/**
 * Those that only a workflow can name files of. Older servers call the first two `unet` and `clip`; those
 * with `_gguf` come with the nodes for such files. One that a server does not have is empty.
 */
const MORE_FOLDERS: Folders = [
  ["unet", "diffusion_model"],
  ["clip", "text_encoder"],
  ["unet_gguf", "diffusion_model"],
  ["clip_gguf", "text_encoder"],
  ["diffusion_models", "diffusion_model"],
  ["text_encoders", "text_encoder"],
  ["controlnet", "controlnet"],
  ["upscale_models", "upscale_model"],
  ["embeddings", "embedding"],
  ["clip_vision", "clip_vision"],
  ["style_models", "style_model"],
  ["hypernetworks", "hypernetwork"],
];

/** Folders to look for model files in, by what is in them, those that go first first. */
export type ModelFolders = Partial<Record<ModelInfo["model_type"], readonly string[]>>;

/** The models of one server. */
export interface ModelIndex {
  /**
   * The checkpoints, LoRAs and VAEs that the server has or that lie in the configured folders, with
   * `allTypes` its other models too, sorted by name without regard to case.
   *
   * @throws {ComfyError} if the server cannot be asked.
   */
  list(options?: { allTypes?: boolean }): Promise<ModelInfo[]>;
}

/** Creates the index of a server's models. */
export function createModelIndex(
  server: ServerWatch,
  folders: ModelFolders = {},
  now: () => number = Date.now,
): ModelIndex {
  const usual = remembered(() => listFolders(server, FOLDERS), now);
  const more = remembered(() => listFolders(server, MORE_FOLDERS), now);
  const onDisk: ModelFiles[] = FOLDERS.flatMap(([, type]) =>
    (folders[type] ?? []).map((dir) => createModelFiles(dir, type, { now }))
  );
  return {
    async list({ allTypes = false } = {}) {
      const asked = allTypes ? [usual(), more()] : [usual()];
      const [onServer, ...found] = await Promise.all([
        // Without the server the folders are still worth telling.
        onDisk.length > 0 ? Promise.all(asked).catch(() => []) : Promise.all(asked),
        ...onDisk.map((files) => files.list()),
      ]);
      return merge(onServer.flat(), found.flat());
    },
  };
}

/** Asks again only when an answer is old, or was none. */
function remembered(
  ask: () => Promise<ModelInfo[]>,
  now: () => number,
): () => Promise<ModelInfo[]> {
  let known: { atMs: number; models: Promise<ModelInfo[]> } | undefined;
  return () => {
    if (known !== undefined && now() - known.atMs < FRESH_MS) return known.models;
    const models = ask();
    const mine = known = { atMs: now(), models };
    models.catch(() => {
      if (known === mine) known = undefined;
    });
    return models;
  };
}

/**
 * A file that both know has its path and size from the folder, and the server's spelling: a Windows
 * server takes no other. Of two files of one name in different folders ComfyUI takes the first.
 */
function merge(onServer: readonly ModelInfo[], onDisk: readonly ModelInfo[]): ModelInfo[] {
  const key = ({ model_type, name }: ModelInfo) => `${model_type}/${name.replaceAll("\\", "/")}`;
  const models = new Map(onServer.map((model) => [key(model), model]));
  const seen = new Set<string>();
  for (const model of onDisk) {
    const same = key(model);
    if (seen.has(same)) continue;
    seen.add(same);
    models.set(same, { ...model, name: models.get(same)?.name ?? model.name });
  }
  return [...models.values()].sort((a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()));
}

async function listFolders(server: ServerWatch, folders: Folders): Promise<ModelInfo[]> {
  const lists = await Promise.all(
    folders.map(([folder, type]) => listFolder(server, folder, type)),
  );
  return lists.flat();
}

async function listFolder(
  { client }: ServerWatch,
  folder: string,
  type: ModelInfo["model_type"],
): Promise<ModelInfo[]> {
  const [names, details] = await Promise.all([client.models(folder), client.modelDetails(folder)]);
  const sizes = new Map(details?.map((model) => [model.name, model.sizeBytes]));
  return names.map((name) => ({
    name,
    path: `${folder}/${name}`,
    model_type: type,
    size_mb: Math.round((sizes.get(name) ?? 0) / 1_048_576),
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
