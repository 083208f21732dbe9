/** What every job queue promises, whatever stands behind it: order, leases, prompts, pauses. */

import assert from "node:assert/strict";
import type { ClaimAllOptions } from "../../../src/queue/job_queue.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { LEASE_MS, type RegisterTest } from "../setup.ts";

/** Registers the tests. */
export function testLeases(test: RegisterTest): void {
  test("claims by priority, then by age", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest({ id: "old" }));
    await queue.enqueue(generateRequest({ id: "new" }));
    await queue.enqueue(generateRequest({ id: "urgent", priority: 5 }));
    await queue.enqueue(generateRequest({ id: "idle", priority: -5 }));
    const order = [];
    for (let lease = await claim(); lease; lease = await claim()) order.push(lease.job.id);
    assert.deepEqual(order, ["urgent", "old", "new", "idle"]);
  });

  test("lets age make up for priority, so that nothing waits for ever", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest({ id: "humble", priority: -100 }));
    const boundMs = 200 * 30_000;
    clock.advance(boundMs - 1);
    await queue.enqueue(generateRequest({ id: "in time to pass", priority: 100 }));
    clock.advance(1);
    await queue.enqueue(generateRequest({ id: "too late to pass", priority: 100 }));
    assert.equal((await claim())?.job.id, "in time to pass");
    assert.equal((await claim())?.job.id, "humble");
    assert.equal((await claim())?.job.id, "too late to pass");
  });

  test("passes over jobs that do not fit a server, and keeps them for another", async (setup) => {
    const { queue } = setup;
    for (let i = 0; i < 40; i += 1) {
      await queue.enqueue(generateRequest({ id: `a-${i}`, model: "a" }));
    }
    await queue.enqueue(generateRequest({ id: "b", model: "b" }));
    const claim = async (model: string) =>
      (await claimOne(queue, {
        server: model,
        clientId: "c",
        leaseMs: LEASE_MS,
        fits: (job) => job.request.model === model,
      }))?.job.id;
    assert.equal(await claim("b"), "b");
    assert.equal(await claim("b"), undefined);
    assert.equal(await claim("a"), "a-0");
  });

  test("gives a server what may live on it, whether it would be chosen for it now or not", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    await claim("one");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    const unwilling = { clientId: "c", leaseMs: LEASE_MS, fits: () => false };
    assert.equal(await claimOne(queue, { server: "two", ...unwilling }), undefined);
    assert.equal((await claimOne(queue, { server: "one", ...unwilling }))?.job.id, "job-1");
  });

  test("keeps the socket that a prompt was posted under with it", async ({ queue, clock }) => {
    await queue.enqueue(generateRequest());
    assert.equal(await queue.clientIdOn("one"), undefined);
    const claim = (clientId: string) =>
      claimOne(queue, { server: "one", clientId, leaseMs: LEASE_MS });
    assert.equal((await claim("first"))?.clientId, "first");
    assert.equal(await queue.clientIdOn("one"), "first");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    assert.equal(await queue.clientIdOn("one"), "first");
    const again = await claim("second");
    assert.equal(again?.clientId, "first");
    await queue.settle(again!, { type: "cancelled" });
    assert.equal(await queue.clientIdOn("one"), undefined);
  });

  test("counts how often ComfyUI went down while it ran a job", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const first = await claim();
    assert.equal(await queue.noteCrash(first!), 1);
    await queue.release(first!, { reason: "lost", keepPrompt: false });
    assert.equal(await queue.noteCrash(first!), undefined);
    const second = await claim();
    assert.equal(second?.job.crashes, 1);
    assert.equal(await queue.noteCrash(second!), 2);
  });

  test("counts a fall of ComfyUI once, although the worker died with it", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    const first = await claim();
    await queue.start(first!);
    assert.equal(await queue.noteCrash(first!), 1);
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    const second = await claim();
    assert.deepEqual([second?.resumed, second?.promptStarted], [true, false]);
  });

  test("remembers a server to avoid until the job ran elsewhere", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const first = await claim("one");
    await queue.release(first!, { reason: "out of memory", keepPrompt: false, avoidServer: true });
    assert.equal((await queue.get("job-1"))?.avoidServer, "one");
    const second = await claim("two");
    await queue.release(second!, { reason: "busy", keepPrompt: false });
    assert.equal((await queue.get("job-1"))?.avoidServer, undefined);
  });

  test("gives up waiting jobs whose deadline has passed", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest({ id: "late", deadline_s: 10 }));
    await queue.enqueue(generateRequest({ id: "patient" }));
    assert.equal(await queue.nextDeadlineAtMs(), clock.now() + 10_000);
    clock.advance(9_999);
    assert.deepEqual(await queue.expire(), []);
    clock.advance(1);
    assert.deepEqual((await queue.expire()).map((job) => [job.id, job.state]), [[
      "late",
      "failed",
    ]]);
    assert.deepEqual(await queue.expire(), []);
    assert.equal(await queue.nextDeadlineAtMs(), undefined);
    assert.equal((await claim())?.job.id, "patient");
  });

  test("never gives one job to two claimers", async ({ queue }) => {
    for (let i = 0; i < 20; i += 1) await queue.enqueue(generateRequest({ id: `job-${i}` }));
    const claims = Array.from(
      { length: 40 },
      (_, i) => claimOne(queue, { server: `server-${i % 2}`, clientId: "c", leaseMs: LEASE_MS }),
    );
    const ids = (await Promise.all(claims)).flatMap((lease) => lease ? [lease.job.id] : []);
    assert.equal(ids.length, 20);
    assert.equal(new Set(ids).size, 20);
  });

  test("fences an attempt that lost its lease", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest());
    const stale = await claim();
    clock.advance(LEASE_MS + 1);
    assert.equal(await queue.reclaim(), 1);
    const fresh = await claim();
    assert.equal(await queue.renew(stale!, LEASE_MS), false);
    assert.equal(await queue.start(stale!), false);
    assert.equal(await queue.settle(stale!, { type: "failed", error: "stale" }), undefined);
    assert.equal(await queue.release(stale!, { reason: "stale", keepPrompt: false }), undefined);
    assert.equal((await queue.settle(fresh!, { type: "cancelled" }))?.state, "cancelled");
  });

  test("does not take back a lease that is renewed", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest());
    const lease = await claim();
    clock.advance(LEASE_MS - 1);
    assert.equal(await queue.renew(lease!, LEASE_MS), true);
    clock.advance(LEASE_MS - 1);
    assert.equal(await queue.reclaim(), 0);
    clock.advance(2);
    assert.equal(await queue.reclaim(), 1);
  });

  test("keeps the prompt of a lost attempt, for the same server only", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    const first = await claim("one");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    assert.equal(await claim("two"), undefined);
    const second = await claim("one");
    assert.equal(second?.resumed, true);
    assert.equal(second?.promptId, first?.promptId);
    assert.equal(second?.job.attempts, 2);
  });

  test("lets any server run what was on one that is given up, and drops its prompt", async (setup) => {
    const { queue, claim, clock } = setup;
    for (const id of ["a", "b"]) await queue.enqueue(generateRequest({ id }));
    const first = await claim("gone");
    await queue.start(first!);
    const kept = await claim("here");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    assert.equal(await claim("other"), undefined);
    assert.equal(await queue.abandonPrompts({ exceptOn: ["here", "other"] }), 1);
    assert.equal(await queue.abandonPrompts({ exceptOn: ["here", "other"] }), 0);
    const second = await claim("other");
    assert.deepEqual(
      [second?.job.id, second?.resumed, second?.promptStarted],
      ["a", false, false],
    );
    assert.notEqual(second?.promptId, first?.promptId);
    assert.equal((await claim("here"))?.promptId, kept?.promptId);
  });

  test("does not give up the prompt of an attempt that is under way", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const lease = await claim("one");
    assert.equal(await queue.abandonPrompts({ exceptOn: [] }), 0);
    await queue.release(lease!, { reason: "unreachable", keepPrompt: true });
    assert.equal(await queue.abandonPrompts({ exceptOn: [] }), 1);
    assert.equal((await claim("two"))?.resumed, false);
  });

  test("keeps the prompts of jobs that could run nowhere else", async ({ queue, claim }) => {
    for (const model of ["common", "rare"]) {
      await queue.enqueue(generateRequest({ id: model, model }));
    }
    for (const lease of [await claim("gone"), await claim("gone")]) {
      await queue.release(lease!, { reason: "unreachable", keepPrompt: true });
    }
    const fits = ({ request }: { request: { model: string } }) => request.model === "common";
    assert.equal(await queue.abandonPrompts({ exceptOn: [], fits }), 1);
    assert.equal((await claim("other"))?.job.id, "common");
    assert.equal(await claim("other"), undefined);
  });

  test("knows which prompts a server has left when it is back, until they are forgotten", async (setup) => {
    const { queue, claim } = setup;
    for (const id of ["a", "b"]) await queue.enqueue(generateRequest({ id }));
    const [first, second] = [await claim("gone"), await claim("gone")];
    for (const lease of [first, second]) {
      await queue.release(lease!, { reason: "unreachable", keepPrompt: true });
    }
    await queue.abandonPrompts({ exceptOn: [] });
    for (const lease of [await claim("other"), await claim("other")]) assert.ok(lease);
    const left = [first?.promptId, second?.promptId];
    assert.deepEqual(await queue.welcomeBack("other"), []);
    assert.deepEqual((await queue.welcomeBack("gone")).toSorted(), left.toSorted());
    await queue.forgetPrompts("other", left.map(String));
    await queue.forgetPrompts("gone", [first!.promptId, "never heard of"]);
    assert.deepEqual(await queue.welcomeBack("gone"), [second?.promptId]);
    await queue.forgetPrompts("gone", [second!.promptId]);
    assert.deepEqual(await queue.welcomeBack("gone"), []);
  });

  test("gives a server that is back its prompt of a job that nobody has taken", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest());
    const first = await claim("gone");
    await queue.start(first!);
    await queue.release(first!, { reason: "unreachable", keepPrompt: true });
    await queue.abandonPrompts({ exceptOn: [] });
    assert.deepEqual(await queue.welcomeBack("gone"), []);
    assert.equal(await claim("other"), undefined);
    const again = await claim("gone");
    assert.deepEqual(
      [again?.promptId, again?.resumed, again?.promptStarted],
      [first?.promptId, true, true],
    );
  });

  test("does not give back the prompt of a job that was tried elsewhere, or has ended", async (setup) => {
    const { queue, claim } = setup;
    for (const id of ["tried", "cancelled"]) await queue.enqueue(generateRequest({ id }));
    const leases = [await claim("gone"), await claim("gone")];
    for (const lease of leases) {
      await queue.release(lease!, { reason: "unreachable", keepPrompt: true });
    }
    await queue.abandonPrompts({ exceptOn: [] });
    // The same server takes it anew, as it may when nobody told that it was back.
    await queue.release((await claim("gone"))!, { reason: "lost", keepPrompt: false });
    await queue.cancel("cancelled");
    const left = leases.map((lease) => lease?.promptId);
    assert.deepEqual((await queue.welcomeBack("gone")).toSorted(), left.toSorted());
    assert.equal((await claim("other"))?.resumed, false);
  });

  test("forgets the prompts that were left together with their jobs", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const lease = await claim("gone");
    await queue.release(lease!, { reason: "unreachable", keepPrompt: true });
    await queue.abandonPrompts({ exceptOn: [] });
    await queue.cancel("job-1");
    assert.equal(await queue.prune(Number.MAX_SAFE_INTEGER, 10), 1);
    assert.deepEqual(await queue.welcomeBack("gone"), []);
  });

  test("tells whether the prompt, and not only the job, was seen running", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest());
    const first = await claim();
    assert.equal(first?.promptStarted, false);
    assert.equal(await queue.start(first!), true);
    await queue.release(first!, { reason: "timeout", keepPrompt: true });
    const second = await claim();
    assert.equal(second?.promptStarted, true);
    await queue.release(second!, { reason: "lost", keepPrompt: false });
    const third = await claim();
    assert.equal(third?.promptStarted, false);
    assert.equal(await queue.start(third!), false);
    await queue.release(third!, { reason: "timeout", keepPrompt: true });
    assert.equal((await claim())?.promptStarted, true);
  });

  test("draws a new prompt id when the old prompt is surely gone", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const first = await claim("one");
    await queue.release(first!, { reason: "ComfyUI restarted", keepPrompt: false });
    const second = await claim("two");
    assert.equal(second?.resumed, false);
    assert.notEqual(second?.promptId, first?.promptId);
  });

  test("does not count an attempt that was nobody's fault", async ({ queue, claim }) => {
    await queue.enqueue(generateRequest());
    const options = { reason: "server away", keepPrompt: false, countAttempt: false };
    await queue.release((await claim())!, options);
    assert.equal((await claim())?.job.attempts, 1);
  });

  test("holds a released job back for its pause, and tells when it ends", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    await queue.release((await claim())!, { reason: "503", keepPrompt: false, delayMs: 2_000 });
    assert.equal(await claim(), undefined);
    assert.equal(await queue.nextClaimableAtMs(), clock.now() + 2_000);
    clock.advance(2_000);
    assert.equal((await claim())?.job.id, "job-1");
    assert.equal(await queue.nextClaimableAtMs(), undefined);
  });

  test("hands out a cancelled job whose prompt may run, so that it is removed there", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    await claim("one");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    assert.equal((await queue.cancel("job-1")).type, "cancelling");
    const lease = await claim("one");
    assert.equal(lease?.job.cancelRequested, true);
    assert.equal(lease?.resumed, true);
    assert.equal((await queue.settle(lease!, { type: "cancelled" }))?.state, "cancelled");
  });

  test("claims for several servers at once, in the order of claiming", async ({ queue }) => {
    for (let i = 0; i < 5; i += 1) await queue.enqueue(generateRequest({ id: `job-${i}` }));
    const asked: [string, Record<string, string[]>][] = [];
    const leases = await queue.claimAll({
      servers: new Map([["a", "socket a"], ["b", "socket b"]]),
      limit: 3,
      leaseMs: LEASE_MS,
      place(job, _holder, taken) {
        const ids = [...taken].map(([name, jobs]) => [name, jobs.map(({ id }) => id)]);
        asked.push([job.id, Object.fromEntries(ids)]);
        return (taken.get("b") ?? []).length < 1 ? "b" : "a";
      },
    });
    assert.deepEqual(
      leases.map(({ job, clientId }) => [job.id, job.server, clientId]),
      [["job-0", "b", "socket b"], ["job-1", "a", "socket a"], ["job-2", "a", "socket a"]],
    );
    assert.deepEqual(asked.slice(0, 3), [
      ["job-0", {}],
      ["job-1", { b: ["job-0"] }],
      ["job-2", { b: ["job-0"], a: ["job-1"] }],
    ]);
    assert.equal(new Set(leases.flatMap(({ token, promptId }) => [token, promptId])).size, 6);
    for (const lease of leases) assert.equal(await queue.renew(lease, LEASE_MS), true);
    assert.deepEqual(await queue.counts(), { queued: 2, running: 3 });
  });

  test("claims fewer jobs than wanted where the others are passed over", async ({ queue }) => {
    for (const id of ["1", "2", "3"]) await queue.enqueue(generateRequest({ id }));
    const servers = new Map([["a", "c"]]);
    const claimAll = (place: ClaimAllOptions["place"]) =>
      queue.claimAll({ servers, limit: 8, leaseMs: LEASE_MS, place });
    assert.deepEqual(await claimAll(() => undefined), []);
    const leases = await claimAll(({ id }) => id === "2" ? undefined : "a");
    assert.deepEqual(leases.map(({ job }) => job.id), ["1", "3"]);
  });

  test("gives a prompt that may live on a server to no other of the set", async (setup) => {
    const { queue, claim, clock } = setup;
    await queue.enqueue(generateRequest());
    await claim("b");
    clock.advance(LEASE_MS + 1);
    await queue.reclaim();
    const claimAll = (names: readonly string[], place: ClaimAllOptions["place"]) =>
      queue.claimAll({
        servers: new Map(names.map((name) => [name, "c"])),
        limit: 2,
        leaseMs: LEASE_MS,
        place,
      });
    assert.deepEqual(await claimAll(["a"], () => "a"), []);
    assert.deepEqual(await claimAll(["a", "b"], () => "a"), []);
    const [lease] = await claimAll(["a", "b"], (_job, holder) => holder);
    assert.deepEqual([lease?.job.server, lease?.resumed], ["b", true]);
  });
}
