/** Conformance: requests and answers. */

import assert from "node:assert/strict";
import { TransportError } from "../../../src/errors.ts";
import type { IncomingRequest, RequestClient } from "../../../src/transport/mod.ts";
import type { Subject } from "./mod.ts";
import { bytes, guarded, serve, text, turn, until } from "../support.ts";

export function testRequests(subject: Subject): void {
  testAnswers(subject);
  testFloods(subject);
  testIteration(subject);
  testLimits(subject);
  testRestarts(subject);
}

function testAnswers({ name, open, address }: Subject): void {
  Deno.test(`${name}: RequestClient.request() resolves to the answer's bytes`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const serving = serve(server);
    for (const size of [0, 1, 127, 128, 129, 1_000, 1_048_576]) {
      const body = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)));
      const large = new Uint8Array(size);
      large.set(body);
      const answer = await guarded(client.request(large));
      assert.equal(answer.constructor, Uint8Array);
      assert.deepEqual(answer, large);
    }
    await server.close();
    await serving;
  });

  Deno.test(`${name}: a part of a larger buffer is sent as that part`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const serving = serve(server);
    const buffer = crypto.getRandomValues(new Uint8Array(1_000));
    for (const part of [buffer.subarray(10, 20), buffer.subarray(300, 900)]) {
      assert.deepEqual(await guarded(client.request(part)), part);
    }
    await server.close();
    await serving;
  });

  Deno.test(`${name}: IncomingRequest.reply() in any order answers each request`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const held: IncomingRequest[] = [];
    const serving = serve(server, (request) => held.push(request));
    const answers = Array.from({ length: 64 }, (_, index) => client.request(bytes(`${index}`)));
    await until(() => held.length === 64, "all requests came");
    for (const request of held.reverse()) request.reply(request.frames[0]!);
    const texts = (await guarded(Promise.all(answers))).map(text);
    assert.deepEqual(texts, answers.map((_, index) => `${index}`));
    await server.close();
    await serving;
  });

  Deno.test(`${name}: IncomingRequest.isFollowed() tells of a request that is there, and leaves it`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const requests = server[Symbol.asyncIterator]();
    const answers = [client.request(bytes("a"))];
    const first: IncomingRequest = (await guarded(requests.next())).value;
    assert.equal(first.isFollowed(), false);
    answers.push(client.request(bytes("b")));
    await until(() => first.isFollowed(), "the second came");
    const second: IncomingRequest = (await guarded(requests.next())).value;
    assert.equal(second.isFollowed(), false);
    for (const request of [first, second]) request.reply(request.frames[0]!);
    assert.deepEqual((await guarded(Promise.all(answers))).map(text), ["a", "b"]);
  });

  Deno.test(`${name}: IncomingRequest.reply() counts once`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const serving = serve(server, (request) => {
      request.reply(bytes(`${text(request.frames[0]!)}, first`));
      request.reply(bytes("second"));
    });
    assert.equal(text(await guarded(client.request(bytes("a")))), "a, first");
    assert.equal(text(await guarded(client.request(bytes("b")))), "b, first");
    await server.close();
    await serving;
  });

  Deno.test(`${name}: IncomingRequest.reply() after the end does nothing`, async () => {
    const transport = open();
    const server = await transport.bindRequests(address());
    const client = await transport.connectRequests(server.address);
    const { value: request } = await withRequest(server, client.request(bytes("a")));
    await client.close();
    request.reply(bytes("to nobody"));
    await server.close();
    request.reply(bytes("from nobody"));
  });
}

/** Takes one request, whose sender expects its client to be closed. */
async function withRequest(
  server: AsyncIterable<IncomingRequest>,
  answer: Promise<unknown>,
): Promise<{ value: IncomingRequest }> {
  answer.catch(() => {});
  const next = await guarded(server[Symbol.asyncIterator]().next());
  assert.ok(!next.done);
  return { value: next.value };
}

