import { encode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { decodeReply } from "../../src/protocol/mod.ts";
import { type RequestClient, zmqTransport } from "../../src/transport/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { Random } from "../simulation/world/random.ts";
import { tempDir } from "../support/temp_dir.ts";
import { testConfig } from "../support/worker.ts";
import { mutateBytes, mutateValue } from "./mutate.ts";

/** `FUZZ_TIMES=500` tries a million of each. */
const RUNS = 2_000 * Number(Deno.env.get("FUZZ_TIMES") ?? 1);

/** Requests under way at once. */
const TOGETHER = 64;

/** Growth of the process that counts as flat, in bytes: what V8 keeps differs by more than a little. */
const FLAT_BYTES = 200 * 2 ** 20;

const JOB = {
  type: "generate",
  id: "job",
  prompt: "a knight",
  model: "sd_xl_base_1.0.safetensors",
  size: [64, 64],
  steps: 4,
  cfg_scale: 7,
};

const REQUESTS: readonly Readonly<Record<string, unknown>>[] = [
  JOB,
  {
    ...JOB,
    negative_prompt: "x",
    seed: 1,
    lora: "a",
    priority: 1,
    deadline_s: 5,
    tileset_grid: [2, 2],
  },
  { type: "cancel", job_id: "job" },
  { type: "list_models", all_types: true, cursor: "1" },
  { type: "status" },
  { type: "ping" },
  { type: "job", job_id: "job", first_image: 1 },
  { type: "list_jobs", state: "queued", limit: 3, cursor: "5" },
  { type: "list_jobs", job_ids: ["job", "none"] },
  { type: "list_servers" },
];

function request(random: Random): Record<string, unknown> {
  const chosen = REQUESTS[random.whole(0, REQUESTS.length - 1)]!;
  return "id" in chosen ? { ...chosen, id: `job-${random.whole(0, 1_500)}` } : { ...chosen };
}

/** Sends requests of one kind; each must get one reply that is one. */
async function attack(client: RequestClient, next: () => Uint8Array): Promise<void> {
  for (let sent = 0; sent < RUNS; sent += TOGETHER) {
    await Promise.all(Array.from({ length: TOGETHER }, async () => {
      decodeReply(await client.request(next(), { timeoutMs: 60_000 }));
    }));
  }
  const pong = decodeReply(await client.request(encode({ type: "ping" })));
  assert.equal(pong.type, "pong");
}

Deno.test("Any request over the socket gets one reply, and memory stays flat", async () => {
  await using dir = await tempDir();
  const config = await testConfig(dir.path, "http://127.0.0.1:9");
  const worker = await startWorker({ config });
  try {
    await using client = await zmqTransport().connectRequests(worker.reqAddress);
    const random = new Random(11);
    await attack(client, () => encode(request(random)));
    const before = Deno.memoryUsage().rss;
    await attack(client, () => mutateBytes(random, encode(request(random))));
    await attack(client, () => encode(mutateValue(random, request(random))));
    const grown = Deno.memoryUsage().rss - before;
    assert.ok(grown < FLAT_BYTES, `The process grew by ${grown} bytes`);
  } finally {
    await worker.close();
  }
});
