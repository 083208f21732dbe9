/** What the sender of a wrong message is told. */

import assert from "node:assert/strict";
import { decodeReply, decodeRequest, decodeUpdate } from "../../src/protocol/mod.ts";
import { fromHex, GENERATE, pack, refusal } from "./support.ts";

/** The fault put into a `generate`, and what is said of it. */
const wordings: [fields: Record<string, unknown>, message: string][] = [
  [{ steps: 0 }, "steps: expected an integer from 1 to 10000, got 0"],
  [{ steps: 2.5 }, "steps: expected an integer from 1 to 10000, got 2.5"],
  [
    { steps: "20" },
    'steps: expected an integer from 1 to 10000, got "20"; send a number, not text',
  ],
  [{ cfg_scale: NaN }, "cfg_scale: expected a number from 0 to 100, got NaN"],
  [{ cfg_scale: true }, "cfg_scale: expected a number from 0 to 100, got true"],
  [{ size: [8, 64] }, "size.0: expected an integer from 16 to 16384, got 8"],
  [{ size: [64] }, "size: expected an array of 2 values, got an array of 1 value"],
  [{ size: { 0: 64, 1: 64 } }, "size: expected an array of 2 values, got a map"],
  [{ model: null }, "model: expected a string of 1 to 512 characters, got null"],
  [{ model: "" }, 'model: expected a string of 1 to 512 characters, got ""'],
  [
    { prompt: "🗡".repeat(10_001) },
    "prompt: expected a string of at most 10000 characters, got a string of 10001 characters",
  ],
  [
    { prompt: Uint8Array.of(0xff, 0, 0) },
    "prompt: expected a string of at most 10000 characters, got 3 bytes that are not UTF-8; " +
    "encode text as UTF-8",
  ],
  [
    { prompt: new Date(0) },
    "prompt: expected a string of at most 10000 characters, got a MessagePack extension value",
  ],
  [{ loras: 5 }, "loras: expected an array of at most 16 values, got 5"],
  [{ loras: [5] }, "loras.0: expected a map, got 5"],
  [{ loras: [{}] }, "loras.0.name: expected a string of 1 to 512 characters, got nothing"],
  [{ loras: [], lora: "a" }, "loras: give either lora or loras, not both"],
  [
    { pixel: { size: [1.5, 2] } },
    "pixel.size: expected an array of 2 values, each an integer from 1 to 4096, " +
    'or "auto", got an array of 2 values',
  ],
  [{ deadline_s: 0 }, "deadline_s: expected a number above 0, got 0"],
  [{ init_image: 7 }, "init_image: expected a string of 1 to 512 characters or bytes, got 7"],
];

for (const [fields, message] of wordings) {
  Deno.test(`decodeRequest() says: ${message.slice(0, 75)}`, () => {
    const error = refusal(() => decodeRequest(pack({ ...GENERATE, ...fields })));
    assert.equal(error.message, `Invalid parameter: ${message}`);
    assert.equal(error.code, "invalid_parameter");
    assert.equal(error.field, message.slice(0, message.indexOf(":")));
    assert.equal(error.jobId, GENERATE.id);
  });
}

Deno.test("other messages say of wrong choices and numbers what was expected", () => {
  const wrong = {
    type: "list_jobs",
    state: "gone",
  };
  assert.equal(
    refusal(() => decodeRequest(pack(wrong))).message,
    "Invalid parameter: state: expected one of queued, running, completed, failed, cancelled, " +
      'got "gone"',
  );
  const finished = { type: "job_finished", job_id: "j", success: 1, duration_s: -1 };
  assert.equal(
    refusal(() => decodeUpdate(pack(finished))).message,
    "Invalid parameter: success: expected true or false, got 1",
  );
  assert.equal(
    refusal(() => decodeUpdate(pack({ ...finished, success: true }))).message,
    "Invalid parameter: duration_s: expected a number of at least 0, got -1",
  );
  assert.equal(
    refusal(() => decodeReply(pack({ type: "error", message: 5 }))).message,
    "Invalid parameter: message: expected a string, got 5",
  );
});

Deno.test("a whole number that is too large is quoted digit by digit, as far as it came so", () => {
  const packed = pack({ ...GENERATE, seed: 0xdeadbeef }).toHex();
  const wholes = [["cf1000000000000001", "1152921504606846977"], [
    "d3e000000000000001",
    "-2305843009213693951",
  ]] as const;
  for (const [bytes, digits] of wholes) {
    const error = refusal(() => decodeRequest(fromHex(packed.replace("cedeadbeef", bytes))));
    assert.equal(
      error.message,
      `Invalid parameter: seed: expected an integer from 0 to 9007199254740991, got ${digits}`,
    );
    assert.equal(error.jobId, GENERATE.id);
  }
  const float = refusal(() => decodeRequest(pack({ ...GENERATE, seed: 1e300 })));
  assert.match(float.message, /got an integer beyond 2\^53$/);
});

