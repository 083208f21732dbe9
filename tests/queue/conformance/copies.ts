/** What every job queue promises of files that runs have stored elsewhere. */

import assert from "node:assert/strict";
import type { JobOutcome } from "../../../src/queue/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import type { RegisterTest } from "../setup.ts";

const FILES = ["a.png", "b \ud800\0.png"];

function completed(storedAt?: string): JobOutcome {
  const where = storedAt === undefined ? {} : { storedAt };
  return { type: "completed", result: { imagePaths: ["/output/a.png"], ...where } };
}

/** Registers the tests. */
export function testCopies(test: RegisterTest): void {
  test("tells what was stored of a run once its job has ended otherwise, until it is forgotten", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest({ id: "a" }));
    const lease = (await claim())!;
    assert.ok(await queue.copies.note(lease, FILES));
    assert.deepEqual(await queue.copies.left(10), []);
    await queue.settle(lease, { type: "cancelled" });
    const { promptId } = lease;
    const left = [{ promptId, files: FILES, areWanted: false }];
    assert.deepEqual(await queue.copies.left(10), left);
    await queue.copies.forget(["another", promptId]);
    assert.deepEqual(await queue.copies.left(10), []);
  });

  test("tells nothing of what is stored by a run that another attempt may go on with", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest({ id: "a" }));
    const lease = (await claim())!;
    await queue.copies.note(lease, FILES);
    await queue.release(lease, { reason: "away", keepPrompt: true });
    assert.deepEqual(await queue.copies.left(10), []);
    const again = (await claim())!;
    assert.equal(again.promptId, lease.promptId);
    // The other attempt has found one file less.
    assert.ok(await queue.copies.note(again, ["a.png"]));
    await queue.settle(again, { type: "failed", error: "no luck" });
    const [left, more] = await queue.copies.left(10);
    assert.deepEqual([left?.files, more], [["a.png"], undefined]);
  });

  test("tells what was stored by a run that is given up for another one", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest({ id: "a" }));
    const lost = (await claim())!;
    await queue.copies.note(lost, FILES);
    await queue.release(lost, { reason: "lost", keepPrompt: false });
    const lease = (await claim())!;
    await queue.copies.note(lease, FILES);
    const promptIds = async () => (await queue.copies.left(10)).map((one) => one.promptId);
    assert.deepEqual(await promptIds(), [lost.promptId]);
    await queue.settle(lease, completed(`s3://x/${lease.promptId}`));
    const left = await queue.copies.left(10);
    const wanted = new Map(left.map(({ promptId, areWanted }) => [promptId, areWanted]));
    assert.deepEqual(wanted, new Map([[lost.promptId, false], [lease.promptId, true]]));
  });

  test("tells nothing of a run that its waiting job may be given back", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest({ id: "a" }));
    const lease = (await claim("gone"))!;
    await queue.copies.note(lease, FILES);
    await queue.release(lease, { reason: "away", keepPrompt: true });
    assert.equal(await queue.abandonPrompts({ exceptOn: [] }), 1);
    assert.deepEqual(await queue.copies.left(10), []);
    await queue.welcomeBack("gone");
    assert.equal((await claim("gone"))?.promptId, lease.promptId);
    assert.deepEqual(await queue.copies.left(10), []);
  });

  test("is told late of what was stored of a run whose lease was lost", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest({ id: "a" }));
    const lost = (await claim())!;
    assert.ok(await queue.copies.note(lost, FILES));
    await queue.release(lost, { reason: "lost", keepPrompt: false });
    const lease = (await claim())!;
    await queue.copies.forget([lost.promptId]);
    assert.equal(await queue.copies.note(lost, FILES), false);
    assert.ok(await queue.copies.noteLate(lost, FILES));
    const left = [{ promptId: lost.promptId, files: FILES, areWanted: false }];
    assert.deepEqual(await queue.copies.left(10), left);
    // Who holds the lease knows better what there is.
    await queue.copies.note(lease, ["a.png"]);
    assert.ok(await queue.copies.noteLate(lease, FILES));
    await queue.settle(lease, { type: "cancelled" });
    const own = (await queue.copies.left(10)).find(({ promptId }) => promptId === lease.promptId);
    assert.deepEqual(own?.files, ["a.png"]);
    setup.clock.advance(1);
    await queue.prune(setup.clock.now(), 10);
    assert.equal(await queue.copies.noteLate(lost, FILES), false);
  });

  test("tells as many as are asked for, and takes nobody's word without a lease", async (setup) => {
    const { queue, claim } = setup;
    for (const id of ["a", "b"]) {
      await queue.enqueue(generateRequest({ id }));
      const lease = (await claim())!;
      await queue.copies.note(lease, FILES);
      await queue.settle(lease, { type: "cancelled" });
      assert.equal(await queue.copies.note(lease, FILES), false);
    }
    assert.equal((await queue.copies.left(1)).length, 1);
    assert.equal((await queue.copies.left(10)).length, 2);
  });

  test("takes what was stored for wanted where nobody knows how its job completed", async (setup) => {
    const { queue, claim } = setup;
    await queue.enqueue(generateRequest({ id: "a" }));
    const lease = (await claim())!;
    await queue.copies.note(lease, FILES);
    await queue.settle(lease, completed());
    const [left] = await queue.copies.left(10);
    assert.equal(left?.areWanted, true);
  });

  test("forgets what was stored with its job", async ({ queue, claim, clock }) => {
    await queue.enqueue(generateRequest({ id: "a" }));
    const lease = (await claim())!;
    await queue.copies.note(lease, FILES);
    await queue.settle(lease, { type: "cancelled" });
    clock.advance(1);
    assert.equal(await queue.prune(clock.now(), 10), 1);
    assert.deepEqual(await queue.copies.left(10), []);
  });
}
