/** The rights of a sandbox: its servers, its folders, nothing else. */

import type { SandboxSetup } from "./messages.ts";

/** Folder of the workflows that come with the package. */
const BUILT_IN_WORKFLOWS = new URL("../../workflows/", import.meta.url);

/** What is granted; all else is denied. */
export interface SandboxPermissions extends Deno.PermissionOptionsObject {
  /** Hosts with their ports. */
  net: string[];
  /** Folders. */
  read: (string | URL)[];
  /** Folders. */
  write: string[];
}

/**
 * Grants net to the host and port of each server, reading to workflows, models, inputs and images,
 * writing to images.
 */
export function sandboxPermissions(
  setups: readonly SandboxSetup[],
): SandboxPermissions {
  return {
    net: distinct(setups.map(hostAndPort)),
    read: distinct(setups.flatMap(readFolders)),
    write: distinct(setups.map((setup) => setup.outputDir)),
    env: false,
    ffi: false,
    run: false,
    sys: false,
    import: false,
  };
}

function hostAndPort({ serverUrl }: SandboxSetup): string {
  const { protocol, hostname, port } = new URL(serverUrl);
  const serverPort = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return `${hostname}:${serverPort}`;
}

function readFolders(setup: SandboxSetup): (string | URL)[] {
  return [
    setup.outputDir,
    setup.workflowDir ?? BUILT_IN_WORKFLOWS,
    ...Object.values(setup.modelDirs).flat(),
    ...[setup.inputDir, setup.paletteDir].filter((folder) => folder !== undefined),
  ];
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
