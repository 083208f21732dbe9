import assert from "node:assert/strict";
import { nextNames, slugOf } from "../../../src/cli/generate/names.ts";
import { ProtocolError } from "../../../src/errors.ts";
import type { JobQuery } from "../../../src/client/mod.ts";

/** A worker that knows some ids. */
function worker(...known: string[]) {
  let questions = 0;
  return {
    questions: () => questions,
    jobs({ job_ids = [] }: JobQuery = {}) {
      questions += 1;
      return Promise.resolve({
        jobs: [],
        unknown_ids: job_ids.filter((id) => !known.includes(id)),
      });
    },
  };
}

Deno.test("slugOf() keeps the words of a prompt, and cuts between two of them", () => {
  const slugs: Record<string, string> = {
    "A knight, with a ROUND shield!": "a-knight-with-a-round-shield",
    "Ein Drache über Köln": "ein-drache-uber-koln",
    "../../etc/passwd": "etc-passwd",
    "": "image",
    "勇者": "image",
    ["x".repeat(99)]: "x".repeat(48),
    ["dragons ".repeat(20)]: "dragons-dragons-dragons-dragons-dragons-dragons",
  };
  for (const [prompt, slug] of Object.entries(slugs)) assert.equal(slugOf(prompt), slug);
});

Deno.test("nextNames() goes on after the highest number that is known", async () => {
  assert.deepEqual(await nextNames(worker(), "a knight", 2), ["a-knight_0001", "a-knight_0002"]);
  const some = worker("a-knight_0001", "a-knight_0007", "a-potion_0099");
  assert.deepEqual(await nextNames(some, "a knight", 1), ["a-knight_0008"]);
  const hundreds = Array.from({ length: 250 }, (_, i) => `a_${String(i + 1).padStart(4, "0")}`);
  const many = worker(...hundreds);
  assert.deepEqual(await nextNames(many, "a", 1), ["a_0251"]);
  assert.equal(many.questions(), 3);
});

Deno.test("nextNames() draws ids for a worker that cannot be asked for jobs", async () => {
  const old = {
    jobs: () =>
      Promise.reject(new ProtocolError("unknown_type", "Unknown request type: list_jobs")),
  };
  const [one, two] = await nextNames(old, "a knight", 2);
  assert.match(String(one), /^a-knight_[0-9a-f]{8}$/);
  assert.notEqual(one, two);
});
