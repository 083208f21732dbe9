import assert from "node:assert/strict";
import { createInputImages } from "../../src/sandbox/input.ts";
import { ComfyError } from "../../src/errors.ts";
import { generateRequest } from "../support/requests.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);
const WEBP = new Uint8Array([...new TextEncoder().encode("RIFF1234WEBPVP8 ")]);

Deno.test("InputImages.check() takes images below the directory, and images in the request", async () => {
  await using dir = await inputDir();
  const inputs = createInputImages(dir.path);
  for (const init_image of ["a.png", "sub/b.jpg", "./a.png", "link.png", PNG, JPEG, WEBP]) {
    await inputs.check(generateRequest({ init_image }));
  }
  await inputs.check(generateRequest());
});

Deno.test("InputImages.check() never looks outside the directory", async () => {
  await using outside = await tempDir();
  await Deno.writeFile(`${outside.path}/secret.png`, PNG);
  await using dir = await inputDir();
  await Deno.symlink(`${outside.path}/secret.png`, `${dir.path}/stray.png`);
  await Deno.symlink(outside.path, `${dir.path}/strays`);
  const inputs = createInputImages(dir.path);
  const names = [
    `${outside.path}/secret.png`,
    `../${outside.path.split("/").at(-1)}/secret.png`,
    "sub/../../x.png",
    "..\\x.png",
    "..",
    "C:\\x.png",
    "\\\\host\\x.png",
    "stray.png",
    "strays/secret.png",
    "a.png\0",
    ".",
    "absent.png",
    "a.png/x",
    "x".repeat(500),
  ];
  for (const init_image of names) {
    await assert.rejects(
      inputs.check(generateRequest({ init_image })),
      {
        code: "invalid_parameter",
        message: /^Invalid parameter: init_image: (?:it must|there is)/,
      },
      init_image,
    );
  }
});

