import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { SavedAgain } from "../../src/sandbox/touch.ts";
import { graphEndingIn, standInJobs, startStandIn } from "./stand_in.ts";

const GRAPH = {
  "1": { class_type: "VAEDecode", inputs: { samples: ["0", 0] } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "a/b" } },
  "3": { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
};

Deno.test("SavedAgain touches the node whose file is gone, and no other", () => {
  const again = new SavedAgain();
  equal(again.touch(GRAPH, "j", "salt"), GRAPH);
  ok(again.note("j", "2"));
  const { 1: decode, 2: save, 3: preview } = again.touch(GRAPH, "j", "12345678-9");
  deepEqual([decode, preview], [GRAPH[1], GRAPH[3]]);
  deepEqual(save?.inputs, { images: ["1", 0], filename_prefix: "a/b_12345678" });
  equal(again.touch(GRAPH, "other", "salt"), GRAPH);
  again.forget("j");
  equal(again.touch(GRAPH, "j", "salt"), GRAPH);
});

Deno.test("SavedAgain touches nodes without a prefix, and parts of nodes that expand", () => {
  const again = new SavedAgain();
  again.note("j", "3.0.0.1");
  const touched = again.touch(GRAPH, "j", "salt");
  deepEqual(touched[2], GRAPH[2]);
  notDeepEqual(touched[3], GRAPH[3]);
});

Deno.test("SavedAgain touches all nodes that save where nobody knows which it was", () => {
  const again = new SavedAgain();
  again.note("j", undefined);
  notDeepEqual(again.touch(GRAPH, "j", "salt")[2], GRAPH[2]);
});

Deno.test("SavedAgain says when that has been tried for a node", () => {
  const again = new SavedAgain();
  deepEqual([again.note("j", "2"), again.note("j", "2"), again.note("j", "3")], [
    true,
    false,
    true,
  ]);
});

Deno.test("runJob() has an image saved again whose file somebody has tidied away", async () => {
  await using server = await startStandIn({ hasCache: true });
  const graph = graphEndingIn({ class_type: "SaveImage", inputs: { filename_prefix: "x" } });
  await using jobs = await standInJobs(server, graph);
  equal((await jobs.run()).outcome.type, "completed");
  server.files.clear();
  const { outcome } = await jobs.run({}, { jobId: "k" });
  ok(outcome.type === "failed" && outcome.retry && !outcome.keepPrompt, JSON.stringify(outcome));
  const again = await jobs.run({}, { jobId: "k" });
  equal(again.outcome.type, "completed");
  const [before, , after] = server.posts;
  deepEqual({ ...after, 7: undefined }, { ...before, 7: undefined });
});

for (
  const [what, bytesOf] of [["empties", () => 0], [
    "cuts short",
    (png: number) => png - 20,
  ]] as const
) {
  Deno.test(`runJob() has an image saved again whose file a full disk ${what}`, async () => {
    await using server = await startStandIn({ hasCache: true });
    const graph = graphEndingIn({ class_type: "SaveImage", inputs: { filename_prefix: "x" } });
    await using jobs = await standInJobs(server, graph);
    equal((await jobs.run()).outcome.type, "completed");
    for (const [name, png] of server.files) {
      server.files.set(name, png.subarray(0, bytesOf(png.length)));
    }
    const { outcome } = await jobs.run({}, { jobId: "k" });
    ok(outcome.type === "failed" && outcome.retry && !outcome.keepPrompt, JSON.stringify(outcome));
    equal((await jobs.run({}, { jobId: "k" })).outcome.type, "completed");
  });
}

Deno.test("runJob() has nothing painted again that ComfyUI has just saved damaged", async () => {
  await using server = await startStandIn({
    hasCache: true,
    nodes: { SaveImage: (server) => ({ images: [server.save("x.png", new Uint8Array(9))] }) },
  });
  await using jobs = await standInJobs(server, graphEndingIn({ class_type: "SaveImage" }));
  const { outcome } = await jobs.run();
  ok(outcome.type === "failed" && !outcome.retry, JSON.stringify(outcome));
});

Deno.test("runJob() gives up on a file that is gone each time", async () => {
  await using server = await startStandIn({
    nodes: {
      SaveImage: () => ({ images: [{ filename: "never.png", subfolder: "", type: "output" }] }),
    },
  });
  await using jobs = await standInJobs(server, graphEndingIn({ class_type: "SaveImage" }));
  const first = await jobs.run();
  const second = await jobs.run();
  ok(first.outcome.type === "failed" && first.outcome.retry);
  ok(second.outcome.type === "failed" && !second.outcome.retry);
});
