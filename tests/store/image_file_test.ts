import { equal, ok } from "node:assert/strict";
import { openLocal } from "../../src/store/mod.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("openLocal() opens files below its directory, and nothing else that a name may lead to", async () => {
  await using dir = await tempDir();
  const path = await Deno.realPath(dir.path);
  await Deno.writeTextFile(`${path}/a.png`, "here");
  await Deno.mkdir(`${path}/folder`);
  await Deno.symlink("/etc/hostname", `${path}/link`);
  await Deno.symlink(`${path}/loop`, `${path}/loop`);
  {
    using file = await openLocal(path, `${path}/a.png`);
    ok(file !== undefined);
    equal(file.sizeBytes, 4);
  }
  const names = ["b.png", "folder", "link", "loop", "a.png/b", "x".repeat(300), "../", "."];
  if (Deno.build.os !== "windows") {
    await new Deno.Command("mkfifo", { args: [`${path}/pipe`] }).output();
    names.push("pipe");
  }
  for (const name of names) equal(await openLocal(path, `${path}/${name}`), undefined, name);
});
