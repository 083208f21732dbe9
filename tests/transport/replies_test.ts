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
  second.fill(bytes("b"));
  assert.deepEqual(send(replies), []);
  first.fill(bytes("a"));
  assert.deepEqual(send(replies), ["1: a", "2: b"]);
  assert.ok(replies.settled);
});

Deno.test("PeerReplies.open() takes the first answer only", () => {
  const replies = new PeerReplies<string>(1_000);
  const answer = replies.open("1");
  assert.equal(answer.fill(bytes("a")), true);
  assert.equal(answer.fill(bytes("b")), false);
  assert.deepEqual(send(replies), ["1: a"]);
  assert.equal(answer.fill(bytes("c")), false);
});

Deno.test("PeerReplies.full counts waiting answers and open requests, until they leave", () => {
  const replies = new PeerReplies<string>(1_000);
  replies.open("1").fill(new Uint8Array(900));
  assert.equal(replies.full, false);
  const second = replies.open("2");
  assert.equal(replies.full, true);
  second.fill(bytes(""));
  send(replies);
  assert.equal(replies.full, false);
});

Deno.test("PeerReplies.abandon() forgets what is owed and refuses what comes", () => {
  const replies = new PeerReplies<string>(10);
  const [first, second] = [replies.open("1"), replies.open("2")];
  first.fill(new Uint8Array(100));
  replies.abandon();
  assert.equal(second.fill(bytes("b")), false);
  assert.deepEqual(send(replies), []);
  assert.ok(replies.settled && !replies.full);
});

Deno.test("PeerReplies.openFilled() answers as often as it was asked, in order, each in its envelope", () => {
  const replies = new PeerReplies<string>(1_000);
  const body = bytes("no");
  const isSame = (one: string, other: string) => one === other;
  const first = replies.open("1");
  for (const envelope of ["1", "1", "2", "1"]) replies.openFilled(envelope, body, isSame);
  const last = replies.open("1");
  replies.openFilled("1", bytes("other"), isSame);
  last.fill(bytes("z"));
  assert.deepEqual(send(replies), []);
  first.fill(bytes("a"));
  assert.deepEqual(send(replies), ["1: a", "1: no", "1: no", "2: no", "1: no", "1: z", "1: other"]);
  assert.ok(replies.settled);
});

Deno.test("PeerReplies.full counts what was filled like any other answer", () => {
  const replies = new PeerReplies<string>(10_000);
  replies.open("1");
  const body = new Uint8Array(36);
  for (let count = 0; count < 99; count++) replies.openFilled("1", body, () => true);
  assert.equal(replies.full, false);
  replies.openFilled("1", body, () => true);
  assert.equal(replies.full, true);
});

Deno.test("PeerReplies ends where it is told to, and owes nothing then", () => {
  const replies = new PeerReplies<string>(1_000);
  const [first, second, third] = ["1", "2", "3"].map((envelope) => replies.open(envelope));
  third!.fill(bytes("c"));
  second!.end();
  replies.openFilled("4", bytes("no"), () => true);
  assert.deepEqual(send(replies), []);
  assert.ok(!replies.settled);
  first!.fill(bytes("a"));
  assert.deepEqual(send(replies), ["1: a"]);
  assert.ok(replies.settled && !replies.full);
  assert.equal(second!.fill(bytes("b")), false);
});
