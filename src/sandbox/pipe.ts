/** Lets what is written for a Deno Worker run as a process: messages come by standard input, and leave by output. */

import { MAX_LINE_BYTES, readLines, TOO_LARGE_STATUS, writeLine } from "../executor/lines.ts";
import type { FromSandbox, ToSandbox } from "../executor/messages.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToSandbox>) => void) | null;
  postMessage(messages: readonly FromSandbox[]): void;
};

/** Most memory, in bytes: bytes outside of JavaScript's heap have no limit of their own. */
const MAX_MEMORY_BYTES = 3 * 2 ** 30;

/**
 * Hands on messages. Ends the process when the host is gone, or when with a message, heartbeats included, it
 * takes more memory than it may.
 */
export async function servePipe(maxMemoryBytes: number = MAX_MEMORY_BYTES): Promise<void> {
  self.postMessage = (messages) => writeAll(writeLine(messages));
  for await (const data of readLines(Deno.stdin.readable, MAX_LINE_BYTES)) {
    if (Deno.memoryUsage().rss > maxMemoryBytes) Deno.exit(TOO_LARGE_STATUS);
    self.onmessage?.(new MessageEvent("message", { data: data as ToSandbox }));
  }
  Deno.exit();
}

/** In order, and as slow as the host reads: nothing piles up here. */
function writeAll(bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}
