import { equal } from "node:assert/strict";
import fc from "fast-check";
import { numberIn, SeriesIndex } from "../../../src/simulator/files/series.ts";

Deno.test("numberIn() reads the number after the stem, and none of another stem", () => {
  equal(numberIn("x", "x_00012_.png"), 12);
  equal(numberIn("x_y", "x_y_00003_.png"), 3);
  equal(numberIn("x", "x_y_00003_.png"), 0);
  equal(numberIn("x", "xy_00003_.png"), undefined);
  equal(numberIn("x", "x.png"), undefined);
});

Deno.test("SeriesIndex.highest() knows what is left after the highest file went", () => {
  const index = new SeriesIndex();
  for (const path of ["x_00001_.png", "x_00007_.png", "sub/x_00009_.png"]) index.add(path);
  equal(index.highest("", "x"), 7);
  index.remove("x_00007_.png", () => ["x_00001_.png", "sub/x_00009_.png"]);
  equal(index.highest("", "x"), 1);
  index.remove("x_00001_.png", () => ["sub/x_00009_.png"]);
  equal(index.highest("", "x"), undefined);
  equal(index.highest("sub", "x"), 9);
});

Deno.test("SeriesIndex.highest() agrees with a look at every name, whatever comes and goes", () => {
  const name = fc.array(fc.constantFrom("x", "_", "-", "1", "20", "."), { minLength: 1 })
    .map((parts) => parts.join(""));
  const path = fc.array(name, { minLength: 1, maxLength: 2 }).map((names) => names.join("/"));
  const steps = fc.array(fc.record({ path, goes: fc.boolean() }), { maxLength: 30 });
  fc.assert(fc.property(steps, name, (changes, stem) => {
    const index = new SeriesIndex();
    const paths = new Set<string>();
    for (const { path, goes } of changes) {
      const isThere = paths.has(path);
      if (goes === !isThere) continue;
      if (goes) paths.delete(path);
      else paths.add(path);
      if (goes) index.remove(path, () => paths);
      else index.add(path);
    }
    equal(index.highest("", stem), lookedUp(paths, stem));
  }));
});

function lookedUp(paths: ReadonlySet<string>, stem: string): number | undefined {
  const numbers = [...paths].map((path) => numberIn(stem, path.split("/")[0] ?? ""))
    .filter((number) => number !== undefined);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}
