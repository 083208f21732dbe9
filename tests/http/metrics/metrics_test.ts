import assert from "node:assert/strict";
import { polled } from "../../support/polled.ts";
import { httpSetup } from "../support.ts";
import { createMetrics, METRICS_TYPE, type Snapshot } from "../../../src/http/metrics/metrics.ts";

const NOTHING: Snapshot = {
  webhooks: { waiting: 0, dead: 0 },
  queued: 0,
  running: 0,
  oldestAgeS: 0,
  servers: [],
  droppedUpdates: 0,
  refusedConnections: 0,
  listeners: 0,
  freeDiskBytes: undefined,
};

/** The value of a sample; NaN if it is not there. */
function sample(text: string, name: string): number {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return line === undefined ? NaN : Number(line.slice(name.length + 1));
}

Deno.test("/metrics tells what a job did, and nothing that is not so", async () => {
  await using setup = await httpSetup();
  await (await setup.submit({ id: "a" }, { prefer: "wait=90" })).body?.cancel();
  using _stall = setup.worker.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  await (await setup.submit({ id: "b" })).body?.cancel();
  const response = await setup.ask("/metrics");
  assert.equal(response.headers.get("content-type"), METRICS_TYPE);
  const text = await response.text();
  const is = (name: string) => sample(text, `dgx_pixels_${name}`);
  assert.equal(is('jobs_ended_total{outcome="completed"}'), 1);
  assert.equal(is('jobs_ended_total{outcome="failed"}'), 0);
  assert.equal(is('jobs{state="queued"}') + is('jobs{state="running"}'), 1);
  assert.equal(is('job_run_seconds_count{outcome="completed"}'), 1);
  assert.equal(is("job_wait_seconds_count"), 1);
  assert.ok(is('updates_sent_total{type="progress"}') >= 1);
  assert.equal(is("updates_dropped_total"), 0);
  assert.equal(is('reply_seconds_count{transport="http",type="generate"}'), 2);
  assert.ok(is('database_seconds_count{operation="enqueue"}') >= 2);
  const server = text.match(/server_state\{server="([^"]+)",state="ready"\} 1/)?.[1];
  assert.ok(is(`step_seconds_count{server="${server}"}`) >= 1);
  assert.equal(is(`isolate_restarts_total{server="${server}"}`), 0);
  // Some collectors say 0 where they may not look.
  assert.ok(sample(text, "process_resident_memory_bytes") > 10_000_000);
  assert.ok(is("heap_bytes") > 1_000_000);
  const started = sample(text, "process_start_time_seconds");
  assert.ok(Math.abs(started - (Date.now() - performance.now()) / 1_000) < 2);
});

Deno.test("listeners are counted while they listen", async () => {
  await using setup = await httpSetup();
  const listeners = async () =>
    sample(await (await setup.ask("/metrics")).text(), "dgx_pixels_event_listeners");
  const stream = await setup.ask("/v1/events");
  assert.equal(await listeners(), 1);
  // Nobody reads the answer to a HEAD, so it must not count.
  await setup.ask("/v1/events", { method: "HEAD" });
  assert.equal(await listeners(), 1);
  await stream.body?.cancel();
  await polled(async () => await listeners() === 0 ? true : undefined, "a listener to be gone");
});

Deno.test("what the worker may not look at is left out, not told as 0", async () => {
  const metrics = createMetrics("1");
  const free = "dgx_pixels_output_free_bytes";
  assert.ok(Number.isNaN(sample(await metrics.text(NOTHING), free)));
  assert.equal(sample(await metrics.text({ ...NOTHING, freeDiskBytes: 0 }), free), 0);
  assert.ok(Number.isNaN(sample(await metrics.text(NOTHING), free)));
});

Deno.test("a server that was removed is not told of as it last was", async () => {
  const metrics = createMetrics("1");
  const server = { name: "a", state: "unreachable", inFlight: 0, isDraining: false };
  const others = [{ ...server, name: "b" }];
  const series = /^dgx_pixels_server_(?:state|jobs|draining)\{server="a"/m;
  assert.match(await metrics.text({ ...NOTHING, servers: [server, ...others] }), series);
  assert.doesNotMatch(await metrics.text({ ...NOTHING, servers: others }), series);
});

Deno.test("names that come from outside cannot forge a line", async () => {
  const metrics = createMetrics("1");
  const name = 'a"} 1\nforged_total 1\\';
  metrics.isolateFell([name]);
  const servers = [{ name, state: "ready", inFlight: 0, isDraining: false }];
  const text = await metrics.text({ ...NOTHING, servers });
  assert.ok(!text.split("\n").some((line) => line.startsWith("forged")));
});
