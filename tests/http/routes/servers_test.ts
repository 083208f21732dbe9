import assert from "node:assert/strict";
import { liveIsolates } from "../../../src/executor/isolate.ts";
import { startSimulator } from "../../../src/simulator/mod.ts";
import { polled } from "../../support/polled.ts";
import { type HttpSetup, httpSetup, statusOf } from "../support.ts";

async function servers(setup: HttpSetup): Promise<{ name: string; state: string }[]> {
  return (await (await setup.ask("/v1/servers")).json()).servers;
}

Deno.test("a server that is added gets jobs, and the one that is removed ends what it has", async () => {
  await using setup = await httpSetup();
  const isolates = liveIsolates;
  await using other = await startSimulator({
    stepTimeMs: 2,
    loadTimeMs: 2,
    nodeTimeMs: 1,
    previewMethod: "still",
  });
  const [first] = await servers(setup);
  const added = await setup.addServer({ url: other.url, name: "other", weight: 2 });
  assert.deepEqual([added.status, added.headers.get("location")], [201, "/v1/servers/other"]);
  await added.body?.cancel();
  assert.equal(liveIsolates, isolates + 1);
  const remove = (name: string) =>
    setup.ask(`/v1/servers/${encodeURIComponent(name)}`, { method: "DELETE" });
  assert.equal(await statusOf(setup.submit({ id: "a", steps: 100 })), 202);
  assert.equal(await statusOf(remove(first?.name ?? "")), 202);
  const done = await setup.submit({ id: "b" }, { prefer: "wait=90" });
  assert.deepEqual([(await done.json()).server], ["other"]);
  await polled(async () => (await servers(setup)).length === 1 ? true : undefined, "one server");
  assert.deepEqual((await servers(setup)).map(({ name }) => name), ["other"]);
  const { state } = await (await setup.ask("/v1/jobs/a")).json();
  assert.equal(state, "completed");
  assert.equal(liveIsolates, isolates);
  const last = await remove("other");
  assert.deepEqual([last.status, (await last.json()).code], [409, "conflict"]);
  const unknown = await remove("nobody");
  assert.deepEqual([unknown.status, (await unknown.json()).code], [404, "not_found"]);
});

Deno.test("a server that is there already, or that no settings could name, is refused", async () => {
  await using setup = await httpSetup();
  const [{ name } = { name: "" }] = await servers(setup);
  const cases: [unknown, number, RegExp][] = [
    [{ url: setup.worker.simulator.url, name: "again" }, 409, /a server with this URL already/],
    [{ url: "http://127.0.0.1:9", name }, 409, /a server named .* already/],
    [{}, 422, /url/],
    [{ url: "ftp://gpu" }, 422, /^Invalid parameter: url must be .*, got "ftp:\/\/gpu"/],
    [{ url: "http://gpu", weight: 0 }, 422, /weight must be a number from 0\.01 to 1000/],
    [
      { url: "http://gpu", token_file: "/etc/shadow" },
      422,
      /"token_file" must be one of url, name/,
    ],
    [{ url: "http://gpu", headers: { Host: "x" } }, 422, /headers/],
  ];
  for (const [fields, status, detail] of cases) {
    const answer = await setup.addServer(fields);
    assert.equal(answer.status, status, JSON.stringify(fields));
    assert.match((await answer.json()).detail, detail);
  }
  assert.equal((await servers(setup)).length, 1);
});
