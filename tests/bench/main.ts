/**
 * The benchmarks: all of them, or those that are named. README.md has the last figures.
 *
 * @module
 */

import type { Bench, Figure } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { layOut } from "./support/table.ts";
import { BENCHES } from "./rows/mod.ts";

const names = Deno.args.filter((argument) => !argument.startsWith("-"));
const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0 || Deno.args.includes("--help")) {
  print("deno task bench [NAME...]\n");
  for (const { name, about } of BENCHES) print(`  ${name.padEnd(12)} ${about}`);
  Deno.exit(unknown.length > 0 ? 2 : 0);
}
const began = performance.now();
print(`command: deno task bench ${names.join(" ")}`);
print(await describeMachine());
const figures: Figure[] = [];
for (const bench of BENCHES) {
  if (names.length === 0 || names.includes(bench.name)) figures.push(...await measure(bench));
}
print(`\n${layOut(figures)}\n`);
const missed = figures.filter(({ holds }) => holds === false).length;
const judged = figures.filter(({ holds }) => holds !== undefined).length;
const seconds = ((performance.now() - began) / 1_000).toFixed(0);
print(`${judged - missed} of ${judged} targets met, in ${seconds} s`);
Deno.exit(0);

/** One that fails does not take the others with it, but is not passed over in silence either. */
async function measure({ name, about, run }: Bench): Promise<Figure[]> {
  const start = performance.now();
  try {
    const results = await run();
    print(`${name}: ${((performance.now() - start) / 1_000).toFixed(1)} s`);
    return results;
  } catch (error) {
    print(`${name}: failed: ${error instanceof Error ? error.stack : error}`);
    return [{ what: about, ours: "failed", beside: "", target: "", reached: "", holds: false }];
  }
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
