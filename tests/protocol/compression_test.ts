/** Compressed messages, honest and hostile. The bytes of other encoders are in golden.json. */

import assert from "node:assert/strict";
import { deflateSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { ProtocolError } from "../../src/errors.ts";
import { decompress } from "../../src/protocol/compression.ts";
import { checkZstdFrame } from "../../src/protocol/zstd_frame.ts";
import {
  compress,
  COMPRESSION_METHODS,
  compressionOf,
  decodeRequest,
  encodeRequest,
  MAX_MESSAGE_BYTES,
} from "../../src/protocol/mod.ts";
import {
  arbitraryMessage,
  assertWorking,
  decodeMessage,
  encodeMessage,
  fromHex,
  GENERATE,
  messageTypes,
  pack,
  refusal,
} from "./support.ts";

const PING = encodeRequest({ type: "ping" });
const LONG = encodeRequest({ ...GENERATE, prompt: "a knight, a castle, ".repeat(400) });

/** A frame header without size, checksum and dictionary: a window of 1 MiB. */
const ZSTD_HEADER = "28b52ffd 00 50";
const LAST_EMPTY_BLOCK = "010000";
/** 128 KiB of zeros in four bytes. */
const RLE_BLOCK = "020010 00";

function rawBlock(content: Uint8Array, isLast: boolean): string {
  const header = content.length * 8 + (isLast ? 1 : 0);
  return [0, 8, 16].map((shift) => hexByte(header >> shift)).join("") + content.toHex();
}

function hexByte(value: number): string {
  return (value & 0xff).toString(16).padStart(2, "0");
}

/** A ping that takes exactly so many bytes. */
function pingOf(size: number): Uint8Array {
  return pack({ type: "ping", x: new Uint8Array(size - pack({ type: "ping", x: "" }).length - 4) });
}

/** What both directions that may be compressed say to bytes that are none of theirs. */
function assertRefused(bytes: Uint8Array, code: string, reason: RegExp): void {
  for (const direction of ["request", "reply"] as const) {
    const error = refusal(() => decodeMessage(direction, bytes));
    assert.equal(error.code, code);
    assert.match(error.message, reason);
    assertWorking();
  }
}

for (const method of COMPRESSION_METHODS) {
  Deno.test(`${method}: every request and reply survives`, () => {
    for (const message of messageTypes().filter(({ direction }) => direction !== "update")) {
      fc.assert(
        fc.property(arbitraryMessage(message), (value) => {
          const bytes = compress(encodeMessage(message.direction, value), method);
          assert.equal(compressionOf(bytes), method);
          assert.deepEqual(decodeMessage(message.direction, bytes), value);
        }),
        { numRuns: 20 },
      );
    }
  });

  Deno.test(`${method}: an update is not taken`, () => {
    const bytes = compress(pack({ type: "job_started", job_id: "j", timestamp: 1 }), method);
    assert.match(refusal(() => decodeMessage("update", bytes)).message, /expected a MessagePack/);
  });

  Deno.test(`${method}: a stream cut at any byte is malformed`, () => {
    const whole = compress(LONG, method);
    for (let length = 1; length < whole.length; length++) {
      const error = refusal(() => decodeRequest(whole.subarray(0, length)));
      assert.equal(error.code, "malformed");
      const reason = length < 2 || (method === "zstd" && length < 4)
        ? /expected a MessagePack map/
        : /cut short|unexpected end of file/;
      assert.match(error.message, reason);
    }
    assertWorking();
  });

  Deno.test(`${method}: bytes after the stream are malformed, another stream too`, () => {
    const one = compress(PING, method);
    const skippable = fromHex("502a4d18 03000000 616263");
    for (const more of [Uint8Array.of(0), one, skippable, PING]) {
      assertRefused(
        new Uint8Array([...one, ...more]),
        "malformed",
        new RegExp(`^Malformed message: ${more.length} bytes follow the ${method} (stream|frame)$`),
      );
    }
  });

  Deno.test(`${method}: the limit holds for the content, to the byte`, () => {
    const most = compress(pingOf(MAX_MESSAGE_BYTES), method);
    assert.deepEqual(decodeRequest(most), { type: "ping" });
    const over = compress(pingOf(MAX_MESSAGE_BYTES + 1), method);
    assertRefused(over, "too_large", /^Message too large: more than 1048576 bytes when decompres/);
  });

  Deno.test(`${method}: the limit holds for what is sent, too`, () => {
    const bytes = new Uint8Array(MAX_MESSAGE_BYTES + 1);
    bytes.set(compress(PING, method));
    assertRefused(bytes, "too_large", /^Message too large: 1048577 bytes, the limit is 1048576$/);
  });

  Deno.test(`${method}: what does not shrink is one stream all the same, at any length`, () => {
    const noise = new Uint8Array(1_000_000);
    for (let at = 0; at < noise.length; at += 50_000) {
      crypto.getRandomValues(noise.subarray(at, at + 50_000));
    }
    for (const length of [1, 16_000, 16_384, 65_536, 131_072, 1_000_000]) {
      const init_image = noise.slice(0, length);
      const request = { ...GENERATE, init_image };
      const bytes = compress(encodeRequest(request), method);
      assert.deepEqual(decodeRequest(bytes), request);
      assert(method === "zlib" || checkZstdFrame(bytes) === bytes.length);
    }
  });

  Deno.test(`${method}: what is in a stream is not unpacked once more`, () => {
    const twice = compress(compress(PING, method), method);
    assertRefused(twice, "malformed", /expected a MessagePack map with string keys/);
  });

  Deno.test(`${method}: a bad field is refused with the id of its job`, () => {
    const error = refusal(() => decodeRequest(compress(pack({ ...GENERATE, steps: 0 }), method)));
    assert.equal(error.jobId, GENERATE.id);
    assert.equal(error.field, "steps");
  });

  Deno.test(`${method}: an image does not hold on to the unpacked message`, () => {
    const image = new Uint8Array(300).fill(7);
    const request = decodeRequest(
      compress(encodeRequest({ ...GENERATE, init_image: image }), method),
    );
    assert(request.type === "generate" && request.init_image instanceof Uint8Array);
    assert.deepEqual(request.init_image, image);
    assert.equal(request.init_image.buffer.byteLength, image.length);
  });

  Deno.test(`${method}: any bytes are a message or a ProtocolError, and within the limit`, () => {
    const heads = method === "zlib" ? ["7801", "785e", "789c", "78da", "78bb"] : ["28b52ffd"];
    const body = fc.tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 300 }))
      .map(([head, rest]) => new Uint8Array([...fromHex(head), ...rest]));
    fc.assert(fc.property(body, survives), { numRuns: 2_000 });
    const whole = compress(LONG, method);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (position, byte) => {
        survives(whole.with(position, byte));
      }),
      { numRuns: 1_000 },
    );
    assertWorking();
  });
}

