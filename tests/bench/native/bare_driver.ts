/**
 * The floor of a driver on Deno: one event socket a server, one prompt that waits behind the one that runs, each
 * image synced to disk. It keeps and checks nothing. Arguments: folder for images, addresses of the servers.
 */

import { type Job, Lane, MOST_AT_ONCE } from "./lane.ts";
import { runLoads, tell } from "./loads.ts";

const [folder = "", ...urls] = Deno.args;
const queue: Job[] = [];
let left = 0;
let done = Promise.withResolvers<void>();

const lanes = urls.map((url) => new Lane(url, { folder, onEnd: handOut, onSaved }));

await Promise.all(lanes.map(({ opened }) => opened));
tell("ready");
await runLoads(async (jobs) => {
  done = Promise.withResolvers();
  left = jobs.length;
  queue.push(...jobs);
  handOut();
  await done.promise;
});

function handOut(): void {
  while (queue.length > 0) {
    const lane = lanes.reduce((best, other) => other.load < best.load ? other : best);
    if (lane.load >= MOST_AT_ONCE) return;
    lane.post(queue.shift()!);
  }
}

function onSaved(): void {
  left -= 1;
  if (left === 0) done.resolve();
}
