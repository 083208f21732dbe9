import assert from "node:assert/strict";
import type { ServerEvent } from "../../../src/comfyui/api/events.ts";
import { Strays } from "../../../src/comfyui/run/strays.ts";
import { anyGraph, collect, FakeComfy, settle } from "../fake_comfy.ts";
import { frame, u32 } from "../transcripts.ts";

function preview(mimeType: string, bytes: number): ServerEvent {
  return { type: "preview", mimeType, image: new Uint8Array(bytes) };
}

Deno.test("Strays keep the latest preview and all images, and tell what there was no room for", () => {
  const strays = new Strays({ most: 4, mostBytes: 100 });
  for (const size of [1, 2, 3]) strays.keep("a", preview("image/jpeg", size));
  for (const size of [40, 41]) strays.keep("a", preview("image/png", size));
  strays.keep("b", { type: "execution_start", promptId: "b" });
  assert.equal(strays.hasLost, false);
  const sizes = strays.of("a").map((event) => event.type === "preview" ? event.image.length : 0);
  assert.deepEqual(sizes, [3, 40, 41]);
  assert.equal(strays.of("b").length, 1);
  strays.keep("b", { type: "execution_start", promptId: "b" });
  assert.equal(strays.hasLost, true);
  strays.clear();
  assert.deepEqual([strays.hasLost, strays.of("a")], [false, []]);
  strays.keep("a", preview("image/png", 101));
  assert.equal(strays.hasLost, true);
});

for (const isNamed of [false, true]) {
  const kind = isNamed ? "with" : "without";
  Deno.test(`ComfyClient.run() loses no image ${kind} an owner that outruns the answer of the post`, async () => {
    const comfy = new FakeComfy();
    await using client = comfy.client();
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
    comfy.once("POST /prompt", async (request) => {
      const answer = comfy.accept(request);
      const prompt_id = comfy.start();
      comfy.socket.event("execution_start", { prompt_id });
      comfy.socket.event("executing", { node: "2", prompt_id });
      for (const last of [1, 2]) {
        const bytes = Uint8Array.of(...png, last);
        const metadata = new TextEncoder().encode(JSON.stringify({ prompt_id, node_id: "2" }));
        const described = frame(4, [u32(metadata.length), metadata, bytes]);
        comfy.socket.message(isNamed ? described : frame(1, [u32(2), bytes]));
      }
      comfy.finish();
      comfy.socket.event("execution_success", { prompt_id });
      comfy.socket.event("executing", { node: null, prompt_id });
      await settle();
      return answer;
    });
    const node = { class_type: "SaveImageWebsocket", inputs: { images: ["1", 0] } };
    const run = collect(client.run({ ...anyGraph, "2": node }));
    assert.equal(await run.ended, undefined);
    const images = run.events.filter((event) => event.type === "socket_image");
    assert.deepEqual(images.map(({ image }) => image.at(-1)), [1, 2]);
  });
}

Deno.test("ComfyClient.run() asks for the end where too much outruns the answer of the post", async () => {
  const comfy = new FakeComfy();
  await using client = comfy.client();
  comfy.once("POST /prompt", async (request) => {
    const answer = comfy.accept(request);
    const prompt_id = comfy.start();
    for (let value = 0; value < 1_001; value++) {
      comfy.socket.event("progress", { prompt_id, node: "1", value, max: 1_001 });
    }
    comfy.socket.event("executed", { node: "2", output: { images: [] }, prompt_id });
    await settle();
    return answer;
  });
  const run = collect(client.run(anyGraph));
  for (let turn = 0; turn < 3; turn++) await settle();
  const prompt_id = comfy.running!;
  const asked = comfy.count(`GET /history/${prompt_id}`);
  comfy.finish();
  comfy.socket.event("execution_success", { prompt_id });
  comfy.socket.event("executing", { node: null, prompt_id });
  assert.equal(await run.ended, undefined);
  assert.ok(comfy.count(`GET /history/${prompt_id}`) > asked);
});
