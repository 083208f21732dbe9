import assert from "node:assert/strict";
import { encodeReply, MAX_MESSAGE_BYTES, type Reply } from "../../../src/protocol/mod.ts";
import { compress } from "../../../src/protocol/mod.ts";
import { PIECE_BYTES } from "../../../src/worker/requests/image.ts";
import { claimOne } from "../../support/claim.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { handlers, type HandlerSetup } from "./setup.ts";

/** A job whose images are these files. */
async function finish(setup: HandlerSetup, id: string, imagePaths: string[]): Promise<void> {
  await setup.queue.enqueue(generateRequest({ id }));
  const lease = await claimOne(setup.queue, { server: "a", clientId: "c", leaseMs: 1_000 });
  await setup.queue.settle(lease!, { type: "completed", result: { imagePaths } });
}

async function withOutput() {
  const dir = await tempDir();
  const outputDir = await Deno.realPath(dir.path);
  const setup = handlers(undefined, { outputDir });
  return {
    setup,
    outputDir,
    async [Symbol.asyncDispose]() {
      await setup[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function dataOf(reply: Reply): Extract<Reply, { type: "image_data" }> {
  assert.ok(reply.type === "image_data", JSON.stringify(reply));
  return reply;
}

Deno.test("an image of several messages comes in pieces that fit together, each within the limit", async () => {
  await using work = await withOutput();
  const id = "\u{1f5e1}".repeat(512);
  const whole = crypto.getRandomValues(new Uint8Array(65_536)).toHex().repeat(20);
  const bytes = new TextEncoder().encode(whole);
  const path = `${work.outputDir}/a.png`;
  await Deno.writeFile(path, bytes);
  await finish(work.setup, id, [path]);
  let offset = 0;
  let pieces = 0;
  while (offset < bytes.length) {
    const piece = dataOf(await work.setup.ask({ type: "image", job_id: id, index: 0, offset }));
    assert.deepEqual([piece.offset, piece.size_bytes], [offset, bytes.length]);
    assert.deepEqual(piece.data, bytes.subarray(offset, offset + piece.data.length));
    offset += piece.data.length;
    pieces += 1;
  }
  assert.equal(offset, bytes.length);
  assert.equal(pieces, Math.ceil(bytes.length / PIECE_BYTES));
});

Deno.test("a piece that cannot be compressed is still within the limit when its request was compressed", () => {
  const data = new Uint8Array(PIECE_BYTES);
  for (let pos = 0; pos < data.length; pos += 65_536) {
    crypto.getRandomValues(data.subarray(pos, pos + 65_536));
  }
  const reply: Reply = {
    type: "image_data",
    job_id: "\u{1f5e1}".repeat(512),
    index: Number.MAX_SAFE_INTEGER,
    offset: Number.MAX_SAFE_INTEGER,
    size_bytes: Number.MAX_SAFE_INTEGER,
    content_type: "application/octet-stream",
    data,
  };
  for (const method of ["zlib", "zstd"] as const) {
    assert.ok(compress(encodeReply(reply), method).length <= MAX_MESSAGE_BYTES, method);
  }
});

Deno.test("what is not there is refused with the reason, and nothing outside of the output directory is told", async () => {
  await using work = await withOutput();
  await using elsewhere = await tempDir();
  const secret = `${elsewhere.path}/secret`;
  await Deno.writeTextFile(secret, "secret");
  const paths = ["link", "gone", "empty"].map((name) => `${work.outputDir}/${name}.png`);
  await Deno.symlink(secret, paths[0]!);
  await Deno.writeFile(paths[2]!, new Uint8Array());
  await finish(work.setup, "a", [...paths, secret, `${work.outputDir}/../../etc/passwd`]);
  await work.setup.queue.enqueue(generateRequest({ id: "waits" }));
  const ask = (index: number, offset?: number, job_id = "a") =>
    work.setup.ask({
      type: "image",
      job_id,
      index,
      ...(offset === undefined ? {} : { offset }),
    });
  const errorOf = async (asked: Promise<Reply>) => {
    const reply = await asked;
    assert.ok(reply.type === "job_error", JSON.stringify(reply));
    return reply.error;
  };
  for (const index of [0, 1, 3, 4]) assert.match(await errorOf(ask(index)), /^Image not found: /);
  assert.match(await errorOf(ask(5)), /^Invalid parameter: index: the job has 5 images$/);
  assert.match(await errorOf(ask(0, 0, "nobody")), /^Job not found: nobody$/);
  assert.match(await errorOf(ask(0, 0, "waits")), /^Invalid parameter: index: the job has 0/);
  const empty = dataOf(await ask(2));
  assert.deepEqual([empty.size_bytes, empty.data.length], [0, 0]);
  for (const offset of [1, Number.MAX_SAFE_INTEGER]) {
    assert.match(await errorOf(ask(2, offset)), /^Invalid parameter: offset: /);
  }
});
