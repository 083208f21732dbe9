import assert from "node:assert/strict";
import { type ImageStore, urlBeside } from "../../../src/store/mod.ts";
import { openS3Store, type S3StoreOptions } from "../../../src/store/bucket/store.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { startSwift, type Swift } from "./swift.ts";
import { type Troubled, troubledWay } from "./troubled.ts";

const swift = await startSwift();
let folders = 0;

/** What a test works with. */
interface Work {
  readonly swift: Swift;
  readonly store: ImageStore;
  /** Where things can go wrong on the way to the store. */
  readonly way: Troubled;
  /** A folder of the test's own in the store. */
  readonly folder: string;
  /** Makes a local file. */
  file(name: string, bytes: Uint8Array): Promise<string>;
}

function test(
  behaviour: string,
  body: (work: Work) => Promise<void>,
  options: Partial<S3StoreOptions> = {},
): void {
  if (swift === undefined) return;
  Deno.test(`openS3Store() ${behaviour}`, async () => {
    await using dir = await tempDir();
    using way = troubledWay(swift.options.endpoint);
    using store = openS3Store({ ...swift.options, endpoint: way.endpoint, ...options });
    await body({
      swift,
      store,
      way,
      folder: `folder-${folders += 1}`,
      async file(name, bytes) {
        await Deno.writeFile(`${dir.path}/${name}`, bytes);
        return `${dir.path}/${name}`;
      },
    });
  });
}

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);
const never = new AbortController().signal;

/** Bytes of which no two pieces are the same. */
function noise(bytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(all.subarray(at, at + 65_536));
  }
  return all;
}

async function read(store: ImageStore, url: string, first = 0, last?: number): Promise<Uint8Array> {
  using file = await store.open(url);
  assert.ok(file !== undefined, `${url} is not there`);
  return await new Response(await file.read(first, last ?? file.sizeBytes - 1)).bytes();
}

test("stores files under their names and gives them back", async ({ store, folder, file }) => {
  const paths = [await file("a_0.png", PNG), await file("a_1.gif", noise(100_000))];
  const url = await store.put(folder, paths, never);
  assert.equal(url, `s3://images/pixels/${folder}`);
  assert.deepEqual(await read(store, `${url}/a_0.png`), PNG);
  using image = await store.open(`${url}/a_0.png`);
  assert.deepEqual([image?.sizeBytes, image?.contentType], [PNG.length, "image/png"]);
  assert.match(image?.etag ?? "", /^"\w+"$/);
  const other = urlBeside(`${url}/a_0.png`, paths[1]!);
  const piece = await read(store, other, 70_000, 80_000);
  assert.deepEqual(piece, (await Deno.readFile(paths[1]!)).subarray(70_000, 80_001));
});

test("stores the same again, and an empty file", async ({ store, folder, file }) => {
  const path = await file("x.txt", new Uint8Array());
  for (let nth = 0; nth < 2; nth += 1) await store.put(folder, [path], never);
  assert.deepEqual(await read(store, `s3://images/pixels/${folder}/x.txt`), new Uint8Array());
});

