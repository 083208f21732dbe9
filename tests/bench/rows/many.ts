/** Many servers behind one worker, each with a job a second. */

import { atMost, type Bench, short, time } from "../support/figures.ts";
import { wallMs } from "../support/clock.ts";
import { connectTo, type Heard, wait, watch } from "../support/jobs.ts";
import { startOurs } from "../support/parties.ts";
import { type Seen, startSimulators } from "../support/simulator.ts";
import { percentile } from "../support/statistics.ts";
import { processorMs } from "../support/usage.ts";

const SERVERS = 64;
const JOBS_EACH = 24;
const STEPS = 20;
/** With the other nodes a job takes a second. */
const STEP_MS = 46;
/** What comes first is left out: all begin at once, and what was never run before is compiled. */
const WARM_JOBS = 6 * SERVERS;
const MEASURED_MS = 10_000;
/** Every step is told, whatever comes at once. */
const SETTINGS = "output:\n  preview_method: none\nworker:\n  progress_per_s: 0\n" +
  `  queue_max_size: ${SERVERS * JOBS_EACH}\n`;

/** Sixty-four servers. */
export const MANY: Bench = {
  name: "many",
  about: `${SERVERS} servers with a job of ${STEPS} steps a second each, in one worker`,
  async run() {
    await using simulators = await startSimulators({
      servers: SERVERS,
      simulator: { profile: "0.3.64", stepTimeMs: STEP_MS, nodeTimeMs: 10, loadTimeMs: 0 },
      tell: ["prompt_received", "progress", "execution_start", "execution_end"],
    });
    const urls = simulators.urls.flatMap((url) => ["--comfyui-url", url]);
    await using ours = await startOurs(urls, { settings: SETTINGS });
    await using updates = await watch(ours);
    await using connection = await connectTo(ours);
    for (let job = 0; job < JOBS_EACH; job += 1) {
      await Promise.all(Array.from({ length: SERVERS }, () => {
        const id = `job-${crypto.randomUUID()}`;
        return connection.submit({ id, prompt: `a knight, ${id}`, steps: STEPS });
      }));
    }
    await updates.count("job_finished", WARM_JOBS);
    const from = { ms: wallMs(), processorMs: await processorMs(ours.pid) };
    const heard = updates.heard.length;
    const jobs = updates.counted("job_finished");
    await wait(MEASURED_MS);
    const tookMs = wallMs() - from.ms;
    const percent = (await processorMs(ours.pid) - from.processorMs) / tookMs * 100;
    const perSecond = (updates.counted("job_finished") - jobs) * 1_000 / tookMs;
    const ages = agesOf(updates.heard.slice(heard), simulators.seen);
    const idle = idleMs(simulators.seen, from.ms);
    const shareOf = (ms: number) => ms / (SERVERS * tookMs) * 100;
    const what = `${SERVERS} servers, ${short(perSecond)} jobs/s`;
    return [
      { what, ours: `${short(percent)} %`, beside: "", target: "≤60 %", ...atMost(percent, 60) },
      {
        what: "step → subscriber beside them, p95",
        ours: time(percentile(ages, 0.95)),
        beside: `p50 ${time(percentile(ages, 0.5))}`,
        target: "≤10 ms",
        ...atMost(percentile(ages, 0.95), 10),
      },
      {
        what: "their time without a job to begin",
        ours: `${short(shareOf(idle.unfed))} %`,
        beside: `none runs ${short(shareOf(idle.all))} %`,
        target: "≤1 %",
        ...atMost(shareOf(idle.unfed), 1),
      },
    ];
  },
};

/** How old each step was that was heard of. */
function agesOf(heard: readonly Heard[], seen: readonly Seen[]): number[] {
  const jobs = new Map<string, string>();
  const steps = new Map<string, number>();
  for (const event of seen) {
    if (event.type === "prompt_received" && event.promptId !== undefined) {
      jobs.set(event.promptId, event.jobId ?? "");
    }
    if (event.type === "progress" && event.max === STEPS) {
      steps.set(`${jobs.get(event.promptId)} ${event.value}`, event.atMs);
    }
  }
  const told = new Set<string>();
  return heard.flatMap(({ atMs, update }) => {
    if (update.type !== "progress" || update.stage !== "sampling") return [];
    const step = `${update.job_id} ${update.step}`;
    const stepAtMs = steps.get(step);
    if (stepAtMs === undefined || told.has(step)) return [];
    told.add(step);
    return [atMs - stepAtMs];
  });
}

/**
 * How long the servers together ran nothing from one job to the next: in all, and before they had even been
 * handed the next one. The rest is their own: they begin late, since they share a process.
 */
function idleMs(seen: readonly Seen[], fromMs: number): { all: number; unfed: number } {
  const servers = Array.from({ length: SERVERS }, () => ({ waiting: 0, fedMs: 0, endedMs: 0 }));
  let [all, unfed] = [0, 0];
  for (const { type, server, atMs } of seen) {
    const one = servers[server]!;
    if (type === "prompt_received") {
      if (one.waiting === 0) one.fedMs = atMs;
      one.waiting += 1;
    } else if (type === "execution_end") {
      one.endedMs = atMs;
    } else if (type === "execution_start") {
      one.waiting -= 1;
      if (one.endedMs < fromMs) continue;
      all += atMs - one.endedMs;
      unfed += Math.max(0, one.fedMs - one.endedMs);
    }
  }
  return { all, unfed };
}
