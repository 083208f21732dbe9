/** Whoever asks little is served next, whatever others have asked before. */

import assert from "node:assert/strict";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { rawDealer } from "../raw.ts";
import { bytes, guarded, serve, text } from "../support.ts";

const FLOODS = 8;
const DEPTH = 64;
const TRIALS = 40;
/** One in so many requests of the floods takes its time, and meanwhile somebody else asks. */
const EVERY = 101;
const LONG_MS = 1;

Deno.test("zmq RequestServer serves one that asks seldom next, wherever in its turn it is", async () => {
  await using server = await zmqTransport().bindRequests("tcp://127.0.0.1:0");
  using polite = rawDealer(server.address);
  const between: number[] = [];
  const done = Promise.withResolvers<void>();
  let served = 0;
  let askedAt: number | undefined = 0;
  const serving = serve(server, (request) => {
    request.reply(bytes(""));
    if (text(request.frames[0]!) === "polite") {
      between.push(served - askedAt!);
      askedAt = undefined;
      if (between.length === TRIALS) done.resolve();
      return;
    }
    served += 1;
    if (served % EVERY !== 0 || askedAt !== undefined) return;
    askedAt = served;
    void polite.send("", "polite");
    // ZeroMQ's own threads take it to the server meanwhile.
    const untilMs = performance.now() + LONG_MS;
    while (performance.now() < untilMs);
  });
  const floods = await Promise.all(
    Array.from({ length: FLOODS }, () => zmqTransport().connectRequests(server.address)),
  );
  await polite.send("", "polite");
  let isDone = false;
  const flood = async (client: typeof floods[number]) => {
    while (!isDone) await client.request(bytes("x"), { timeoutMs: 60_000 });
  };
  const flooding = floods.flatMap((client) => Array.from({ length: DEPTH }, () => flood(client)));
  await guarded(done.promise);
  isDone = true;
  await guarded(Promise.all(flooding));
  for (const client of floods) await client.close();
  await server.close();
  await serving;
  // On a busy machine the message may come later; not in half of all trials.
  const median = between.toSorted((a, b) => a - b)[TRIALS / 2]!;
  assert.ok(median <= 2, `${median} others were served before: ${between.join()}`);
});
