import assert from "node:assert/strict";
import type { HeldServer, JobQueue, Lease } from "../../../src/queue/mod.ts";
import {
  openPostgresQueue,
  type PostgresQueueOptions,
} from "../../../src/queue/postgres/postgres_queue.ts";
import { WAKE } from "../../../src/queue/postgres/presence.ts";
import { claimOne } from "../../support/claim.ts";
import { manualClock } from "../../support/clock.ts";
import { type Cluster, startCluster } from "../../support/postgres.ts";
import { polled } from "../../support/polled.ts";
import { generateRequest } from "../../support/requests.ts";

const LEASE_MS = 10_000;

const cluster = await startCluster();
let schemas = 0;

/** What a test works with: a schema of its own. */
interface Shared {
  readonly cluster: Cluster;
  readonly schema: string;
  open(worker: string, options?: Partial<PostgresQueueOptions>): Promise<JobQueue>;
}

function server(name: string, fields: Partial<HeldServer> = {}): HeldServer {
  return { name, room: 1, active: 0, waitMs: 0, weight: 1, draining: false, ...fields };
}

function test(behaviour: string, body: (shared: Shared) => Promise<void>): void {
  if (cluster === undefined) return;
  Deno.test(`openPostgresQueue() ${behaviour}`, async () => {
    const schema = `shared_${schemas += 1}`;
    await body({
      cluster,
      schema,
      open: (worker, options) =>
        openPostgresQueue({ url: cluster.url(schema), worker, ...options }),
    });
  });
}

function claim(queue: JobQueue, server = "one"): Promise<Lease | undefined> {
  return claimOne(queue, { server, clientId: "c", leaseMs: LEASE_MS });
}

test("refuses a second worker of one name, until the first has gone", async ({ open }) => {
  {
    await using _first = await open("a");
    await assert.rejects(open("a"), { code: "in_use", message: /"a".*--worker-name/s });
    await using _other = await open("b");
  }
  await using _again = await open("a");
});

test("refuses a schema of a newer version, and says what to do", async (shared) => {
  await (await shared.open("a")).close();
  shared.cluster.sql(`UPDATE ${shared.schema}.schema_version SET version = 999`);
  await assert.rejects(shared.open("a"), {
    code: "unreadable",
    message: /newer version.*upgrade this worker/s,
  });
});

test("makes the schema once, however many workers start at the same time", async ({ open }) => {
  const names = ["a", "b", "c", "d"];
  const queues = await Promise.all(names.map((name) => open(name)));
  await Promise.all(
    queues.map((queue, nth) => queue.enqueue(generateRequest({ id: `job-${nth}` }))),
  );
  assert.equal((await queues[0]!.counts()).queued, 4);
  await Promise.all(queues.map((queue) => queue.close()));
});

test("shows no password when it cannot connect", async ({ cluster }) => {
  const url = cluster.url("x").replace("pixels@", "nobody-knows:hush-hush@");
  const error = await openPostgresQueue({ url, worker: "a" }).then(() => undefined, String);
  assert.match(error ?? "", /Cannot open the queue/);
  assert.doesNotMatch(error ?? "", /hush/);
});

test("voids the leases of its own name only when it starts", async ({ open }) => {
  await using a = await open("a");
  const b = await open("b");
  for (const id of ["1", "2"]) await a.enqueue(generateRequest({ id }));
  const kept = await claim(a);
  const lost = await claim(b);
  await b.close();
  await using again = await open("b");
  assert.equal(await again.reclaim({ all: true }), 1);
  assert.equal(await a.renew(kept!, LEASE_MS), true);
  assert.equal(await again.renew(lost!, LEASE_MS), false);
});

test("tells ids apart that PostgreSQL's text cannot hold", async ({ open }) => {
  await using queue = await open("a");
  const ids = ["a\0", "a\0b", "\ud800", "\udc00", "\ufffd", "\ud83d\ude00", "\ufeffx", "x"];
  for (const id of ids) {
    assert.equal((await queue.enqueue(generateRequest({ id }))).type, "accepted", id);
  }
  for (const id of ids) assert.equal((await queue.get(id))?.id, id);
  assert.deepEqual([...(await queue.positions(ids)).keys()].toSorted(), ids.toSorted());
});

