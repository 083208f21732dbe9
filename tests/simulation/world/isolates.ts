/** Isolates: what runs in a `Worker` runs in a process of its own instead, told by copies of messages. */

import { IsolateService } from "../../../src/sandbox/service.ts";
import { replace } from "./replace.ts";
import { currentProcess, presentWorld, Process } from "./world.ts";

/** The isolates that live. */
export const isolates = new Set<SimulatedIsolate>();

/** An isolate as its host sees it. */
export class SimulatedIsolate {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null = null;
  onmessageerror: unknown = null;
  readonly sharesNoMemory = !presentWorld().hasSharedMemory;
  /** Where its code runs. */
  readonly process: Process;
  readonly #host: Process;
  readonly #service: IsolateService;
  #toHostMs = 0;
  #fromHostMs = 0;

  constructor(host: Process) {
    const world = presentWorld();
    this.#host = host;
    this.process = new Process(`${host.name}/isolate${++lastNumber}`);
    host.onKill.push(() => this.terminate());
    this.#service = new IsolateService((message) => {
      const data = structuredClone(message);
      this.#toHostMs = Math.max(this.#toHostMs, world.nowMs + world.random.between(0.01, 1));
      world.schedule(host, this.#toHostMs - world.nowMs, "from isolate", () => {
        if (this.process.isAlive) this.onmessage?.({ data });
      });
    });
    // What a dead process still starts, on its way to its next wait, is dead, too.
    if (host.isAlive) isolates.add(this);
    else this.process.kill();
  }

  postMessage(message: Parameters<IsolateService["take"]>[0]): void {
    const world = presentWorld();
    const data = structuredClone(message);
    this.#fromHostMs = Math.max(this.#fromHostMs, world.nowMs + world.random.between(0.01, 1));
    world.schedule(this.process, this.#fromHostMs - world.nowMs, "to isolate", () => {
      this.#service.take(data);
    });
  }

  terminate(): void {
    isolates.delete(this);
    this.process.kill();
  }

  /** Crashes, as with memory that is exhausted. */
  crash(): void {
    const world = presentWorld();
    this.process.kill();
    world.schedule(this.#host, 1, "isolate crashed", () => {
      this.onerror?.({ message: "out of memory", preventDefault() {} });
    });
  }
}

let lastNumber = 0;

/** Forgets all isolates. */
export function forgetIsolates(): void {
  isolates.clear();
  lastNumber = 0;
}

/** Replaces `Worker`. */
export function installIsolates(): void {
  const Real = globalThis.Worker;
  replace(
    globalThis,
    "Worker",
    function (url: URL, options: WorkerOptions) {
      const process = currentProcess();
      return process === undefined ? new Real(url, options) : new SimulatedIsolate(process);
    } as unknown as typeof Worker,
  );
}
