/** Which models a server has, asked when somebody wants to know and remembered for a moment. */

import type { ModelInfo } from "../protocol/mod.ts";
import { findModelFiles } from "./sandbox_model_files.ts";
import type { ServerWatch } from "./sandbox_server.ts";

/** How long an answer is good, in milliseconds; a new file shows up after that. */
const FRESH_MS = 5_000;

/** The folders of ComfyUI that a request can name files of. */
const FOLDERS = [
  ["checkpoints", "checkpoint"],
  ["loras", "lora"],
  ["vae", "vae"],
] as const;

/** Folders to look for model files in, by what is in them. */
export type ModelFolders = Partial<Record<ModelInfo["model_type"], string>>;

/** The models of one server. */
export interface ModelIndex {
  /**
   * Every model that the server has or that lies in the configured folders, sorted by name without
   * regard to case.
   *
   * @throws {ComfyError} if the server cannot be asked.
   */
  all(): Promise<ModelInfo[]>;
}

/** Creates the index of a server's models. */
export function createModelIndex(
  server: ServerWatch,
  folders: ModelFolders = {},
  now: () => number = Date.now,
): ModelIndex {
  let known: { atMs: number; models: Promise<ModelInfo[]> } | undefined;
  const listed = (): Promise<ModelInfo[]> => {
    if (known !== undefined && now() - known.atMs < FRESH_MS) return known.models;
    const models = listModels(server);
    const mine = known = { atMs: now(), models };
    models.catch(() => {
      if (known === mine) known = undefined;
    });
    return models;
  };
  const all = async (): Promise<ModelInfo[]> => {
    const [onServer, ...onDisk] = await Promise.all([
      // Without the server the folders are still worth telling.
      Object.keys(folders).length > 0 ? listed().catch(() => []) : listed(),
      ...FOLDERS.map(([, type]) => findIn(folders[type], type)),
    ]);
    return merge(onServer, onDisk.flat());
  };
  return { all };
}

async function findIn(
  dir: string | undefined,
  type: ModelInfo["model_type"],
): Promise<ModelInfo[]> {
  return dir === undefined ? [] : await findModelFiles(dir, type);
}

/** A file that both know has its path from the folder, and its size too if the server cannot tell. */
function merge(onServer: readonly ModelInfo[], onDisk: readonly ModelInfo[]): ModelInfo[] {
  const models = new Map<string, ModelInfo>();
  for (const model of [...onServer, ...onDisk]) {
    models.set(`${model.model_type}/${model.name}`, model);
  }
  return [...models.values()].sort((a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()));
}

async function listModels(server: ServerWatch): Promise<ModelInfo[]> {
  const lists = await Promise.all(
    FOLDERS.map(([folder, type]) => listFolder(server, folder, type)),
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
