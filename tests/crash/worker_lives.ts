/** The worker process, killed and started again on the same ports, queue and directory. */

import { type Program, startTask } from "../support/process.ts";

/** Options of {@linkcode WorkerLives}. */
export interface WorkerLivesOptions {
  /** Directory of the queue and the images. */
  dir: string;
  /** Base URL of ComfyUI. */
  comfyuiUrl: string;
  /** URL of the queue. @default a file in the directory */
  db?: string;
  /** Name of the worker on that queue. @default {"worker"} */
  name?: string;
}

/** Addresses of a worker, the same in each of its lives. */
export interface Addresses {
  readonly reqAddress: string;
  readonly pubAddress: string;
}

/** One worker after the other. */
export class WorkerLives implements AsyncDisposable {
  /** Where each of them listens. */
  readonly addresses: Addresses;
  /** Where each of them puts its images. */
  readonly outputDir: string;
  readonly #args: readonly string[];
  #program: Program | undefined;
  #killed = false;

  /** Starts none yet. */
  constructor(
    { dir, comfyuiUrl, db = `${dir}/queue.db`, name = "worker" }: WorkerLivesOptions,
  ) {
    const [req, pub] = freePorts(2).map((port) => `tcp://127.0.0.1:${port}`);
    this.addresses = { reqAddress: req ?? "", pubAddress: pub ?? "" };
    this.outputDir = `${dir}/output`;
    this.#args = [
      `--req-addr=${this.addresses.reqAddress}`,
      `--pub-addr=${this.addresses.pubAddress}`,
      `--comfyui-url=${comfyuiUrl}`,
      `--output-dir=${this.outputDir}`,
      `--db=${db}`,
      `--worker-name=${name}`,
    ];
  }

  /** Starts the next one. */
  start(): void {
    this.#killed = false;
    // More than one job at a time, so that prompts also wait on the server when the worker dies.
    const env = { DGX_PIXELS_WORKER_MAX_CONCURRENT_JOBS: "3" };
    this.#program = startTask("worker", this.#args, { env });
  }

  /** Resolves when the present one says that it is ready. @throws {Error} if it ended instead. */
  async ready(): Promise<void> {
    const line = await this.#program?.logged("Worker ready");
    if (line === undefined && !this.#killed) throw new Error(await this.#lastWords());
  }

  /** Resolves, with what it said, when the present one has ended without having been killed. */
  async endedByItself(): Promise<string> {
    await this.#program?.ended;
    if (this.#killed) return await new Promise(() => {});
    return await this.#lastWords();
  }

  /** Kills the present one as a power cut would, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#killed = true;
    try {
      this.#program?.signal("SIGKILL");
    } catch {
      throw new Error(await this.#lastWords());
    }
    await this.#program?.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }

  async #lastWords(): Promise<string> {
    const end = await this.#program?.ended;
    return `The worker ended by itself with code ${end?.code}: ${end?.stderr.slice(-2_000)}`;
  }
}

/** Ports that were free a moment ago: each life must find the same ones. */
export function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}
