import { encode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { parseFrame } from "../../src/comfyui/api/events.ts";
import { createComfyClient } from "../../src/comfyui/mod.ts";
import { parseYaml } from "../../src/config/yaml/value.ts";
import { PixelsError } from "../../src/errors.ts";
import { encodeChunk, PNG_SIGNATURE } from "../../src/images/chunks.ts";
import { decodePng } from "../../src/images/mod.ts";
import { readPalette } from "../../src/pixels/mod.ts";
import { decodeRequest } from "../../src/protocol/mod.ts";
import { createTemplate } from "../../src/workflow/mod.ts";

const encoder = new TextEncoder();

/** Inputs that broke a reader, here or elsewhere, by what they are. */
const CORPUS: Readonly<Record<string, () => unknown>> = {
  "a PNG without pixels": () => decodePng(png(1, 1, [])),
  "a PNG whose pixels are too few": () => decodePng(png(4_000, 4_000, deflateSync("x"))),
  "a PNG whose pixels never end": () => decodePng(png(1, 1, deflateSync(new Uint8Array(3e7)))),
  "a PNG of 2^31 columns": () => decodePng(png(2 ** 31, 1, deflateSync("x"))),
  "a PNG of no columns": () => decodePng(png(0, 1, deflateSync("x"))),
  "a request of nothing": () => decodeRequest(new Uint8Array()),
  "a request that announces 2^32 fields": () => decodeRequest(bytes(0xdf, 255, 255, 255, 255)),
  "a request of lists within lists": () => decodeRequest(new Uint8Array(100_000).fill(0x91)),
  "a request with a text longer than itself": () => decodeRequest(bytes(0xdb, 255, 0, 0, 0, 65)),
  "a request with the same field twice": () => decodeRequest(bytes(0x82, 0xa1, 97, 1, 0xa1, 97, 2)),
  "a request of an unknown extension": () => decodeRequest(bytes(0xd4, 5, 1)),
  "a request with a field toString": () =>
    decodeRequest(encode({ type: "ping", toString: 1, constructor: 2 })),
  "an event that is null": () => parseFrame("null"),
  "an event whose data is a text": () => parseFrame('{"type":"progress","data":"x"}'),
  "an event with a field toString": () => parseFrame('{"type":"status","data":{"toString":1}}'),
  "an event of one byte": () => parseFrame(bytes(1).buffer),
  "an answer with a field toString": () => asked('{"toString":1,"valueOf":{}}'),
  "an answer of lists within lists": () => asked("[".repeat(100_000)),
  "an answer with a number beyond all": () => asked('{"x":{"status":1e999,"outputs":[]}}'),
  "YAML that doubles itself": () =>
    parseYaml(Array.from({ length: 30 }, doubled).join("\n"), "bad.yaml"),
  "YAML of lists within lists": () => parseYaml("[".repeat(5_000), "bad.yaml"),
  "YAML that names itself": () => parseYaml("a: &a [*a]", "bad.yaml"),
  "a palette with a block beyond its end": () =>
    readPalette(bytes(65, 83, 69, 70, 0, 1, 0, 0, 255, 255, 255, 255, 0, 1, 127, 255), "bad"),
  "a palette of one byte": () => readPalette(bytes(0), "bad"),
  "a palette of very many lines": () =>
    readPalette(encoder.encode("000000\n".repeat(9_999)), "bad"),
  "a workflow in a circle": () => createTemplate("bad", circle),
  "a workflow with a node __proto__": () =>
    createTemplate("bad", JSON.parse('{"__proto__":{"class_type":"X","inputs":{}}}')),
};

const circle = {
  1: { class_type: "KSampler", inputs: { model: ["2", 0] } },
  2: { class_type: "KSampler", inputs: { model: ["1", 0] } },
};

for (const [name, read] of Object.entries(CORPUS)) {
  Deno.test(`Read or refused in our words: ${name}`, async () => {
    try {
      await read();
    } catch (error) {
      assert.ok(error instanceof PixelsError, String((error as Error)?.stack));
    }
  });
}

async function asked(answer: string): Promise<void> {
  const fetch = () => Promise.resolve(new Response(answer));
  await using client = createComfyClient({ url: "http://127.0.0.1:1", fetch });
  await client.history("x");
  await client.queue();
  await client.objectInfo();
}

function png(width: number, height: number, pixels: Iterable<number>): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, width);
  view.setUint32(4, height);
  view.setUint8(8, 8);
  const parts = [
    PNG_SIGNATURE,
    encodeChunk("IHDR", new Uint8Array(view.buffer)),
    encodeChunk("IDAT", Uint8Array.from(pixels)),
    encodeChunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function bytes(...all: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(all);
}

function doubled(_: unknown, line: number): string {
  return line === 0 ? "a0: &a0 [x, x]" : `a${line}: &a${line} [*a${line - 1}, *a${line - 1}]`;
}
