import { deepEqual, ok, rejects } from "node:assert/strict";
import { readSecrets } from "../../src/webhooks/secrets.ts";
import { tempDir } from "../support/temp_dir.ts";

const SECRET = `whsec_${new Uint8Array(32).fill(7).toBase64()}`;

Deno.test("a file of secrets has one a line, so that one can be replaced by another", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/secret`;
  await Deno.writeTextFile(path, `${SECRET}\r\n\n  ${SECRET}\n`);
  deepEqual(await readSecrets(path), [SECRET, SECRET]);
});

Deno.test("what is no secret is refused without being shown", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/secret`;
  const short = `whsec_${new Uint8Array(23).toBase64()}`;
  const long = `whsec_${new Uint8Array(65).toBase64()}`;
  const texts = ["", "hunter2", SECRET.slice(6), short, long, "whsec_!", `${SECRET}\nhunter2`];
  for (const text of [...texts, Array(9).fill(SECRET).join("\n")]) {
    await Deno.writeTextFile(path, text);
    await rejects(readSecrets(path), (error: Error & { code: string }) => {
      ok(text === "" || !error.message.includes(text), error.message);
      return error.code === "invalid_value" && error.message.includes("openssl rand");
    });
  }
  await rejects(readSecrets(`${dir.path}/none`), { code: "unreadable" });
});
