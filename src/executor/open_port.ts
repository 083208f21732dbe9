/** Starts isolates, as threads or as processes. */

import { ConfigError, JobError } from "../errors.ts";
import { hideSecrets } from "../secrets.ts";
import type { SandboxSetup } from "./messages.ts";
import { sandboxPermissions } from "./permissions.ts";
import type { Isolation, Port } from "./port.ts";
import { ProcessPort } from "./process.ts";

/** What to open. */
export interface PortOptions {
  /** Where the isolate lives. */
  isolation: Isolation;
  /** Its entry module. @default the real one */
  url?: URL;
  /** What decides its rights. */
  setups: readonly SandboxSetup[];
}

/** Files and sockets that an isolate has open from its start on, with some to spare. */
const FILES = 24;

/** What reads as nothing, and is always there. */
const EMPTY_FILE = "/dev/null";

/**
 * Starts an isolate.
 *
 * @throws {JobError} `unavailable` if as many files cannot be opened as it takes.
 */
export function openPort({ isolation, url, setups }: PortOptions): Port {
  if (Deno.build.os === "linux") tryFiles();
  const permissions = sandboxPermissions(setups);
  if (isolation === "process") {
    return new ProcessPort(
      url ?? new URL("../sandbox/process_main.ts", import.meta.url),
      permissions,
    );
  }
  return new Worker(url ?? new URL("../sandbox/main.ts", import.meta.url), {
    type: "module",
    // Deno prints it when the isolate crashes.
    name: `sandbox ${setups.map(({ serverUrl }) => hideSecrets(serverUrl)).join(" ")}`,
    deno: { permissions },
  });
}

/** Where too few files can be opened, `new Worker()` ends the whole process (Deno 2.9.6). */
function tryFiles(): void {
  using open = new DisposableStack();
  try {
    for (let count = 0; count < FILES; count++) open.use(Deno.openSync(EMPTY_FILE));
  } catch (cause) {
    // Who may not read it learns nothing.
    if (cause instanceof Deno.errors.NotCapable) return;
    throw new JobError(
      "unavailable",
      "An isolate cannot be started: the worker has too many files open; raise the limit " +
        "(ulimit -n, or LimitNOFILE of the service)",
      { cause },
    );
  }
}

/**
 * Checks that isolates can be had so.
 *
 * @param isBinary True in a compiled program, which is no Deno that could run a module.
 * @throws {ConfigError} `invalid_value` with the remedy.
 */
export async function checkIsolation(
  isolation: Isolation,
  isBinary: boolean = Deno.build.standalone,
): Promise<void> {
  if (isolation === "thread") return;
  if (isBinary) {
    throw new ConfigError(
      "invalid_value",
      "Isolates as processes (executor.isolation) need Deno itself; run the worker from source, or use thread",
    );
  }
  const { state } = await Deno.permissions.query({ name: "run", command: Deno.execPath() });
  if (state === "granted") return;
  throw new ConfigError(
    "invalid_value",
    "Isolates as processes (executor.isolation) need the right to start Deno; " +
      `use \`deno task worker:process\`, or add --allow-run=${Deno.execPath()}`,
  );
}
