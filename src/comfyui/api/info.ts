/** What the server tells of itself: machine, node classes, models. */

import { type HttpApi, type HttpRequest, SMALL_ANSWER_BYTES } from "./http.ts";
import {
  asArray,
  asNumber,
  asObject,
  asStrings,
  asText,
  isObject,
  type JsonObject,
} from "./json.ts";
import type { CallOptions } from "../options.ts";

/** A device that the server computes on. */
export interface DeviceStats {
  /** Name as the server gives it. */
  name: string;
  /** `cuda`, `cpu`, `mps`, … */
  type: string;
  /** All memory of the device in bytes; of the machine for a CPU. */
  vramTotalBytes: number;
  /** Free memory of the device in bytes. */
  vramFreeBytes: number;
}

/** The server's machine and software. */
export interface SystemStats {
  /**
   * ComfyUI's version; absent in very old ones, and forks have their own. For people, not for
   * decisions.
   */
  version?: string;
  /** The devices. */
  devices: DeviceStats[];
  /** The answer as it came. */
  raw: JsonObject;
}

/** What the server can do, as found by trying. */
export interface ServerFeatures {
  /** Its feature flags; empty when it has none (before 0.3.45). */
  flags: JsonObject;
  /** True when it has the jobs API. */
  hasJobs: boolean;
}

/** A model file. */
export interface ModelDetails {
  /** Path relative to its folder, in the server's spelling. */
  name: string;
  /** Size of the file in bytes. */
  sizeBytes: number;
}

/** Asks for the machine and the software. */
export async function systemStats(api: HttpApi, call: CallOptions): Promise<SystemStats> {
  const raw = asObject(await api.json("/system_stats", small(call)));
  const version = asText(asObject(raw.system).comfyui_version);
  const devices = asArray(raw.devices).filter(isObject).map((device) => ({
    name: asText(device.name) ?? "unknown",
    type: asText(device.type) ?? "unknown",
    vramTotalBytes: asNumber(device.vram_total) ?? 0,
    vramFreeBytes: asNumber(device.vram_free) ?? 0,
  }));
  return { ...(version === undefined ? {} : { version }), devices, raw };
}

/** Asks for the node classes, or for one of them; unknown ones are missing from the answer. */
export async function objectInfo(
  api: HttpApi,
  nodeClass: string | undefined,
  call: CallOptions,
): Promise<Record<string, JsonObject>> {
  const path = nodeClass === undefined ? "" : `/${encodeURIComponent(nodeClass)}`;
  // Several classes are asked for at once.
  const request = nodeClass === undefined ? call : small(call);
  const classes = asObject(await api.json(`/object_info${path}`, request));
  return Object.fromEntries(
    Object.entries(classes).map(([name, info]) => [name, asObject(info)]),
  );
}

/**
 * Asks which classes the server puts in place of others that it lacks; none where it has no such route,
 * before 0.33.
 */
export async function nodeReplacements(
  api: HttpApi,
  call: CallOptions,
): Promise<Record<string, string>> {
  const answer = asObject(await api.jsonIfKnown("/node_replacements", call));
  const pairs = Object.entries(answer).flatMap(([name, others]) => {
    const { new_node_id: id, input_mapping: mapping } = asObject(asArray(others)[0]);
    const other = asText(id);
    // Without a mapping ComfyUI 0.33.0 drops the node's inputs, and then refuses the prompt.
    return other === undefined || !Array.isArray(mapping) ? [] : [[name, other]];
  });
  return Object.fromEntries(pairs);
}

/** Asks for the models of a folder; none for a folder that the server does not have. */
export async function models(api: HttpApi, folder: string, call: CallOptions): Promise<string[]> {
  return asStrings(await api.jsonIfKnown(`/models/${encodeURIComponent(folder)}`, small(call)));
}

/**
 * Asks for the models of a folder with their sizes; `undefined` where the server lacks the route.
 */
export async function modelDetails(
  api: HttpApi,
  folder: string,
  call: CallOptions,
): Promise<ModelDetails[] | undefined> {
  const path = `/experiment/models/${encodeURIComponent(folder)}`;
  const answer = await api.jsonIfKnown(path, small(call));
  if (answer === undefined) return undefined;
  return asArray(answer).filter(isObject).flatMap((model) => {
    const name = asText(model.name);
    return name === undefined ? [] : [{ name, sizeBytes: asNumber(model.size) ?? 0 }];
  });
}

function small(call: CallOptions): HttpRequest {
  return { ...call, maxBytes: SMALL_ANSWER_BYTES };
}
