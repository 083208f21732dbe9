import { deepEqual, equal, match } from "node:assert/strict";
import type { WorkerSetupOptions } from "../support/worker.ts";
import { polled } from "../support/polled.ts";
import { httpSetup } from "./support.ts";

function settings(maxConnections: number): WorkerSetupOptions {
  return { settings: (config) => ({ ...config, http: { ...config.http, maxConnections } }) };
}

Deno.test({
  name: "connections that only stay open are closed where they are too many, and others are served",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using setup = await httpSetup({}, settings(3));
    const port = Number(new URL(setup.url).port);
    const silent: Deno.TcpConn[] = [];
    for (let count = 0; count < 8; count++) {
      silent.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    }
    const ends: number[] = [];
    const reading = silent.map(async (connection, index) => {
      const read = await connection.read(new Uint8Array(1)).catch(() => undefined);
      if (read === null) ends.push(index);
    });
    await polled(async () => await Promise.resolve(ends.length >= 5 || undefined), "their ends");
    for (const connection of silent) connection.close();
    await Promise.all(reading);
    const answer = await polled(async () => {
      const text = await (await setup.ask("/metrics").catch(() => undefined))?.text();
      return text?.includes("dgx_pixels_connections_refused_total") ? text : undefined;
    }, "an answer");
    match(answer, /^dgx_pixels_connections_refused_total ([5-9]|\d\d)$/m);
  },
});

Deno.test("listeners of events are refused where they are too many, with the time to come again", async () => {
  await using setup = await httpSetup({}, settings(2));
  const streams = [await setup.ask("/v1/events"), await setup.ask("/v1/events")];
  const refused = await setup.ask("/v1/status");
  const { headers, status } = refused;
  deepEqual([status, headers.get("retry-after"), headers.get("content-type")], [
    429,
    "5",
    "application/problem+json",
  ]);
  equal((await refused.json()).code, "unavailable");
  for (const { body } of streams) await body?.cancel();
  await polled(async () => {
    const { body, ok } = await setup.ask("/v1/status");
    await body?.cancel();
    return ok || undefined;
  }, "room");
});
