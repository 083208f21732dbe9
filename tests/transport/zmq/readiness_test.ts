import assert from "node:assert/strict";
import { openLibc } from "../../../src/transport/zmq/libc.ts";
import {
  type Readiness,
  TimerReadiness,
  watchDescriptor,
} from "../../../src/transport/zmq/readiness.ts";
import { guarded, turns } from "../support.ts";

/** A pipe whose read end is watched. */
function watchedPipe(): { readiness: Readiness; write(): void; read(): void } & AsyncDisposable {
  const libc = openLibc()!;
  const ends = new Int32Array(2);
  libc.symbols.pipe(ends);
  const readiness = watchDescriptor(ends[0]!);
  return {
    readiness,
    write: () => void libc.symbols.write(ends[1]!, new Uint8Array(1), 1n),
    read: () => void libc.symbols.read(ends[0]!, new Uint8Array(1), 1n),
    async [Symbol.asyncDispose]() {
      await readiness.close();
      for (const end of ends) libc.symbols.close(end);
      libc[Symbol.dispose]();
    },
  };
}

const ignore = !["linux", "darwin"].includes(Deno.build.os);

Deno.test({
  name: "Readiness.waitReadable() resolves when the descriptor is readable, not before",
  ignore,
  async fn() {
    await using pipe = watchedPipe();
    let resolved = false;
    const wait = pipe.readiness.waitReadable().then(() => resolved = true);
    await turns(100);
    assert.equal(resolved, false);
    pipe.write();
    await guarded(wait);
    await guarded(pipe.readiness.waitReadable());
    pipe.read();
    resolved = false;
    const next = pipe.readiness.waitReadable().then(() => resolved = true);
    await turns(100);
    assert.equal(resolved, false);
    pipe.write();
    await guarded(next);
  },
});

Deno.test({
  name: "Readiness.wake() ends the wait under way and no later one",
  ignore,
  async fn() {
    await using pipe = watchedPipe();
    pipe.readiness.wake();
    for (let count = 0; count < 50; count++) {
      let resolved = false;
      const wait = pipe.readiness.waitReadable().then(() => resolved = true);
      await turns(count);
      assert.equal(resolved, false);
      pipe.readiness.wake();
      pipe.readiness.wake();
      await guarded(wait);
    }
  },
});

Deno.test({
  name: "Readiness.close() ends the wait under way and may be called again",
  ignore,
  async fn() {
    await using pipe = watchedPipe();
    const wait = pipe.readiness.waitReadable();
    await guarded(Promise.all([pipe.readiness.close(), pipe.readiness.close(), wait]));
    await guarded(pipe.readiness.waitReadable());
  },
});

Deno.test("TimerReadiness.waitReadable() resolves by itself, or when woken or closed", async () => {
  const readiness = new TimerReadiness();
  await guarded(readiness.waitReadable());
  for (const end of ["wake", "close"] as const) {
    const wait = readiness.waitReadable();
    readiness[end]();
    await guarded(wait);
  }
});
