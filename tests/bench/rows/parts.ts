/** Where the time of a job goes, from a trace. It informs, and judges nothing. */

import { type Bench, type Figure, time } from "../support/figures.ts";
import { type CollectedSpan, startCollector } from "../../support/collector.ts";
import { connectTo, wait, watch } from "../support/jobs.ts";
import { startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { median, percentile } from "../support/statistics.ts";

const JOBS = 60;
const WARM_UP = 20;
/** Longest time until spans have left, in milliseconds. */
const EXPORT_MS = 1_500;

/** A job by its parts. */
export const PARTS: Bench = {
  name: "parts",
  about: "cost of a job by part, from a trace",
  async run() {
    await using collector = startCollector();
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: 0, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 },
    });
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls], {
      env: collector.env,
    });
    await using updates = await watch(ours);
    await using connection = await connectTo(ours);
    const accepted: number[] = [];
    const whole: number[] = [];
    let skipped = 0;
    for (let job = 0; job < WARM_UP + JOBS; job += 1) {
      if (job === WARM_UP) {
        await wait(EXPORT_MS);
        skipped = collector.spans.length;
      }
      const began = performance.now();
      const { id } = await connection.submit();
      const acceptedAt = performance.now();
      await updates.find(id, "job_complete");
      if (job < WARM_UP) continue;
      accepted.push(acceptedAt - began);
      whole.push(performance.now() - began);
    }
    await wait(EXPORT_MS);
    return [
      row("a job, from the request to job_complete", whole, JOBS),
      row("of that, until job_accepted (socket, decode, check, store)", accepted, JOBS),
      ...parts(collector.spans.slice(skipped)),
    ];
  },
};

function parts(spans: readonly CollectedSpan[]): Figure[] {
  const groups = Map.groupBy(spans, nameOf);
  return [...groups].map(([name, group]) => row(name, group.map(({ tookMs }) => tookMs), JOBS));
}

/** Deno itself makes a span of every fetch. */
function nameOf({ name, attributes }: CollectedSpan): string {
  const url = attributes["url.full"];
  if (url === undefined) return `  ${name}`;
  const [, first = ""] = new URL(url).pathname.split("/");
  return `  ${name} /${first}`;
}

function row(what: string, took: readonly number[], jobs: number): Figure {
  const times = took.length === jobs ? "" : `×${(took.length / jobs).toFixed(1)}`;
  return {
    what: `${what}${times}`,
    ours: time(median(took)),
    beside: `p95 ${time(percentile(took, 0.95))}`,
    target: "",
    reached: "",
    holds: undefined,
  };
}
