import assert from "node:assert/strict";
import { composeContactSheet } from "../../../src/cli/generate/contact_sheet.ts";
import { decodePng, emptyRaster, encodePng, type Raster } from "../../../src/images/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** An image of one colour. */
function plain(width: number, height: number, red: number): Raster {
  const raster = emptyRaster(width, height);
  for (let index = 0; index < raster.data.length; index += 4) {
    raster.data.set([red, 0, 0, 255], index);
  }
  return raster;
}

/** Red and opacity of a pixel. */
function at({ width, data }: Raster, x: number, y: number): (number | undefined)[] {
  return [data[(y * width + x) * 4], data[(y * width + x) * 4 + 3]];
}

Deno.test("composeContactSheet() puts images into rows, leaves places empty, and says what is where", async () => {
  await using dir = await tempDir();
  const paths = [`${dir.path}/a.png`, `${dir.path}/b.png`];
  await Deno.writeFile(paths[0]!, await encodePng(plain(8, 8, 10)));
  await Deno.writeFile(paths[1]!, await encodePng(plain(4, 6, 20)));
  const cells = [
    { label: "seed 1", path: paths[0] },
    { label: "seed 2", path: undefined },
    { label: "seed 3", path: paths[1] },
  ];
  const sheet = decodePng(await composeContactSheet(cells, 2));
  assert.deepEqual([sheet.width, sheet.height], [18, 18]);
  assert.deepEqual(at(sheet, 7, 7), [10, 255]);
  assert.deepEqual(at(sheet, 8, 0), [0, 0], "between two images");
  assert.deepEqual(at(sheet, 12, 4), [0, 0], "a job without an image");
  assert.deepEqual(at(sheet, 3, 15), [20, 255]);
  assert.deepEqual(JSON.parse(sheet.text["contact_sheet"] ?? ""), [
    { row: 1, column: 1, label: "seed 1" },
    { row: 1, column: 2, label: "seed 2" },
    { row: 2, column: 1, label: "seed 3" },
  ]);
});

Deno.test("composeContactSheet() leaves out whole pixels where all would be too much for a file", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/wide.png`;
  await Deno.writeFile(path, await encodePng(plain(3_000, 2, 7)));
  const cells = Array.from({ length: 24 }, (_, index) => ({ label: String(index), path }));
  const sheet = decodePng(await composeContactSheet(cells, 24));
  assert.deepEqual([sheet.width, sheet.height], [24 * 1_002 - 2, 1]);
  assert.deepEqual(at(sheet, sheet.width - 1, 0), [7, 255]);
});

Deno.test("composeContactSheet() says which image it cannot read, and why", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/a.webp`;
  const compose = () => composeContactSheet([{ label: "a", path }], 1);
  await assert.rejects(compose(), { code: "unreadable", message: /a\.webp.*on this machine$/ });
  await Deno.writeFile(
    path,
    new TextEncoder().encode("RIFF and so on, which is no PNG file at all"),
  );
  await assert.rejects(compose(), { code: "unreadable", message: /made of PNG files$/ });
});
