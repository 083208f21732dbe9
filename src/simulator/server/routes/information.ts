/**
 * What the server tells about itself and its nodes.
 *
 * @module
 */

import type { NodeInfo } from "../../validation/catalogue.ts";
import { REPLACEMENTS } from "../../validation/replacements.ts";
import { type Exchange, json } from "../../http.ts";
import type { ComfyProcess } from "../../engine/process.ts";
import type { JsonObject } from "../../json.ts";
import type { Profile } from "../../profile.ts";
import type { Routes } from "./route.ts";

/** The information routes. */
export const INFORMATION_ROUTES: Routes = {
  "GET /": { handle: getRoot },
  "GET /system_stats": { handle: getSystemStats },
  "GET /features": {
    handle: ({ process }) => json(process.features),
    exists: (profile) => profile.progressState,
  },
  "GET /object_info": { handle: getObjectInfo },
  "GET /object_info/{node_class}": { handle: getNodeInfo },
  "GET /extensions": { handle: () => json([]) },
  "GET /node_replacements": {
    handle: () => json(REPLACEMENTS),
    exists: ({ replacesNodes }) => replacesNodes,
  },
  "GET /api/assets": { handle: refuseAssets, exists: ({ replacesNodes }) => replacesNodes },
  "GET /api/assets/{id}": { handle: refuseAssets, exists: ({ replacesNodes }) => replacesNodes },
  "GET /api/tags": { handle: refuseAssets, exists: ({ replacesNodes }) => replacesNodes },
};

const GIBIBYTE = 2 ** 30;

/** Extensions of files that `LoadImage` offers. */
const IMAGE_NAME = /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i;

function getRoot(): Response {
  const page = "<!DOCTYPE html><title>ComfyUI (simulated)</title><p>ComfyUI (simulated)</p>";
  return new Response(page, { headers: { "content-type": "text/html" } });
}

/** Believable numbers of a machine with 128 GiB of memory shared by processor and GPU. */
function getSystemStats({ process }: Exchange): Response {
  const { profile, freeMemoryBytes } = process.settings;
  return json({
    system: {
      os: profile.os,
      ram_total: Math.max(128 * GIBIBYTE, freeMemoryBytes),
      ram_free: freeMemoryBytes,
      comfyui_version: profile.version,
      required_frontend_version: profile.frontendVersion,
      installed_templates_version: profile.templatesVersion,
      required_templates_version: profile.templatesVersion,
      ...(profile.tellsPackages && packagesOf(profile)),
      python_version: "3.12.3 (main, Aug 14 2025, 17:47:21) [GCC 13.3.0]",
      pytorch_version: "2.9.0+cu130",
      embedded_python: false,
      argv: ["main.py", "--preview-method", process.settings.previewMethod],
    },
    devices: [{
      name: "cuda:0 NVIDIA GB10 : cudaMallocAsync",
      type: "cuda",
      index: 0,
      vram_total: 128 * GIBIBYTE,
      vram_free: 96 * GIBIBYTE,
      torch_vram_total: 8 * GIBIBYTE,
      torch_vram_free: GIBIBYTE / 2,
    }],
  });
}

function packagesOf({ frontendVersion, templatesVersion }: Profile): JsonObject {
  const packages = Object.entries({
    "comfyui-frontend-package": frontendVersion,
    "comfyui-workflow-templates": templatesVersion,
  });
  return {
    comfy_package_versions: packages
      .map(([name, version]) => ({ name, installed: version, required: version })),
    deploy_environment: "local-git",
  };
}

/** Assets are off by default. */
function refuseAssets(): Response {
  const message = "Assets system is disabled. " +
    "Start the server with --enable-assets to use this feature.";
  return json({ error: { code: "SERVICE_DISABLED", message, details: {} } }, 503);
}

async function getObjectInfo({ process }: Exchange): Promise<Response> {
  const files = await inputImages(process);
  const classes = process.catalogue.names()
    .map((name): [string, NodeInfo | undefined] => [name, process.catalogue.describe(name, files)]);
  return json(new Map(classes));
}

async function getNodeInfo({ process, params }: Exchange): Promise<Response> {
  const { node_class: name = "" } = params;
  const info = process.catalogue.describe(name, await inputImages(process));
  return json(info === undefined ? {} : { [name]: info });
}

async function inputImages({ files }: ComfyProcess): Promise<string[]> {
  return (await files.input.list("")).filter((name) => IMAGE_NAME.test(name)).sort();
}
