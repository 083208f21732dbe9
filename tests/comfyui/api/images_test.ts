import assert from "node:assert/strict";
import { imagesOf, resultImages } from "../../../src/comfyui/api/images.ts";

function image(filename: string, type = "output", subfolder = "") {
  return { filename, subfolder, type };
}

Deno.test("resultImages() keeps the order of node ids and of each node's list", () => {
  const images = resultImages(
    new Map([
      ["10", [image("d"), image("c")]],
      ["9", [image("b"), image("a")]],
    ]),
  );
  assert.deepEqual(images.map(({ filename }) => filename), ["b", "a", "d", "c"]);
});

Deno.test("resultImages() leaves previews out when something was saved, and gives them else", () => {
  const preview = image("p", "temp");
  const mixed = new Map([["1", [preview]], ["2", [image("a")]]]);
  assert.deepEqual(resultImages(mixed), [image("a")]);
  assert.deepEqual(resultImages(new Map([["1", [preview]]])), [preview]);
  assert.deepEqual(resultImages(new Map()), []);
});

Deno.test("resultImages() names a file once even when two nodes share it", () => {
  const shared = new Map([["1", [image("a")]], ["2", [image("a"), image("a", "output", "sub")]]]);
  assert.deepEqual(resultImages(shared), [image("a"), image("a", "output", "sub")]);
});

Deno.test("imagesOf() fills in what older nodes leave out and passes over what is no file", () => {
  const output = {
    images: [{ filename: "a.png" }, "b.png", null, { filename: "" }],
    text: ["c.txt"],
  };
  assert.deepEqual(imagesOf(output, "3"), [{ ...image("a.png"), nodeId: "3" }]);
});

Deno.test("imagesOf() finds files under every key, but none of kinds that nobody could be given", () => {
  const output = {
    animated: [true],
    images: [{ filename: "a" }],
    gifs: [{ filename: "b.mp4", format: "video/h264-mp4", frame_rate: 8 }],
    audio: [{ filename: "c.flac" }],
    video: { filename: "d.webm" },
    text: [{ filename: "e.txt" }],
    latents: [{ filename: "f.latent" }],
    result: ["g.glb"],
    other: [{ filename: "h.html" }],
  };
  const names = imagesOf(output, "3").map(({ filename }) => filename);
  assert.deepEqual(names, ["a", "b.mp4", "c.flac", "d.webm", "e.txt"]);
});

Deno.test("resultImages() takes nothing for a result that a node shows of its input", () => {
  const shown = new Map([["1", [image("a", "input")]], ["2", [image("b", "temp")]]]);
  assert.deepEqual(resultImages(shown), [image("b", "temp")]);
});

Deno.test("imagesOf() tells folders in a name from it, where the server looks for them", () => {
  const cases = [
    ["a.png", "s", "a.png", "s"],
    ["s/a.png", "", "a.png", "s"],
    ["s/t/a.png", "s", "a.png", "s/t"],
    ["t/a.png", "s", "a.png", "s/t"],
    ["s\\t\\a.png", "", "a.png", "s\\t"],
    ["/srv/comfy/output/a.png", "", "a.png", ""],
    ["C:\\comfy\\output\\s\\a.png", "s", "a.png", "s"],
  ];
  for (const [filename, subfolder, name, folder] of cases) {
    const [found] = imagesOf({ images: [{ filename, subfolder, type: "output" }] }, "3");
    assert.deepEqual([found?.filename, found?.subfolder], [name, folder]);
  }
});

Deno.test("imagesOf() finds files in lists of lists", () => {
  const output = { images: [[{ filename: "a.png" }], [[{ filename: "b.png" }], "c.png"]] };
  assert.deepEqual(imagesOf(output, "3").map(({ filename }) => filename), ["a.png", "b.png"]);
});
