/** What the tests of executors start. */

import type { ServerOptions } from "../../src/executor/mod.ts";

/** A server with images in a folder. */
export function serverOptions(serverUrl: string, outputDir = "/nonexistent"): ServerOptions {
  return {
    name: serverUrl,
    setup: {
      serverUrl,
      clientId: "c",
      outputDir,
      modelDirs: {},
      allowGlobalInterrupt: false,
      defaultWorkflow: "w",
      filenamePattern: "{job_id}",
      keepPreviews: false,
      maxPreviewsPerSecond: 10,
      maxPreviews: 100,
      progressPerSecond: 60,
      stallTimeoutMs: 1_000,
    },
  };
}
