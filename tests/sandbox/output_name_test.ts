import assert from "node:assert/strict";
import fc from "fast-check";
import { outputName } from "../../src/sandbox/output_name.ts";

const FACTS = {
  jobId: "job-1",
  index: 0,
  prompt: "a knight, with a shield",
  seed: 42,
  model: "sub/sd_xl_base_1.0.safetensors",
  timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5),
};

Deno.test("outputName() fills every placeholder", async () => {
  const pattern = "{timestamp}_{job_id}_{prompt}_{seed}_{index}_{model}";
  assert.equal(
    await outputName(pattern, FACTS),
    "20260102T030405_job-1_a_knight_with_a_shield_42_0_sub_sd_xl_base_1.0",
  );
});

Deno.test("outputName() keeps an ordinary id as it is", async () => {
  for (
    const jobId of ["job-1", "0193c1f2-7a34-7cc1-9d5b-0f0e0d0c0b0a", "a.b_c", "a-0123456789abcdef"]
  ) {
    assert.equal(await outputName("{job_id}", { ...FACTS, jobId }), jobId);
  }
});

Deno.test("outputName() never gives two ids one name, even where case is folded", async () => {
  const ids = [
    "a/b",
    "a\\b",
    "a b",
    "a:b",
    "A",
    "a",
    "ä",
    "",
    " ",
    "x".repeat(300),
    "x".repeat(301),
  ];
  const names = await Promise.all(ids.map((jobId) => outputName("{job_id}", { ...FACTS, jobId })));
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, ids.length);
});

Deno.test("outputName() gives no id the name that another one was changed to, even on purpose", async () => {
  const nameOf = (jobId: string) => outputName("{job_id}", { ...FACTS, jobId });
  for (const id of ["a b", ".x", "-rf", "--help", "con", "nul.txt", "A", "", "ä", "x".repeat(99)]) {
    const name = await nameOf(id);
    assert.match(name, /^[^.-]/);
    assert.notEqual(await nameOf(name), name);
    assert.notEqual(await nameOf(`_${id}`), name);
  }
});

Deno.test("outputName() gives one visible, portable path segment for any id and prompt", async () => {
  const patterns = fc.constantFrom(
    "{job_id}",
    "{prompt}-{job_id}",
    "{job_id}_{index}",
    "{model}{job_id}",
  );
  const property = fc.asyncProperty(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "binary" }),
    patterns,
    async (jobId, prompt, pattern) => {
      const name = await outputName(pattern, { ...FACTS, jobId, prompt });
      assert.match(name, /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/);
      assert.ok(name.length <= 200);
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

Deno.test("outputName() avoids the names that Windows keeps for devices", async () => {
  for (const jobId of ["con", "nul", "com1", "lpt9.txt", "aux.png"]) {
    const [stem] = (await outputName("{job_id}", { ...FACTS, jobId })).split(".");
    assert.doesNotMatch(stem!, /^(?:con|prn|aux|nul|com\d|lpt\d)$/);
    assert.match(await outputName("{prompt}", { ...FACTS, prompt: jobId }), /^_/);
  }
});

Deno.test("outputName() does not fill placeholders that come in with a value", async () => {
  const name = await outputName("{prompt}", { ...FACTS, prompt: "{seed}{job_id}" });
  assert.equal(name, "_seed_job_id_");
});
