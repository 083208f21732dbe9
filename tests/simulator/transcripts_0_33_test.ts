import { deepEqual, equal } from "node:assert/strict";
import type { JsonObject, SimulatorClock } from "../../src/simulator/mod.ts";
import recorded from "./fixtures/transcripts_0_33.json" with { type: "json" };
import { ask, type Graph, Listener, type Message, startFast } from "./support.ts";

/** One message that a recorded client saw; `state` stands for `progress_state`, a node a row. */
type Recorded =
  | { state: [id: string, value: number, max: number, state: string][] }
  | { binary: number; json?: JsonObject }
  | { type: string; data: JsonObject };

interface RecordedRun {
  name: string;
  prompt_id: string;
  client_id: string;
  extra_data: JsonObject;
  graph: Graph;
  events: Recorded[];
  post: { status: number; body: JsonObject };
  history?: JsonObject;
  job?: JsonObject;
}

const RUNS = recorded.runs as unknown as RecordedRun[];

/** Milliseconds of a step of the recorded sampler, by which its updates were throttled. */
const STEP_MS = 7.2;

/** Time that passes as soon as somebody waits for it. */
class QuickClock implements SimulatorClock {
  #nowMs = 1_800_000_000_000;

  now(): number {
    return this.#nowMs;
  }

  delay(ms: number): Promise<void> {
    this.#nowMs += ms;
    return new Promise((resolve) => setImmediate(resolve));
  }
}

/** What differs from one run to the next by nature. */
function withoutChance(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, member) => {
    if (key === "timestamp" || key.endsWith("_time")) return 0;
    // The real order is that of the prompt's text, in which numbers do not come first.
    return key === "nodes" && Array.isArray(member) ? member.sort() : member;
  });
}

/** Messages in the form of the recording. */
function seen(message: Message): Recorded {
  if (message.kind === "binary") return binaryFacts(message.bytes);
  const { type, data } = message;
  if (type !== "progress_state") return { type, data };
  const nodes = Object.entries(data.nodes as Record<string, JsonObject>);
  return {
    state: nodes.map((
      [id, node],
    ) => [id, Number(node.value), Number(node.max), String(node.state)]),
  };
}

function binaryFacts(bytes: Uint8Array): Recorded {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const binary = view.getUint32(0);
  if (binary === 1) return { binary };
  const length = view.getUint32(4);
  return { binary, json: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) };
}

/** Rows by node, since a JavaScript object puts ids that look like numbers in their order. */
function inOrder(messages: readonly Recorded[]): Recorded[] {
  return messages.map((message) =>
    "state" in message ? { state: message.state.toSorted(([a], [b]) => a < b ? -1 : 1) } : message
  );
}

Deno.test("Simulator repeats runs recorded from 0.33.0 message for message", async (t) => {
  await using simulator = await startFast({
    profile: "0.33",
    clock: new QuickClock(),
    stepTimeMs: STEP_MS,
    models: { checkpoints: ["sd_xl_base_1.0.safetensors"] },
  });
  for (const run of RUNS) {
    await t.step(run.name, async () => {
      const negotiates = run.events.some((event) =>
        "type" in event && event.type === "feature_flags"
      );
      await using listener = new Listener(
        new WebSocket(`${simulator.url.replace("http", "ws")}/ws?clientId=${run.client_id}`),
      );
      await listener.until((type) => type === "status");
      if (negotiates) {
        listener.send({ type: "feature_flags", data: { supports_preview_metadata: true } });
        await listener.until((type) => type === "feature_flags");
      }
      const isCancelled = run.job?.status === "cancelled";
      using stall = isCancelled
        ? simulator.faults.stall({ nodeClass: "KSampler", step: 2 })
        : undefined;
      const { graph: prompt, prompt_id, client_id, extra_data } = run;
      const number = run.post.body.number;
      const answer = await ask(simulator, "POST /prompt", {
        prompt,
        prompt_id,
        client_id,
        extra_data,
        ...(number !== undefined && { number }),
      });
      equal(answer.status, run.post.status);
      deepEqual(withoutChance(answer.json()), withoutChance(run.post.body));
      if (answer.status !== 200) return;
      if (stall) {
        await stall.reached;
        await ask(simulator, `POST /api/jobs/${prompt_id}/cancel`);
        stall.release();
      }
      await listener.untilIdle(prompt_id);
      deepEqual(
        withoutChance(inOrder(listener.messages.map(seen))),
        withoutChance(inOrder(run.events)),
      );
      const history = await ask(simulator, `GET /history/${prompt_id}`);
      const { outputs, status, meta } = history.json()[prompt_id] as JsonObject;
      deepEqual(withoutChance({ outputs, status, meta }), withoutChance(run.history));
      const job = (await ask(simulator, `GET /api/jobs/${prompt_id}`)).json();
      const { workflow: _, outputs: __, execution_status: ___, ...facts } = job;
      deepEqual(withoutChance(facts), withoutChance(run.job));
    });
  }
});
