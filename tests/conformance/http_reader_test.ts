import assert from "node:assert/strict";
import {
  AnswerReader,
  type RequestPiece,
  RequestReader,
  withHeaders,
} from "../../src/conformance/http_reader.ts";

const POST = "POST /prompt?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const GET = "GET /view HTTP/1.1\r\nHost: a\r\n\r\n";
const UPGRADE = "GET /ws?clientId=1 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n";

Deno.test("RequestReader tells requests apart wherever the chunks end", () => {
  const stream = POST + GET + POST;
  for (let size = 1; size <= stream.length; size += 1) {
    const pieces = readRequests(stream, size);
    assert.deepEqual(routesOf(pieces), ["POST /prompt", "GET /view", "POST /prompt"]);
    assert.equal(textOf(pieces), stream);
  }
});

Deno.test("RequestReader takes all that follows an upgrade for its body", () => {
  const pieces = readRequests(UPGRADE + GET, 7);
  assert.deepEqual(routesOf(pieces), ["GET /ws"]);
  assert.equal(pieces[0]?.type === "head" && pieces[0].request.isUpgrade, true);
  assert.equal(textOf(pieces), UPGRADE + GET);
});

Deno.test("RequestReader passes on what it does not understand, without holding it back", () => {
  const chunked = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  assert.deepEqual(routesOf(readRequests(chunked + GET, 1_000)), ["POST /a"]);
  for (const stream of [chunked + GET, `\x16\x03\x01\r\n\r\n${GET}`, "x".repeat(100_000)]) {
    assert.equal(textOf(readRequests(stream, 1_000)), stream);
  }
});

Deno.test("AnswerReader finds the status and the length of each answer wherever the chunks end", () => {
  const answer = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nHTTP/1.1 500";
  for (let size = 1; size <= answer.length; size += 1) {
    const reader = new AnswerReader();
    const pieces = [1, 2].flatMap(() => {
      reader.expect();
      return chunksOf(answer, size).flatMap((chunk) => [...reader.read(chunk)]);
    });
    const heads = pieces.flatMap((piece) => piece.type === "head" ? [piece.answer] : []);
    assert.deepEqual(heads, [{ status: 200, bodyBytes: 12 }, { status: 200, bodyBytes: 12 }]);
    assert.equal(textOf(pieces), answer + answer);
  }
});

Deno.test("AnswerReader waits for the answer behind an interim one, but not behind an upgrade", () => {
  const reader = new AnswerReader();
  reader.expect();
  const interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const last = "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00\r\n\r\n";
  const pieces = [...reader.read(new TextEncoder().encode(interim + last))];
  const statuses = pieces.flatMap((piece) => piece.type === "head" ? [piece.answer.status] : []);
  assert.deepEqual(statuses, [101]);
});

Deno.test("withHeaders() replaces what is there, adds nothing, and leaves the first line alone", () => {
  const head = "GET /host:x HTTP/1.1\r\nHost: a:1\r\nX-Host: b\r\nAccept-Encoding: gzip\r\n\r\n";
  const bytes = withHeaders(new TextEncoder().encode(head), {
    "host": "b:2",
    "accept-encoding": "identity",
    "cookie": "c",
  });
  assert.equal(
    new TextDecoder().decode(bytes),
    "GET /host:x HTTP/1.1\r\nHost: b:2\r\nX-Host: b\r\nAccept-Encoding: identity\r\n\r\n",
  );
});

/** The pieces refer to their chunk, so they are copied as whoever passes them on would write them. */
function readRequests(stream: string, size: number): RequestPiece[] {
  const reader = new RequestReader();
  return chunksOf(stream, size).flatMap((chunk) => [...reader.read(chunk)]);
}

function chunksOf(stream: string, size: number): Uint8Array[] {
  const bytes = Uint8Array.from(stream, (char) => char.charCodeAt(0));
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.slice(index * size, (index + 1) * size));
}

function routesOf(pieces: readonly RequestPiece[]): string[] {
  return pieces.flatMap((piece) => piece.type === "head" ? [piece.request.route] : []);
}

function textOf(pieces: readonly { bytes: Uint8Array }[]): string {
  return pieces.map(({ bytes }) => String.fromCharCode(...bytes)).join("");
}
