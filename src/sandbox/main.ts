/**
 * The isolate side: joins what an isolate does to the messages of its host.
 *
 * With its neighbours the only importer of `comfyui/` and `workflow/` in a running worker.
 */

import type { FromSandbox, ToSandbox } from "../executor/messages.ts";
import { IsolateService } from "./service.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToSandbox>) => void) | null;
  postMessage(messages: readonly FromSandbox[]): void;
};

const service = new IsolateService((messages) => self.postMessage(messages));

self.onmessage = ({ data }) => service.take(data);
