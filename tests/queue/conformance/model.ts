/** What every job queue promises, told by a model that knows nothing of leases, tokens or tables. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { JobState } from "../../../src/protocol/mod.ts";
import type { JobQueue, Lease } from "../../../src/queue/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import {
  createSetup,
  LEASE_MS,
  type QueueFactory,
  type RegisterTest,
  type Setup,
} from "../setup.ts";

/** Registers the test. */
export function testAgainstModel(test: RegisterTest, open: QueueFactory): void {
  test("agrees with a simple model under any sequence of operations", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        await using setup = await createSetup(open);
        const model = new Model();
        for (const step of operations) {
          await model.apply(setup, step);
          assert.deepEqual(await setup.queue.counts(), model.counts());
        }
        for (const [id, state] of model.states) {
          assert.equal((await setup.queue.get(id))?.state, state);
        }
      }),
      { numRuns: 60 },
    );
  });
}

type Operation =
  | { type: "enqueue" | "cancel"; id: string }
  | { type: "claim" | "expire" }
  | { type: "complete" | "fail" | "release"; lease: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    type: fc.constantFrom("enqueue" as const, "cancel" as const),
    id: fc.constantFrom("a", "b", "c"),
  }),
  fc.record({ type: fc.constantFrom("claim" as const, "expire" as const) }),
  fc.record({
    type: fc.constantFrom("complete" as const, "fail" as const, "release" as const),
    lease: fc.nat({ max: 5 }),
  }),
);

/** The life of jobs as anybody would tell it, without leases, tokens or tables. */
class Model {
  readonly states = new Map<string, JobState>();
  readonly #cancelling = new Set<string>();
  readonly #leases: { lease: Lease; valid: boolean }[] = [];

  async apply({ queue, claim, clock }: Setup, step: Operation): Promise<void> {
    switch (step.type) {
      case "enqueue":
        await queue.enqueue(generateRequest({ id: step.id }));
        if (!this.states.has(step.id)) this.states.set(step.id, "queued");
        break;
      case "cancel":
        await this.#cancel(queue, step.id);
        break;
      case "claim": {
        const lease = await claim();
        if (lease === undefined) break;
        assert.equal(this.states.get(lease.job.id), "queued");
        this.states.set(lease.job.id, "running");
        this.#leases.push({ lease, valid: true });
        break;
      }
      case "expire":
        clock.advance(LEASE_MS + 1);
        await queue.reclaim();
        for (const held of this.#leases.splice(0)) {
          if (held.valid) this.states.set(held.lease.job.id, "queued");
        }
        break;
      default:
        await this.#use(queue, step.type, this.#leases[step.lease]);
    }
  }

  counts(): { queued: number; running: number } {
    const count = (wanted: JobState) =>
      [...this.states.values()].filter((state) => state === wanted).length;
    return { queued: count("queued"), running: count("running") };
  }

  async #cancel(queue: JobQueue, id: string): Promise<void> {
    const result = await queue.cancel(id);
    const state = this.states.get(id);
    const ended = state === undefined || (state !== "queued" && state !== "running");
    assert.equal(result.type === "not_found", ended);
    if (result.type === "cancelled") this.states.set(id, "cancelled");
    if (result.type === "cancelling") this.#cancelling.add(id);
  }

  async #use(
    queue: JobQueue,
    how: "complete" | "fail" | "release",
    held: { lease: Lease; valid: boolean } | undefined,
  ): Promise<void> {
    if (held === undefined) return;
    const { lease } = held;
    const result = how === "release"
      ? await queue.release(lease, { reason: "model", keepPrompt: false })
      : how === "complete"
      ? await queue.settle(lease, { type: "completed", result: { imagePaths: ["/x.png"] } })
      : await queue.settle(lease, { type: "failed", error: "model" });
    assert.equal(result !== undefined, held.valid);
    if (!held.valid) return;
    held.valid = false;
    const usual = { release: "queued", complete: "completed", fail: "failed" } as const;
    this.states.set(lease.job.id, this.#cancelling.has(lease.job.id) ? "cancelled" : usual[how]);
  }
}
