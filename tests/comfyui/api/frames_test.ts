import assert from "node:assert/strict";
import { parseBinaryFrame } from "../../../src/comfyui/api/frames.ts";
import { frame, u32 } from "../transcripts.ts";

const encoder = new TextEncoder();
const image = Uint8Array.of(0xff, 0xd8, 0xff);

function identified(json: string, bytes = image): ArrayBuffer {
  const head = encoder.encode(json);
  return frame(4, [u32(head.length), head, bytes]);
}

Deno.test("parseBinaryFrame() reads the format of an anonymous preview from the frame", () => {
  assert.deepEqual(parseBinaryFrame(frame(1, [u32(1), image])), {
    type: "preview",
    mimeType: "image/jpeg",
    image,
  });
  const png = parseBinaryFrame(frame(1, [u32(2), image]));
  assert(png?.type === "preview");
  assert.equal(png.mimeType, "image/png");
});

Deno.test("parseBinaryFrame() reads whose an identified preview is", () => {
  const json =
    '{"node_id":"7.0.0.2","display_node_id":"7","prompt_id":"P","image_type":"image/png"}';
  assert.deepEqual(parseBinaryFrame(identified(json)), {
    type: "preview",
    mimeType: "image/png",
    image,
    promptId: "P",
    node: "7",
  });
});

Deno.test("parseBinaryFrame() reads text with characters beyond ASCII", () => {
  const node = encoder.encode("nöde");
  const data = frame(3, [u32(node.length), node, encoder.encode("héllo")]);
  assert.deepEqual(parseBinaryFrame(data), { type: "text", node: "nöde", text: "héllo" });
});

Deno.test("parseBinaryFrame() refuses frames that are cut short, lie about a length or are unknown", () => {
  const hostile: [string, ArrayBuffer][] = [
    ["nothing", new ArrayBuffer(0)],
    ["half a header", new ArrayBuffer(7)],
    ["no image", frame(1, [u32(1)])],
    ["unknown image format", frame(1, [u32(9), image])],
    ["text length beyond the frame", frame(3, [u32(100), image])],
    ["greatest length there is", frame(4, [u32(0xffffffff), image])],
    ["no JSON", identified("not json")],
    ["JSON of another kind", identified("[]")],
    ["no prompt", identified('{"node_id":"1"}')],
    ["no image after the JSON", identified('{"prompt_id":"P"}', new Uint8Array(0))],
    ["internal type", frame(2, [u32(1), image])],
  ];
  for (const [what, data] of hostile) assert.equal(parseBinaryFrame(data), undefined, what);
});
