import assert from "node:assert/strict";
import { buildRequest } from "../../../src/cli/generate/fields.ts";
import { MAX_INIT_IMAGE_BYTES, withInitImage } from "../../../src/cli/generate/init_image.ts";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test("withInitImage() takes the bytes of a file of this machine, and leaves other names", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/knight.png`;
  await Deno.writeFile(path, new Uint8Array([1, 2, 3]));
  assert.deepEqual(
    (await withInitImage({ init_image: path }))["init_image"],
    new Uint8Array([1, 2, 3]),
  );
  for (const init_image of ["knight-of-the-worker.png", "folder/of/the/worker.png", undefined]) {
    assert.deepEqual(await withInitImage({ init_image }), { init_image });
  }
});

Deno.test("withInitImage() says so where a path of this machine leads to nothing, or to a folder", async () => {
  await using dir = await tempDir();
  for (const init_image of [`${dir.path}/absent.png`, dir.path, "./absent.png", ".."]) {
    await assert.rejects(withInitImage({ init_image }), { code: "unreadable" });
  }
});

Deno.test("withInitImage() sends what fits into a message, and refuses more before it is read", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/large.png`;
  const file = await Deno.create(path);
  await file.truncate(MAX_INIT_IMAGE_BYTES);
  const prompt = "\u{1f409}".repeat(10_000);
  buildRequest({ ...await withInitImage({ init_image: path }), prompt, model: "m" }, "id");
  await file.truncate(2 ** 40);
  file.close();
  await assert.rejects(withInitImage({ init_image: path }), {
    code: "usage",
    message: /1099511627776 bytes, and \d+ can be sent.*input directory/,
  });
});