function survives(bytes: Uint8Array): void {
  for (const read of [decompress, decodeRequest]) {
    try {
      const result = read(bytes);
      assert(!(result instanceof Uint8Array) || result.length <= MAX_MESSAGE_BYTES);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      assert(error.message.length < 300, error.message);
    }
  }
}

Deno.test("a damaged checksum is malformed", () => {
  const zlib = compress(PING, "zlib");
  // A ping, by the zstd command, which unlike the library writes a checksum.
  const zstd = fromHex("28b52ffd 0458 590000 81a474797065a470696e67 c72ddfa1");
  for (const bytes of [zlib, zstd]) {
    assert.deepEqual(decodeRequest(bytes), { type: "ping" });
    bytes[bytes.length - 1]! ^= 1;
    assertRefused(bytes, "malformed", /^Malformed message: the (zlib|zstd) stream is broken: /);
  }
});

Deno.test("compressionOf() takes a text with an x in front for a text", () => {
  for (const text of ["x", "xyz", "x=1\n", "(\xb5/", ""]) {
    assert.equal(compressionOf(new TextEncoder().encode(text)), undefined);
  }
});

Deno.test("a zlib bomb is given up at the limit, not at its end", () => {
  const bomb = deflateSync(new Uint8Array(32 * MAX_MESSAGE_BYTES));
  assert(bomb.length * 1_000 < 32 * MAX_MESSAGE_BYTES);
  assertRefused(bomb, "too_large", /when decompressed$/);
  // Whoever read on would come to the damage and call it malformed.
  bomb.fill(0xff, bomb.length / 2);
  assertRefused(bomb, "too_large", /when decompressed$/);
});

