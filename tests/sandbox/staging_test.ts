import assert from "node:assert/strict";
import { openStaging, removeLeftovers, STALE_MS } from "../../src/sandbox/staging.ts";
import { tempDir } from "../support/temp_dir.ts";

const BYTES = new Uint8Array([1, 2, 3]);

Deno.test("Staging.publish() shows all files of a job at once, and keeps no hidden ones", async () => {
  await using dir = await tempDir();
  {
    await using staging = await openStaging(dir.path, "a/b");
    const files = [{ suffix: ".png", temp: await staging.write(BYTES) }, {
      suffix: ".json",
      text: (stem: string) => stem,
    }];
    assert.ok((await names(dir.path)).every((name) => name.startsWith(".")));
    const paths = await staging.publish([{ stem: "x", files }, { stem: "x", files }]);
    assert.deepEqual(
      paths.flat(),
      ["x.png", "x.json", "x-2.png", "x-2.json"].map((name) => `${dir.path}/${name}`),
    );
  }
  assert.deepEqual(await names(dir.path), ["x-2.json", "x-2.png", "x.json", "x.png"]);
  assert.equal(await Deno.readTextFile(`${dir.path}/x-2.json`), "x-2");
});

Deno.test("Staging.publish() takes back what it has published when the rest cannot be", async () => {
  await using dir = await tempDir();
  {
    await using staging = await openStaging(dir.path, "a");
    const good = { stem: "good", files: [{ suffix: ".png", temp: await staging.write(BYTES) }] };
    const lost = { stem: "lost", files: [{ suffix: ".png", temp: `${dir.path}/nothing` }] };
    const far = { stem: "no/where", files: good.files };
    await assert.rejects(staging.publish([good, lost]), { code: "storage" });
    await assert.rejects(staging.publish([good, far]), { code: "storage" });
  }
  assert.deepEqual(await names(dir.path), []);
});

Deno.test("Staging.begin() makes a file that is written later, part by part, or goes unwritten", async () => {
  await using dir = await tempDir();
  {
    await using staging = await openStaging(dir.path, "a");
    await using written = staging.begin();
    await using unused = staging.begin();
    const temp = await staging.write([BYTES, new Uint8Array(), BYTES], written);
    assert.equal(temp, written.path);
    assert.notEqual(temp, unused.path);
    await staging.publish([{ stem: "x", files: [{ suffix: ".png", temp }] }]);
  }
  assert.deepEqual(await names(dir.path), ["x.png"]);
  assert.deepEqual(await Deno.readFile(`${dir.path}/x.png`), Uint8Array.of(1, 2, 3, 1, 2, 3));
});

Deno.test("Staging.write() leaves a file that was begun long ago for a new one", async () => {
  await using dir = await tempDir();
  const { now } = performance;
  {
    await using staging = await openStaging(dir.path, "a");
    await using file = staging.begin();
    performance.now = () => now.call(performance) + 61_000;
    const temp = await staging.write(BYTES, file).finally(() => performance.now = now);
    assert.notEqual(temp, file.path);
    assert.deepEqual(await Deno.readFile(temp), BYTES);
  }
  assert.deepEqual(await names(dir.path), []);
});

Deno.test("Staging.write() says which file cannot be made, even if it was begun before", async () => {
  await using dir = await tempDir();
  await using staging = await openStaging(`${dir.path}/missing`, "a");
  await using file = staging.begin();
  const error = { code: "storage", message: /^Cannot write .*missing\/\.a\./ };
  await assert.rejects(staging.write(BYTES, file), error);
  await assert.rejects(staging.write(BYTES), error);
});

Deno.test("Two stagings that want one name get one each", async () => {
  await using dir = await tempDir();
  const stagings = await Promise.all([1, 2, 3].map(() => openStaging(dir.path, "same")));
  await Promise.all(stagings.map(async (staging) => {
    await using own = staging;
    await own.publish([{ stem: "x", files: [{ suffix: ".png", temp: await own.write(BYTES) }] }]);
  }));
  assert.deepEqual(await names(dir.path), ["x-2.png", "x-3.png", "x.png"]);
});

Deno.test("removeLeftovers() removes only hidden files of our making, and only old ones", async () => {
  await using dir = await tempDir();
  const uuid = crypto.randomUUID();
  const kept = [".part", `.${uuid}.part`, `x.${uuid}.part`, `.x.${uuid}.png`, ".x.part", "x.png"];
  const ours = [`.x.${uuid}.part`, `.x.y.${uuid}.part`];
  const nowMs = Date.now();
  for (const name of [...kept, ...ours]) await Deno.writeFile(`${dir.path}/${name}`, BYTES);
  await Deno.mkdir(`${dir.path}/.d.${uuid}.part`);
  assert.equal(await removeLeftovers(dir.path, { nowMs: nowMs + STALE_MS / 2 }), 0);
  assert.equal(await removeLeftovers(dir.path, { nowMs: nowMs + STALE_MS * 2 }), 2);
  assert.deepEqual(await names(dir.path), [...kept, `.d.${uuid}.part`].sort());
});

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}
