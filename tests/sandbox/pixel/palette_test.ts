import assert from "node:assert/strict";
import { encodePng } from "../../../src/images/mod.ts";
import { findPalette } from "../../../src/sandbox/pixel/palette.ts";
import { plain } from "../../images/support.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** A folder of palettes, and what must not be reached from it. */
async function folder() {
  const outer = await tempDir();
  const dir = await Deno.realPath(outer.path) + "/palettes";
  await Deno.mkdir(dir);
  const write = (name: string, content: string | Uint8Array) =>
    Deno.writeFile(
      `${dir}/${name}`,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  await Deno.writeTextFile(`${outer.path}/secret.hex`, "ff0000\n");
  return { dir, write, [Symbol.asyncDispose]: () => outer[Symbol.asyncDispose]() };
}

Deno.test("findPalette() knows what comes with the worker, however it is spelt", async () => {
  assert.equal((await findPalette("PICO8", undefined)).name, "pico-8");
});

Deno.test("findPalette() names the nearest of palettes and files", async () => {
  await using palettes = await folder();
  await palettes.write("my-studio.hex", "ff0000\n00ff00\n");
  const refused = { code: "invalid_parameter" };
  await assert.rejects(findPalette("pico-9", palettes.dir), {
    ...refused,
    message: 'Invalid parameter: pixel.palette: there is no palette "pico-9"; did you mean pico-8?',
  });
  await assert.rejects(findPalette("my-studo.hex", palettes.dir), /did you mean my-studio\?/);
  await assert.rejects(findPalette("zzzzzzzzzz", undefined), /there are 1-bit, game-boy/);
});

Deno.test("findPalette() reads files by name, with or without their ending, PNG files too", async () => {
  await using palettes = await folder();
  await palettes.write("two.hex", "ff0000\n00ff00\n");
  await palettes.write("image.png", await encodePng(plain(4, 4, [1, 2, 3, 255])));
  for (const name of ["two", "two.hex"]) {
    assert.deepEqual([...(await findPalette(name, palettes.dir)).colors], [255, 0, 0, 0, 255, 0]);
  }
  assert.deepEqual([...(await findPalette("image", palettes.dir)).colors], [1, 2, 3]);
});

Deno.test("findPalette() never leaves its folder", async () => {
  await using palettes = await folder();
  await Deno.symlink(`${palettes.dir}/../secret.hex`, `${palettes.dir}/link.hex`);
  const names = [
    "../secret.hex",
    "../secret",
    "..",
    "./x.hex",
    "sub/../../secret.hex",
    "..\\secret.hex",
    `${palettes.dir}/../secret.hex`,
    "C:secret.hex",
    "secret.hex\0",
    ".hidden.hex",
    "link",
    "link.hex",
  ];
  for (const name of names) {
    await assert.rejects(findPalette(name, palettes.dir), /there is no palette/, name);
  }
});

Deno.test("findPalette() refuses files that are none, too large, or no files", async () => {
  await using palettes = await folder();
  await palettes.write("empty.hex", "");
  await palettes.write("html.txt", "<html>");
  await palettes.write("huge.gpl", new Uint8Array(2 ** 20 + 1));
  await palettes.write("gone.png", (await encodePng(plain(4, 4, [1, 2, 3, 255]))).subarray(0, 40));
  // A header that claims more pixels than any palette has, in a file of a few bytes.
  const claims = await encodePng(plain(1, 1, [1, 2, 3, 255]));
  new DataView(claims.buffer).setUint32(16, 16_000);
  new DataView(claims.buffer).setUint32(20, 16_000);
  await palettes.write("claims.png", claims);
  await palettes.write("clear.png", await encodePng(plain(2, 2, [0, 0, 0, 0])));
  await Deno.mkdir(`${palettes.dir}/folder.hex`);
  const names = ["empty", "html", "huge", "gone", "claims", "clear", "folder"];
  for (const name of names) {
    await assert.rejects(
      findPalette(name, palettes.dir),
      { code: "invalid_parameter", message: /^Invalid parameter: pixel\.palette: / },
      name,
    );
  }
});
