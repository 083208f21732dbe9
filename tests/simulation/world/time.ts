/** Clocks, timers and chance. */

import { replace } from "./replace.ts";
import { currentProcess, type Happening, presentWorld } from "./world.ts";

/** Where the numbers of simulated timers begin, far above real ones. */
const FIRST_TIMER = 1_000_000_000;

const timers = new Map<number, Happening>();
let lastTimer = FIRST_TIMER;

/** Replaces them. */
export function installTime(): void {
  installTimers();
  const [wall, steady, chance] = [Date.now, performance.now.bind(performance), Math.random];
  replace(Date, "now", () => currentProcess() === undefined ? wall() : presentWorld().wallMs);
  replace(
    performance,
    "now",
    () => currentProcess() === undefined ? steady() : presentWorld().nowMs,
  );
  replace(
    Math,
    "random",
    () => currentProcess() === undefined ? chance() : presentWorld().random.next(),
  );
  const uuid = crypto.randomUUID.bind(crypto);
  replace(crypto, "randomUUID", () => {
    if (currentProcess() === undefined) return uuid();
    return presentWorld().random.uuid() as ReturnType<typeof uuid>;
  });
  const fill = crypto.getRandomValues.bind(crypto);
  replace(
    crypto,
    "getRandomValues",
    ((array: Uint8Array<ArrayBuffer>) => {
      if (currentProcess() === undefined) return fill(array);
      return array.map(() => presentWorld().random.whole(0, 255));
    }) as typeof fill,
  );
}

function installTimers(): void {
  const { setTimeout: after, setInterval: every, clearTimeout: forget, setImmediate: soon } =
    globalThis;
  type Callback = (...args: unknown[]) => void;
  const start = (callback: Callback, ms: number, args: unknown[], repeats: boolean): number => {
    const process = currentProcess();
    const world = presentWorld();
    if (process === undefined) throw new Error("No process");
    const id = ++lastTimer;
    const delayMs = Math.max(1, Math.min(Number(ms) || 0, 2 ** 31 - 1));
    const fire = () => {
      if (repeats) arm();
      else timers.delete(id);
      callback(...args);
    };
    const arm = () => void timers.set(id, world.schedule(process, delayMs, "timer", fire, true));
    arm();
    return id;
  };
  const stop = (id?: number) => {
    const happening = id === undefined ? undefined : timers.get(id);
    if (happening === undefined) return forget(id);
    timers.delete(id!);
    presentWorld().cancel(happening);
  };
  replace(
    globalThis,
    "setTimeout",
    ((callback: Callback, ms = 0, ...args: unknown[]) => {
      if (currentProcess() === undefined) return after(callback, ms, ...args);
      return start(callback, ms, args, false);
    }) as unknown as typeof after,
  );
  replace(
    globalThis,
    "setInterval",
    ((callback: Callback, ms = 0, ...args: unknown[]) => {
      if (currentProcess() === undefined) return every(callback, ms, ...args);
      return start(callback, ms, args, true);
    }) as unknown as typeof every,
  );
  replace(globalThis, "clearTimeout", stop as unknown as typeof forget);
  replace(globalThis, "clearInterval", stop as unknown as typeof forget);
  replace(
    globalThis,
    "setImmediate",
    ((callback: Callback, ...args: unknown[]) => {
      const process = currentProcess();
      if (process === undefined) return soon(callback, ...args);
      return presentWorld().schedule(process, 0.001, "turn", () => callback(...args));
    }) as unknown as typeof soon,
  );
}

/** Forgets the timers of a world that is over. */
export function forgetTimers(): void {
  timers.clear();
}
