import { deepEqual, equal, match, ok } from "node:assert/strict";
import { decodeImage, encodeAs } from "../../src/images/mod.ts";
import { encodeExif } from "../../src/images/exif.ts";
import { plain } from "./support.ts";

const RED = plain(16, 16, [200, 30, 20, 255]);

Deno.test("encodeAs() writes a JPEG that comes near to the image, and lays what is transparent on white", async () => {
  const near = async (rgba: number[], expected: number[]) => {
    const { data } = await decodeImage(await encodeAs("jpeg", plain(16, 16, rgba)));
    for (const [at, value] of expected.entries()) {
      ok(Math.abs(data[at]! - value) < 6, `${data[at]} is not near ${value}`);
    }
  };
  await near([200, 30, 20, 255], [200, 30, 20]);
  await near([200, 30, 20, 0], [255, 255, 255]);
  await near([0, 0, 0, 128], [127, 127, 127]);
});

Deno.test("encodeAs() keeps the texts of an image: the parameters as a comment, the others as ComfyUI does", async () => {
  const text = { workflow: "{}", parameters: "a ☂ knight", prompt: '{"1":{}}', pixel: "[]" };
  for (const format of ["jpeg", "webp"] as const) {
    const whole = Array.from(await encodeAs(format, RED, text), (byte) => String.fromCharCode(byte))
      .join("");
    match(whole, /prompt:\{"1":\{\}\}\0/);
    match(whole, /workflow:\{\}\0/);
    match(whole, /pixel:\[\]\0/);
    ok(whole.includes("UNICODE\0\0a\0 \x26\x02\0 \0k"), format);
  }
  deepEqual(await encodeAs("jpeg", RED, {}), await encodeAs("jpeg", RED));
});

Deno.test("encodeAs() leaves out of a JPEG what its one segment has no room for, the parameters last", async () => {
  const long = "x".repeat(70_000);
  const has = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes).includes("UNICODE");
  ok(has(await encodeAs("jpeg", RED, { parameters: "{}", prompt: long })));
  const bare = await encodeAs("jpeg", RED, { parameters: long });
  deepEqual(bare, await encodeAs("jpeg", RED));
  equal((await decodeImage(bare)).width, 16);
});

Deno.test("encodeExif() writes tags in order, each value where its entry points", () => {
  equal(encodeExif({}), undefined);
  const exif = encodeExif({ prompt: "p", b: "1", a: "23", parameters: "é" })!;
  const view = new DataView(exif.buffer, exif.byteOffset);
  const entries = (at: number) =>
    Array.from({ length: view.getUint16(at) }, (_, index) => {
      const from = at + 2 + index * 12;
      const [tag, length] = [view.getUint16(from), view.getUint32(from + 4)];
      const place = length <= 4 ? from + 8 : view.getUint32(from + 8);
      return {
        tag,
        value: [...exif.subarray(place, place + length)],
        number: view.getUint32(from + 8),
      };
    });
  const text = (value: number[]) => String.fromCharCode(...value);
  const main = entries(view.getUint32(4));
  deepEqual(main.slice(0, 3).map(({ tag, value }) => [tag, text(value)]), [
    [0x010e, "a:23\0"],
    [0x010f, "b:1\0"],
    [0x0110, "prompt:p\0"],
  ]);
  equal(main[3]?.tag, 0x8769);
  const [comment] = entries(main[3]!.number);
  deepEqual([comment?.tag, text(comment!.value)], [0x9286, "UNICODE\0\0é"]);
});
