/**
 * An isolate in a process of its own: one that is out of memory, or in a loop without end, is ended by the
 * operating system and takes nothing along. A line of JSON each way is a message.
 */

import type { ToSandbox } from "./messages.ts";
import { MAX_LINE_BYTES, readLines, TOO_LARGE_STATUS, writeLine } from "./lines.ts";
import type { SandboxPermissions } from "./permissions.ts";
import type { Port } from "./port.ts";

/** Most of JavaScript's heap, in MB; images lie outside of it. */
const HEAP_MB = 1_024;

/** A process as a port. */
export class ProcessPort implements Port {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  onmessageerror: ((event: MessageEvent) => void) | null = null;
  readonly sharesNoMemory = true;
  readonly ended: Promise<void>;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #alive = true;

  /** Starts it; its entry module must talk by `sandbox/pipe.ts`. */
  constructor(url: URL, permissions: SandboxPermissions) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--cached-only",
        `--v8-flags=--max-old-space-size=${HEAP_MB}`,
        ...grants(permissions),
        url.href,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null", // it could write lines there that look like the worker's own
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#input.closed.catch(() => {}); // its end is told by its status
    this.ended = Promise.all([this.#listen(), this.#watch()]).then(() => {});
  }

  postMessage(message: ToSandbox): void {
    // One that has ended tells so by its status.
    this.#input.write(writeLine(message)).catch(() => {});
  }

  terminate(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#input.abort();
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  async #listen(): Promise<void> {
    try {
      for await (const data of readLines(this.#process.stdout, MAX_LINE_BYTES)) {
        if (!this.#alive) break;
        this.onmessage?.(new MessageEvent("message", { data }));
      }
    } catch {
      if (this.#alive) this.onmessageerror?.(new MessageEvent("messageerror"));
    }
  }

  async #watch(): Promise<void> {
    const { code, signal } = await this.#process.status;
    if (!this.#alive) return;
    this.#alive = false;
    await this.#input.abort();
    const message = code === TOO_LARGE_STATUS
      ? "its process took too much memory"
      : `its process ended with ${signal ?? `exit status ${code}`}`;
    this.onerror?.(new ErrorEvent("error", { message, cancelable: true }));
  }
}

/** Flags of the command line that grant the same; what is not named is denied. */
function grants({ net, read, write }: SandboxPermissions): string[] {
  return Object.entries({ net, read, write }).map(([name, list]) =>
    `--allow-${name}=${list.map(argument).join(",")}`
  );
}

function argument(value: string | URL): string {
  const text = value instanceof URL ? decodeURIComponent(value.pathname) : value;
  return text.replaceAll(",", ",,");
}
