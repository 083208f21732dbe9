import assert from "node:assert/strict";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import {
  decodeReply,
  decodeRequest,
  decodeUpdate,
  encodeReply,
  encodeRequest,
  encodeUpdate,
  type GenerateRequest,
  MAX_MESSAGE_BYTES,
  MAX_SEED,
  type Progress,
} from "../../src/protocol/mod.ts";
import { tellable } from "../../src/protocol/values.ts";
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

for (const message of messageTypes()) {
  const { direction, type } = message;
  Deno.test(`${direction} ${type} comes back from its bytes unchanged`, () => {
    fc.assert(fc.property(arbitraryMessage(message), (value) => {
      assert.deepEqual(decodeMessage(direction, encodeMessage(direction, value)), value);
    }));
  });
}

Deno.test("encodeUpdate() writes progress, which it does its own way, like all else", () => {
  const odd = fc.constantFrom(0, -0, -1, 1.5, 127, 128, 255, 256, 65_535, 65_536, NaN, Infinity);
  const number = fc.oneof(odd, fc.double(), fc.maxSafeNat(), fc.nat(), fc.constant(2 ** 32));
  const place = fc.record({ epoch: number, seq: number }, { requiredKeys: [] });
  const id = fc.constantFrom("job-1", "job-2", "\ud800", "ä😀", "x".repeat(513));
  const stage = fc.constantFrom<Progress["stage"]>("initializing", "sampling", "decoding");
  const numbers = fc.record({ step: number, total_steps: number, percent: number, eta_s: number });
  const worker = fc.record({ worker: fc.constantFrom(undefined, "w") }, { requiredKeys: [] });
  fc.assert(fc.property(id, stage, numbers, worker, place, (job_id, stage, ...fields) => {
    const update = Object.assign({ type: "progress", job_id, stage } as Progress, ...fields);
    const expected = encode(tellable(update), { ignoreUndefined: true });
    assert.deepEqual(encodeUpdate(update), expected);
  }));
});

Deno.test("decodeRequest() takes null for an absent optional field, nested ones too", () => {
  const bytes = pack({
    ...GENERATE,
    lora: null,
    seed: null,
    loras: [{ name: "a", strength_model: null }],
  });
  assert.deepEqual(decodeRequest(bytes), { ...GENERATE, loras: [{ name: "a" }] });
});

Deno.test("decodeRequest() ignores unknown fields, whatever they hold", () => {
  const request = { ...GENERATE, future: { deep: [[null, new Date(0)]] }, constructor: "x" };
  assert.deepEqual(decodeRequest(pack(request)), GENERATE);
  assert.deepEqual(
    decodeRequest(pack({ ...GENERATE, loras: [{ name: "a", future: 1 }] })),
    { ...GENERATE, loras: [{ name: "a" }] },
  );
});

Deno.test("decodeRequest() takes an integer written as a float, as loose clients do", () => {
  // {"type": "list_jobs", "limit": 20.0}
  const listJobs = "a474797065 a96c6973745f6a6f6273";
  const limit = "a56c696d6974 cb4034000000000000";
  assert.deepEqual(decodeRequest(fromHex("82", listJobs, limit)), { type: "list_jobs", limit: 20 });
});

Deno.test("decodeRequest() copies init_image out of the receive buffer", () => {
  const bytes = encodeRequest({ ...GENERATE, init_image: new Uint8Array([1, 2, 3]) });
  const request = decodeRequest(bytes) as GenerateRequest;
  bytes.fill(0);
  assert.deepEqual(request.init_image, new Uint8Array([1, 2, 3]));
  assert.equal((request.init_image as Uint8Array).buffer.byteLength, 3);
});

Deno.test("decodeRequest() reads a part of a larger buffer", () => {
  const bytes = encodeRequest(GENERATE);
  const larger = new Uint8Array(bytes.length + 20).fill(0xc1);
  larger.set(bytes, 7);
  assert.deepEqual(decodeRequest(larger.subarray(7, 7 + bytes.length)), GENERATE);
});

Deno.test("decodeRequest() keeps text exactly, a leading byte order mark included", () => {
  for (const prompt of ["\ufeffshort", "\ufeff" + "long".repeat(100), "a\u0000b", "騎士🗡️"]) {
    assert.deepEqual(decodeRequest(encodeRequest({ ...GENERATE, prompt })), {
      ...GENERATE,
      prompt,
    });
  }
});

Deno.test("encodeRequest() leaves undefined fields out", () => {
  const loose = { ...GENERATE, seed: undefined } as unknown as GenerateRequest;
  assert.deepEqual(encodeRequest(loose), encodeRequest(GENERATE));
});

Deno.test("encodeReply() replaces half of a surrogate pair, which has no UTF-8 form", () => {
  for (const rest of ["", "x".repeat(300)]) {
    const error = `cut\ud83d${rest}`;
    const bytes = encodeReply({ type: "job_error", job_id: "j", error });
    assert.deepEqual(decodeReply(bytes), {
      type: "job_error",
      job_id: "j",
      error: `cut\ufffd${rest}`,
    });
  }
});

Deno.test("encodeUpdate() writes whole numbers as MessagePack integers", () => {
  const bytes = encodeUpdate({ type: "job_started", job_id: "j", timestamp: 1_700_000_001 });
  assert(bytes.toHex().endsWith("ce6553f101"), bytes.toHex());
});

