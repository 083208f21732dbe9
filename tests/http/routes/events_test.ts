import assert from "node:assert/strict";
import { eventsOf, httpSetup, type SentEvent } from "../support.ts";

async function until(
  events: AsyncIterable<SentEvent>,
  isLast: (event: SentEvent) => boolean,
): Promise<SentEvent[]> {
  const seen: SentEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (isLast(event)) break;
  }
  return seen;
}

Deno.test("GET /v1/events tells a job's life in order, each update with its number", async () => {
  await using setup = await httpSetup();
  const stream = await setup.ask("/v1/events");
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  await (await setup.submit({ id: "a" })).body?.cancel();
  const seen = await until(eventsOf(stream), ({ event }) => event === "job_complete");
  const kinds = seen.map(({ event }) => event);
  assert.equal(kinds[0], "job_started");
  assert.deepEqual(kinds.slice(-2), ["job_finished", "job_complete"]);
  const numbers = seen.map(({ id }) => Number(id!.split("-")[1]));
  assert.deepEqual(numbers, numbers.map((_, index) => numbers[0]! + index));
});

Deno.test("Last-Event-ID brings what was missed, no more; an old worker's id brings all", async () => {
  await using setup = await httpSetup();
  const first = await setup.ask("/v1/events");
  await (await setup.submit({ id: "a" }, { prefer: "wait=90" })).body?.cancel();
  const all = await until(eventsOf(first), ({ event }) => event === "job_complete");
  const replay = async (id: string) => {
    const stream = await setup.ask("/v1/events", { headers: { "last-event-id": id } });
    return await until(eventsOf(stream), ({ event }) => event === "job_complete");
  };
  assert.deepEqual(await replay(all[0]!.id!), all.slice(1));
  assert.deepEqual(await replay("123-5"), all);
});

Deno.test("GET /v1/jobs/{id}/events begins with the job and ends with it", async () => {
  await using setup = await httpSetup();
  using stall = setup.worker.simulator.faults.stall("KSampler");
  await (await setup.submit({ id: "other" })).body?.cancel();
  await (await setup.submit({ id: "a" })).body?.cancel();
  const stream = await setup.ask("/v1/jobs/a/events", { headers: { "last-event-id": "1-0" } });
  stall.release();
  const seen = await Array.fromAsync(eventsOf(stream));
  assert.equal(seen[0]?.event, "job");
  assert.equal(seen.at(-1)?.event, "job_complete");
  assert.ok(seen.every(({ data }) => (data as { job_id: string }).job_id === "a"));
  const over = await setup.ask("/v1/jobs/a/events");
  assert.deepEqual((await Array.fromAsync(eventsOf(over))).map(({ event }) => event), ["job"]);
  const nobody = await setup.ask("/v1/jobs/nobody/events");
  assert.equal(nobody.status, 404);
  await nobody.body?.cancel();
});

Deno.test("the stream of a job ends when it is cancelled or fails, too", async () => {
  await using setup = await httpSetup();
  const { faults } = setup.worker.simulator;
  using stall = faults.stall("KSampler");
  faults.errorNext({ nodeClass: "VAEDecode", message: "no moon" });
  await (await setup.submit({ id: "busy" })).body?.cancel();
  await stall.reached;
  await (await setup.submit({ id: "fails" })).body?.cancel();
  const streams = ["busy", "fails"].map((id) => setup.ask(`/v1/jobs/${id}/events`));
  const [busy, fails] = await Promise.all(streams);
  const reading = [busy!, fails!].map((stream) => Array.fromAsync(eventsOf(stream)));
  await (await setup.ask("/v1/jobs/busy", { method: "DELETE" })).body?.cancel();
  await setup.worker.simulator.when("interrupt");
  stall.release();
  const [cancelled, failed] = await Promise.all(reading);
  assert.equal(cancelled!.at(-1)!.event, "job_finished");
  assert.equal(failed!.at(-1)!.event, "job_error");
});

Deno.test("a listener that goes leaves nothing behind, and a stopping worker ends the streams", async () => {
  const setup = await httpSetup();
  const streams = await Promise.all(Array.from({ length: 50 }, () => setup.ask("/v1/events")));
  for (const stream of streams.slice(1)) await stream.body?.cancel();
  const reading = Array.fromAsync(eventsOf(streams[0]!)).catch(() => []);
  await setup[Symbol.asyncDispose]();
  await reading;
});
