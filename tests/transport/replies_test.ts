import assert from "node:assert/strict";
import { PeerReplies } from "../../src/transport/replies.ts";
import { bytes, text } from "./support.ts";

function send(replies: PeerReplies<string>): string[] {
  const sent: string[] = [];
  for (let due = replies.due(); due !== undefined; due = replies.due()) {
    sent.push(`${due.envelope}: ${text(due.body)}`);
    replies.settle();
  }
  return sent;
}

Deno.test("PeerReplies.due() waits for the answer to the oldest request", () => {
  const replies = new PeerReplies<string>(1_000);
  const [first, second] = [replies.open("1"), replies.open("2")];
  second(bytes("b"));
  assert.deepEqual(send(replies), []);
  first(bytes("a"));
  assert.deepEqual(send(replies), ["1: a", "2: b"]);
  assert.ok(replies.settled);
});

Deno.test("PeerReplies.open() takes the first answer only", () => {
  const replies = new PeerReplies<string>(1_000);
  const answer = replies.open("1");
  assert.equal(answer(bytes("a")), true);
  assert.equal(answer(bytes("b")), false);
  assert.deepEqual(send(replies), ["1: a"]);
  assert.equal(answer(bytes("c")), false);
});

Deno.test("PeerReplies.full counts waiting answers and open requests, until they leave", () => {
  const replies = new PeerReplies<string>(1_000);
  replies.open("1")(new Uint8Array(900));
  assert.equal(replies.full, false);
  const second = replies.open("2");
  assert.equal(replies.full, true);
  second(bytes(""));
  send(replies);
  assert.equal(replies.full, false);
});

Deno.test("PeerReplies.abandon() forgets what is owed and refuses what comes", () => {
  const replies = new PeerReplies<string>(10);
  const [first, second] = [replies.open("1"), replies.open("2")];
  first(new Uint8Array(100));
  replies.abandon();
  assert.equal(second(bytes("b")), false);
  assert.deepEqual(send(replies), []);
  assert.ok(replies.settled && !replies.full);
});