Deno.test("encodeUpdate() gives each message its own bytes", () => {
  const first = encodeUpdate({ type: "job_started", job_id: "first", timestamp: 1 });
  encodeUpdate({ type: "job_started", job_id: "other", timestamp: 2 });
  assert.deepEqual(decodeUpdate(first), { type: "job_started", job_id: "first", timestamp: 1 });
});

Deno.test("a message may have 1 MiB and no byte more, both ways", () => {
  const overhead = encodeReply({ type: "error", message: "x".repeat(70_000) }).length - 70_000;
  const sized = (size: number) => ({
    type: "error" as const,
    message: "x".repeat(size - overhead),
  });

  for (const size of [MAX_MESSAGE_BYTES - 1, MAX_MESSAGE_BYTES]) {
    const bytes = encodeReply(sized(size));
    assert.equal(bytes.length, size);
    assert.deepEqual(decodeReply(bytes), sized(size));
  }
  const tooLong = MAX_MESSAGE_BYTES + 1;
  const message = "Message too large: 1048577 bytes, the limit is 1048576";
  const failures = [
    refusal(() => encodeReply(sized(tooLong))),
    refusal(() => decodeReply(pack(sized(tooLong)))),
  ];
  for (const error of failures) {
    assert.equal(error.code, "too_large");
    assert.equal(error.message, message);
  }
  assertWorking();
});

const PROGRESS: Progress = {
  type: "progress",
  job_id: "j",
  stage: "sampling",
  step: 1,
  total_steps: 2,
  percent: 50,
  eta_s: 1,
};

/** Limits that the wire fixes: the field, values at the edge, values beyond it. */
const limits: [field: string, allowed: unknown[], refused: unknown[]][] = [
  ["id", ["x", "x".repeat(512), "🗡".repeat(512)], ["", "x".repeat(513), "🗡".repeat(513)]],
  ["prompt", ["", "x".repeat(10_000), "🗡".repeat(10_000)], ["x".repeat(10_001)]],
  ["negative_prompt", ["", "🗡".repeat(10_000)], ["🗡".repeat(10_001), "x".repeat(100_000)]],
  ["model", ["m"], [""]],
  ["size", [[16, 16_384]], [[15, 64], [64, 16_385], [64], [64, 64, 64], []]],
  ["steps", [1, 10_000], [0, -1, 10_001, 2.5]],
  ["cfg_scale", [0, 7.5, 100], [-0.5, 100.5, NaN, Infinity, -Infinity]],
  ["batch_size", [1, 64], [0, 65]],
  ["animation_frames", [1, 256], [0, 257]],
  ["tileset_grid", [[1, 64]], [[0, 1], [1, 65]]],
  ["seed", [0, MAX_SEED], [-1, MAX_SEED + 1, 2 ** 63, 0.5]],
  ["denoise", [0, 0.5, 1], [-0.1, 1.1, NaN]],
  ["lora_strength", [-100, 0.8, 100], [-101, 101]],
  ["loras", [[], Array(16).fill({ name: "a" })], [Array(17).fill({ name: "a" }), [{}]]],
  ["init_image", ["in.png", new Uint8Array([0])], ["", new Uint8Array(0)]],
  ["output_format", ["jpeg"], ["", 1]],
  ["fit", ["exact", "crop"], ["", "scale", 1]],
  ["priority", [-100, 0, 100], [-101, 101, 0.5]],
  ["deadline_s", [0.001, 1e9], [0, -1, Infinity]],
  ["cycle", ["idle", "cast"], ["", "dance", 1]],
  ["frame_prompts", [[], Array(256).fill("🗡".repeat(500))], [Array(257).fill("a"), [""], "a"]],
  ["fps", [0.1, 12.5, 240], [0, 241, NaN, "12"]],
  ["sheet_columns", [1, 256], [0, 257, 1.5]],
];

for (const [field, allowed, refused] of limits) {
  Deno.test(`generate.${field} is bound`, () => {
    for (const value of allowed) {
      const request = { ...GENERATE, [field]: value };
      assert.deepEqual(decodeRequest(pack(request)), request);
    }
    for (const value of refused) {
      const error = refusal(() => decodeRequest(pack({ ...GENERATE, [field]: value })));
      assert.equal(error.code, "invalid_parameter");
      assert(error.message.startsWith(`Invalid parameter: ${field}`), error.message);
    }
  });
}

Deno.test("a progress update is bound", () => {
  for (
    const [field, value] of [["percent", 100.5], ["percent", NaN], ["eta_s", -1], ["step", 1.5]]
  ) {
    const error = refusal(() => decodeUpdate(pack({ ...PROGRESS, [field as string]: value })));
    assert.equal(error.field, field);
  }
  assert.deepEqual(decodeUpdate(pack({ ...PROGRESS, percent: 100, eta_s: 0 })), {
    ...PROGRESS,
    percent: 100,
    eta_s: 0,
  });
});

Deno.test("encodeUpdate() and encodeReply() tell only finite numbers", () => {
  const progress: Progress = {
    type: "progress",
    job_id: "a",
    stage: "sampling",
    step: 1,
    total_steps: 2,
    percent: NaN,
    eta_s: Infinity,
  };
  const told = decodeUpdate(encodeUpdate(progress));
  assert.deepEqual(told, { ...progress, percent: 0, eta_s: Number.MAX_SAFE_INTEGER });
  const reply = { type: "job_accepted", job_id: "a", estimated_time_s: Infinity } as const;
  const accepted = { ...reply, estimated_time_s: Number.MAX_SAFE_INTEGER };
  assert.deepEqual(decodeReply(encodeReply(reply)), accepted);
});
