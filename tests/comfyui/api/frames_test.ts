import assert from "node:assert/strict";
import { parseBinaryFrame } from "../../../src/comfyui/api/frames.ts";
import { frame, u32 } from "../transcripts.ts";

const encoder = new TextEncoder();
const image = Uint8Array.of(0xff, 0xd8, 0xff);

function identified(json: string, bytes = image): ArrayBuffer {
  const head = encoder.encode(json);
  return frame(4, [u32(head.length), head, bytes]);
}

const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

Deno.test("parseBinaryFrame() goes by the signature of a preview, not by the format that is named", () => {
  for (const format of [1, 2, 9]) {
    assert.deepEqual(parseBinaryFrame(frame(1, [u32(format), image])), {
      type: "preview",
      mimeType: "image/jpeg",
      image,
    });
    const png = parseBinaryFrame(frame(1, [u32(format), pngSignature]));
    assert(png?.type === "preview");
    assert.equal(png.mimeType, "image/png");
  }
});

Deno.test("parseBinaryFrame() takes previews of video nodes out of their envelopes", () => {
  const envelope = (id: string) => {
    const node = new Uint8Array(16);
    node[0] = id.length;
    node.set(encoder.encode(id), 1);
    return [u32(1), u32(1), u32(7), node];
  };
  assert.deepEqual(parseBinaryFrame(frame(1, [...envelope("12:3"), image])), {
    type: "preview",
    mimeType: "image/jpeg",
    image,
    node: "12:3",
  });
  const nameless = parseBinaryFrame(frame(1, [...envelope(""), image]));
  assert(nameless?.type === "preview" && !("node" in nameless));
  for (const what of [[], [encoder.encode("no image")], [new Uint8Array(40)]]) {
    assert.equal(parseBinaryFrame(frame(1, [...envelope("3"), ...what])), undefined);
  }
});

Deno.test("parseBinaryFrame() reads whose an identified preview is", () => {
  const json =
    '{"node_id":"7.0.0.2","display_node_id":"7","prompt_id":"P","image_type":"image/png"}';
  assert.deepEqual(parseBinaryFrame(identified(json)), {
    type: "preview",
    mimeType: "image/jpeg",
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
    ["no image but text", frame(1, [u32(1), encoder.encode("<html>not an image</html>")])],
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