Deno.test("a generate whose id cannot be read has no job id in its error", () => {
  for (const id of ["", "x".repeat(513), 5, null, undefined, ["job-1"], Uint8Array.of(0xff)]) {
    const error = refusal(() => decodeRequest(pack({ ...GENERATE, id })));
    assert.equal(error.code, "invalid_parameter");
    assert.equal(error.field, "id");
    assert.equal(error.jobId, undefined);
  }
});

Deno.test("a cancel with a bad job_id has no job id in its error", () => {
  for (const job_id of ["", 5, null]) {
    const error = refusal(() => decodeRequest(pack({ type: "cancel", job_id, id: "job-1" })));
    assert.equal(error.code, "invalid_parameter");
    assert.equal(error.field, "job_id");
    assert.equal(error.jobId, undefined);
  }
});

Deno.test("text that is not UTF-8 is refused with the field's name and the job's id", () => {
  const packed = pack({ ...GENERATE, init_image: new Uint8Array([0xff]), model: "mark" }).toHex();
  const broken = fromHex(packed.replace("6d61726b", "6dff726b"));
  const error = refusal(() => decodeRequest(broken));
  assert.equal(
    error.message,
    "Invalid parameter: model: expected a string of 1 to 512 characters, " +
      "got text that is not valid UTF-8",
  );
  assert.equal(error.jobId, GENERATE.id);
});

Deno.test("an id that is not UTF-8 is no id", () => {
  const packed = pack({ ...GENERATE, id: "mark" }).toHex();
  const error = refusal(() => decodeRequest(fromHex(packed.replace("6d61726b", "6dff726b"))));
  assert.equal(error.field, "id");
  assert.equal(error.jobId, undefined);
});

Deno.test("an unknown field may hold text that is not UTF-8", () => {
  const packed = pack({ ...GENERATE, future: ["mark"] }).toHex();
  const request = decodeRequest(fromHex(packed.replace("6d61726b", "6dff726b")));
  assert.deepEqual(request, GENERATE);
});

Deno.test("an unknown type is named, for each direction in its own words", () => {
  const bytes = pack({ type: "nonsense", id: "job-1" });
  for (
    const [decode, noun] of [
      [decodeRequest, "request"],
      [decodeReply, "reply"],
      [decodeUpdate, "update"],
    ] as const
  ) {
    const error = refusal(() => decode(bytes));
    assert.equal(error.code, "unknown_type");
    assert.equal(error.message, `Unknown ${noun} type: nonsense`);
    assert.equal(error.jobId, undefined);
  }
  assert.equal(refusal(() => decodeRequest(pack({ type: "pong" }))).code, "unknown_type");
});

Deno.test("a long unknown type is shortened, an unprintable one cleaned", () => {
  const words = (type: string) => refusal(() => decodeRequest(pack({ type }))).message;
  assert.equal(words("x".repeat(64)), `Unknown request type: ${"x".repeat(64)}`);
  assert.equal(words("x".repeat(65)), `Unknown request type: ${"x".repeat(64)}…`);
  assert.equal(words("🗡".repeat(65)), `Unknown request type: ${"🗡".repeat(64)}…`);
  assert.equal(words("a\nb\u202ec"), "Unknown request type: a?b?c");
});

Deno.test("names that every JavaScript object has are no types", () => {
  for (const type of ["constructor", "toString", "prototype", "__proto__"]) {
    assert.equal(refusal(() => decodeRequest(pack({ type }))).code, "unknown_type");
  }
});

Deno.test("a type that is no string is an invalid parameter", () => {
  for (const [type, got] of [[5, "5"], [null, "null"], [["ping"], "an array of 1 value"]]) {
    const error = refusal(() => decodeRequest(pack({ type })));
    assert.equal(error.message, `Invalid parameter: type: expected a string, got ${got}`);
  }
  assert.equal(
    refusal(() => decodeRequest(pack({}))).message,
    "Invalid parameter: type: expected a string, got nothing",
  );
});

Deno.test("errors repeat no control characters and no long text of a stranger", () => {
  const hostile = "\x1b[31m\n\u202e\u200b" + "x".repeat(100_000);
  for (
    const message of [
      { type: hostile },
      { type: "list_jobs", state: hostile },
      { type: "list_jobs", state: "\x1b[31m\n\u202e\u200b" },
      { ...GENERATE, steps: hostile },
      { ...GENERATE, steps: { [hostile]: hostile } },
      { ...GENERATE, loras: [{ [hostile]: 1 }] },
    ]
  ) {
    const { message: words } = refusal(() => decodeRequest(pack(message)));
    assert(words.length < 200, words);
    assert.match(words, /^[\p{L}\p{N}\p{P}\p{S} ]+$/u);
  }
});

Deno.test("a text far too long is not counted to the end", () => {
  assert.throws(
    () => decodeRequest(pack({ ...GENERATE, prompt: "é".repeat(300_000) })),
    { message: /expected a string of at most 10000 .*, got a string of more than 100000 char/ },
  );
});
