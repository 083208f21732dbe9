/**
 * Tells systemd how the worker is: sd_notify(3), a datagram to the socket that `NOTIFY_SOCKET` names. Needs
 * `--unstable-net`, and Deno sends only from a socket that is bound itself.
 */

import type { Logger } from "../../log.ts";

/** Whoever started the worker and wants to know how it is. */
export interface Supervisor extends AsyncDisposable {
  /** Tells something, such as `READY=1`; what cannot be told is logged. */
  tell(...lines: string[]): Promise<void>;
}

/** What a supervisor is found by. */
export interface SupervisorOptions {
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Takes log lines. */
  readonly logger: Logger;
}

/** Nobody wants to know. */
const NOBODY: Supervisor = {
  tell: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Finds who started the worker; with `WATCHDOG_USEC` it hears twice in that time that the worker lives. */
export async function findSupervisor({ env, logger }: SupervisorOptions): Promise<Supervisor> {
  const path = env("NOTIFY_SOCKET");
  if (path === undefined || path === "") return NOBODY;
  const complain = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    logger.log("warn", `Cannot tell systemd how the worker is: ${reason}`, { socket: path });
  };
  if (!path.startsWith("/")) {
    complain("only sockets of the file system can be reached");
    return NOBODY;
  }
  try {
    const folder = await Deno.makeTempDir({ prefix: "dgx-pixels-" });
    const socket = Deno.listenDatagram({ transport: "unixpacket", path: `${folder}/notify` });
    return speakTo(path, { socket, folder, watchdogUs: Number(env("WATCHDOG_USEC")), complain });
  } catch (error) {
    complain(error);
    return NOBODY;
  }
}

interface Line {
  readonly socket: Deno.DatagramConn;
  readonly folder: string;
  readonly watchdogUs: number;
  readonly complain: (error: unknown) => void;
}

function speakTo(path: string, { socket, folder, watchdogUs, complain }: Line): Supervisor {
  const tell = async (...lines: string[]): Promise<void> => {
    try {
      const bytes = new TextEncoder().encode(lines.join("\n"));
      await socket.send(bytes, { transport: "unixpacket", path });
    } catch (error) {
      complain(error);
    }
  };
  // A main isolate that hangs is not heard of, and is started anew.
  const timer = watchdogUs > 0
    ? setInterval(() => void tell("WATCHDOG=1"), watchdogUs / 2_000)
    : undefined;
  return {
    tell,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      socket.close();
      await Deno.remove(folder, { recursive: true }).catch(complain);
    },
  };
}
