import assert from "node:assert/strict";
import { Registry } from "../../../src/http/metrics/registry.ts";

Deno.test("Registry writes each metric with its head, and leaves out what has no series", () => {
  const registry = new Registry();
  registry.counter({ name: "a_total", help: "Never" });
  const jobs = registry.gauge({ name: "jobs", help: "Jobs" });
  jobs.set({ state: "queued" }, 2);
  jobs.set({ state: "queued" }, 3);
  assert.equal(registry.text(), '# HELP jobs Jobs\n# TYPE jobs gauge\njobs{state="queued"} 3\n');
  jobs.clear();
  assert.equal(registry.text(), "");
});

Deno.test("Registry escapes what the format reserves in values of labels", () => {
  const registry = new Registry();
  registry.counter({ name: "a_total", help: "A" }).inc({ name: 'a"b\\c\nd' });
  assert.ok(registry.text().includes('a_total{name="a\\"b\\\\c\\nd"} 1'));
});

Deno.test("Histogram counts a value in its bucket and in all above", () => {
  const registry = new Registry();
  const took = registry.histogram({ name: "s", help: "S", buckets: [0.1, 1] });
  took.zero({ of: "b" });
  for (const value of [0.1, 0.5, 7]) took.observe({ of: "a" }, value);
  const lines = registry.text().split("\n");
  for (
    const line of [
      's_bucket{of="b",le="+Inf"} 0',
      's_count{of="b"} 0',
      's_bucket{of="a",le="0.1"} 1',
      's_bucket{of="a",le="1"} 2',
      's_bucket{of="a",le="+Inf"} 3',
      's_sum{of="a"} 7.6',
      's_count{of="a"} 3',
    ]
  ) assert.ok(lines.includes(line), line);
});
