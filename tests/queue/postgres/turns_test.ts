import assert from "node:assert/strict";
import { encodeRequest } from "../../../src/protocol/encode.ts";
import { findNext } from "../../../src/queue/postgres/turns.ts";
import { generateRequest } from "../../support/requests.ts";

function row(seq: number, server: string) {
  const id = `job-${seq}`;
  return {
    ...{ seq, id: new TextEncoder().encode(id), due: String(seq), state: "queued" },
    ...{ request: encodeRequest(generateRequest({ id, workflow: server })), seed: 1 },
    ...{ attempts: 0, crashes: 0, cancel_requested: false, created_at_ms: 1 },
    ...{ workflow: null, server: null, worker: null, avoid_server: null, prompt_id: null },
    ...{ client_id: null, deadline_at_ms: null, started_at_ms: null, finished_at_ms: null },
    outcome: null,
  };
}

Deno.test("findNext() finds spare jobs only for servers that get one", async () => {
  const rows = ["one", "two", "one", "one"].map((server, index) => row(index + 1, server));
  const { candidates, taken, damaged } = await findNext(
    () => Promise.resolve(rows),
    { limit: 1, place: (job) => job.request.workflow },
  );
  assert.deepEqual(damaged, []);
  assert.deepEqual(candidates.map(({ seq, server }) => [seq, server]), [
    [1, "one"],
    [3, "one"],
    [4, "one"],
  ]);
  assert.deepEqual([...taken].map(([server, jobs]) => [server, jobs.length]), [["one", 1]]);
});
