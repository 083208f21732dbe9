/**
 * Measures a queue on PostgreSQL that many workers share, on one machine: `throughput`, `offered`, `claims`,
 * `bloat`. Starts a PostgreSQL of its own. Figures: `src/queue/scale.md`.
 */

import { type Cluster, startCluster } from "../support/postgres.ts";
import { measureBloat } from "./bloat.ts";
import { measureClaims } from "./claims.ts";
import { print } from "./machine.ts";
import { measureOffered, measureThroughput } from "./throughput.ts";

const [what = "claims", ...numbers] = Deno.args;
const measures: Readonly<
  Record<string, (cluster: Cluster, numbers: number[]) => Promise<string[]>>
> = {
  bloat: measureBloat,
  claims: measureClaims,
  offered: measureOffered,
  throughput: measureThroughput,
};
const measure = measures[what];
const cluster = await startCluster({ connections: 500 });
if (measure === undefined || cluster === undefined) {
  print(`There is no measure ${what}, or no PostgreSQL; try ${Object.keys(measures)}`);
  Deno.exitCode = 1;
} else {
  try {
    for (const line of await measure(cluster, numbers.map(Number))) print(line);
  } catch (error) {
    print(String(error));
    Deno.exitCode = 1;
  }
  // What the cluster needs to be stopped by is only there while the process lives.
  Deno.exit();
}
