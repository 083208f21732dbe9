/** What several parts make of the settings. Pure. */

import type { ServerConfig, WorkflowsConfig } from "./config.ts";

/** The headers that go with every request to a server: its own, and its token. */
export function headersOf(
  { token, headers = {} }: Pick<ServerConfig, "token" | "headers">,
): Readonly<Record<string, string>> {
  return token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
}

/** Which workflow goes with which requests that name none, by what they ask for. */
export function routesOf(workflows: WorkflowsConfig): {
  readonly animation: string;
  readonly tileset: string;
  readonly initImage: string;
  readonly batch: string;
  readonly lora: string;
} {
  return {
    animation: workflows.forAnimation,
    tileset: workflows.forTileset,
    initImage: workflows.forInitImage,
    batch: workflows.forBatch,
    lora: workflows.forLora,
  };
}
