import { equal, throws } from "node:assert/strict";
import { polled } from "../support/polled.ts";
import { Listener } from "../../src/http/listener.ts";

const FIXTURE = new URL("fixtures/listens.ts", import.meta.url).pathname;

Deno.test({
  name: "a listener outlives more connections than the system gives it descriptors",
  ignore: Deno.build.os === "windows",
  async fn() {
    const command = `ulimit -n 90; exec "$0" run --no-check --quiet --allow-net=127.0.0.1 "$1"`;
    await using child = new Deno.Command("sh", {
      args: ["-c", command, Deno.execPath(), FIXTURE],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const port = Number((await lines.read()).value);
    const pause = lines.read();
    let isPaused = false;
    void pause.then(() => isPaused = true);
    const connections: Deno.TcpConn[] = [];
    try {
      while (!isPaused) connections.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    } catch {
      // It takes no more, and has said so.
    }
    equal((await pause).value, "paused\n");
    for (const connection of connections) connection.close();
    const ask = () => fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    const answer = await polled(ask, "an answer");
    equal(await answer.text(), "here");
    await child.stdin.close();
    await lines.cancel();
    equal((await child.status).code, 0);
  },
});

Deno.test("a listener says at once that its port is taken", async () => {
  const options = { hostname: "127.0.0.1", handler: () => new Response(), onPause: () => {} };
  await using first = new Listener({ ...options, port: 0 });
  throws(() => new Listener({ ...options, port: first.port }), { code: "in_use" });
});