Deno.test("a zstd bomb is given up at the limit, not at its end", () => {
  const limit = RLE_BLOCK.repeat(8);
  const all = fromHex(ZSTD_HEADER, limit, LAST_EMPTY_BLOCK);
  assert.deepEqual(decompress(all), new Uint8Array(MAX_MESSAGE_BYTES));
  const bomb = fromHex(ZSTD_HEADER, RLE_BLOCK.repeat(1_000), LAST_EMPTY_BLOCK);
  assertRefused(bomb, "too_large", /when decompressed$/);
  const reserved = "070000"; // a block of a type that there is not
  const damaged = fromHex(ZSTD_HEADER, limit, reserved);
  assertRefused(damaged, "malformed", /^Malformed message: the zstd stream is broken: /);
  const beyond = fromHex(ZSTD_HEADER, limit, RLE_BLOCK, reserved);
  assertRefused(beyond, "too_large", /when decompressed$/);
});

Deno.test("an empty zstd frame at the end, as encoders of JavaScript add, is passed over", () => {
  const init_image = crypto.getRandomValues(new Uint8Array(20_000));
  const request = { ...GENERATE, init_image };
  // With the usual size of its chunks the library adds one.
  const bytes = new Uint8Array(zstdCompressSync(encodeRequest(request)));
  assert.match(bytes.toHex(), /28b52ffd2000010000$/);
  assert.deepEqual(decodeRequest(bytes), request);
  const one = compress(PING, "zstd");
  for (const more of ["28b52ffd2000010000 00", "28b52ffd2000010000".repeat(2), "28b52ffd200001"]) {
    assertRefused(fromHex(one.toHex(), more), "malformed", /\d bytes follow the zstd frame$/);
  }
});

Deno.test("a zstd frame that announces more than the limit is not even begun", () => {
  for (const size of ["01001000 00000000", "ffffffff ffffffff"]) {
    assertRefused(fromHex("28b52ffd e0", size), "too_large", /when decompressed$/);
  }
});

Deno.test("a zstd frame whose content is not of the announced size is malformed", () => {
  for (const size of ["0b", "0d"]) {
    const bytes = fromHex("28b52ffd 20", size, rawBlock(new Uint8Array(12), true));
    assertRefused(bytes, "malformed", /the zstd stream is broken/);
  }
});

Deno.test("a zstd frame with a large window is refused with the remedy", () => {
  // 8 MiB and an eighth, 2 GiB, the most that can be asked for.
  for (const window of ["69", "a8", "ff"]) {
    assertRefused(
      fromHex("28b52ffd 00", window, rawBlock(PING, true)),
      "malformed",
      /asks for a window of \d+ bytes, the limit is 8388608; compress with a smaller window, or/,
    );
  }
  const most = fromHex("28b52ffd 00 68", rawBlock(PING, true));
  assert.deepEqual(decodeRequest(most), { type: "ping" });
});

Deno.test("a stream that needs a dictionary is refused with the remedy", () => {
  // "hello hello hello…", by Python's zlib.compressobj(zdict=b"hello hello").
  const zlib = fromHex("78bb19910449cb4030a92700007189206d");
  const zstd = ["21 07", "22 0700", "23 07000000"].map((dictionary) =>
    fromHex("28b52ffd", dictionary, "0b", rawBlock(PING, true))
  );
  for (const bytes of [zlib, ...zstd]) {
    assertRefused(bytes, "malformed", /needs a dictionary; compress without one$/);
  }
  // Zero means none, however wide.
  const none = fromHex("28b52ffd 23 00000000 0b", rawBlock(PING, true));
  assert.deepEqual(decodeRequest(none), { type: "ping" });
});

Deno.test("a zstd frame of more than 1,024 blocks is malformed", () => {
  const empty = "000000";
  const most = fromHex(ZSTD_HEADER, empty.repeat(1_023), rawBlock(PING, true));
  assert.deepEqual(decodeRequest(most), { type: "ping" });
  const over = fromHex(ZSTD_HEADER, empty.repeat(1_024), rawBlock(PING, true));
  assertRefused(over, "malformed", /^Malformed message: the zstd frame has more than 1024 blocks$/);
});
