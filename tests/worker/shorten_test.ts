import assert from "node:assert/strict";
import {
  encodeUpdate,
  type JobComplete,
  type JobError,
  MAX_MESSAGE_BYTES,
} from "../../src/protocol/mod.ts";
import { shortened } from "../../src/worker/shorten.ts";

/** What an update gets besides. */
const PLACE = { epoch: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };

function complete(files: number, pathChars: number): JobComplete {
  const image_paths = Array.from({ length: files }, (_, index) => "/é".repeat(pathChars) + index);
  const image_path = image_paths[0] ?? "";
  return {
    type: "job_complete",
    job_id: "i".repeat(512),
    image_path,
    duration_s: 1.5,
    image_paths,
  };
}

Deno.test("shortened() leaves a message that fits as it is", () => {
  const message = complete(10, 100);
  assert.equal(shortened(message), message);
});

Deno.test("shortened() keeps as many paths as fit, and tells how many there are", () => {
  const message = complete(4_097, 100);
  const short = shortened(message);
  const bytes = encodeUpdate({ ...short, ...PLACE }).length;
  assert.ok(bytes > MAX_MESSAGE_BYTES - 2_000, `${bytes}`);
  assert.equal(short.image_count, 4_097);
  const { image_paths = [] } = short;
  assert.deepEqual(image_paths, message.image_paths?.slice(0, image_paths.length));
});

Deno.test("shortened() cuts only what is too long: the paths or the error", () => {
  const [error, image_paths] = ["Cannot do it", ["/a.png", "/b.png"]];
  const many = Array.from({ length: 200 }, () => "x".repeat(100));
  const [paths, sentence] = [
    shortened({ error, image_paths: many }, 10_000),
    shortened({ error: "x".repeat(20_000), image_paths }, 10_000),
  ];
  assert.equal(paths.error, error);
  assert.ok(paths.image_paths.length > 50 && paths.image_paths.length < 100);
  assert.deepEqual(sentence.image_paths, image_paths);
  assert.ok(sentence.error.endsWith("…"));
});

Deno.test("shortened() cuts an error without end, whatever its characters", () => {
  for (const text of ["x", "é", "\u{1f600}", "\0", "\ud800"]) {
    const message: JobError = { type: "job_error", job_id: "a", error: text.repeat(2_000_000) };
    const { error } = shortened(message);
    assert.ok(encodeUpdate({ ...message, ...PLACE, error }).length <= MAX_MESSAGE_BYTES);
    assert.ok(error.endsWith("…") && error.length > 100_000);
  }
});