test("hands each job to one worker, in the order of claiming", async ({ open }) => {
  const queues = await Promise.all(["a", "b", "c"].map((name) => open(name)));
  const ids = Array.from({ length: 60 }, (_, nth) => `job-${nth}`);
  await Promise.all(ids.map((id) => queues[0]!.enqueue(generateRequest({ id }))));
  const taken = await Promise.all(queues.map(async (queue) => {
    const own: string[] = [];
    for (let lease = await claim(queue); lease; lease = await claim(queue)) own.push(lease.job.id);
    return own;
  }));
  assert.deepEqual(taken.flat().toSorted(), ids.toSorted());
  for (const own of taken) {
    assert.deepEqual(own, own.toSorted((x, y) => ids.indexOf(x) - ids.indexOf(y)));
  }
  await Promise.all(queues.map((queue) => queue.close()));
});

test("takes a job that two workers are sent once, and knows it at both", async ({ open }) => {
  await using a = await open("a");
  await using b = await open("b");
  const results = await Promise.all(
    [a, b, a, b].map((queue) => queue.enqueue(generateRequest({ id: "same", seed: 1 }))),
  );
  assert.deepEqual(results.map(({ type }) => type).toSorted(), [
    "accepted",
    "known",
    "known",
    "known",
  ]);
});

test("tells every worker each ending once, also what ended while it was away", async ({ open }) => {
  await using a = await open("a");
  const b = await open("b");
  await a.shared?.hold(() => [server("one")]);
  await b.shared?.hold(() => [server("two")]);
  for (const id of ["1", "2", "3"]) await a.enqueue(generateRequest({ id }));
  await a.settle((await claim(a))!, { type: "failed", error: "x" });
  await b.cancel("2");
  const heard = async (queue: JobQueue) =>
    (await queue.shared!.news([])).endings.map(({ id, state }) => `${id} ${state}`);
  assert.deepEqual(await heard(a), ["1 failed", "2 cancelled"]);
  assert.deepEqual(await heard(b), ["1 failed", "2 cancelled"]);
  assert.deepEqual(await heard(a), []);
  await b.shared?.hold(() => [server("two")]);
  await b.close();
  await a.cancel("3");
  assert.deepEqual(await heard(a), ["3 cancelled"]);
  await using again = await open("b");
  assert.deepEqual(await heard(again), ["3 cancelled"]);
});

test("tells every worker of the first deadline of a waiting job", async ({ open }) => {
  await using a = await open("a");
  await using b = await open("b");
  await a.enqueue(generateRequest({ id: "later", deadline_s: 60 }));
  const first = await a.enqueue(generateRequest({ id: "first", deadline_s: 30 }));
  assert.ok(first.type === "accepted");
  assert.equal((await b.shared?.news([]))?.deadlineAtMs, first.job.deadlineAtMs);
  await b.cancel("first");
  await b.cancel("later");
  assert.equal((await a.shared?.news([]))?.deadlineAtMs, undefined);
});

test("hears of an ending that is committed after later ones", async (shared) => {
  await using a = await shared.open("a");
  for (const id of ["slow", "quick"]) await a.enqueue(generateRequest({ id }));
  await a.shared!.news([]);
  const end = (id: string) =>
    `UPDATE ${shared.schema}.jobs SET state = 'cancelled', outcome = '{"type":"cancelled"}',
      finished_at_ms = ${shared.schema}.clock_ms(), ended_xid = pg_current_xact_id()
      WHERE id = '${id}'`;
  const slow = await shared.cluster.begin(end("slow"));
  shared.cluster.sql(end("quick"));
  assert.deepEqual((await a.shared!.news([])).endings.map(({ id }) => id), ["quick"]);
  assert.deepEqual((await a.shared!.news([])).endings, []);
  await slow.commit();
  assert.deepEqual((await a.shared!.news([])).endings.map(({ id }) => id), ["slow"]);
});

test("tells a worker what others want cancelled, and wakes it", async ({ open }) => {
  await using a = await open("a");
  await using b = await open("b");
  await a.enqueue(generateRequest());
  const lease = await claim(a);
  const woken = Promise.withResolvers<void>();
  a.shared?.onChange(() => woken.resolve());
  assert.equal((await b.cancel("job-1")).type, "cancelling");
  await woken.promise;
  assert.deepEqual((await a.shared?.news(["job-1"]))?.cancelled, ["job-1"]);
  assert.deepEqual((await b.shared?.news([]))?.cancelled, []);
  const ended = await a.settle(lease!, { type: "completed", result: { imagePaths: ["/x.png"] } });
  assert.equal(ended?.state, "cancelled");
});

