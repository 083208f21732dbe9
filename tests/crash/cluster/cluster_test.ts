import assert from "node:assert/strict";
import { startCluster } from "../../support/postgres.ts";
import { type ClusterReport, runClusterCrashes } from "./harness.ts";

/** Few by default, since each costs a second; 200 and more say something. */
const KILLS = Number(Deno.env.get("DGX_PIXELS_CLUSTER_KILLS") ?? 4);
const RESTARTS = Number(Deno.env.get("DGX_PIXELS_CLUSTER_RESTARTS") ?? Math.ceil(KILLS / 20));
const SEED = Number(Deno.env.get("DGX_PIXELS_CLUSTER_SEED") ?? Math.floor(Math.random() * 1e9));

const cluster = await startCluster();
if (cluster !== undefined) {
  Deno.test(`Three workers of one queue, killed ${KILLS} times, end each job once (DGX_PIXELS_CLUSTER_SEED=${SEED})`, async () => {
    const options = { cluster, schema: "crash", kills: KILLS, restarts: RESTARTS, seed: SEED };
    const report = await runClusterCrashes(options);
    await Deno.stderr.write(new TextEncoder().encode(`${figures(report)}\n`));
    const accepted = report.jobs.filter((job) => job.accepted);
    assert.ok(accepted.length > 0);
    assert.deepEqual(report.jobs.filter((job) => !job.accepted), [], "jobs that were refused");
    assert.deepEqual(accepted.filter(({ ending }) => ending === undefined), [], "jobs without end");
    assert.deepEqual(accepted.filter((job) => job.state !== job.ending), [], "two endings");
    assert.deepEqual(accepted.filter(({ ending }) => ending === "failed"), [], "failed jobs");
    const repeated = accepted.filter(({ executions }) => executions.length > 1);
    assert.deepEqual(repeated, [], "jobs that ran twice");
    const unrun = accepted.filter(({ ending, executions }) =>
      ending === "completed" && executions.length !== 1
    );
    assert.deepEqual(unrun, [], "completed jobs that did not run");
    assert.deepEqual(report.updateFaults, []);
    assert.ok(report.toTell > 0);
    assert.deepEqual(report.untold, [], "endings that a worker did not tell");
  });
}

function figures({ jobs, faults, toTell, untold }: ClusterReport): string {
  const count = (ending: string) => jobs.filter((job) => job.ending === ending).length;
  const executions = jobs.reduce((sum, job) => sum + job.executions.length, 0);
  return [
    `seed ${SEED}: ${faults.kills} kills of 3 workers, PostgreSQL restarted ${faults.fast} times (fast) and ` +
    `${faults.immediate} times (immediate), ${faults.cuts} cuts of the network to it; ${faults.gaveUp} starts given up`,
    `jobs: ${jobs.length}, completed ${count("completed")}, cancelled ${count("cancelled")}, ` +
    `failed ${count("failed")}, executions ${executions}`,
    `endings told by workers that lived on: ${toTell - untold.length} of ${toTell}`,
  ].join("\n");
}