function testFloods({ name, open, address }: Subject): void {
  Deno.test(`${name}: a flood of 20,000 requests does not starve another peer`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using flooder = await transport.connectRequests(server.address);
    await using other = await transport.connectRequests(server.address);
    const serving = serve(server);
    await guarded(other.request(bytes("warm up")));
    let answered = 0;
    const flood = Array.from({ length: 20_000 }, async () => {
      await flooder.request(bytes("flood"), { timeoutMs: 60_000 });
      answered++;
    });
    await guarded(other.request(bytes("quick")));
    assert.ok(answered < 20_000, "the flood was over before the other peer got its answer");
    await guarded(Promise.all(flood));
    assert.equal(answered, 20_000);
    await server.close();
    await serving;
  });

  Deno.test(`${name}: a flood leaves timers their turn`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    let served = 0;
    let servedAtTimer: number | undefined;
    const serving = serve(server, (request) => {
      if (++served === 1) setTimeout(() => servedAtTimer = served, 0);
      request.reply(request.frames[0]!);
    });
    const flood = Array.from(
      { length: 20_000 },
      () => client.request(bytes("flood"), { timeoutMs: 60_000 }),
    );
    await guarded(Promise.all(flood));
    assert.ok(servedAtTimer !== undefined && servedAtTimer < 20_000, `fired at ${servedAtTimer}`);
    await server.close();
    await serving;
  });

  Deno.test(`${name}: clients that vanish mid-request leave the server answering`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    const held: IncomingRequest[] = [];
    const serving = serve(server, (request) => {
      if (text(request.frames[0]!) === "dying") held.push(request);
      else request.reply(request.frames[0]!);
    });
    for (let count = 1; count <= 20; count++) {
      const client = await transport.connectRequests(server.address);
      const lost = assert.rejects(client.request(bytes("dying")), { code: "closed" });
      await until(() => held.length === count, "the request came");
      await client.close();
      await lost;
    }
    for (const request of held) request.reply(bytes("too late"));
    await using survivor = await transport.connectRequests(server.address);
    assert.equal(text(await guarded(survivor.request(bytes("alive")))), "alive");
    await server.close();
    await serving;
  });
}

function testIteration({ name, open, address }: Subject): void {
  Deno.test(`${name}: RequestServer.close() ends iterations, waiting or not`, async () => {
    const server = await open().bindRequests(address());
    const iterator = server[Symbol.asyncIterator]();
    const waiting = [iterator.next(), iterator.next()];
    await turn();
    await guarded(server.close());
    for (const next of await guarded(Promise.all(waiting))) assert.equal(next.done, true);
    assert.equal((await guarded(iterator.next())).done, true);
  });

  Deno.test(`${name}: leaving the loop leaves the server open`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    for (const word of ["first loop", "second loop"]) {
      const answer = client.request(bytes(word));
      for await (const request of server) {
        request.reply(request.frames[0]!);
        break;
      }
      assert.equal(text(await guarded(answer)), word);
    }
  });
}

