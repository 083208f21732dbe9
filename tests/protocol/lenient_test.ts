/** What clients in languages without types send, and how they are answered. */

import assert from "node:assert/strict";
import { decodeRequest, type GenerateRequest } from "../../src/protocol/mod.ts";
import { fromHex, GENERATE, pack, refusal } from "./support.ts";

const encoder = new TextEncoder();

/** The hex of a MessagePack map with keys and values of one's own. */
function mapOf(entries: readonly (readonly [key: string, value: string])[]): string {
  return (0x80 + entries.length).toString(16) + entries.map((entry) => entry.join("")).join("");
}

function str(text: string): string {
  return (0xa0 + text.length).toString(16) + encoder.encode(text).toHex();
}

function bin(text: string): string {
  const bytes = encoder.encode(text);
  return `c4${bytes.length.toString(16).padStart(2, "0")}${bytes.toHex()}`;
}

function hexOf(value: unknown): string {
  return pack(value).toHex();
}

/** Keys of every kind that is no text. */
const ODD_KEYS: readonly (readonly [hex: string, described: string])[] = [
  ["05", "the number 5"],
  ["c0", "null"],
  ["c3", "true"],
  ["cb3ff8000000000000", "the number 1.5"],
  ["c402fffe", "bytes that are not UTF-8"],
  ["d40500", "an extension value"],
];

Deno.test("keys and values that are bytes are taken for the text they are", () => {
  const fields: [string, string][] = Object.entries(GENERATE).map(([key, value]) => [
    bin(key),
    typeof value === "string" ? bin(value) : hexOf(value),
  ]);
  assert.deepEqual(decodeRequest(fromHex(mapOf(fields))), GENERATE);
});

Deno.test("text as bytes is taken in every field, nested ones too", () => {
  const loras = `91${mapOf([[bin("name"), bin("pixel.safetensors")]])}`;
  const map = mapOf([
    ...Object.entries(GENERATE).map(([key, value]): [string, string] => [
      str(key),
      hexOf(value),
    ]),
    [str("loras"), loras],
    [str("negative_prompt"), bin("öde")],
  ]);
  const request = decodeRequest(fromHex(map)) as GenerateRequest;
  assert.deepEqual(request.loras, [{ name: "pixel.safetensors" }]);
  assert.equal(request.negative_prompt, "öde");
});

Deno.test("bytes that are not UTF-8 are refused where text is meant, by the field's name", () => {
  const request = { ...GENERATE, negative_prompt: Uint8Array.of(0xff, 0xfe) };
  const error = refusal(() => decodeRequest(pack(request)));
  assert.match(
    error.message,
    /^Invalid parameter: negative_prompt: expected a string.*2 bytes that are not UTF-8/,
  );
  assert.equal(error.jobId, GENERATE.id);
});

Deno.test("a field with an odd key that nobody knows is ignored, whatever the key and however deep", () => {
  for (const [key] of ODD_KEYS) {
    const atTop = mapOf([[str("type"), str("ping")], [key, "01"]]);
    assert.deepEqual(decodeRequest(fromHex(atTop)), { type: "ping" });
    const below = mapOf([[str("type"), str("ping")], [str("x"), `91${mapOf([[key, "01"]])}`]]);
    assert.deepEqual(decodeRequest(fromHex(below)), { type: "ping" });
  }
});

Deno.test("an odd key in a known field is told to the job, with what it is", () => {
  for (const [key, described] of ODD_KEYS) {
    const map = mapOf([
      ...Object.entries(GENERATE).map(([name, value]): [string, string] => [
        str(name),
        hexOf(value),
      ]),
      [str("loras"), `91${mapOf([[key, "01"]])}`],
    ]);
    const error = refusal(() => decodeRequest(fromHex(map)));
    assert.equal(error.code, "invalid_parameter");
    assert.equal(error.jobId, GENERATE.id);
    assert.match(
      error.message,
      /^Invalid parameter: loras\.0: expected a map, got a map with a key/,
    );
    const other = described.startsWith("the number") ? ", or an array (PHP: array_values())" : "";
    const end = `that is ${described}; use string keys${other}`;
    assert.ok(error.message.endsWith(end), error.message);
  }
});

Deno.test("a key that is a map or an array is refused, since no client writes one", () => {
  for (const key of ["90", "80", "8105a161", "9105"]) {
    const map = mapOf([[str("type"), str("ping")], [key, "01"]]);
    assert.match(refusal(() => decodeRequest(fromHex(map))).message, /key is a map or an array/);
  }
});

Deno.test("a key as bytes does not pass by the checks of keys", () => {
  const twice = mapOf([[str("type"), str("ping")], [bin("type"), str("status")]]);
  assert.match(refusal(() => decodeRequest(fromHex(twice))).message, /the same key twice/);
  const prototype = mapOf([[str("type"), str("ping")], [
    bin("__proto__"),
    mapOf([[str("a"), "01"]]),
  ]]);
  assert.match(refusal(() => decodeRequest(fromHex(prototype))).message, /__proto__/);
});

Deno.test("an image that comes as text, as PHP and Perl send it, is an image", () => {
  const webp = "52494646" + "04000000" + "57454250" + "56503820";
  for (const image of ["89504e470d0a1a0a00", "ffd8ffe000", webp]) {
    const length = (0xa0 + image.length / 2).toString(16);
    const map = mapOf([
      ...Object.entries(GENERATE).map(([name, value]): [string, string] => [
        str(name),
        hexOf(value),
      ]),
      [str("init_image"), length + image],
    ]);
    const request = decodeRequest(fromHex(map)) as GenerateRequest;
    assert.ok(request.init_image instanceof Uint8Array);
    assert.equal(request.init_image.toHex(), image);
  }
});

