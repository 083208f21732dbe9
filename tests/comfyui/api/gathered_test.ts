import { deepEqual, equal, ok } from "node:assert/strict";
import { Gathered } from "../../../src/comfyui/api/gathered.ts";

Deno.test("pieces of any size come out in their order, in a buffer of just their size", () => {
  const gathered = new Gathered();
  const pieces = [0, 1, 65_535, 65_537, 3, 300_000].map((size, index) =>
    new Uint8Array(size).fill(index)
  );
  for (const piece of pieces) gathered.add(piece);
  const whole = gathered.take();
  deepEqual(whole, Uint8Array.from(pieces.flatMap((piece) => [...piece])));
  equal(whole.buffer.byteLength, whole.length);
});

Deno.test("nothing comes out where nothing came in", () => {
  equal(new Gathered().take().buffer.byteLength, 0);
});

Deno.test("the large buffers that small pieces come in are not held", () => {
  const gathered = new Gathered();
  const heldBefore = Deno.memoryUsage().external;
  const size = 4 * 1_048_576;
  for (let piece = 0; piece < 1_000; piece++) gathered.add(new Uint8Array(size).subarray(0, 100));
  const heldBytes = Deno.memoryUsage().external - heldBefore;
  ok(heldBytes < 1_000 * size / 4, `${heldBytes} bytes are held`);
  equal(gathered.take().length, 100_000);
});
