/** Makes a failing run small: fewer misfortunes, fewer jobs, fewer servers, as long as it fails alike. */

import type { Plan } from "./plan.ts";
import { runPlan } from "./run.ts";

/** A smaller plan that breaks the same promise, if one was found within the tries. */
export async function shrink(plan: Plan, mostTries = 120): Promise<Plan> {
  let [best, tries] = [plan, 0];
  const promise = promiseOf((await runPlan(plan)).failure);
  const fails = async (smaller: Plan): Promise<boolean> => {
    if (tries >= mostTries) return false;
    tries += 1;
    if (promiseOf((await runPlan(smaller)).failure) !== promise) return false;
    best = smaller;
    return true;
  };
  let before: Plan | undefined;
  while (before !== best) {
    before = best;
    await fails({ ...best, idleMs: 0 });
    await drop(() => best.faults, (faults) => fails({ ...best, faults }));
    await drop(() => best.calls ?? [], (calls) => fails({ ...best, calls }));
    await drop(() => best.jobs, (jobs) => fails({ ...best, jobs }));
    for (let servers = 1; servers < best.servers; servers++) await fails({ ...best, servers });
  }
  return best;
}

/** What is broken, whichever job it is broken to. */
function promiseOf(failure: string | undefined): string | undefined {
  return failure?.replaceAll(/job-\d+[:,]? /g, "").replaceAll(/\d+/g, "").split(":")[0];
}

/** Leaves out halves, then quarters, then single ones. */
async function drop<T>(
  all: () => readonly T[],
  fails: (left: T[]) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(all().length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < all().length;) {
      const left = [...all().slice(0, at), ...all().slice(at + size)];
      if (!await fails(left)) at += size;
    }
  }
}
