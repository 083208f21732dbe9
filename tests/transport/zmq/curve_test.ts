/** CURVE: who has a key that is known gets in; anybody else gets nothing, and harms nobody. */

import assert from "node:assert/strict";
import { TransportError } from "../../../src/errors.ts";
import {
  type CurveClientOptions,
  type CurveKeyPair,
  type CurveServerOptions,
  generateCurveKeys,
  type RequestClient,
  type RequestServer,
  zmqTransport,
} from "../../../src/transport/mod.ts";
import { bindPublisher } from "../../../src/transport/zmq/publisher.ts";
import { bindRouter } from "../../../src/transport/zmq/router.ts";
import { bytes, guarded, serve, text, turn } from "../support.ts";

/** Long enough for a handshake on a busy machine, for those that must not be let in. */
const SILENCE_MS = 400;

interface Keys {
  readonly server: CurveServerOptions;
  readonly client: CurveClientOptions;
  readonly asked: string[];
}

async function makeKeys(): Promise<Keys> {
  const [own, client] = [await generateCurveKeys(), await generateCurveKeys()];
  const asked: string[] = [];
  const isAllowed = (publicKey: string) => {
    asked.push(publicKey);
    return publicKey === client.publicKey;
  };
  return {
    server: { secretKey: own.secretKey, isAllowed },
    client: { ...client, serverKey: own.publicKey },
    asked,
  };
}

async function ask(
  server: RequestServer,
  curve?: CurveClientOptions,
  timeoutMs = SILENCE_MS,
): Promise<string> {
  const options = curve === undefined ? {} : { curve };
  await using client = await zmqTransport().connectRequests(server.address, options);
  return text(await client.request(bytes("hello"), { timeoutMs }));
}

Deno.test("A socket with CURVE lets in whose key is allowed", async () => {
  const { server: curve, client, asked } = await makeKeys();
  await using server = await bindRouter("tcp://127.0.0.1:0", { curve });
  const serving = serve(server);
  await using connection = await zmqTransport().connectRequests(server.address, {
    curve: client,
  });
  assert.equal(text(await guarded(connection.request(bytes("hello")))), "hello");
  assert.deepEqual([...new Set(asked)], [client.publicKey]);
  await server.close();
  await serving;
});

Deno.test("A socket with CURVE tells whose a request is by the key, over whatever connection", async () => {
  const [own, one, other] = await Promise.all([1, 2, 3].map(() => generateCurveKeys()));
  const curve = { secretKey: own!.secretKey, isAllowed: () => true };
  await using server = await bindRouter("tcp://127.0.0.1:0", { curve });
  const serving = (async () => {
    for await (const { owner, reply } of server) reply(bytes(`${owner}`));
  })();
  for (const keys of [one!, one!, other!, one!]) {
    const owner = await ask(server, { ...keys, serverKey: own!.publicKey }, 5_000);
    assert.equal(owner, keys.publicKey);
  }
  await server.close();
  await serving;
});

Deno.test("A client with many connections is served no more often than one with a single one", async () => {
  const [own, greedy, modest] = await Promise.all([1, 2, 3].map(() => generateCurveKeys()));
  const curve = { secretKey: own!.secretKey, isAllowed: () => true };
  await using server = await bindRouter("tcp://127.0.0.1:0", { curve });
  const connect = (keys: CurveKeyPair) =>
    zmqTransport().connectRequests(server.address, {
      curve: { ...keys, serverKey: own!.publicKey },
    });
  const many = await Promise.all(Array.from({ length: 8 }, () => connect(greedy!)));
  const single = await connect(modest!);
  const counts = new Map<string, number>();
  const serving = (async () => {
    for await (const { owner, reply } of server) {
      // Each costs as much, and more than to tell whose turn it is.
      const untilMs = performance.now() + 0.2;
      while (performance.now() < untilMs);
      counts.set(owner!, (counts.get(owner!) ?? 0) + 1);
      reply(bytes(""));
    }
  })();
  // Both keep as much waiting on each connection.
  let isDone = false;
  const flood = async (client: RequestClient) => {
    while (!isDone) await client.request(bytes("x"), { timeoutMs: 30_000 });
  };
  const floods = [...many, single].flatMap((client) =>
    Array.from({ length: 256 }, () => flood(client))
  );
  const served = async (keys: CurveKeyPair, count: number) => {
    while ((counts.get(keys.publicKey) ?? 0) < count) await turn();
  };
  // Both have begun, and what came before the other was there is made up for.
  await guarded(served(modest!, 500));
  counts.clear();
  await guarded(served(modest!, 1_000));
  const share = counts.get(greedy!.publicKey)! / counts.get(modest!.publicKey)!;
  isDone = true;
  await guarded(Promise.all(floods));
  for (const client of [...many, single]) await client.close();
  await server.close();
  await serving;
  // By connections it would be 8.
  assert.ok(share < 3, `${share.toFixed(1)} times as often`);
});

