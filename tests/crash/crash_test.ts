import assert from "node:assert/strict";
import { type CrashReport, runCrashes } from "./harness.ts";
import type { JobExecution } from "./executions.ts";

/** Few by default, since each costs a second; 200 and more say something. */
const KILLS = Number(Deno.env.get("DGX_PIXELS_CRASH_KILLS") ?? 6);
const SEED = Number(Deno.env.get("DGX_PIXELS_CRASH_SEED") ?? Math.floor(Math.random() * 1e9));

Deno.test(`A worker killed ${KILLS} times under load ends each job once (DGX_PIXELS_CRASH_SEED=${SEED})`, async () => {
  const report = await runCrashes({ kills: KILLS, seed: SEED });
  await Deno.stderr.write(new TextEncoder().encode(`${figures(report)}\n`));
  const accepted = report.jobs.filter((job) => job.accepted);
  assert.ok(accepted.length > 0);
  assert.deepEqual(accepted.filter(({ ending }) => ending === undefined), [], "jobs without end");
  assert.deepEqual(report.jobs.filter((job) => !job.accepted), [], "jobs that were refused");
  assert.deepEqual(accepted.filter((job) => job.state !== job.ending), [], "two endings");
  assert.deepEqual(unfoundedFailures(report), [], "failures without a cause");
  assert.deepEqual(repeated(report), [], "prompts that ran again");
  assert.deepEqual(brokenPromises(report), [], "cancelled jobs that went on, or ended otherwise");
  assert.deepEqual(report.updateFaults, []);
  assert.deepEqual(report.files.broken, [], "files that are not whole");
  const whole = new Set(report.files.whole);
  const lost = accepted.filter(({ ending }) => ending === "completed")
    .filter(({ imagePaths: [path] }) => path === undefined || !whole.has(path));
  assert.deepEqual(lost, [], "images that are not there");
});

/** A job may fail only because ComfyUI went down twice after it had begun to run it. */
function unfoundedFailures({ jobs, ledger }: CrashReport) {
  return jobs.filter(({ ending }) => ending === "failed").flatMap(({ id, seed, error }) => {
    const executions = executionsOf(ledger.executions, seed);
    const cutOff = executions.filter(({ life }) => life < ledger.restarts);
    return cutOff.length < 2 ? [{ id, error, executions }] : [];
  });
}

/**
 * A prompt may run again only if the life of ComfyUI in which it ran has ended, and its memory of it
 * with it; and never once the job's ending was told.
 */
function repeated({ jobs, ledger }: CrashReport) {
  return jobs.flatMap(({ id, seed, endedAt = Infinity }) => {
    const executions = executionsOf(ledger.executions, seed);
    const lives = new Set(executions.map(({ life }) => life));
    const late = executions.filter(({ at }) => at >= endedAt);
    return lives.size < executions.length || late.length > 0 ? [{ id, endedAt, executions }] : [];
  });
}

/**
 * A job whose cancelling was promised ends as cancelled, one that nobody wanted to cancel does not, and
 * when that is told ComfyUI does not run it any more.
 */
function brokenPromises({ jobs, ledger }: CrashReport) {
  return jobs.flatMap(({ id, seed, ending, cancel, endedAt = Infinity }) => {
    const executions = executionsOf(ledger.executions, seed);
    const goesOn = executions.some((execution) => (execution.endedAt ?? Infinity) > endedAt);
    const isKept = cancel === "promised" ? ending === "cancelled" : ending !== "cancelled";
    const isExcused = cancel === "too late";
    const isBroken = (!isKept && !isExcused) || (ending === "cancelled" && goesOn);
    return isBroken ? [{ id, ending, cancel, endedAt, executions }] : [];
  });
}

function executionsOf(executions: readonly JobExecution[], seed: number): JobExecution[] {
  return executions.filter((execution) => execution.seed === seed);
}

function figures({ jobs, ledger, files, updates, updateFaults }: CrashReport): string {
  const count = (ending: string) => jobs.filter((job) => job.ending === ending).length;
  const outcomes = Map.groupBy(ledger.executions, ({ outcome }) => outcome ?? "under way");
  const executed = [...outcomes].map(([outcome, list]) => `${list.length} ${outcome}`).join(", ");
  const named = new Set(jobs.flatMap(({ imagePaths }) => imagePaths));
  const extra = files.whole.filter((path) => !named.has(path));
  return [
    `seed ${SEED}: ${KILLS} kills of the worker, ${ledger.restarts} restarts of the simulator`,
    `jobs: ${jobs.length}, accepted ${jobs.filter((job) => job.accepted).length}, ` +
    `completed ${count("completed")}, cancelled ${count("cancelled")}, failed ${count("failed")}`,
    `executions: ${ledger.executions.length} (${executed})`,
    `updates heard: ${updates}, out of order: ${updateFaults.length}`,
    `files: ${files.whole.length} whole, ${files.broken.length} broken, ${extra.length} of no job, ` +
    `${files.parts.length} hidden parts, ${files.previews.length} previews left`,
  ].join("\n");
}
