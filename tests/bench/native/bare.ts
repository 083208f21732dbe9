/** The least that a program on Deno with ZeroMQ can be: it loads the package, binds and echoes. */

import { Reply } from "zeromq";

const socket = new Reply({ receiveTimeout: 0, sendTimeout: 0 });
await socket.bind(Deno.args[0] ?? "tcp://127.0.0.1:*");
const line = `${JSON.stringify({ address: socket.lastEndpoint })}\n`;
Deno.stdout.writeSync(new TextEncoder().encode(line));
setInterval(answer, 1);

async function answer(): Promise<void> {
  while (socket.readable) await socket.send(await socket.receive());
}