test("uploads a large file in parts", async ({ store, folder, file }) => {
  const bytes = noise(250_001);
  const url = await store.put(folder, [await file("large.png", bytes)], never);
  using image = await store.open(`${url}/large.png`);
  // Of several parts, as the store itself says.
  assert.match(image?.etag ?? "", /-4"$/);
  assert.deepEqual(await read(store, `${url}/large.png`), bytes);
}, { partBytes: 65_536 });

test("knows nothing of what is not there, or not its own", async ({ store, folder, file }) => {
  const url = await store.put(folder, [await file("a.png", PNG)], never);
  await store.remove(`${url}/a.png`);
  await store.remove(`${url}/a.png`);
  assert.equal(await store.open(`${url}/a.png`), undefined);
  for (const other of ["s3://others/pixels/a", "s3://images/elsewhere/a", "file:///etc/passwd"]) {
    assert.equal(await store.open(other), undefined, other);
  }
});

test("proves that it can be written, and leaves nothing behind", async ({ store, swift, way }) => {
  const before = await swift.keys();
  await store.tryWriting();
  // The store has closed the connection meanwhile.
  way.drop();
  way.troubles.push("cut");
  await store.tryWriting();
  assert.deepEqual(await swift.keys(), before);
});

test("waits out a store that is busy or breaks off", async ({ store, way, folder, file }) => {
  way.troubles.push({ status: 503, code: "SlowDown" }, "cut", { status: 429, code: "x" });
  const url = await store.put(folder, [await file("a.png", PNG)], never);
  assert.equal(way.troubles.length, 0);
  way.drop();
  way.troubles.push("cut", { status: 500, code: "InternalError" });
  assert.deepEqual(await read(store, `${url}/a.png`), PNG);
  assert.equal(way.troubles.length, 0);
});

test("asks again where no answer comes", async ({ store, way, folder, file }) => {
  way.troubles.push("silence");
  const url = await store.put(folder, [await file("a.png", PNG)], never);
  assert.deepEqual(await read(store, `${url}/a.png`), PNG);
  assert.equal(way.troubles.length, 0);
}, { answerMs: 1_500 });

test("gives up where an answer begins and does not end", async ({ store, way, folder, file }) => {
  const path = await file("large.png", noise(100_000));
  way.troubles.push("stall");
  await assert.rejects(store.put(folder, [path], never), {
    code: "storage",
    message: /Nothing comes any more/,
  });
  assert.equal(way.troubles.length, 0);
}, { answerMs: 1_500, partBytes: 65_536 });

test("goes on where an answer broke off", async ({ store, way, folder, file }) => {
  const bytes = noise(3_000_000);
  const url = await store.put(folder, [await file("a.png", bytes)], never);
  using image = await store.open(`${url}/a.png`);
  way.drop();
  way.troubles.push({ answerBytes: 500_000 }, { answerBytes: 900_000 }, "cut");
  const piece = await new Response(await image!.read(10, bytes.length - 1)).bytes();
  assert.equal(way.troubles.length, 0);
  assert.deepEqual(piece, bytes.subarray(10));
});

test(
  "gives up after some tries, with what the store said, and leaves no part of it",
  async (work) => {
    const { store, way, folder, file, swift } = work;
    const path = await file("large.png", noise(200_000));
    for (let nth = 0; nth < 8; nth += 1) way.troubles.push({ status: 503, code: "SlowDown" });
    await assert.rejects(store.put(folder, [path], never), {
      code: "storage",
      message: /bucket images: HTTP 503 SlowDown: Please <wait>$/,
    });
    way.troubles.length = 0;
    const begun = await swift.openUploads();
    assert.equal(begun, 0);
    assert.ok(!(await swift.keys()).some((key) => key.includes(folder)));
  },
  { partBytes: 65_536 },
);

test("ends at once when it is told to", async ({ store, way, folder, file }) => {
  way.troubles.push("silence");
  const leaving = new AbortController();
  const putting = store.put(folder, [await file("a.png", PNG)], leaving.signal);
  await way.reached;
  leaving.abort(new Error("Nobody wants it"));
  await assert.rejects(putting, /Nobody wants it/);
});

test("leaves what it had stored when it is told to end, until that is taken away", async (work) => {
  const { store, folder, file, swift } = work;
  const leaving = new AbortController();
  const paths = [await file("a.png", PNG), await file("b.png", PNG)];
  const [, second] = paths;
  Object.defineProperty(paths, 1, {
    get() {
      leaving.abort(new Error("Enough"));
      return second;
    },
  });
  await assert.rejects(store.put(folder, paths, leaving.signal), /Enough/);
  const left = async () => (await swift.keys()).filter((key) => key.includes(folder));
  // Another worker may go on with it.
  assert.deepEqual(await left(), [`pixels/${folder}/a.png`]);
  await store.discard(folder, paths);
  assert.deepEqual(await left(), []);
});

test("says what is wrong with its settings", async ({ file, folder }) => {
  const path = await file("a.png", PNG);
  const failure = async (options: Partial<S3StoreOptions>) => {
    using store = openS3Store({ ...swift!.options, ...options });
    return await store.put(folder, [path], never).then(() => "stored", (error) => error.message);
  };
  assert.match(await failure({ secretKey: "wrong" }), /HTTP 403 SignatureDoesNotMatch/);
  assert.match(await failure({ bucket: "no-such-bucket" }), /HTTP 404 NoSuchBucket/);
  assert.match(await failure({ region: "mars" }), /HTTP 40\d .*(?:region|scope|mars)/i);
  assert.match(await failure({ secretKey: undefined }), /DGX_PIXELS_S3_SECRET_KEY/);
});

test("reads its credentials anew from a file that AWS's tools write", async ({ file, folder }) => {
  const image = await file("a.png", PNG);
  const text = (secret: string) =>
    `[other]\naws_secret_access_key = x\n\n[default]\r\naws_access_key_id=studio:pixels\naws_secret_access_key = ${secret}\n`;
  const credentialsFile = await file("credentials", new TextEncoder().encode(text("old")));
  using store = openS3Store({
    ...swift!.options,
    accessKey: undefined,
    secretKey: undefined,
    credentialsFile,
  });
  await assert.rejects(store.put(folder, [image], never), /SignatureDoesNotMatch/);
  await Deno.writeTextFile(credentialsFile, text("not-so-secret"));
  await store.put(folder, [image], never);
  await Deno.writeTextFile(credentialsFile, "[other]\n");
  await assert.rejects(store.put(folder, [image], never), /must have aws_access_key_id/);
});
