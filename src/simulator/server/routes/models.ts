/**
 * Model lists.
 *
 * @module
 */

import { empty, type Exchange, json } from "../../http.ts";
import { splitExtension } from "../../files/paths.ts";
import type { Routes } from "./route.ts";

/** The model routes. */
export const MODEL_ROUTES: Routes = {
  "GET /models": { handle: ({ process }) => json(process.models.folders()) },
  "GET /models/{folder}": { handle: getFolder },
  "GET /embeddings": { handle: getEmbeddings },
  "GET /experiment/models": { handle: getFolders },
  "GET /experiment/models/{folder}": { handle: getFiles },
  "GET /view_metadata/{folder}": { handle: getMetadata },
};

/** Folders that the experimental list leaves out. */
const UNLISTED = ["configs", "custom_nodes"];

/** Seconds since 1970 that every model file claims as its age. */
const MODEL_DATE = 1_735_689_600;

function getFolder({ process, params: { folder = "" } }: Exchange): Response {
  const names = process.models.names(folder);
  return names === undefined ? empty(404) : json(names);
}

function getEmbeddings({ process }: Exchange): Response {
  const names = process.models.names("embeddings") ?? [];
  return json(names.map((name) => splitExtension(name)[0]));
}

function getFolders({ process }: Exchange): Response {
  const folders = process.models.folders().filter((name) => !UNLISTED.includes(name));
  return json(folders.map((name) => ({ name, folders: [`/opt/ComfyUI/models/${name}`] })));
}

function getFiles({ process, params: { folder = "" } }: Exchange): Response {
  const files = process.models.files(folder);
  if (files === undefined) return empty(404);
  return json(files.map(({ name, sizeBytes }) => ({
    name,
    pathIndex: 0,
    modified: MODEL_DATE,
    created: MODEL_DATE,
    size: sizeBytes,
  })));
}

/** The header's metadata of a model file: only what every trainer writes. */
function getMetadata({ process, params: { folder = "" }, query }: Exchange): Response {
  const name = query.get("filename") ?? "";
  const isKnown = process.models.names(folder)?.includes(name) ?? false;
  if (!isKnown || !name.endsWith(".safetensors")) return empty(404);
  return json({ format: "pt", "modelspec.title": splitExtension(name)[0] });
}
