import { compress, decodeRequest, encodeRequest, type Request } from "../../src/protocol/mod.ts";

/** Long prompts in Chinese characters, three bytes each: words drawn from some hundreds. */
function promptOf(chars: number, seed: number): string {
  let state = seed;
  const draw = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const words = Array.from(
    { length: 400 },
    () => String.fromCharCode(0x4e00 + draw(3_000), 0x4e00 + draw(3_000)),
  );
  return Array.from({ length: chars / 2 }, () => words[draw(words.length)]).join("");
}

const REQUEST: Request = {
  type: "generate",
  id: "0193c1f2-7a34-7cc1-9d5b-0f0e0d0c0b0a",
  prompt: promptOf(10_000, 1),
  negative_prompt: promptOf(10_000, 2),
  model: "sd_xl_base_1.0.safetensors",
  size: [1_024, 1_024],
  steps: 20,
  cfg_scale: 7.5,
  loras: Array.from({ length: 16 }, (_, index) => ({ name: `lora-${index}-`.padEnd(200, "x") })),
};
const PLAIN = encodeRequest(REQUEST);
const ZSTD = compress(PLAIN, "zstd");
const ZLIB = compress(PLAIN, "zlib");
const NOISE = crypto.getRandomValues(new Uint8Array(65_536));
const ZSTD_BOMB = compress(new Uint8Array(100_000_000), "zstd");
const ZLIB_BOMB = compress(new Uint8Array(100_000_000), "zlib");

/** Refusing is what is measured. */
function refuse(bytes: Uint8Array): void {
  try {
    decodeRequest(bytes);
  } catch {
    return;
  }
  throw new Error("A bomb was taken for a request");
}

const size = `${Math.round(PLAIN.length / 1_024)} KB`;

Deno.bench({ name: `encode a request of ${size}`, group: "encode", baseline: true }, () => {
  encodeRequest(REQUEST);
});
Deno.bench({ name: `the same to ${ZSTD.length} bytes of zstd`, group: "encode" }, () => {
  compress(encodeRequest(REQUEST), "zstd");
});
Deno.bench({ name: `the same to ${ZLIB.length} bytes of zlib`, group: "encode" }, () => {
  compress(encodeRequest(REQUEST), "zlib");
});
Deno.bench({ name: "find that 64 KB of an image do not shrink, zstd", group: "encode" }, () => {
  compress(NOISE, "zstd");
});

Deno.bench({ name: `decode a request of ${size}`, group: "decode", baseline: true }, () => {
  decodeRequest(PLAIN);
});
Deno.bench({ name: "the same from zstd", group: "decode" }, () => {
  decodeRequest(ZSTD);
});
Deno.bench({ name: "the same from zlib", group: "decode" }, () => {
  decodeRequest(ZLIB);
});
Deno.bench({ name: "refuse 100 MB of zeros in zstd", group: "decode" }, () => {
  refuse(ZSTD_BOMB);
});
Deno.bench({ name: "refuse 100 MB of zeros in zlib", group: "decode" }, () => {
  refuse(ZLIB_BOMB);
});
