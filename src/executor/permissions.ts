/** The rights of a sandbox: its server, its folders, nothing else. */

import type { SandboxSetup } from "./messages.ts";

/** Folder of the workflows that come with the package. */
const BUILT_IN_WORKFLOWS = new URL("../../workflows/", import.meta.url);

/** Grants net to one host and port, reading to workflows, models, inputs and pictures, writing to pictures. */
export function sandboxPermissions(setup: SandboxSetup): Deno.PermissionOptionsObject {
  const { protocol, hostname, port } = new URL(setup.serverUrl);
  const serverPort = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return {
    net: [`${hostname}:${serverPort}`],
    read: [
      setup.outputDir,
      setup.workflowDir ?? BUILT_IN_WORKFLOWS,
      ...Object.values(setup.modelDirs).flat(),
      ...(setup.inputDir === undefined ? [] : [setup.inputDir]),
    ],
    write: [setup.outputDir],
    env: false,
    ffi: false,
    run: false,
    sys: false,
    import: false,
  };
}
