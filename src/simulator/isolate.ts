/**
 * A simulator in a Deno Worker of its own, so that its painting holds up nobody else's event loop.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";
import type { SimulatorOptions } from "./options.ts";

/** Options that can be sent to an isolate: all but the clock. */
export type IsolatedOptions = Omit<
  SimulatorOptions,
  "clock" | "outputDir" | "inputDir" | "tempDir"
>;

/** A simulator somewhere else. Disposing closes it. */
export interface IsolatedSimulator extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8188`. */
  readonly url: string;
}

/** Host to isolate. */
export type ToSimulator = { type: "start"; options: IsolatedOptions } | { type: "close" };

/** Isolate to host. */
export type FromSimulator =
  | { type: "ready"; url: string }
  | { type: "failed"; message: string }
  | { type: "closed" };

/**
 * Starts a simulator in an isolate that may use the network of 127.0.0.1 and nothing else. Its files are
 * kept in memory.
 *
 * @throws {ConfigError} `invalid_value` when it cannot be started with these options.
 */
export async function startIsolatedSimulator(
  options: IsolatedOptions = {},
): Promise<IsolatedSimulator> {
  const worker = new Worker(new URL("./isolate_main.ts", import.meta.url), {
    type: "module",
    name: "simulator",
    deno: {
      permissions: {
        net: ["127.0.0.1"],
        read: false,
        write: false,
        env: false,
        ffi: false,
        run: false,
        sys: false,
        import: false,
      },
    },
  });
  const started = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<FromSimulator>) => {
    if (data.type === "ready") started.resolve(data.url);
    else if (data.type === "closed") closed.resolve();
    else started.reject(new ConfigError("invalid_value", data.message));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    started.reject(new Error(`The simulator crashed: ${event.message}`));
    closed.resolve();
  };
  const post = (message: ToSimulator) => worker.postMessage(message);
  try {
    post({ type: "start", options });
    const url = await started.promise;
    return {
      url,
      async [Symbol.asyncDispose]() {
        post({ type: "close" });
        await closed.promise;
        worker.terminate();
      },
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