Deno.test("InputImages.check() keeps to the directory when its name begins another's", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/in`);
  await Deno.mkdir(`${dir.path}/in-secret`);
  await Deno.writeFile(`${dir.path}/in-secret/a.png`, PNG);
  await Deno.symlink(`${dir.path}/in-secret/a.png`, `${dir.path}/in/a.png`);
  const inputs = createInputImages(`${dir.path}/in`);
  await assert.rejects(inputs.check(generateRequest({ init_image: "a.png" })), /there is no/);
});

Deno.test("InputImages.check() refuses what is no image, by its content", async () => {
  await using dir = await inputDir();
  await Deno.writeTextFile(`${dir.path}/text.png`, "no image");
  await Deno.writeFile(`${dir.path}/empty.png`, new Uint8Array());
  await Deno.writeFile(`${dir.path}/short.png`, PNG.subarray(0, 7));
  const inputs = createInputImages(dir.path);
  const gif = new Uint8Array([...new TextEncoder().encode("GIF89a-and-more")]);
  for (const init_image of ["text.png", "empty.png", "short.png", gif]) {
    const message = /neither a PNG nor a JPEG nor a WEBP/;
    await assert.rejects(inputs.check(generateRequest({ init_image })), { message });
  }
  await assert.rejects(inputs.check(generateRequest({ init_image: "sub" })), /"sub" is no file/);
});

Deno.test("InputImages.check() tells the remedy where no directory is configured", async () => {
  const inputs = createInputImages(undefined);
  await assert.rejects(inputs.check(generateRequest({ init_image: "a.png" })), /--input-dir/);
  await inputs.check(generateRequest({ init_image: PNG }));
});

Deno.test("InputImages.bring() uploads the same content once, until it is told to forget", async () => {
  await using dir = await inputDir();
  const inputs = createInputImages(dir.path);
  const names: string[] = [];
  const client = {
    upload(_bytes: Uint8Array, filename: string, { subfolder = "" } = {}) {
      names.push(filename);
      return Promise.resolve({ filename, subfolder, type: "input" });
    },
    hasUpload: () => Promise.resolve(false),
    findUpload: () => Promise.resolve(undefined),
  };
  const { signal } = new AbortController();
  const bring = (init_image: string | Uint8Array<ArrayBuffer>) =>
    inputs.bring(generateRequest({ init_image }), client, signal);
  const value = await bring("a.png");
  assert.match(value ?? "", /^dgx-pixels\/[0-9a-f]{40}\.png$/);
  assert.equal(await bring(PNG), value);
  assert.match(await bring(JPEG) ?? "", /\.jpg$/);
  assert.equal(names.length, 2);
  inputs.forget();
  assert.equal(await bring("a.png"), value);
  assert.equal(names.length, 3);
  assert.equal(await inputs.bring(generateRequest(), client, signal), undefined);
});

Deno.test("InputImages.bring() blames the request for an image that is too large for ComfyUI", async () => {
  const inputs = createInputImages(undefined);
  const client = {
    upload: () => Promise.reject(new ComfyError("http_status", "413", { status: 413 })),
    hasUpload: () => Promise.resolve(false),
    findUpload: () => Promise.resolve(undefined),
  };
  const { signal } = new AbortController();
  await assert.rejects(inputs.bring(generateRequest({ init_image: PNG }), client, signal), {
    code: "invalid_parameter",
    message: /does not take [0-9a-f]{40}\.png of 11 bytes; send a smaller one/,
  });
});

Deno.test("InputImages.bring() asks a server that may be another one before it uploads again", async () => {
  const inputs = createInputImages(undefined);
  const asked: (string | undefined)[] = [];
  let isThere = true;
  let uploads = 0;
  const client = {
    upload(_bytes: Uint8Array, filename: string, { subfolder = "" } = {}) {
      uploads += 1;
      return Promise.resolve({ filename, subfolder, type: "input", assetHash: "blake3:a" });
    },
    findUpload: () => Promise.resolve(undefined),
    hasUpload(image: { assetHash?: string }) {
      asked.push(image.assetHash);
      return isThere ? Promise.resolve(true) : Promise.reject(new ComfyError("http_status", "500"));
    },
  };
  const { signal } = new AbortController();
  const bring = () => inputs.bring(generateRequest({ init_image: PNG }), client, signal);
  const value = await bring();
  inputs.doubt();
  assert.equal(await bring(), value);
  assert.equal(await bring(), value);
  assert.deepEqual([uploads, asked], [1, ["blake3:a"]]);
  isThere = false;
  inputs.doubt();
  await bring();
  inputs.forget();
  await bring();
  assert.deepEqual([uploads, asked.length], [3, 2]);
});

Deno.test("InputImages.bring() uploads nothing that an earlier process has brought", async () => {
  const inputs = createInputImages(undefined);
  const looked: string[] = [];
  const client = {
    upload: () => Promise.reject(new Error("It was uploaded")),
    hasUpload: () => Promise.resolve(true),
    findUpload(_bytes: Uint8Array, filename: string, { subfolder = "" } = {}) {
      looked.push(filename);
      return Promise.resolve({ filename, subfolder, type: "input", assetHash: "blake3:a" });
    },
  };
  const { signal } = new AbortController();
  const bring = () => inputs.bring(generateRequest({ init_image: PNG }), client, signal);
  assert.match(await bring() ?? "", /^dgx-pixels\/[0-9a-f]{40}\.png$/);
  await bring();
  inputs.doubt();
  await bring();
  assert.equal(looked.length, 1);
});

Deno.test("InputImages.bring() names the file that the server does not take", async () => {
  const inputs = createInputImages(undefined);
  for (
    const [status, code] of [[400, "invalid_parameter"], [422, "invalid_parameter"], [
      500,
      "http_status",
    ]] as const
  ) {
    const client = {
      upload: () =>
        Promise.reject(new ComfyError("http_status", `It answered ${status}`, { status })),
      hasUpload: () => Promise.resolve(false),
      findUpload: () => Promise.resolve(undefined),
    };
    const { signal } = new AbortController();
    await assert.rejects(inputs.bring(generateRequest({ init_image: PNG }), client, signal), {
      code,
    });
  }
});

/** A directory with an image, one in a folder, and a link to the first. */
async function inputDir(): Promise<TempDir> {
  const dir = await tempDir();
  await Deno.mkdir(`${dir.path}/sub`);
  await Deno.writeFile(`${dir.path}/a.png`, PNG);
  await Deno.writeFile(`${dir.path}/sub/b.jpg`, JPEG);
  await Deno.symlink("a.png", `${dir.path}/link.png`);
  return dir;
}
