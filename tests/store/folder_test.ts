import assert from "node:assert/strict";
import { openStore, type S3Settings } from "../../src/store/mod.ts";
import { tempDir } from "../support/temp_dir.ts";

const NO_S3: S3Settings = {
  endpoint: undefined,
  region: "us-east-1",
  pathStyle: true,
  accessKey: undefined,
  secretKey: undefined,
  sessionToken: undefined,
  credentialsFile: undefined,
};
const never = new AbortController().signal;

async function namesIn(dir: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir));
  return entries.map(({ name }) => name).toSorted();
}

async function withFiles(
  body: (work: { dir: string; paths: string[] }) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir();
  const paths = ["a.png", "b c#.json"].map((name) => `${dir.path}/${name}`);
  for (const path of paths) await Deno.writeTextFile(path, `the content of ${path}`);
  await body({ dir: dir.path, paths });
}

Deno.test("openStore() of a directory makes it, keeps copies there and gives them back", () =>
  withFiles(async ({ dir, paths }) => {
    using store = await openStore(`${dir}/store of ours/all`, NO_S3);
    const url = await store.put("job", paths, never);
    await store.put("job", paths, never);
    await Promise.all(paths.map((path) => Deno.remove(path)));
    assert.deepEqual(await namesIn(`${dir}/store of ours/all/job`), ["a.png", "b c#.json"]);
    using file = await store.open(`${url}/b c#.json`);
    const text = await new Response(await file?.read(4, (file?.sizeBytes ?? 0) - 1)).text();
    assert.equal(text, `content of ${paths[1]}`);
    await store.tryWriting();
  }));

Deno.test("openStore() of a directory removes a folder with its last file, and nothing of others", () =>
  withFiles(async ({ dir, paths }) => {
    using store = await openStore(`${dir}/all`, NO_S3);
    const url = await store.put("job", paths, never);
    await store.remove(`${url}/a.png`);
    await store.remove(`${url}/a.png`);
    assert.equal(await store.open(`${url}/a.png`), undefined);
    await store.remove(`${url}/b c#.json`);
    assert.deepEqual(await namesIn(`${dir}/all`), []);
    await store.put("job", paths, never);
    for (const other of [`file://${paths[0]}`, `${url}/../../a.png`, "s3://images/a.png"]) {
      await store.remove(other);
      assert.equal(await store.open(other), undefined, other);
    }
    assert.ok((await Deno.stat(paths[0]!)).isFile);
  }));

Deno.test("openStore() of a directory takes away what was put, and nothing beside it", () =>
  withFiles(async ({ dir, paths }) => {
    using store = await openStore(`${dir}/all`, NO_S3);
    await store.put("job", paths.slice(0, 1), never);
    await store.put("other", paths, never);
    await store.discard("job", paths);
    await store.discard("job", paths);
    assert.deepEqual(await namesIn(`${dir}/all`), ["other"]);
    assert.deepEqual(await namesIn(`${dir}/all/other`), ["a.png", "b c#.json"]);
  }));

Deno.test("openStore() of a directory takes away halves of files that others left when they died", () =>
  withFiles(async ({ dir, paths }) => {
    using store = await openStore(`${dir}/all`, NO_S3);
    const half = `${dir}/all/job/a.png.${crypto.randomUUID()}.part`;
    await Deno.mkdir(`${dir}/all/job`);
    await Deno.writeTextFile(half, "the con");
    await store.put("job", paths, never);
    assert.deepEqual(await namesIn(`${dir}/all/job`), ["a.png", "b c#.json"]);
    await Deno.writeTextFile(half, "the con");
    await store.discard("job", paths);
    await store.discard("gone", paths);
    assert.deepEqual(await namesIn(`${dir}/all`), []);
  }));

Deno.test("openStore() of a directory stores what another worker takes away before it is whole", async () => {
  await withFiles(async ({ dir, paths }) => {
    using store = await openStore(`${dir}/all`, NO_S3);
    const { rename } = Deno;
    let taken = 0;
    Deno.rename = async (from, to) => {
      if ((taken += 1) <= 2) await Deno.remove(from);
      await rename(from, to);
    };
    try {
      await store.put("job", paths, never);
      assert.deepEqual(await namesIn(`${dir}/all/job`), ["a.png", "b c#.json"]);
      Deno.rename = async (from) => {
        await Deno.remove(from);
        throw new Deno.errors.NotFound("gone");
      };
      await assert.rejects(store.put("job", paths, never), { code: "storage" });
    } finally {
      Deno.rename = rename;
    }
    assert.deepEqual(await namesIn(`${dir}/all/job`), ["a.png", "b c#.json"]);
  });
});

Deno.test("openStore() of a directory says why it cannot store, and leaves no half of a file", () =>
  withFiles(async ({ dir, paths }) => {
    await assert.rejects(openStore(paths[0]!, NO_S3), {
      code: "unwritable",
      message: /check output\.store/,
    });
    using store = await openStore(`${dir}/all`, NO_S3);
    await assert.rejects(store.put("job", [`${dir}/gone.png`], never), {
      code: "storage",
      message: /Cannot store .*all\/job/,
    });
    assert.deepEqual(await namesIn(`${dir}/all/job`), []);
    await Deno.remove(`${dir}/all`, { recursive: true });
    await assert.rejects(store.tryWriting());
  }));

Deno.test("openStore() of a bucket refuses to start without credentials", async () => {
  await assert.rejects(openStore("s3://images/pixels", NO_S3), {
    code: "invalid_value",
    message: /DGX_PIXELS_S3_ACCESS_KEY.*s3\.credentials_file/,
  });
  const credentialsFile = "/nonexistent/credentials";
  await assert.rejects(openStore("s3://images", { ...NO_S3, credentialsFile }), {
    code: "unreadable",
    message: /\/nonexistent\/credentials/,
  });
});
