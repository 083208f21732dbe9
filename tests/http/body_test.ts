import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { readBody } from "../../src/http/body.ts";
import { HttpProblem } from "../../src/http/problem.ts";

/** A request whose body comes in pieces, each at the beginning of a large buffer, as Deno gives them. */
function request(pieces: number, pieceBytes: number, bufferBytes = 65_536): Request {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ === pieces) return controller.close();
      controller.enqueue(new Uint8Array(bufferBytes).fill(sent, 0, 1).subarray(0, pieceBytes));
    },
  });
  return new Request("http://127.0.0.1/", { method: "POST", body });
}

Deno.test("a body comes out as it came in, in however many pieces", async () => {
  deepEqual(await readBody(request(3, 2), 6), Uint8Array.of(1, 0, 2, 0, 3, 0));
  equal((await readBody(request(1_000, 1), 1_000)).length, 1_000);
  equal((await readBody(request(5_000, 100), 500_000)).length, 500_000);
  equal((await readBody(new Request("http://127.0.0.1/"), 6)).length, 0);
});

Deno.test("a body that is longer than allowed is given up", async () => {
  await rejects(readBody(request(4, 2), 6), /The body is longer than 6 bytes/);
});

Deno.test("a body in tiny pieces without end is given up long before it is too long", async () => {
  await rejects(
    readBody(request(1_000_000, 1), 1_048_576),
    /comes in 1025 pieces; send larger ones/,
  );
});

Deno.test("a body that does not come is waited for only so long, and longer the more has come", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const slow = new ReadableStream({
    type: "bytes",
    async start(controller) {
      for await (const piece of readable) controller.enqueue(piece);
    },
  });
  const request = new Request("http://127.0.0.1/", { method: "POST", body: slow });
  const writer = writable.getWriter();
  const reading = rejects(readBody(request, 100_000, 10), (error) => {
    ok(error instanceof HttpProblem);
    deepEqual([error.problem.status, error.problem.code], [408, "malformed"]);
    return true;
  });
  await writer.write(new Uint8Array(100));
  await reading;
  const whole = new Request("http://127.0.0.1/", { method: "POST", body: new Uint8Array(50_000) });
  equal((await readBody(whole, 100_000, 10)).length, 50_000);
});

Deno.test("the large buffers that small pieces come in are not held", async () => {
  const bufferBytes = 4 * 1_048_576;
  const heldBefore = Deno.memoryUsage().external;
  await readBody(request(1_000, 100, bufferBytes), 1_048_576);
  const heldBytes = Deno.memoryUsage().external - heldBefore;
  ok(heldBytes < 1_000 * bufferBytes / 4, `${heldBytes} bytes are held`);
});
