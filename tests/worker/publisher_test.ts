import assert from "node:assert/strict";
import { decodeUpdate, type Update } from "../../src/protocol/mod.ts";
import { createPublisher } from "../../src/worker/publisher.ts";

const STARTED: Update = { type: "job_started", job_id: "j", timestamp: 1 };

Deno.test("Publisher numbers its updates from 1, whatever they are about", () => {
  const { sent, socket } = fakeSocket();
  const publisher = createPublisher(socket, { epoch: 7 });
  assert.deepEqual([publisher.epoch, publisher.lastSeq], [7, 0]);
  publisher.publish(STARTED);
  publisher.publish({ type: "job_error", job_id: "k", error: "x" });
  assert.deepEqual(sent, [
    { ...STARTED, epoch: 7, seq: 1 },
    { type: "job_error", job_id: "k", error: "x", epoch: 7, seq: 2 },
  ]);
  assert.equal(publisher.lastSeq, 2);
});

Deno.test("Publisher takes another epoch in each life of the worker", () => {
  const { socket } = fakeSocket();
  const before = Date.now();
  const { epoch } = createPublisher(socket);
  assert.ok(Number.isInteger(epoch) && epoch >= before);
});

Deno.test("Publisher leaves a gap where an update cannot be sent", () => {
  const { sent, socket } = fakeSocket();
  const publisher = createPublisher(socket, { epoch: 7 });
  const image_paths = ["x".repeat(2_000_000)];
  publisher.publish({
    type: "job_complete",
    job_id: "j",
    image_path: "a",
    duration_s: 1,
    image_paths,
  });
  publisher.publish(STARTED);
  assert.deepEqual(sent, [{ ...STARTED, epoch: 7, seq: 2 }]);
});

function fakeSocket() {
  const sent: Update[] = [];
  return { sent, socket: { publish: (body: Uint8Array) => void sent.push(decodeUpdate(body)) } };
}
