import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { exchange } from "../../src/webhooks/exchange.ts";

/** A receiver that says these bytes, whatever it hears, and then hangs up, or not. */
function rawReceiver(said: readonly string[], { hangsUp = true } = {}) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heard: string[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      const chunk = new Uint8Array(65_536);
      const count = await connection.read(chunk);
      heard.push(new TextDecoder().decode(chunk.subarray(0, count ?? 0)));
      for (const part of said) {
        await connection.write(new TextEncoder().encode(part)).catch(() => {});
      }
      // Until the other side has gone.
      while (!hangsUp && await connection.read(chunk).catch(() => null) !== null);
      connection.close();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  return {
    heard,
    tell: (body = "{}", signal = new AbortController().signal, path = "/a?b=ü") =>
      exchange({
        target: new URL(`http://hooks.example.org:${port}${path}`),
        address: "127.0.0.1",
        headers: { "x-test": "1" },
        body,
        signal,
      }),
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

Deno.test("a request is written as HTTP/1.1 wants it, to the address given, under the name of its host", async () => {
  await using receiver = rawReceiver(["HTTP/1.1 204 No Content\r\n\r\n"]);
  deepEqual(await receiver.tell('{"a":"ü"}'), { status: 204, retryAfter: undefined });
  match(
    receiver.heard[0] ?? "",
    /^POST \/a\?b=%C3%BC HTTP\/1\.1\r\nhost: hooks\.example\.org:\d+\r\nx-test: 1\r\ncontent-length: 10\r\nconnection: close\r\n\r\n\{"a":"ü"\}$/,
  );
});

Deno.test("an answer in pieces, after others that say wait, is read up to its head", async () => {
  const said = [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 5",
    "03 Busy\r\nRetry-After:  7 \r",
    "\n\r\nrest",
  ];
  await using receiver = rawReceiver(said);
  deepEqual(await receiver.tell(), { status: 503, retryAfter: "7" });
});

Deno.test("what is no HTTP, has no end or never comes is an error", async () => {
  const cases: [string[], RegExp][] = [
    [["SSH-2.0-OpenSSH_9.2\r\n\r\n"], /no HTTP/],
    [["HTTP/2 200\r\n\r\n"], /no HTTP/],
    [["HTTP/1.1 2000\r\n\r\n"], /no HTTP/],
    [["HTTP/1.1 200 OK\r\n"], /ended without an answer/],
    [[], /ended without an answer/],
    [[`HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}\r\n\r\n`], /too long/],
    [["HTTP/1.1 100 Wait\r\n\r\n".repeat(1_000)], /too long/],
  ];
  for (const [said, reason] of cases) {
    await using receiver = rawReceiver(said);
    await rejects(receiver.tell(), (error: Error) => {
      // A connection that is cut while there is more to be read may also be told as that.
      ok(reason.test(error.message) || /reset/i.test(error.message), error.message);
      return true;
    });
  }
});

Deno.test("a receiver that answers before it has read all is heard, and one that says nothing is left", async () => {
  await using receiver = rawReceiver(["HTTP/1.1 413 Too Large\r\n\r\n"]);
  equal((await receiver.tell("x".repeat(4_000_000))).status, 413);
  await using silent = rawReceiver([], { hangsUp: false });
  const leaving = new AbortController();
  const waiting = silent.tell("{}", leaving.signal);
  while (silent.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort(new Error("Enough"));
  await rejects(waiting, /Enough/);
  await rejects(silent.tell("{}", leaving.signal), /Enough/);
});
