/**
 * Every route, by its method and path.
 *
 * @module
 */

import type { Profile } from "../../profile.ts";
import { FILE_ROUTES } from "./files.ts";
import { INFORMATION_ROUTES } from "./information.ts";
import { JOB_ROUTES } from "./jobs.ts";
import { MODEL_ROUTES } from "./models.ts";
import { PROMPT_ROUTES } from "./prompt.ts";
import { QUEUE_ROUTES } from "./queue.ts";
import type { Route } from "./route.ts";
import { SOCKET_ROUTES } from "./socket.ts";

/** Every route by its name. */
export const ROUTES: Readonly<Record<string, Route>> = {
  ...PROMPT_ROUTES,
  ...QUEUE_ROUTES,
  ...INFORMATION_ROUTES,
  ...MODEL_ROUTES,
  ...FILE_ROUTES,
  ...JOB_ROUTES,
  ...SOCKET_ROUTES,
};

/** What a request was found to be for. */
export interface Match {
  /** Name of the route, such as `GET /history/{prompt_id}`. */
  readonly name: string;
  /** The route. */
  readonly route: Route;
  /** Values of the placeholders. */
  readonly params: Record<string, string>;
}

interface Entry {
  readonly name: string;
  readonly method: string;
  readonly segments: readonly string[];
  readonly route: Route;
}

const ENTRIES = Object.entries(ROUTES).map(([name, route]): Entry => {
  const [method = "", path = ""] = name.split(" ");
  return { name, method, segments: path.split("/"), route };
});

/** Finds the route of a request. Each one exists twice, bare and below `/api`. */
export function findRoute(method: string, path: string, profile: Profile): Match | undefined {
  const paths = path.startsWith("/api/") ? [path, path.slice("/api".length)] : [path];
  const wanted = method === "HEAD" ? "GET" : method;
  for (const candidate of paths) {
    for (const { name, method, segments, route } of ENTRIES) {
      if (method !== wanted || !(route.exists?.(profile) ?? true)) continue;
      const params = matchPath(segments, candidate.split("/"));
      if (params !== undefined) return { name, route, params };
    }
  }
  return undefined;
}

function matchPath(
  pattern: readonly string[],
  path: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const given = path[index] ?? "";
    if (!wanted.startsWith("{")) {
      if (wanted !== given) return undefined;
    } else if (given === "") {
      return undefined;
    } else {
      params[wanted.slice(1, -1)] = decode(given);
    }
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
