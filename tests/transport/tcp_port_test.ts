import { deepEqual, equal, ok } from "node:assert/strict";
import { connectionsTo } from "../../src/transport/mod.ts";
import { until } from "./support.ts";

for (
  const [hostname, known] of [
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "0000:0000:0000:0000:0000:0000:0000:0001"],
  ] as const
) {
  Deno.test({
    name: `connectionsTo() tells of connections from ${hostname}, and ends them`,
    ignore: Deno.build.os !== "linux" || !canListen(hostname),
    async fn() {
      using listener = Deno.listen({ hostname, port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      using connections = connectionsTo(port);
      ok(connections !== undefined);
      ok(connections.mostDescriptors > 10);
      deepEqual(connections.list(), []);
      const connect = () => Deno.connect({ hostname, port });
      using first = await connect();
      using _acceptedFirst = await listener.accept();
      using second = await connect();
      using acceptedSecond = await listener.accept();
      const ports = [first, second].map(({ localAddr }) => (localAddr as Deno.NetAddr).port);
      const list = connections.list();
      deepEqual(list.map((one) => [one.hostname, one.port]), ports.map((port) => [known, port]));
      connections.cut(list[0]!);
      equal(await first.read(new Uint8Array(1)), null);
      deepEqual(connections.sent(list[1]!), { takenBytes: 0, isWaiting: false });
      await acceptedSecond.write(new Uint8Array(3));
      equal(await second.read(new Uint8Array(9)), 3);
      await until(() => connections.sent(list[1]!).takenBytes === 3, "the other end has it");
      // Nobody reads: the buffers of both ends fill up.
      const writing = acceptedSecond.write(new Uint8Array(64 * 2 ** 20)).catch(() => {});
      await until(() => connections.sent(list[1]!).isWaiting, "more waits");
      connections.cut(list[1]!);
      await writing;
    },
  });
}

function canListen(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test({
  name: "connectionsTo() finds all, in however many gaps between other descriptors",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    using connections = connectionsTo(port);
    await using open = new AsyncDisposableStack();
    for (let count = 0; count < 200; count++) {
      open.use(await Deno.connect({ hostname: "127.0.0.1", port }));
      const accepted = await listener.accept();
      if (count % 3 === 0) accepted.close();
      else open.use(accepted);
      if (count % 50 === 0) connections?.list();
    }
    equal(connections?.list().length, 133);
  },
});
