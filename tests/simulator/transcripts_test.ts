import { deepEqual, equal } from "node:assert/strict";
import type { JsonObject } from "../../src/simulator/mod.ts";
import recorded from "./fixtures/transcripts.json" with { type: "json" };
import { ask, type Graph, Listener, startFast } from "./support.ts";

/** One thing that a recorded client saw. */
interface Recorded {
  http?: string;
  status?: number | JsonObject;
  body?: JsonObject | string;
  text?: { type: string; data: JsonObject };
  binary?: number;
  json?: JsonObject;
  outputs?: JsonObject;
  meta?: JsonObject;
}

interface RecordedRun {
  name: string;
  prompt_id: string;
  client_id: string;
  graph: Graph;
  recorded: Recorded[];
}

const RUNS = recorded.runs as unknown as RecordedRun[];

/** What differs from one run to the next by nature. */
function withoutChance(value: unknown, run: { promptId: string; clientId: string }): unknown {
  return JSON.parse(JSON.stringify(value), (key, member) => {
    if (key === "timestamp") return 0;
    if (member === run.promptId) return "PROMPT";
    return member === run.clientId ? "CLIENT" : member;
  });
}

Deno.test("Simulator repeats seven recorded runs message for message", async (t) => {
  await using simulator = await startFast({ previewMethod: "latent2rgb" });
  for (const run of RUNS) {
    await t.step(run.name, async () => {
      const expected = run.recorded.filter(({ http }) => http === undefined);
      const ids = { promptId: run.prompt_id, clientId: run.client_id };
      const negotiates = expected.some(({ text }) => text?.type === "feature_flags");
      await using listener = new Listener(
        new WebSocket(`${simulator.url.replace("http", "ws")}/ws?clientId=${run.client_id}`),
      );
      await listener.until((type) => type === "status");
      if (negotiates) {
        listener.send({ type: "feature_flags", data: { supports_preview_metadata: true } });
        await listener.until((type) => type === "feature_flags");
      }
      const isInterrupted = run.name.startsWith("interrupted");
      using stall = isInterrupted
        ? simulator.faults.stall({ nodeClass: "KSampler", step: 5 })
        : undefined;
      const answer = await ask(simulator, "POST /prompt", {
        prompt: run.graph,
        prompt_id: run.prompt_id,
        client_id: run.client_id,
      });
      const [post] = run.recorded;
      equal(answer.status, post?.status);
      deepEqual(answer.json(), post?.body);
      if (answer.status !== 200) return;
      if (stall) {
        await stall.reached;
        equal((await ask(simulator, "POST /interrupt")).text, "");
        stall.release();
      }
      await listener.untilIdle(run.prompt_id);
      const seen = listener.messages.map((message) =>
        message.kind === "json"
          ? { text: { type: message.type, data: message.data } }
          : binaryFacts(message.bytes)
      );
      const wanted = expected.map(({ text, binary, json }) =>
        text ? { text } : { binary, ...(json && { json }) }
      );
      deepEqual(withoutChance(seen, ids), withoutChance(wanted, ids));
      const history = await ask(simulator, `GET /history/${run.prompt_id}`);
      const { outputs, status, meta } = history.json()[run.prompt_id] as JsonObject;
      const last = run.recorded.at(-1);
      deepEqual(
        withoutChance({ outputs, status, meta }, ids),
        withoutChance({ outputs: last?.outputs, status: last?.status, meta: last?.meta }, ids),
      );
    });
  }
});

function binaryFacts(bytes: Uint8Array): { binary: number; json?: unknown } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const binary = view.getUint32(0);
  if (binary === 1) return { binary };
  const length = view.getUint32(4);
  return { binary, json: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) };
}

Deno.test("Simulator previews are JPEGs of 512 pixels on the long side, scaled up if need be", async () => {
  await using simulator = await startFast({ previewMethod: "latent2rgb" });
  const graph = RUNS[0]!.graph;
  await using listener = new Listener(
    new WebSocket(`${simulator.url.replace("http", "ws")}/ws?clientId=a`),
  );
  await listener.until((type) => type === "status");
  const wide = {
    ...graph,
    "4": { ...graph["4"]!, inputs: { width: 96, height: 64, batch_size: 1 } },
  };
  await ask(simulator, "POST /prompt", { prompt: wide, client_id: "a" });
  await listener.untilIdle();
  const frames = listener.messages.flatMap((m) => m.kind === "binary" ? [m.bytes] : []);
  equal(frames.length, 4);
  for (const frame of frames) {
    deepEqual([...frame.subarray(0, 11)], [0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xd8, 0xff]);
    deepEqual(jpegSize(frame.subarray(8)), { width: 512, height: 341 });
  }
});

/** Looks for the start-of-frame segment of a baseline JPEG. */
function jpegSize(jpeg: Uint8Array): { width: number; height: number } {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  let offset = 2;
  while (view.getUint16(offset) !== 0xffc0) offset += 2 + view.getUint16(offset + 2);
  return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
}
