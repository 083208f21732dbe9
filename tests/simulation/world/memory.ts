/** Memory that a process and its isolates share: calls by it wake up who waits as an event of the world. */

import { replace } from "./replace.ts";
import { currentProcess, presentWorld, type Process } from "./world.ts";

/** Time from a call until who waits for it goes on, in milliseconds. */
const CALL_MS = 0.03;

interface Waiting {
  readonly process: Process;
  readonly memory: Int32Array;
  readonly index: number;
  readonly value: number;
  readonly resolve: (result: "ok") => void;
}

const waiting = new Set<Waiting>();

/** Replaces `Atomics.waitAsync` and `Atomics.notify`. */
export function installMemory(): void {
  const { waitAsync, notify } = Atomics;
  replace(
    Atomics,
    "waitAsync",
    ((memory: Int32Array, index: number, value: number) => {
      const process = currentProcess();
      if (process === undefined) return waitAsync(memory, index, value);
      if (Atomics.load(memory, index) !== value) return { async: false, value: "not-equal" };
      const { promise, resolve } = Promise.withResolvers<"ok">();
      waiting.add({ process, memory, index, value, resolve });
      return { async: true, value: promise };
    }) as typeof waitAsync,
  );
  replace(
    Atomics,
    "notify",
    ((memory: Int32Array, index: number, count?: number) => {
      if (currentProcess() === undefined) return notify(memory, index, count);
      let called = 0;
      for (const one of waiting) {
        // Each end has an object of its own for the same memory, which only what stands in it shows.
        const isChanged = Atomics.load(one.memory, one.index) !== one.value;
        if (one.memory !== memory && !isChanged) continue;
        waiting.delete(one);
        presentWorld().schedule(one.process, CALL_MS, "called", () => one.resolve("ok"));
        called += 1;
      }
      return called;
    }) as typeof notify,
  );
}

/** Forgets who waits in a world that is over. */
export function forgetWaiting(): void {
  waiting.clear();
}
