import assert from "node:assert/strict";
import fc from "fast-check";
import { isUtf8 } from "../../src/protocol/utf8.ts";
import { fromHex } from "./support.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

function isUtf8ByThePlatform(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

Deno.test("isUtf8() agrees with the platform on every pair of bytes", () => {
  for (let first = 0x80; first < 0x100; first++) {
    for (let second = 0x7f; second < 0x101; second++) {
      const bytes = new Uint8Array([first, second]); // 0x100 wraps to 0
      assert.equal(isUtf8(bytes), isUtf8ByThePlatform(bytes), bytes.toHex());
    }
  }
});

Deno.test("isUtf8() agrees with the platform at the edges of longer forms", () => {
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  for (const first of [0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5]) {
    for (const second of edges) {
      for (
        const rest of [[], [0x80], [0xbf], [0x80, 0x80], [0xbf, 0x7f], [0xc0, 0x80], [0xbf, 0xbf]]
      ) {
        const bytes = new Uint8Array([first, second, ...rest]);
        assert.equal(isUtf8(bytes), isUtf8ByThePlatform(bytes), bytes.toHex());
      }
    }
  }
});

Deno.test("isUtf8() takes any text, and agrees with the platform on damaged text", () => {
  const text = fc.string({ unit: "binary" }).map((value) => new TextEncoder().encode(value));
  fc.assert(fc.property(text, fc.nat(), fc.nat(255), (bytes, position, byte) => {
    assert(isUtf8(bytes));
    if (bytes.length > 0) bytes[position % bytes.length] = byte;
    assert.equal(isUtf8(bytes), isUtf8ByThePlatform(bytes), bytes.toHex());
  }));
});

Deno.test("isUtf8() looks at the part asked for only", () => {
  const bytes = fromHex("ff c3a9 ff");
  assert(isUtf8(bytes, 1, 3));
  assert.equal(isUtf8(bytes, 1, 2), false);
  assert.equal(isUtf8(bytes, 1, 4), false);
});

Deno.test("isUtf8() agrees with the platform on long texts, wherever they lie and what ends them", () => {
  const memory = new Uint8Array(400).fill(0x61);
  for (const tail of [[], [0x80], [0xff], [0xc3, 0xa9], [0xc3], [0xf0, 0x9f, 0x98, 0x80]]) {
    for (let start = 0; start < 5; start++) {
      for (const at of [0, 1, 2, 3, 4, 7, 255, 256, 290, 300]) {
        const bytes = memory.slice();
        bytes.set(tail, start + at);
        const end = start + 300;
        assert.equal(
          isUtf8(bytes, start, end),
          isUtf8ByThePlatform(bytes.subarray(start, end)),
          `${tail} at ${at} from ${start}`,
        );
      }
    }
  }
});