test("leaves prompts to the worker that has their server, as long as it lives", async ({ open }) => {
  const { now, advance } = manualClock();
  const a = await open("a", { now });
  await using b = await open("b", { now });
  await a.shared?.hold(() => [server("one")]);
  await b.shared?.hold(() => [server("two")]);
  await a.enqueue(generateRequest());
  const first = await claim(a);
  await a.close();
  advance(LEASE_MS + 1);
  assert.equal(await b.reclaim(), 1);
  assert.equal(await claim(b, "two"), undefined);
  assert.equal(await b.abandonPrompts({ exceptOn: ["two"] }), 0);
  advance(30_000);
  await b.shared?.hold(() => [server("two")]);
  assert.equal(await b.abandonPrompts({ exceptOn: ["two"] }), 1);
  const second = await claim(b, "two");
  assert.notEqual(second?.promptId, first?.promptId);
  assert.deepEqual(await b.welcomeBack("one"), [first?.promptId]);
});

test("accepts nothing while PostgreSQL is away, and goes on when it is back", async ({ open, cluster }) => {
  await using queue = await open("a");
  await queue.enqueue(generateRequest({ id: "before" }));
  const lease = await claim(queue);
  cluster.stop();
  const away = {
    code: "unavailable",
    isPassing: true,
    message: /^Backend busy: the queue is away .*PostgreSQL/,
  };
  await assert.rejects(queue.enqueue(generateRequest({ id: "during" })), away);
  await assert.rejects(queue.settle(lease!, { type: "failed", error: "x" }), away);
  const back = Promise.withResolvers<void>();
  queue.shared?.onChange(() => back.resolve());
  cluster.start();
  // The name is taken again, which tells that everything is to be looked at anew.
  await back.promise;
  await assert.rejects(open("a"), { code: "in_use" });
  assert.equal((await queue.settle(lease!, { type: "failed", error: "x" }))?.id, "before");
  assert.equal((await queue.enqueue(generateRequest({ id: "during" }))).type, "accepted");
});

test("lets any server have a prompt of which nobody knows where it lives", async (shared) => {
  await using a = await shared.open("a");
  await a.enqueue(generateRequest());
  const lease = await claim(a, "one");
  await a.release(lease!, { reason: "x", keepPrompt: true });
  shared.cluster.sql(`UPDATE ${shared.schema}.jobs SET server = NULL`);
  assert.equal((await claim(a, "two"))?.promptId, lease?.promptId);
});

test("tells each worker the servers of the others, as they were told last", async ({ open }) => {
  const { now, advance } = manualClock();
  await using a = await open("a", { now });
  await using b = await open("b", { now });
  await using c = await open("c", { now });
  let known = server("one", { state: "unreachable", room: 0 });
  await a.shared?.hold(() => [known]);
  await b.shared?.hold(() => [server("one"), server("two", { weight: 2.5, draining: true })]);
  const own = (await b.shared?.meet())?.servers;
  assert.deepEqual(own, [{ ...known, worker: "a", loaded: undefined }]);
  known = server("one", { state: "ready", loaded: 'm{}",\\\n', room: 2, active: 3, waitMs: 1_500 });
  await a.shared?.hold(() => [known]);
  assert.deepEqual((await c.shared?.meet())?.servers, [
    { ...known, worker: "a" },
    { ...server("one"), worker: "b", loaded: undefined },
    { ...server("two", { weight: 2.5, draining: true }), worker: "b", loaded: undefined },
  ]);
  advance(12_001);
  await b.shared?.hold(() => []);
  assert.deepEqual((await c.shared?.meet())?.servers, []);
});

test("lists all workers with what they run, and lets any of them drain one, until it starts anew", async (shared) => {
  const { now, advance } = manualClock();
  await using a = await shared.open("a", { now });
  await using b = await shared.open("b", { now });
  await a.shared?.hold(() => [server("one"), server("two")]);
  advance(5_000);
  await b.shared?.hold(() => []);
  await a.enqueue(generateRequest());
  await claim(a);
  assert.equal((await b.get("job-1"))?.worker, "a");
  let isWoken = false;
  a.shared?.onChange(() => void (isWoken = true));
  // A note that comes before the other listens is lost; its own look is the net.
  await polled(async () => {
    assert.equal(await b.shared?.drain("a", true), true);
    return isWoken ? true : undefined;
  }, "the other to be woken");
  const draining = async (queue: JobQueue) => (await queue.shared!.news([])).isDraining;
  assert.deepEqual([await draining(a), await draining(b)], [true, false]);
  assert.deepEqual(await b.shared?.workers(), [
    { name: "a", upMs: 5_000, silentMs: 5_000, servers: 2, active: 1, draining: true },
    { name: "b", upMs: 0, silentMs: 0, servers: 0, active: 0, draining: false },
  ]);
  // What it is told itself counts at once.
  const early = a.shared!.news([]);
  await a.shared?.drain("a", false);
  await early;
  assert.equal(await draining(a), false);
  await a.shared?.drain("a", true);
  await a.close();
  await using again = await shared.open("a", { now });
  await again.shared?.hold(() => [server("one")]);
  assert.equal(await draining(again), false);
  assert.equal((await b.shared!.workers())[0]?.upMs, 0);
  advance(12_001);
  assert.equal(await b.shared?.drain("a", true), false);
  assert.equal(await b.shared?.drain("nobody", true), false);
});

