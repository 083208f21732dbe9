/**
 * Simulates for as long as is wanted: `deno task simulate --help`.
 *
 * @module
 */

import { runPlan } from "./run.ts";
import { parseArgs } from "node:util";
import { drawPlan } from "./plan.ts";
import { story, Totals } from "./report.ts";

const HELP = `Runs the whole worker in a simulated world, one seed after the other, to the first
broken promise, whose run is made small and told.

--from N      first seed (default 1)
--runs N      number of seeds (default 1000)
--seconds N   stop after this time
--idle-hours N  quiet hours at the end of each run (default 0.17)
--jobs N      most jobs of a run (default 24)
--faults N    most faults of a run (default 12)
--servers N   most servers of a run (default 3)
--go-on       tell a broken promise in short and go on
--trace       print what happens`;

const { values } = parseArgs({
  args: [...Deno.args],
  options: {
    from: { type: "string", default: "1" },
    runs: { type: "string", default: "1000" },
    seconds: { type: "string", default: "Infinity" },
    "idle-hours": { type: "string", default: "0.17" },
    jobs: { type: "string", default: "24" },
    faults: { type: "string", default: "12" },
    servers: { type: "string", default: "3" },
    "go-on": { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Runs seeds; true if all promises were kept. */
async function simulate(): Promise<boolean> {
  const [from, runs, seconds] = [values.from, values.runs, values.seconds].map(Number);
  const idleMs = Number(values["idle-hours"]) * 3_600_000;
  const [mostJobs, mostFaults, mostServers] = [values.jobs, values.faults, values.servers].map(
    Number,
  );
  const limits = {
    idleMs,
    mostJobs: mostJobs!,
    mostFaults: mostFaults!,
    mostServers: mostServers!,
  };
  const totals = new Totals();
  let broken = 0;
  const began = performance.now();
  for (let seed = from!; seed < from! + runs!; seed++) {
    const tookS = (performance.now() - began) / 1_000;
    if (tookS > seconds!) break;
    const plan = drawPlan(seed, limits);
    const result = await runPlan(plan, { keepTrace: values.trace });
    if (values.trace) print(result.trace.join("\n"));
    totals.add(plan, result);
    if (result.failure !== undefined && values["go-on"]) {
      broken += 1;
      print(`seed ${seed}: ${result.failure}`);
    } else if (result.failure !== undefined) {
      const foundS = (performance.now() - began) / 1_000;
      print(`Broken after ${foundS.toFixed(1)} s and ${totals}; now made smaller`);
      print(await story(plan));
      return false;
    }
    if (totals.runs % 20 === 0) print(`${totals} in ${tookS.toFixed(0)} s, last seed ${seed}`);
  }
  print(`${totals} in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  print([...totals.counts].sort().map(([what, n]) => `${what}: ${n}`).join(", "));
  return broken === 0;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (values.help) print(HELP);
else if (!await simulate()) Deno.exit(1);