Deno.test("A socket with CURVE gives nothing to a stranger, a plain client and one with a wrong server key", async () => {
  const { server: curve, client } = await makeKeys();
  await using server = await bindRouter("tcp://127.0.0.1:0", { curve });
  const serving = serve(server);
  const stranger = await generateCurveKeys();
  const silent = { code: "timeout" };
  await Promise.all([
    assert.rejects(ask(server, { ...client, ...stranger }), silent),
    assert.rejects(ask(server), silent),
    assert.rejects(ask(server, { ...client, serverKey: stranger.publicKey }), silent),
  ]);
  assert.equal(await ask(server, client), "hello");
  await server.close();
  await serving;
});

Deno.test("A socket with CURVE keeps updates from strangers", async () => {
  const { server: curve, client } = await makeKeys();
  await using publisher = await bindPublisher("tcp://127.0.0.1:0", { curve });
  const transport = zmqTransport();
  await using known = await transport.connectUpdates(publisher.address, { curve: client });
  await using plain = await transport.connectUpdates(publisher.address);
  const [seen, overheard]: string[][] = [[], []];
  const reading = [[known, seen!], [plain, overheard!]] as const;
  const ends = reading.map(async ([subscriber, heard]) => {
    for await (const update of subscriber) heard.push(text(update));
  });
  while (seen!.length < 3) {
    publisher.publish(bytes("update"));
    await guarded(publisher.flush());
    await turn();
  }
  assert.deepEqual(overheard, []);
  await Promise.all([known.close(), plain.close()]);
  await Promise.all(ends);
});

Deno.test("A socket with CURVE keeps out everybody while it cannot be told who may enter", async () => {
  const { server: { secretKey }, client } = await makeKeys();
  const isAllowed = () => Promise.reject(new Error("The list of keys cannot be read"));
  const options = { curve: { secretKey, isAllowed } };
  await using server = await bindRouter("tcp://127.0.0.1:0", options);
  const serving = serve(server);
  await assert.rejects(ask(server, client), { code: "timeout" });
  await server.close();
  await serving;
});

Deno.test("A socket with CURVE refuses a secret key that is none, and leaves the address free", async () => {
  const { server: { isAllowed } } = await makeKeys();
  for (const secretKey of ["", "x".repeat(40) + "y", "\u0000".repeat(40), "#".repeat(40)]) {
    const options = { curve: { secretKey, isAllowed } };
    const isKeyError = (error: unknown) => {
      return error instanceof TransportError && error.code === "key_invalid";
    };
    await assert.rejects(bindRouter("tcp://127.0.0.1:0", options), isKeyError);
    await assert.rejects(bindPublisher("tcp://127.0.0.1:0", options), isKeyError);
  }
});

Deno.test("A socket with CURVE gives back a taken address's sockets", async () => {
  const { server: curve } = await makeKeys();
  await using first = await bindRouter("tcp://127.0.0.1:0", { curve });
  await assert.rejects(bindRouter(first.address, { curve }), { code: "address_in_use" });
});

Deno.test("a client's keys are looked at before it connects", async () => {
  const { client } = await makeKeys();
  for (const name of ["serverKey", "publicKey", "secretKey"] as const) {
    const curve = { ...client, [name]: "short" };
    const connecting = zmqTransport().connectRequests("tcp://127.0.0.1:1", { curve });
    await assert.rejects(connecting, { code: "key_invalid" });
  }
});

Deno.test("a socket with CURVE is refused where libzmq is not to be had, never opened without", async () => {
  const { server: curve } = await makeKeys();
  const open = () => Promise.resolve(undefined);
  const unsupported = { code: "unsupported" };
  await assert.rejects(bindRouter("tcp://127.0.0.1:0", { curve }, open), unsupported);
  await assert.rejects(bindPublisher("tcp://127.0.0.1:0", { curve }, open), unsupported);
});
