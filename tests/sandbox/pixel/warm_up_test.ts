import assert from "node:assert/strict";
import { WarmUp } from "../../../src/sandbox/pixel/warm_up.ts";

Deno.test("WarmUp ends when it is disposed of, whether it had begun or not", async () => {
  using ended = new WarmUp();
  ended[Symbol.dispose]();
  ended.begin();
  await ended.ended;
  using begun = new WarmUp();
  begun.begin();
  begun.begin();
  begun[Symbol.dispose]();
  await begun.ended;
});

Deno.test("WarmUp ends by itself, and lets others have their turn before", async () => {
  using warmUp = new WarmUp();
  warmUp.begin();
  const turns: string[] = [];
  const other = Promise.withResolvers<void>();
  setTimeout(() => other.resolve());
  await Promise.all([
    other.promise.then(() => turns.push("other")),
    warmUp.ended.then(() => turns.push("warm-up")),
  ]);
  assert.deepEqual(turns, ["other", "warm-up"]);
});
