import assert from "node:assert/strict";
import {
  createAllowedClients,
  readPublicKey,
  readSecretKey,
  writeKeyFiles,
} from "../../src/keys/mod.ts";
import { generateCurveKeys } from "../../src/transport/mod.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("writeKeyFiles() writes two files, the secret one for its owner alone", async () => {
  await using dir = await tempDir();
  const pair = await generateCurveKeys();
  const { publicFile, secretFile } = await writeKeyFiles(`${dir.path}/me`, pair);
  assert.deepEqual([publicFile, secretFile], [`${dir.path}/me.key`, `${dir.path}/me.key_secret`]);
  assert.equal((await Deno.stat(secretFile)).mode! & 0o777, 0o600);
  assert.deepEqual(await readSecretKey(secretFile), { ...pair });
  assert.equal(await readPublicKey(publicFile), pair.publicKey);
  assert.ok(!(await Deno.readTextFile(publicFile)).includes(pair.secretKey));
});

Deno.test("writeKeyFiles() replaces no key", async () => {
  await using dir = await tempDir();
  const pair = await generateCurveKeys();
  await writeKeyFiles(`${dir.path}/me`, pair);
  await assert.rejects(writeKeyFiles(`${dir.path}/me`, await generateCurveKeys()), {
    code: "unwritable",
    message: /it is there already/,
  });
  assert.deepEqual(await readSecretKey(`${dir.path}/me.key_secret`), { ...pair });
});

Deno.test("readSecretKey() refuses a file that others may read, and says how to mend it", async () => {
  await using dir = await tempDir();
  const { secretFile } = await writeKeyFiles(`${dir.path}/me`, await generateCurveKeys());
  for (const mode of [0o640, 0o604, 0o660]) {
    await Deno.chmod(secretFile, mode);
    await assert.rejects(readSecretKey(secretFile), { code: "unreadable", message: /chmod 600 / });
  }
});

Deno.test("a key file that is none is refused with its path", async () => {
  await using dir = await tempDir();
  const { publicFile } = await writeKeyFiles(`${dir.path}/me`, await generateCurveKeys());
  await Deno.chmod(publicFile, 0o600);
  const large = `${dir.path}/large`;
  await Deno.writeTextFile(large, "x".repeat(100_000), { mode: 0o600 });
  for (const path of [publicFile, large, dir.path, `${dir.path}/absent`]) {
    await assert.rejects(readSecretKey(path), (error: Error) => error.message.includes(path));
  }
  await assert.rejects(readPublicKey(large), { code: "unreadable" });
});

Deno.test("AllowedClients knows the keys that are there, and notices those that come and go", async () => {
  await using dir = await tempDir();
  const [first, second] = [await generateCurveKeys(), await generateCurveKeys()];
  await writeKeyFiles(`${dir.path}/first`, first);
  await Deno.writeTextFile(`${dir.path}/broken.key`, "no key");
  let nowMs = 0;
  const bad: string[] = [];
  const clients = createAllowedClients({
    directory: dir.path,
    now: () => nowMs,
    onBadFile: ({ message }) => bad.push(message),
  });
  assert.equal(await clients.nameOf(first.publicKey), "first");
  assert.equal(await clients.nameOf(second.publicKey), undefined);
  assert.match(bad.join(), /broken\.key: it holds no public key/);
  await writeKeyFiles(`${dir.path}/second`, second);
  await Deno.remove(`${dir.path}/first.key`);
  assert.equal(await clients.nameOf(second.publicKey), undefined, "the directory was read at once");
  nowMs += 1_000;
  assert.equal(await clients.nameOf(second.publicKey), "second");
  assert.equal(await clients.nameOf(first.publicKey), undefined);
});

Deno.test("AllowedClients fails when the directory is gone, so that nobody gets in", async () => {
  const clients = createAllowedClients({ directory: "/nonexistent/clients" });
  await assert.rejects(clients.nameOf("x"));
});