Deno.test("a path that comes as bytes is a path, and an image stays bytes", () => {
  const path = decodeRequest(pack({ ...GENERATE, init_image: encoder.encode("a/b.png") }));
  assert.equal((path as GenerateRequest).init_image, "a/b.png");
  const png = Uint8Array.fromHex("89504e470d0a1a0a00");
  const image = decodeRequest(pack({ ...GENERATE, init_image: png }));
  assert.deepEqual((image as GenerateRequest).init_image, png);
});

Deno.test("msgpackr's undefined counts as absent, another extension does not", () => {
  const fields = Object.entries(GENERATE).map(([name, value]): [string, string] => [
    str(name),
    hexOf(value),
  ]);
  const absent = mapOf([...fields, [str("seed"), "d40000"]]);
  assert.deepEqual(decodeRequest(fromHex(absent)), GENERATE);
  const extension = mapOf([...fields, [str("seed"), "d40100"]]);
  assert.match(refusal(() => decodeRequest(fromHex(extension))).message, /seed: .*extension value/);
});

Deno.test("what is no map is refused with what it is and what to do", () => {
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [pack(["ping"]), /got an array; write structs as maps \(Rust: rmp_serde::to_vec_named/],
    [encoder.encode('{"type":"ping"}'), /got JSON text; encode it as MessagePack/],
    [
      fromHex("d47240", "91a474797065", "a470696e67"),
      /got a record of msgpackr.*useRecords: false/,
    ],
    [fromHex("40", "a470696e67"), /got a number, or a record of msgpackr.*useRecords: false/],
    [
      fromHex("82d66200000032c104", "a474797065"),
      /texts are bundled by msgpackr.*bundleStrings: false/,
    ],
    [pack("{}"), /got a string; encode the map itself/],
    [pack(new Uint8Array(3)), /got bytes; send the map itself/],
  ];
  for (const [bytes, message] of cases) {
    assert.match(refusal(() => decodeRequest(bytes)).message, message);
  }
});

Deno.test("two sizes as bytes, as Go's []byte makes them, are told as bytes", () => {
  for (const size of [Uint8Array.of(64, 64), Uint8Array.of(200, 200)]) {
    const error = refusal(() => decodeRequest(pack({ ...GENERATE, size })));
    assert.match(error.message, /^Invalid parameter: size: expected an array.*, got 2 bytes$/);
    assert.equal(error.jobId, GENERATE.id);
  }
});

Deno.test("a type under another name is refused with what Go and Rust need", () => {
  const missing = "Invalid parameter: type: expected a string, got nothing";
  const cases: readonly (readonly [unknown, string])[] = [
    [{ Type: "ping" }, '; write the keys as the protocol does (Go: tags such as `msgpack:"type"`)'],
    [
      { cancel: { job_id: "a" } },
      '; "type" belongs beside the other fields (Rust: #[serde(tag = "type")])',
    ],
    [{ fly: { job_id: "a" } }, ""],
    [{ cancel: "a" }, ""],
    [{}, ""],
  ];
  for (const [message, remedy] of cases) {
    const error = refusal(() => decodeRequest(pack(message)));
    assert.deepEqual([error.code, error.message], ["invalid_parameter", missing + remedy]);
  }
});

const REMEDIES:
  readonly (readonly [what: string, fields: Record<string, unknown>, message: RegExp])[] = [
    [
      "a number that comes as text",
      { steps: "20" },
      /^Invalid parameter: steps: .*, got "20"; send a number, not text$/,
    ],
    ["one with a fraction", { cfg_scale: "7.5" }, /, got "7\.5"; send a number, not text$/],
    ["a text that is no number", { steps: "many" }, /, got "many"$/],
    [
      "a text in another encoding",
      { prompt: Uint8Array.of(0x53, 0xe4) },
      /, got 2 bytes that are not UTF-8; encode text as UTF-8$/,
    ],
    [
      "a name in another style",
      { cfg_scale: undefined, cfgScale: 7 },
      /^Invalid parameter: cfg_scale: .*, got nothing; its name is cfg_scale, not cfgScale$/,
    ],
    [
      "a name in another style further down",
      { loras: [{ Name: "a" }] },
      /^Invalid parameter: loras\.0\.name: .*; its name is name, not Name$/,
    ],
    [
      "a number that no seed can be",
      { seed: 2 ** 60 },
      /^Invalid parameter: seed: .*, got an integer beyond 2\^53$/,
    ],
  ];

for (const [what, fields, message] of REMEDIES) {
  Deno.test(`${what} is refused with what to do, and with the id`, () => {
    const sent = Object.entries({ ...GENERATE, ...fields }).filter(([, value]) =>
      value !== undefined
    );
    const error = refusal(() => decodeRequest(pack(Object.fromEntries(sent))));
    assert.match(error.message, message);
    assert.equal(error.jobId, GENERATE.id);
  });
}

Deno.test("a message wrapped in the name of its type is refused with what to do, in either style", () => {
  for (
    const [name, hint] of [["generate", /tag = "type"\)/], ["Generate", /rename_all/], [
      "ListJobs",
      /rename_all/,
    ]] as const
  ) {
    const error = refusal(() => decodeRequest(pack({ [name]: { id: "a" } })));
    assert.match(error.message, hint);
  }
});
