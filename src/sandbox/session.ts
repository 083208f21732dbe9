/** All that the jobs on one server share, made ready. */

import { createAlarm } from "../comfyui/mod.ts";
import type { LogFields, LogLevel } from "../log.ts";
import { loadCatalog } from "../workflow/mod.ts";
import type { SandboxSetup, ServerState } from "../executor/messages.ts";
import { PostOrder } from "./post_order.ts";
import { createInputImages } from "./input.ts";
import type { JobContext } from "./context.ts";
import { createModelIndex } from "./models.ts";
import { createNodeIndex } from "./nodes.ts";
import { watchServer } from "./server.ts";
import { SavedAgain } from "./touch.ts";

/** Whom a session tells. */
export interface SessionOptions {
  /** Called when the health of the server changes. */
  onState: (state: ServerState, error: string | undefined) => void;
  /** Takes log lines. */
  log: (level: LogLevel, message: string, fields?: LogFields) => void;
}

/**
 * Reads the workflows and starts to look for the server.
 *
 * @throws {ConfigError} for a folder that cannot be read, and for settings that name no workflow.
 */
export async function openSession(
  setup: SandboxSetup,
  { onState, log }: SessionOptions,
): Promise<JobContext> {
  const catalog = await loadCatalog({
    ...(setup.workflowDir === undefined ? {} : { dir: setup.workflowDir }),
    defaultWorkflow: setup.defaultWorkflow,
    ...(setup.routes === undefined ? {} : { routes: setup.routes }),
  });
  const inputs = createInputImages(setup.inputDir);
  const loaded = new Set<string>();
  const later = createAlarm();
  const server = watchServer(setup, {
    log,
    later,
    onState: (state, error) => {
      inputs.doubt();
      nodes.forget();
      loaded.clear();
      onState(state, error);
    },
  });
  const models = createModelIndex(server, setup.modelDirs);
  const nodes = createNodeIndex(server);
  const order = new PostOrder();
  const again = new SavedAgain();
  return { setup, catalog, server, models, inputs, nodes, loaded, again, order, later, log };
}
