/** Which models a server has, asked when somebody wants to know and remembered for a moment. */

import type { ModelInfo } from "../protocol/mod.ts";
import { createModelFiles, type ModelFiles } from "./model_files.ts";
import type { ServerWatch } from "./server.ts";

/** How long a server's answer is good, in milliseconds; a new file shows up after that. */
const FRESH_MS = 5_000;

/** The folders of ComfyUI that a request can name files of. */
const FOLDERS = [
  ["checkpoints", "checkpoint"],
  ["loras", "lora"],
  ["vae", "vae"],
] as const;

/** Folders to look for model files in, by what is in them, those that go first first. */
export type ModelFolders = Partial<Record<ModelInfo["model_type"], readonly string[]>>;

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
  const onDisk: ModelFiles[] = FOLDERS.flatMap(([, type]) =>
    (folders[type] ?? []).map((dir) => createModelFiles(dir, type, { now }))
  );
  const all = async (): Promise<ModelInfo[]> => {
    const [onServer, ...found] = await Promise.all([
      // Without the server the folders are still worth telling.
      onDisk.length > 0 ? listed().catch(() => []) : listed(),
      ...onDisk.map((files) => files.list()),
    ]);
    return merge(onServer, found.flat());
  };
  return { all };
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
