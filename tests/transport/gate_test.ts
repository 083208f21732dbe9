import { equal, ok } from "node:assert/strict";
import { openGate, zmqTransport } from "../../src/transport/mod.ts";

const ANY_NUMBER = { many: Infinity };

Deno.test({
  name: "a gate keeps out who comes to a port until it is opened, and then lets them in",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using gate = openGate(ANY_NUMBER);
    ok(gate !== undefined);
    using guarded = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    gate.guard((guarded.addr as Deno.NetAddr).port);
    const told: string[] = [];
    const knock = async (name: string, { addr }: Deno.Listener): Promise<void> => {
      using _in = await Deno.connect({ port: (addr as Deno.NetAddr).port });
      told.push(name);
    };
    const first = knock("guarded", guarded);
    await knock("other", other);
    equal(told.join(), "other");
    gate.open();
    await first;
    equal(told.join(), "other,guarded");
  },
});

Deno.test({
  name: "a gate stands before ZeroMQ's sockets from the first moment on",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using gate = openGate(ANY_NUMBER);
    const transport = zmqTransport();
    await using server = await transport.bindRequests("tcp://127.0.0.1:0", { gate });
    await using updates = await transport.bindUpdates("tcp://127.0.0.1:0", { gate });
    let inside = 0;
    const knocking = [server, updates].map(async ({ address }) => {
      using _in = await Deno.connect({ hostname: "127.0.0.1", port: Number(address.slice(16)) });
      inside += 1;
    });
    using _other = await knockAtOpenDoor();
    equal(inside, 0);
    gate?.open();
    await Promise.all(knocking);
    equal(inside, 2);
  },
});

/** A connection that nobody hinders, so that the other had its time. */
async function knockAtOpenDoor(): Promise<Deno.Conn> {
  using open = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Deno.connect({ port: (open.addr as Deno.NetAddr).port });
}

Deno.test({
  name: "a gate is not needed where many files may be open",
  ignore: Deno.build.os !== "linux",
  fn() {
    equal(openGate({ many: 1 }), undefined);
  },
});
