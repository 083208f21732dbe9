/** The isolate's side of `isolate.ts`. */

import type { FromSimulator, ToSimulator } from "./isolate.ts";
import { type Simulator, startSimulator } from "./simulator.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToSimulator>) => void) | null;
  postMessage(message: FromSimulator): void;
};

let simulator: Promise<Simulator> | undefined;

self.onmessage = ({ data }) => {
  if (data.type === "start") start(data.options);
  else close();
};

async function start(options: Extract<ToSimulator, { type: "start" }>["options"]): Promise<void> {
  try {
    simulator = startSimulator(options);
    self.postMessage({ type: "ready", url: (await simulator).url });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ type: "failed", message });
  }
}

async function close(): Promise<void> {
  await (await simulator)?.close();
  self.postMessage({ type: "closed" });
}
