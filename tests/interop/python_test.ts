import assert from "node:assert/strict";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { hasPythonClient, PYTHON } from "./python.ts";

const CLIENT = new URL("./client.py", import.meta.url).pathname;
/** A program that waits for ever is a failure, and not one to wait for. */
const MOST_MS = 120_000;

const REQUEST = {
  type: "generate",
  prompt: "a knight",
  model: "sd_xl_base_1.0.safetensors",
  size: [64, 64],
  steps: 8,
  cfg_scale: 7.0,
};

type Message = Record<string, unknown> & { type: string };

Deno.test({
  name: "A Python client on pyzmq and msgpack is served by the worker, a process of its own",
  ignore: !await hasPythonClient(),
  async fn(t) {
    await using dir = await tempDir();
    await using worker = startTask("worker", [
      "--simulate",
      "--req-addr=tcp://127.0.0.1:0",
      "--pub-addr=tcp://127.0.0.1:0",
      `--output-dir=${dir.path}/output`,
      `--db=${dir.path}/queue.db`,
    ]);
    const ready = await worker.logged("Worker ready");
    const addresses = [String(ready?.["requests"]), String(ready?.["updates"])];
    const client = (...args: string[]) => runClient([...addresses, ...args]);
    const ask = async (message: unknown): Promise<Message> => {
      const [reply] = await client("ask", JSON.stringify(message));
      assert.ok(reply);
      return reply;
    };

    await t.step("ping", async () => {
      assert.deepEqual(await ask({ type: "ping" }), { type: "pong" });
    });

    await t.step("status", async () => {
      const { uptime_s, ...rest } = await ask({ type: "status" });
      assert.deepEqual(rest, {
        type: "status_info",
        version: "1.0.0",
        queue_size: 0,
        active_jobs: 0,
        compression: ["zstd", "zlib"],
      });
      assert.ok(Number.isInteger(uptime_s));
    });

    await t.step("a compressed request, and its compressed reply", async () => {
      assert.deepEqual(await client("compressed"), [
        { type: "pong" },
        { type: "error", message: "Unknown request type: fly" },
        { type: "job_error", job_id: "py-0", error: "Model not found: none" },
        {
          type: "error",
          message: "Message too large: more than 1048576 bytes when decompressed",
        },
      ]);
    });

    await t.step("list_models", async () => {
      const reply = await ask({ type: "list_models" });
      const models = reply["models"] as { name: string; size_mb: number }[];
      const names = models.map((model) => model.name);
      assert.ok(names.includes("sd_xl_base_1.0.safetensors"));
      assert.deepEqual(names, names.toSorted((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1));
      assert.ok(models.every((model) => Number.isInteger(model.size_mb)));
    });

    await t.step("generate, with every step", async () => {
      const messages = await client("generate", JSON.stringify({ ...REQUEST, id: "py-1" }));
      const [pong, accepted, started, ...rest] = messages;
      assert.deepEqual(
        [pong?.type, accepted?.type, started?.type],
        ["pong", "job_accepted", "job_started"],
      );
      assert.ok(Number.isInteger(started?.["timestamp"]));
      const progress = rest.filter((message) => message.type === "progress");
      const steps = progress.filter((message) => message["stage"] === "sampling")
        .map((message) => message["step"]);
      assert.deepEqual([...new Set(steps)], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      const percents = progress.map((message) => Number(message["percent"]));
      assert.deepEqual(percents, percents.toSorted((a, b) => a - b));
      assert.equal(percents.at(-1), 100);
      const [finished, complete] = rest.slice(-2);
      assert.deepEqual([finished?.type, finished?.["success"]], ["job_finished", true]);
      assert.equal(complete?.type, "job_complete");
      assert.ok((await Deno.stat(String(complete?.["image_path"]))).size > 100);
    });

    await t.step("cancel", async () => {
      const request = { ...REQUEST, id: "py-2", steps: 5_000 };
      const messages = await client("cancel", JSON.stringify(request));
      assert.deepEqual(messages.slice(-2).map(({ type, success }) => [type, success]), [
        ["job_cancelled", undefined],
        ["job_finished", false],
      ]);
    });

    await t.step("garbage is answered with an error, and the connection goes on", async () => {
      const types = (await client("garbage")).map((message) => message.type);
      assert.deepEqual(types, ["error", "error", "error", "error", "error", "pong"]);
    });
  },
});

async function runClient(args: string[]): Promise<Message[]> {
  const output = await new Deno.Command(PYTHON, {
    args: [CLIENT, ...args],
    signal: AbortSignal.timeout(MOST_MS),
  }).output();
  const stderr = new TextDecoder().decode(output.stderr);
  assert.equal(output.code, 0, stderr);
  const lines = new TextDecoder().decode(output.stdout).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}
