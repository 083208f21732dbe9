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
  /** Has the process end whatever is still under way, such as a message that nobody takes. */
  readonly endAtOnce: () => void;
}

/** Time that a message gets, in milliseconds; whoever listens has room for some without reading them. */
const TELL_MS = 1_000;

/** Shortest and longest time between two signs of life, in milliseconds. */
const [SHORTEST_MS, LONGEST_MS] = [100, 3_600_000];

/** Nobody wants to know. */
const NOBODY: Supervisor = {
  tell: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Finds who started the worker; with `WATCHDOG_USEC` it hears twice in that time that the worker lives. */
export async function findSupervisor(
  { env, logger, endAtOnce }: SupervisorOptions,
): Promise<Supervisor> {
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
    return speakTo(path, {
      socket,
      folder,
      watchdogUs: Number(env("WATCHDOG_USEC")),
      complain,
      endAtOnce,
    });
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
  readonly endAtOnce: () => void;
}

function speakTo(path: string, line: Line): Supervisor {
  const { socket, folder, watchdogUs, complain, endAtOnce } = line;
  let waiting = 0;
  let isHeard = true;
  /** Of the socket only one message may be under way. */
  let sending = Promise.resolve();
  const send = async (lines: readonly string[]): Promise<void> => {
    try {
      const bytes = new TextEncoder().encode(lines.join("\n"));
      await socket.send(bytes, { transport: "unixpacket", path });
      isHeard = true;
    } catch (error) {
      if (isHeard) complain(error);
      isHeard = false;
    } finally {
      waiting -= 1;
    }
  };
  const tell = async (...lines: string[]): Promise<void> => {
    waiting += 1;
    sending = sending.then(() => send(lines));
    if (await isDoneInTime(sending) || !isHeard) return;
    isHeard = false;
    complain(NOT_READ);
  };
  // A main isolate that hangs is not heard of, and is started anew.
  const timer = watchdogUs > 0
    ? setInterval(() => {
      if (waiting === 0) void tell("WATCHDOG=1");
    }, Math.min(Math.max(watchdogUs / 2_000, SHORTEST_MS), LONGEST_MS))
    : undefined;
  return {
    tell,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      // Nothing ends a message that nobody takes.
      if (!await isDoneInTime(sending)) endAtOnce();
      socket.close();
      await Deno.remove(folder, { recursive: true }).catch(complain);
    },
  };
}

/** What is said of a socket that is full. */
const NOT_READ = "its socket is full, and nobody reads from it";

async function isDoneInTime(work: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), TELL_MS);
  const isDone = await Promise.race([work.then(() => true), promise]);
  clearTimeout(timer);
  return isDone;
}
