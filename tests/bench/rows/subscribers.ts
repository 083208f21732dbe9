/** What an update costs beside many subscribers, and whether one that stopped holds up the others. */

import { encodeUpdate } from "../../../src/protocol/mod.ts";
import { type UpdatePublisher, zmqTransport } from "../../../src/transport/mod.ts";
import { type Child, startChild } from "../support/child.ts";
import { atMost, type Bench, time } from "../support/figures.ts";
import { wait } from "../support/jobs.ts";
import { nativeSource, PYTHON } from "../support/native.ts";
import { alternate, median, ratio } from "../support/statistics.ts";

const ROUNDS = 9;
const MANY = 100;
/** As many as four jobs tell in a second, at the rate at which they do. */
const UPDATES = 400;
const PAUSE_EVERY = 4;
/** More than a stopped subscriber's pipe and buffers hold. */
const FLOOD = 30_000;
const SETTLE_MS = 500;

const encoder = new TextEncoder();
const UPDATE = encodeUpdate({
  type: "progress",
  job_id: "0193c1f2-7a34-7cc1-9d5b-0f0e0d0c0b0a",
  stage: "sampling",
  step: 7,
  total_steps: 20,
  percent: 41.25,
  eta_s: 3.5,
});

/** Publishing. */
export const SUBSCRIBERS: Bench = {
  name: "subscribers",
  about: `publish cost with ${MANY} subscribers; a stopped subscriber`,
  async run() {
    await using one = await audience(1, 0);
    await using many = await audience(MANY, 0);
    const { mine, theirs } = await alternate<"mine" | "theirs", number>(ROUNDS, {
      mine: () => publishCost(many),
      theirs: () => publishCost(one),
    });
    await using healthy = await audience(2, 0);
    await using stuck = await audience(2, 1);
    const flood = await alternate<"healthy" | "stuck", number>(3, {
      healthy: () => throughTime(healthy),
      stuck: () => throughTime(stuck),
    });
    return [{
      what: `publish an update, ${MANY} subscribers`,
      ours: time(median(mine)),
      beside: `one: ${time(median(theirs))}`,
      target: "≤2×one",
      ...atMost(ratio(mine, theirs), 2),
    }, {
      what: `${FLOOD.toLocaleString("en-US")} updates to readers beside one that stopped`,
      ours: time(median(flood.stuck)),
      beside: `without it ${time(median(flood.healthy))}`,
      target: "≤1.5×without",
      ...atMost(ratio(flood.stuck, flood.healthy), 1.5),
    }];
  },
};

interface Audience extends AsyncDisposable {
  readonly publisher: UpdatePublisher;
  readonly child: Child;
}

async function audience(readers: number, stopped: number): Promise<Audience> {
  await using starting = new AsyncDisposableStack();
  const publisher = starting.use(await zmqTransport().bindUpdates("tcp://127.0.0.1:0"));
  const script = nativeSource("subscribers.py");
  const child = starting.use(
    startChild(PYTHON, [script, publisher.address, String(readers), String(stopped)]),
  );
  await child.next();
  await wait(SETTLE_MS);
  const running = starting.move();
  return { publisher, child, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Time of the publishing thread for one update, in milliseconds. */
async function publishCost({ publisher, child }: Audience): Promise<number> {
  let busyMs = 0;
  for (let sent = 0; sent < UPDATES; sent += PAUSE_EVERY) {
    const began = performance.now();
    for (let update = 0; update < PAUSE_EVERY; update += 1) publisher.publish(UPDATE);
    await publisher.flush();
    busyMs += performance.now() - began;
    await wait(2);
  }
  await delivered({ publisher, child });
  return busyMs / UPDATES;
}

/** From the first of many updates until the readers have got the last. */
async function throughTime(party: Pick<Audience, "publisher" | "child">): Promise<number> {
  const began = performance.now();
  for (let sent = 0; sent < FLOOD; sent += 1) {
    party.publisher.publish(UPDATE);
    if (sent % 100 === 99) await party.publisher.flush();
  }
  const counts = await delivered(party);
  if (counts.some((count) => count < FLOOD)) {
    throw new Error(`A subscriber that reads got ${Math.min(...counts)} of ${FLOOD} updates`);
  }
  return performance.now() - began;
}

async function delivered(
  { publisher, child }: Pick<Audience, "publisher" | "child">,
): Promise<number[]> {
  await child.tell("count");
  publisher.publish(encoder.encode("end"));
  return (await child.next<{ counts: number[] }>()).counts;
}
