import { deepEqual, equal, match } from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import type { Config } from "../../../src/config/mod.ts";
import { connect } from "../../../src/client/mod.ts";
import { startSimulator } from "../../../src/simulator/mod.ts";
import { startWorker } from "../../../src/worker/mod.ts";
import { httpSetup, statusOf } from "../../http/support.ts";
import { hookReceiver } from "../../support/hook_receiver.ts";
import { polled } from "../../support/polled.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { IMAGE, testConfig } from "../../support/worker.ts";

const SECRET = `whsec_${new Uint8Array(32).fill(7).toBase64()}`;

/** Settings by which webhooks may lead to some receivers of this machine. */
async function hooked(dir: string, ...urls: string[]): Promise<(config: Config) => Config> {
  const secretFile = `${dir}/secret`;
  await Deno.writeTextFile(secretFile, SECRET);
  return (config) => ({
    ...config,
    webhooks: {
      ...config.webhooks,
      secretFile,
      allowedHosts: urls.map((url) => new URL(url).host),
      allowPrivate: true,
    },
  });
}

Deno.test("a job's webhook is told how it ended; one of a host not allowed is refused", async () => {
  await using dir = await tempDir();
  await using receiver = hookReceiver();
  const settings = await hooked(dir.path, receiver.url);
  await using setup = await httpSetup({}, { settings });
  const { url } = receiver;
  equal(await statusOf(setup.submit({ id: "a", webhook: { url } })), 202);
  await receiver.toldTimes(1);
  const [{ headers, body } = { headers: new Headers(), body: "" }] = receiver.told;
  const event = new Webhook(SECRET).verify(body, Object.fromEntries(headers)) as {
    type: string;
    data: { job_id: string; image_paths: string[] };
  };
  deepEqual([event.type, event.data.job_id], ["job.completed", "a"]);
  equal((await Deno.stat(event.data.image_paths[0] ?? "")).isFile, true);

  const evil = await setup.submit({ id: "b", webhook: { url: "http://evil.example/" } });
  equal(evil.status, 422);
  match((await evil.json()).detail, /webhook: its host evil\.example is not allowed/);
  // An event that there is not.
  for (const webhook of [{ url, events: ["started"] }, {}, url]) {
    equal(await statusOf(setup.submit({ id: "c", webhook })), 422);
  }
  equal(await statusOf(setup.submit({ id: "d", webhook: { url, events: ["failed"] } })), 202);
});

Deno.test("a worker that tells no webhooks refuses a job that names one", async () => {
  await using setup = await httpSetup();
  const answer = await setup.submit({ webhook: { url: "https://hooks.example.org/" } });
  equal(answer.status, 422);
  match((await answer.json()).detail, /tells none; the operator can set webhooks\.allowed_hosts/);
});

Deno.test("webhooks without a secret, or with a wrong one, keep the worker from starting", async () => {
  await using dir = await tempDir();
  const config = (await hooked(dir.path, "http://a"))(
    await testConfig(dir.path, "http://127.0.0.1:9"),
  );
  const { secretFile: _file, ...webhooks } = config.webhooks;
  const without = { ...config, webhooks: { ...webhooks, secretFile: undefined } };
  let reason = "";
  await startWorker({ config: without }).catch((error) => reason = error.message);
  match(reason, /webhooks\.secret_file.*openssl/);
});

Deno.test("what was given up is listed over HTTP, without secrets, and tried again when told to", async () => {
  await using dir = await tempDir();
  await using receiver = hookReceiver((_told, count) =>
    new Response(null, { status: count === 1 ? 410 : 200 })
  );
  const settings = await hooked(dir.path, receiver.url);
  await using setup = await httpSetup({}, { settings });
  await statusOf(setup.submit({ id: "a", webhook: { url: `${receiver.url}?token=hush` } }));
  const dead = await polled(async () => {
    const { deliveries } = await (await setup.ask("/v1/webhooks?state=dead")).json();
    return deliveries[0];
  }, "a delivery that was given up");
  deepEqual([dead.job_id, dead.attempts, dead.error], ["a", 1, "HTTP 410"]);
  match(dead.url, /\?token=\*\*\*$/);
  const metrics = await (await setup.ask("/metrics")).text();
  match(
    metrics,
    /dgx_pixels_webhook_tries_total\{outcome="dead"\} 1\n[^]*dgx_pixels_webhooks_dead 1\n/,
  );
  const retry = () => setup.ask(`/v1/webhooks/${dead.id}/retry`, { method: "POST" });
  const first = await retry();
  deepEqual([first.status, (await first.json()).state], [202, "waiting"]);
  await receiver.toldTimes(2);
  equal(receiver.told[0]?.headers.get("webhook-id"), receiver.told[1]?.headers.get("webhook-id"));
  const again = await retry();
  deepEqual([again.status, (await again.json()).code], [404, "not_found"]);
  for (const query of ["state=late", "limit=0", "limit=1001"]) {
    const wrong = await setup.ask(`/v1/webhooks?${query}`);
    deepEqual([wrong.status, (await wrong.json()).code], [422, "invalid_parameter"]);
  }
});

Deno.test("what a receiver could not be told is told by the next worker on the queue", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({
    stepTimeMs: 2,
    loadTimeMs: 2,
    nodeTimeMs: 1,
    previewMethod: "still",
  });
  const { promise: hanging, resolve: release } = Promise.withResolvers<Response>();
  await using receiver = hookReceiver((_told, count) =>
    count === 1 ? hanging : new Response(null, { status: 200 })
  );
  const settings = await hooked(dir.path, receiver.url);
  const config = settings(await testConfig(dir.path, simulator.url));
  {
    await using worker = await startWorker({ config });
    await using client = await connect(worker);
    const webhook = { url: receiver.url };
    await (await client.generate({ ...IMAGE, id: "a", webhook })).result;
    await receiver.toldTimes(1);
  }
  release(new Response());
  await using _worker = await startWorker({ config });
  await receiver.toldTimes(2);
  const ids = receiver.told.map(({ headers }) => headers.get("webhook-id"));
  equal(new Set(ids).size, 1);
});
