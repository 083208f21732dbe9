/** Many waiting jobs at once. */

import { encodeRequest } from "../../src/protocol/encode.ts";
import type { Cluster } from "../support/postgres.ts";
import { generateRequest } from "../support/requests.ts";

/** Adds so many waiting jobs, as if one had come every 10 ms until now; their requests are of one length. */
export function fill(cluster: Cluster, schema: string, jobs: number, prefix: string): void {
  const id = (n: string) => `${prefix}-${n}`;
  const example = encodeRequest(generateRequest({ id: id("00000000"), model: "sdxl", seed: 1 }));
  const hex = example.toHex();
  const [before, after] = hex.split(new TextEncoder().encode(id("00000000")).toHex());
  const name = `convert_to('${prefix}-' || lpad(n::text, 8, '0'), 'UTF8')`;
  cluster.sql(
    `INSERT INTO ${schema}.jobs (id, request, state, priority, seed, created_at_ms, due_ms)
    SELECT ${name}, '\\x${before}'::bytea || ${name} || '\\x${after}'::bytea, 'queued', 0, 1,
      ${schema}.clock_ms(), ${schema}.clock_ms() - 10 * (${jobs} - n)
    FROM generate_series(1, ${jobs}) AS n`,
  );
}