test("serves a worker of an older version, which knows less, beside it", async (shared) => {
  await using a = await shared.open("a");
  await a.shared?.hold(() => [server("one")]);
  // What version 1.0 of the schema was told of its servers.
  shared.cluster.sql(`SET search_path = ${shared.schema};
    INSERT INTO workers (name, seen_at_ms, heard_xid) VALUES ('old', clock_ms(), '3');
    INSERT INTO servers (name, worker) VALUES ('two', 'old') ON CONFLICT DO NOTHING`);
  const [old] = (await a.shared!.meet()).servers;
  assert.deepEqual([old?.worker, old?.name, old?.room], ["old", "two", 0]);
});

test("looks at other jobs where others are faster, and at each of the few that are left", async (shared) => {
  await using queue = await shared.open("slow");
  const ids = Array.from({ length: 40 }, (_, nth) => `job-${nth}`);
  for (const id of ids) await queue.enqueue(generateRequest({ id }));
  const taken = new Set<string>();
  const claimBeside = async (thefts: number) => {
    const leases = await queue.claimAll({
      servers: new Map([["one", "c"]]),
      limit: 2,
      leaseMs: LEASE_MS,
      place({ id }) {
        if ((thefts -= 1) < 0) return "one";
        // Between the look and the claim.
        shared.cluster.sql(`UPDATE ${shared.schema}.jobs SET state = 'running'
          WHERE id = convert_to('${id}', 'UTF8')`);
        taken.add(id);
        return "one";
      },
    });
    for (const { job } of leases) {
      assert.ok(!taken.has(job.id), job.id);
      taken.add(job.id);
    }
    return leases.length;
  };
  // All that one look finds, several times.
  assert.ok(await claimBeside(20) > 0);
  while (await claimBeside(0) > 0);
  assert.deepEqual([...taken].toSorted(), ids.toSorted());
});

test("reads endings page after page, and each but once", async (shared) => {
  await using queue = await shared.open("a");
  await queue.shared?.news([]);
  // As others would have stored them.
  for (const part of ["first", "second"]) {
    shared.cluster.sql(`INSERT INTO ${shared.schema}.jobs
      (id, request, state, priority, seed, created_at_ms, due_ms, finished_at_ms, outcome, ended_xid)
      SELECT convert_to('${part} ' || n, 'UTF8'), '', 'failed', 0, 1, 1, 1, ${shared.schema}.clock_ms(),
        E'{"type":"failed",\n"error":"x"}', pg_current_xact_id() FROM generate_series(1, 300) AS n`);
  }
  const told: string[] = [];
  const pages: [number, boolean][] = [];
  for (let more = true; more;) {
    const { endings, hasMore } = (await queue.shared?.news([]))!;
    told.push(...endings.map(({ id }) => id));
    assert.ok(endings.every(({ outcome }) => outcome?.type === "failed" && outcome.error === "x"));
    pages.push([endings.length, hasMore]);
    more = hasMore;
  }
  assert.deepEqual(pages, [[500, true], [100, false]]);
  assert.equal(new Set(told).size, 600);
});

test("wakes all for what nobody was woken for yet, and not too often", async (shared) => {
  await (await shared.open("a")).close();
  const wake = (lastMs: number, sinceMs: number, gatherMs: number) => {
    const lines = shared.cluster.sql(`SET search_path = ${shared.schema};
      PREPARE wake AS ${WAKE}; SELECT setval('woken', clock_ms() - ${lastMs});
      EXECUTE wake('nobody', 'a', ${sinceMs}, ${gatherMs});
      SELECT last_value = clock_ms() FROM woken`).trim().split("\n");
    const [isEarly, isSent] = lines.slice(-2);
    return isSent === "t" ? "sent" : isEarly === "t" ? "early" : "spared";
  };
  assert.equal(wake(5_000, 6_000, 100), "spared");
  assert.equal(wake(5_000, 4_000, 6_000), "early");
  assert.equal(wake(5_000, 4_000, 3_000), "sent");
  assert.equal(wake(5_000, 5_000, 5_000), "sent");
  // The database's clock was set back.
  assert.equal(wake(-60_000, 4_000, 6_000), "sent");
});
