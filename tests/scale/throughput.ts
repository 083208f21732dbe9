/** 50 workers of 20 servers, each of which does a job in 2 s, in a few processes beside one PostgreSQL. */

import { openPostgresQueue } from "../../src/queue/postgres/postgres_queue.ts";
import { percentile } from "../bench/support/statistics.ts";
import type { Cluster } from "../support/postgres.ts";
import { fill } from "./fill.ts";
import { familyS, pause } from "./machine.ts";
import type { MembersReport, MembersTask } from "./members.ts";

/** Time until one more worker has started and has work, in milliseconds. */
const WARM_MS = 1_000;

/** Counts for so many seconds, with more jobs there than can be done. */
export function measureThroughput(
  cluster: Cluster,
  [workers = 50, servers = 20, seconds = 30, processes = 2, jobMs = 2_000]: number[],
): Promise<string[]> {
  return measure(cluster, { workers, servers, seconds, processes, jobMs, rate: 0 });
}

/** The same while so many jobs a second come, evenly, each worker being sent its share. */
export function measureOffered(
  cluster: Cluster,
  [workers = 50, servers = 20, seconds = 30, processes = 2, jobMs = 2_000, rate = 300]: number[],
): Promise<string[]> {
  return measure(cluster, { workers, servers, seconds, processes, jobMs, rate });
}

interface Load {
  readonly workers: number;
  readonly servers: number;
  readonly seconds: number;
  readonly processes: number;
  readonly jobMs: number;
  /** Jobs that come a second; 0 if all are there from the beginning. */
  readonly rate: number;
}

async function measure(cluster: Cluster, load: Load): Promise<string[]> {
  const { workers, servers, seconds, processes, jobMs, rate } = load;
  const schema = "scale";
  const url = cluster.url(schema);
  await (await openPostgresQueue({ url, worker: "first" })).close();
  // As many as all servers can do, and some.
  const most = Math.ceil(workers * servers * (seconds + 20 + workers) * 1_000 / jobMs);
  fill(cluster, schema, rate > 0 ? 0 : most, "job");
  const everyMs = rate > 0 ? 1_000 * workers / rate : 0;
  cluster.sql(`VACUUM ANALYZE ${schema}.jobs`);
  const names = Array.from({ length: workers }, (_, nth) => `w${nth}`);
  const fromMs = Date.now() + WARM_MS * (10 + workers);
  const untilMs = fromMs + seconds * 1_000;
  const database = cluster.pid();
  const children = Array.from({ length: processes }, (_, nth) => {
    const own = names.filter((_, at) => at % processes === nth);
    const task: MembersTask = { url, names: own, servers, jobMs, everyMs, fromMs, untilMs };
    return new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        "--allow-all",
        new URL("members.ts", import.meta.url).pathname,
        JSON.stringify(task),
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  });
  const usedS = () => [familyS(database), ...children.map(({ pid }) => familyS(pid))];
  await pause(fromMs - Date.now());
  const before = usedS();
  await pause(untilMs - Date.now() - 100);
  const used = usedS().map((after, nth) => after - before[nth]!);
  const outputs = await Promise.all(children.map((child) => child.output()));
  const reports = outputs.map(({ stdout }) =>
    JSON.parse(new TextDecoder().decode(stdout)) as MembersReport
  );
  const jobs = reports.reduce((sum, report) => sum + report.jobs, 0);
  const told = reports.reduce((sum, report) => sum + report.told, 0);
  const gaps = reports.flatMap(({ gapsMs }) => gapsMs);
  const [databaseS = 0, ...workersS] = used;
  const perJob = (s: number) => `${(1_000 * s / jobs).toFixed(2)} ms`;
  return [
    `${workers} workers of ${servers} servers, ${jobMs} ms a job, ${processes} processes: ` +
    `${(jobs / seconds).toFixed(0)} jobs/s of ${
      (workers * servers * 1_000 / jobMs).toFixed(0)
    } possible${rate > 0 ? `, ${rate} offered` : ""}`,
    `idle though the next job was there: p50 ${percentile(gaps, 0.5).toFixed(1)} ms, ` +
    `p95 ${percentile(gaps, 0.95).toFixed(1)} ms, p99 ${percentile(gaps, 0.99).toFixed(1)} ms`,
    `endings told: ${(told / seconds).toFixed(0)}/s`,
    `processor time a job: PostgreSQL ${perJob(databaseS)}, workers ` +
    perJob(workersS.reduce((sum, s) => sum + s, 0)),
  ];
}
