/** Says when a prompt waits behind one that has been running for suspiciously long. */

import type { ComfyClient, Later, QueueView } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";

/** Options of {@linkcode watchLongWait}. */
export interface LongWaitOptions {
  /** The server. */
  client: Pick<ComfyClient, "queue">;
  /** Time between two looks at the server's queue in milliseconds. */
  everyMs: number;
  /** Calls back after some time. */
  later: Later;
  /** Called with a sentence each time that the same prompt runs as at the look before. */
  onSuspicion: (sentence: string) => void;
}

/**
 * Looks at the queue of a server until disposed of. Nothing is given up: only the operator can tell
 * whether somebody else's prompt takes that long or ComfyUI's executor has died.
 */
export function watchLongWait(
  { client, everyMs, later, onSuspicion }: LongWaitOptions,
): Disposable {
  let seen: string | undefined;
  let looks = 0;
  const look = async () => {
    const queue = await askQueue(client);
    const running = queue?.running[0]?.promptId;
    looks = running !== undefined && running === seen ? looks + 1 : 0;
    seen = running;
    if (looks === 0) return;
    const seconds = looks * everyMs / 1_000;
    onSuspicion(
      `Waits in ComfyUI's queue behind prompt ${running}, which has been running for more than ` +
        `${seconds} s; if ComfyUI does nothing any more, restart it`,
    );
  };
  const repeat = () => {
    cancel = later(everyMs, repeat);
    look();
  };
  let cancel = later(everyMs, repeat);
  return { [Symbol.dispose]: () => cancel() };
}

/** A server that cannot be asked is somebody else's concern. */
async function askQueue(client: LongWaitOptions["client"]): Promise<QueueView | undefined> {
  try {
    return await client.queue();
  } catch (error) {
    if (error instanceof ComfyError) return undefined;
    throw error;
  }
}
