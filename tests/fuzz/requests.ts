/** Bad requests by the thousand, through the real socket. */

import { encode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { decodeReply } from "../../src/protocol/mod.ts";
import type { Random } from "../simulation/world/random.ts";
import { rawDealer, type RawPeer } from "../transport/raw.ts";
import { turn } from "../transport/support.ts";
import { drawId, drawRequest } from "./grammar.ts";
import { mutateBytes, mutateValue } from "./mutate.ts";

/** Requests under way at once. */
const TOGETHER = 64;

/** Turns of the event loop without a message after which none will come. */
const PATIENCE_TURNS = 2_000_000;

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
  { type: "list_workers" },
  { type: "drain_worker", worker: "gpu1", draining: true },
  { type: "list_workflows" },
  { type: "image", job_id: "job", index: 0, offset: 5 },
];

/** Ways to make a request, by name. */
export const MAKERS = {
  good: (random: Random) => encode(good(random)),
  mutated: (random: Random) => {
    return random.chance(0.5)
      ? mutateBytes(random, encode(good(random)))
      : encode(mutateValue(random, good(random)));
  },
  grammar: (random: Random) => encode(drawRequest(random)),
} as const;

function good(random: Random): Record<string, unknown> {
  const chosen = REQUESTS[random.whole(0, REQUESTS.length - 1)]!;
  return {
    ...chosen,
    ...("id" in chosen ? { id: drawId(random) } : {}),
    ...("job_id" in chosen ? { job_id: drawId(random) } : {}),
  };
}

/** Waits by turns of the event loop: a process that was stopped for a while has missed nothing. */
async function receive(peer: RawPeer): Promise<Uint8Array[]> {
  for (let turns = 0; !peer.readable; turns++) {
    assert.ok(turns < PATIENCE_TURNS, "A request got no reply");
    await turn();
  }
  return await peer.receive();
}

/** What came back. */
export interface AttackResult {
  /** Number of replies of each type. */
  readonly replies: ReadonlyMap<string, number>;
  /** Longest time to the answer of a ping amid them, in milliseconds. */
  readonly worstPingMs: number;
}

/** Sends requests to a worker; each must get one reply that is one, and pings theirs. */
export async function attack(
  address: string,
  count: number,
  next: () => Uint8Array,
): Promise<AttackResult> {
  const replies = new Map<string, number>();
  let worstPingMs = 0;
  using peer = rawDealer(address);
  using calm = rawDealer(address);
  const ping = encode({ type: "ping" });
  const readOne = async (waiting: Set<string>) => {
    const [tag, empty, body, ...more] = await receive(peer);
    const name = new TextDecoder().decode(tag);
    assert.ok(waiting.delete(name), `A second reply to request ${name}`);
    assert.deepEqual([empty?.length, more.length], [0, 0]);
    const reply = decodeReply(body!);
    replies.set(reply.type, (replies.get(reply.type) ?? 0) + 1);
  };
  for (let sent = 0; sent < count; sent += TOGETHER) {
    const waiting = new Set<string>();
    const began = performance.now();
    for (let place = 0; place < TOGETHER; place++) {
      waiting.add(String(sent + place));
      await peer.send(String(sent + place), "", next());
      if (place === TOGETHER / 2) await calm.send("", ping);
    }
    assert.equal(decodeReply((await receive(calm))[1]!).type, "pong");
    worstPingMs = Math.max(worstPingMs, performance.now() - began);
    while (waiting.size > 0) await readOne(waiting);
  }
  // Answers leave in order: whatever came twice is there before this one.
  await peer.send("end", "", ping);
  await readOne(new Set(["end"]));
  return { replies, worstPingMs };
}
