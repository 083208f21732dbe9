/** What every job queue promises, whatever stands behind it. */

import { testCopies } from "./copies.ts";
import { testJobs } from "./jobs.ts";
import { testLeases } from "./leases.ts";
import { testAgainstModel } from "./model.ts";
import { testOutbox } from "./outbox.ts";
import { testTimes } from "./times.ts";
import { createSetup, type QueueFactory, type RegisterTest } from "../setup.ts";

/** Registers the tests for one kind of queue. */
export function testJobQueue(name: string, open: QueueFactory): void {
  const test: RegisterTest = (behaviour, body) =>
    Deno.test(`JobQueue (${name}) ${behaviour}`, async () => {
      await using setup = await createSetup(open);
      await body(setup);
    });
  testJobs(test, open);
  testLeases(test);
  testTimes(test);
  testOutbox(test);
  testCopies(test);
  testAgainstModel(test, open);
}
