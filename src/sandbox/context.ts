/** What the jobs of one server share in its isolate. */

import type { Later } from "../comfyui/mod.ts";
import type { LogFields, LogLevel } from "../log.ts";
import type { Catalog } from "../workflow/mod.ts";
import type { SandboxSetup } from "../executor/messages.ts";
import type { InputImages } from "./input.ts";
import type { ModelIndex } from "./models.ts";
import type { NodeIndex } from "./nodes.ts";
import type { PostOrder } from "./post_order.ts";
import type { ServerWatch } from "./server.ts";
import type { SavedAgain } from "./touch.ts";

/** What the jobs of a sandbox share. */
export interface JobContext {
  /** How the sandbox was set up. */
  readonly setup: SandboxSetup;
  /** The workflows. */
  readonly catalog: Catalog;
  /** The server. */
  readonly server: ServerWatch;
  /** The server's models. */
  readonly models: ModelIndex;
  /** What the server tells of its node classes. */
  readonly nodes: NodeIndex;
  /** The images that requests start from. */
  readonly inputs: InputImages;
  /** Model files that the server has used since it came up. */
  readonly loaded: Set<string>;
  /** Which images are to be saved again. */
  readonly again: SavedAgain;
  /** Keeps the prompts in the order of the jobs. */
  readonly order: PostOrder;
  /** Calls back after some time. */
  readonly later: Later;
  /** Takes log lines. */
  readonly log: (level: LogLevel, message: string, fields?: LogFields) => void;
}
