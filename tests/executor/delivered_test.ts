import { deepEqual, equal } from "node:assert/strict";
import { Deliveries } from "../../src/executor/delivered.ts";
import { startExecutors } from "../../src/executor/mod.ts";
import { INVALID } from "../../src/executor/readers.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { serverOptions } from "./support.ts";

/** What an isolate says has completed. */
function completed(...imagePaths: string[]) {
  return { type: "completed", imagePaths } as const;
}

Deno.test("Deliveries take the files that a job has made, however often it tells of them", async () => {
  await using dir = await tempDir();
  const deliveries = new Deliveries();
  const paths = ["a.png", "b.png"].map((name) => `${dir.path}/${name}`);
  for (const path of paths) await Deno.writeTextFile(path, "an image");
  const animation = `${dir.path}/a.gif`;
  await Deno.writeTextFile(animation, "an image");
  const outcome = { ...completed(...paths), animationPaths: [animation] };
  equal(await deliveries.judge(outcome, "job-1", dir.path), outcome);
  equal(await deliveries.judge(outcome, "job-1", dir.path), outcome);
});

Deno.test("Deliveries refuse folders, links, empty files, and files named twice", async () => {
  await using dir = await tempDir();
  const path = (name: string) => `${dir.path}/${name}`;
  await Deno.writeTextFile(path("good.png"), "an image");
  await Deno.mkdir(path("folder.png"));
  await Deno.symlink(path("good.png"), path("link.png"));
  await Deno.symlink("/etc/shadow", path("secret.png"));
  await Deno.symlink(path("nowhere"), path("broken.png"));
  await Deno.writeTextFile(path("empty.png"), "");
  for (const name of ["folder.png", "link.png", "secret.png", "broken.png", "empty.png"]) {
    const outcome = completed(path("good.png"), path(name));
    equal(await new Deliveries().judge(outcome, "job-1", dir.path), INVALID, name);
    const animated = { ...completed(path("good.png")), animationPaths: [path(name)] };
    equal(await new Deliveries().judge(animated, "job-1", dir.path), INVALID, name);
  }
  const twice = completed(path("good.png"), path("good.png"));
  equal(await new Deliveries().judge(twice, "job-1", dir.path), INVALID);
});

Deno.test("Deliveries refuse the files of another job, until they are made anew", async () => {
  await using dir = await tempDir();
  const deliveries = new Deliveries();
  const outcome = completed(`${dir.path}/a.png`);
  await Deno.writeTextFile(`${dir.path}/a.png`, "an image");
  equal(await deliveries.judge(outcome, "job-1", dir.path), outcome);
  equal(await deliveries.judge(outcome, "job-2", dir.path), INVALID);
  await Deno.link(`${dir.path}/a.png`, `${dir.path}/b.png`);
  equal(await deliveries.judge(completed(`${dir.path}/b.png`), "job-2", dir.path), INVALID);
  await Deno.remove(`${dir.path}/a.png`);
  await Deno.writeTextFile(`${dir.path}/a.png`, "another image");
  equal(await deliveries.judge(outcome, "job-2", dir.path), outcome);
});

Deno.test("Deliveries have a job tried again whose files are gone, for a lost folder without end", async () => {
  await using dir = await tempDir();
  const folder = `${dir.path}/out`;
  await Deno.mkdir(folder);
  const judge = async () => {
    const judged = await new Deliveries().judge(completed(`${folder}/a.png`), "job-1", folder);
    return judged !== INVALID && judged.type === "failed" &&
      [judged.code, judged.retry, judged.keepPrompt];
  };
  deepEqual(await judge(), ["output", true, true]);
  await Deno.remove(folder);
  deepEqual(await judge(), ["storage", true, true]);
});

Deno.test("An isolate that passes off a folder for an image is ended", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/a.png`);
  await using executors = await startExecutors({
    servers: [serverOptions("http://127.0.0.1:8188", dir.path)],
    sandboxUrl: new URL("fixtures/boasts.ts", import.meta.url),
  });
  const spec = { jobId: "job-1", request: generateRequest(), seed: 1, promptId: "p" };
  const outcome = await executors.all[0]!.run({ ...spec, resumed: false, hadStarted: false }, {
    signal: new AbortController().signal,
    onEvent: () => {},
  });
  const error = "The isolate sent a message that makes no sense";
  const again = { retry: true, keepPrompt: true, crashed: false };
  deepEqual(outcome, { type: "failed", code: "sandbox", error, ...again });
});
