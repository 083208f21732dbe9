import assert from "node:assert/strict";
import { startWorker } from "../../src/worker/mod.ts";
import { Random } from "../simulation/world/random.ts";
import { tempDir } from "../support/temp_dir.ts";
import { testConfig } from "../support/worker.ts";
import { attack, MAKERS } from "./requests.ts";

/** Requests of each kind; `main.ts` sends millions. */
const COUNT = 2_000;

/**
 * Growth that counts as flat, in bytes: what V8 keeps differs by more than a little. The process has other tests
 * in it; `main.ts` measures one of its own.
 */
const FLAT_BYTES = 100 * 2 ** 20;

/** What this isolate holds. */
function heldBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

Deno.test("Any request over the socket gets one reply, and memory stays flat", async () => {
  await using dir = await tempDir();
  const config = await testConfig(dir.path, "http://127.0.0.1:9");
  const worker = await startWorker({ config });
  try {
    const random = new Random(11);
    await attack(worker.reqAddress, COUNT, () => MAKERS.good(random));
    const before = heldBytes();
    await attack(worker.reqAddress, COUNT, () => MAKERS.mutated(random));
    const { replies } = await attack(worker.reqAddress, COUNT, () => MAKERS.grammar(random));
    const grown = heldBytes() - before;
    assert.ok(grown < FLAT_BYTES, `The worker grew by ${grown} bytes`);
    // The grammar reaches behind the checks.
    for (const kind of ["job_accepted", "job_list", "error"]) {
      assert.ok((replies.get(kind) ?? 0) > 10, `${kind}: ${[...replies].join("; ")}`);
    }
  } finally {
    await worker.close();
  }
});
