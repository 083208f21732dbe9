import assert from "node:assert/strict";
import type { ComfyClient } from "../../src/comfyui/mod.ts";
import { ComfyError } from "../../src/errors.ts";
import { decodePng } from "../../src/images/mod.ts";
import { createNodeIndex } from "../../src/sandbox/nodes.ts";
import { generateRequest } from "../support/requests.ts";
import { jobSetup } from "./job_setup.ts";

type Asked = Pick<ComfyClient, "objectInfo" | "nodeReplacements">;

/** A server whose answers are given by hand. */
function slowServer(fields: Partial<Asked> = {}) {
  const asked: string[] = [];
  const answer = Promise.withResolvers<Record<string, Record<string, unknown>>>();
  const client: Asked = {
    objectInfo(name = "") {
      asked.push(name);
      return answer.promise;
    },
    nodeReplacements() {
      asked.push("replacements");
      return Promise.resolve({ Old: "New" });
    },
    ...fields,
  };
  const server = { client } as unknown as Parameters<typeof createNodeIndex>[0];
  return { nodes: createNodeIndex(server), asked, answer };
}

Deno.test("NodeIndex.describe() gives up early for who waits, and remembers what comes later", async () => {
  const { nodes, asked, answer } = slowServer();
  await assert.rejects(nodes.describe(["A"], { waitMs: 1 }), (error) => {
    return error instanceof ComfyError && error.code === "timeout" &&
      /within 1 ms/.test(error.message);
  });
  const patient = nodes.describe(["A"]);
  answer.resolve({ A: { output_node: true } });
  const { classes, replacements, isFresh } = await patient;
  assert.deepEqual([classes, replacements, isFresh], [{ A: { output_node: true } }, {}, false]);
  assert.deepEqual(asked, ["A"]);
});

Deno.test("NodeIndex.describe() asks for replacements only where a class is missing, and once", async () => {
  const { nodes, asked, answer } = slowServer();
  answer.resolve({});
  assert.deepEqual((await nodes.describe(["Old"])).replacements, { Old: "New" });
  assert.deepEqual((await nodes.describe(["Old"])).replacements, { Old: "New" });
  assert.deepEqual(asked, ["Old", "replacements"]);
  nodes.forget();
  await nodes.describe(["Old"]);
  assert.deepEqual(asked.slice(2), ["Old", "replacements"]);
});

Deno.test("NodeIndex.describe() tells of missing classes even if replacements cannot be had", async () => {
  const { nodes, answer } = slowServer({
    nodeReplacements: () => Promise.reject(new ComfyError("http_status", "It answered 500")),
  });
  answer.resolve({});
  const { classes, replacements } = await nodes.describe(["Old"]);
  assert.deepEqual([classes, replacements], [{}, {}]);
});

Deno.test("runJob() brings a drawn seed between the limits of the nodes, and tells which it was", async () => {
  await using setup = await jobSetup();
  const { nodes } = setup.context;
  const context = {
    ...setup.context,
    nodes: {
      ...nodes,
      async describe(...question: Parameters<typeof nodes.describe>) {
        const known = structuredClone(await nodes.describe(...question));
        const sampler = known.classes["KSampler"] as {
          input: { required: { seed: [string, { max: number }] } };
        };
        sampler.input.required.seed[1].max = 999;
        return known;
      },
    },
  };
  const request = generateRequest({ size: [64, 64], steps: 1 });
  const { outcome } = await setup.run({ request, seed: 2 ** 40 }, undefined, undefined, context);
  assert.ok(outcome.type === "completed", JSON.stringify(outcome));
  assert.equal(outcome.seed, 2 ** 40 % 1000);
  const { text } = decodePng(await Deno.readFile(outcome.imagePaths[0]!));
  assert.equal(JSON.parse(text["parameters"]!).seed, outcome.seed);
  const named = { request: { ...request, seed: 1000 }, seed: 1000 };
  const { outcome: refused } = await setup.run(named, undefined, undefined, context);
  assert.ok(refused.type === "failed");
  assert.match(refused.error, /^Invalid parameter: seed: .* from 0 to 999 .*, got 1000$/);
});