function testLimits({ name, open, address }: Subject): void {
  Deno.test(`${name}: a request out of time fails alone, its late answer is dropped`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const held: IncomingRequest[] = [];
    const serving = serve(server, (request) => held.push(request));
    const patient = client.request(bytes("patient"));
    await until(() => held.length === 1, "the patient request came");
    const hasty = client.request(bytes("hasty"), { timeoutMs: 5 });
    await assert.rejects(guarded(hasty), (error) => {
      assert.ok(error instanceof TransportError);
      assert.equal(error.code, "timeout");
      assert.match(error.message, /within 5 ms, check that/);
      assert.ok(error.message.includes(server.address));
      return true;
    });
    const next = client.request(bytes("next"));
    await until(() => held.length === 3, "all requests came");
    for (const request of held) request.reply(request.frames[0]!);
    assert.equal(text(await guarded(patient)), "patient");
    assert.equal(text(await guarded(next)), "next");
    await server.close();
    await serving;
  });

  Deno.test(`${name}: after a time-out a request is not held up by what holds up the one before`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const held: IncomingRequest[] = [];
    const serving = serve(server, (request) => {
      if (text(request.frames[0]!) === "slow") held.push(request);
      else request.reply(request.frames[0]!);
    });
    const slow = client.request(bytes("slow"));
    await until(() => held.length === 1, "the slow request came");
    // Answers to one peer leave in the order of its requests.
    await assert.rejects(guarded(client.request(bytes("quick"), { timeoutMs: 5 })), {
      code: "timeout",
    });
    assert.equal(text(await guarded(client.request(bytes("again")))), "again");
    held[0]!.reply(bytes("late"));
    assert.equal(text(await guarded(slow)), "late");
    await server.close();
    await serving;
  });

  Deno.test(`${name}: an aborted request fails alone, with the signal's reason`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    await using client = await transport.connectRequests(server.address);
    const held: IncomingRequest[] = [];
    const serving = serve(server, (request) => held.push(request));
    const controller = new AbortController();
    const aborted = client.request(bytes("aborted"), { signal: controller.signal });
    const kept = client.request(bytes("kept"));
    await until(() => held.length === 2, "both requests came");
    const reason = new Error("No longer wanted");
    controller.abort(reason);
    await assert.rejects(guarded(aborted), reason);
    await assert.rejects(client.request(bytes("x"), { signal: controller.signal }), reason);
    for (const request of held) request.reply(request.frames[0]!);
    assert.equal(text(await guarded(kept)), "kept");
    const after = client.request(bytes("after"));
    await until(() => held.length === 3, "the next request came");
    assert.equal(text(held[2]!.frames[0]!), "after");
    held[2]!.reply(bytes("answer"));
    assert.equal(text(await guarded(after)), "answer");
    await server.close();
    await serving;
  });

  Deno.test(`${name}: RequestClient.close() fails what is under way and what follows`, async () => {
    const transport = open();
    await using server = await transport.bindRequests(address());
    const client = await transport.connectRequests(server.address);
    const failures = Array.from(
      { length: 3 },
      () => assert.rejects(client.request(bytes("a")), { code: "closed" }),
    );
    await client.close();
    await guarded(Promise.all(failures));
    await assert.rejects(client.request(bytes("b")), (error) => {
      assert.ok(error instanceof TransportError);
      assert.equal(error.code, "closed");
      return true;
    });
  });
}

function testRestarts({ name, open, address }: Subject): void {
  Deno.test(`${name}: a client may connect and ask before the server is there`, async () => {
    const transport = open();
    const placeholder = await transport.bindRequests(address());
    await placeholder.close();
    await using client = await transport.connectRequests(placeholder.address);
    const answer = client.request(bytes("early"));
    await using server = await transport.bindRequests(placeholder.address);
    const serving = serve(server);
    assert.equal(text(await guarded(answer)), "early");
    await server.close();
    await serving;
  });

  Deno.test(`${name}: an answer lost with a server does not shift later answers`, async () => {
    const transport = open();
    const first = await transport.bindRequests(address());
    await using client = await transport.connectRequests(first.address);
    const lost = client.request(bytes("lost"), { timeoutMs: 60_000 });
    await withRequest(first, lost);
    await first.close();
    await using second = await transport.bindRequests(first.address);
    const serving = serve(second);
    assert.equal(text(await guarded(persist(client, "found"))), "found");
    const failure = assert.rejects(lost, { code: "closed" });
    await client.close();
    await failure;
    await second.close();
    await serving;
  });
}

/** Asks until an answer comes: what is sent while a connection breaks is lost. */
async function persist(client: RequestClient, word: string): Promise<Uint8Array> {
  for (;;) {
    try {
      return await client.request(bytes(word), { timeoutMs: 100 });
    } catch (error) {
      if (!(error instanceof TransportError && error.code === "timeout")) throw error;
    }
  }
}
