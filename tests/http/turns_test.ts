import { deepEqual, equal } from "node:assert/strict";
import { Turns } from "../../src/http/turns.ts";

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("some requests of a turn begin at once, the rest in order in the turns that follow", async () => {
  const turns = new Turns();
  const begun: number[] = [];
  for (let nth = 0; nth < 20; nth++) {
    const wait = turns.next();
    if (wait === undefined) begun.push(nth);
    else void wait.then(() => begun.push(nth));
  }
  deepEqual(begun, [0, 1, 2, 3]);
  const counts: number[] = [];
  while (begun.length < 20) {
    await turn();
    counts.push(begun.length);
  }
  deepEqual(counts.filter((count, at) => count !== counts[at - 1]), [8, 12, 16, 20]);
  deepEqual(begun, Array.from({ length: 20 }, (_, nth) => nth));
});

Deno.test("who comes while others wait waits behind them, and nobody waits once they are done", async () => {
  const turns = new Turns();
  const begun: string[] = [];
  const come = (name: string) => {
    const wait = turns.next();
    if (wait === undefined) begun.push(name);
    else void wait.then(() => begun.push(name));
  };
  for (let nth = 0; nth < 9; nth++) come("first");
  await turn();
  come("later");
  while (begun.length < 10) await turn();
  equal(begun.at(-1), "later");
  await turn();
  await turn();
  equal(turns.next(), undefined);
  await turn();
});
