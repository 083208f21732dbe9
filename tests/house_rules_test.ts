import { deepEqual, equal, ok } from "node:assert/strict";
import plugin from "../.deno/house_rules.ts";

/** Ids of the rules that a source breaks, without the plugin's name. */
function broken(source: string, file = "source.ts"): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map(({ id }) => id.replace("house/", ""));
}

/** For each rule, sources that break it once and sources that keep it. */
const SAMPLES: Readonly<Record<string, { bad: readonly string[]; good: readonly string[] }>> = {
  "no-top-level-arrow": {
    bad: ["const f = () => 1;", "export const f = async (a: number) => a;", "let f = () => 1;"],
    good: [
      "function f() { const g = () => 1; return g; }",
      "const list = [1].map((one) => one);",
      "export const table = { f: () => 1 };",
      "if (x) { const f = () => 1; }",
    ],
  },
  "no-private-keyword": {
    bad: [
      "class C { private x = 1; }",
      "class C { private m() {} }",
      "class C { private static x = 1; }",
      "class C { private constructor() {} }",
      "class C { constructor(private x: number) {} }",
      "class C { private get x() { return 1; } }",
      "/* ünïcödé 🎨 */ class C { constructor(@d(x) private readonly x: number) {} }",
      "abstract class C { private abstract x: number; }",
    ],
    good: [
      "class C { #x = 1; protected y = 2; readonly z = 3; #m() {} }",
      "class C { constructor(readonly x = 'private', @d(private_) public y: number) {} }",
    ],
  },
  "no-enum": {
    bad: ["enum E { A }", "export const enum E { A }"],
    good: ['type E = "a" | "b";'],
  },
  "no-default-export": {
    bad: [
      "export default 1;",
      "export default function f() {}",
      "const a = 1; export { a as default };",
    ],
    good: [
      "export const a = 1;",
      'import a from "./a.ts";',
      'export { default as a } from "./a.ts";',
    ],
  },
  "no-export-star": {
    bad: [
      'export * from "./a.ts";',
      'export * as a from "./a.ts";',
      'export type * from "./a.ts";',
    ],
    good: ['export { a } from "./a.ts";', 'import * as a from "./a.ts";'],
  },
  "error-message": {
    bad: [
      'new Error("cannot open");',
      'new TypeError("Cannot open.");',
      "new Error(`cannot open ${name}`);",
      'new JobError("not_found", "no such job");',
      'new JobError("not_found", `No job ${id}.`);',
      'new Error("Cannot open " + name + "!");',
      'new Error("cannot" + " open");',
    ],
    good: [
      'new Error("Cannot open");',
      "new Error(`${name} cannot be opened`);",
      'new JobError("not_found", `No job ${id}`, { cause });',
      'new JobError("not_found", message);',
      'new ConfigError("usage", "--config must be given once");',
      "new Error();",
      'new Thing("lower case.");',
      'new PythonError("ValueError", "cannot convert float NaN to integer");',
    ],
  },
};

for (const [rule, { bad, good }] of Object.entries(SAMPLES)) {
  Deno.test(`house/${rule} fires on every bad sample`, () => {
    for (const source of bad) deepEqual(broken(source), [rule], source);
  });

  Deno.test(`house/${rule} leaves every good sample alone`, () => {
    for (const source of good) deepEqual(broken(source), [], source);
  });
}

Deno.test("house/snake-case-file judges the name of the file alone", () => {
  for (
    const file of ["jobQueue.ts", "Job.ts", "job-queue.ts", "src/job.queue.ts", "job__queue.ts"]
  ) {
    deepEqual(broken("", file), ["snake-case-file"], file);
  }
  for (
    const file of ["job_queue.ts", "Src/a.ts", "_private.ts", "mod.ts", "zmq2_test.ts", "x.d.ts"]
  ) {
    deepEqual(broken("", file), [], file);
  }
});

const SLEEPS = [
  "await new Promise((resolve) => setTimeout(resolve, 10));",
  "await new Promise<void>((done) => { setTimeout(done, 10); });",
  "await new Promise((resolve) => setTimeout(() => resolve(1), 10));",
  "await new Promise((resolve) => setTimeout(() => { resolve(1); }, 10));",
  "await new Promise(function (resolve) { return globalThis.setTimeout(resolve, 10); });",
  'import { setTimeout } from "node:timers/promises";',
];

Deno.test("house/no-sleep-in-test fires in tests, and only there", () => {
  for (const source of SLEEPS) {
    deepEqual(broken(source, "tests/queue/queue_test.ts"), ["no-sleep-in-test"], source);
    deepEqual(broken(source, "tests/support/clock.ts"), ["no-sleep-in-test"], source);
    deepEqual(broken(source, "src/queue/queue.ts"), [], source);
  }
});

Deno.test("house/no-sleep-in-test leaves deadlines and events alone", () => {
  const waits = [
    "await new Promise((_, reject) => setTimeout(() => reject(new Error()), 10));",
    "await new Promise((resolve) => queue.addEventListener('idle', resolve));",
    "const timer = setTimeout(() => controller.abort(), 10);",
    "await new Promise((resolve) => { stop = resolve; setTimeout(fail, 10); });",
  ];
  for (const source of waits) deepEqual(broken(source, "tests/a_test.ts"), [], source);
});

Deno.test("every house rule has its samples and tells the remedy", () => {
  const sampled = [...Object.keys(SAMPLES), "snake-case-file", "no-sleep-in-test"];
  deepEqual(sampled.sort(), Object.keys(plugin.rules).sort());
  const sources = [...Object.values(SAMPLES).map(({ bad }) => bad[0]!), SLEEPS[0]!];
  const found = sources.flatMap((source) => Deno.lint.runPlugin(plugin, "tests/Bad.ts", source));
  equal(new Set(found.map(({ id }) => id)).size, sampled.length);
  for (const { hint } of found) ok(hint);
});
