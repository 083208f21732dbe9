import assert from "node:assert/strict";
// @ts-types="@modelcontextprotocol/sdk/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="@modelcontextprotocol/sdk/client/stdio"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/shared/transport"
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import configFile from "../../deno.json" with { type: "json" };
import { type HttpSetup, httpSetup, JOB } from "../http/support.ts";
import { polled } from "../support/polled.ts";

const { model } = JOB;

interface Agent extends AsyncDisposable {
  readonly agent: Client;
  /** Calls a tool; gives its words, its images and whether it is an error. */
  call(name: string, args?: Record<string, unknown>, heard?: string[]): Promise<{
    isError: boolean;
    text: string;
    images: { data: string; mimeType: string }[];
  }>;
}

async function connected(transport: Transport): Promise<Agent> {
  const agent = new Client({ name: "test", version: "1.0.0" });
  await agent.connect(transport);
  return {
    agent,
    async call(name, args = {}, heard) {
      const listening = heard === undefined ? {} : {
        onprogress: ({ message }: { message?: string | undefined }) =>
          void heard.push(message ?? ""),
      };
      const result = await agent.callTool({ name, arguments: args }, undefined, listening);
      const content = result.content as {
        type: string;
        text: string;
        data: string;
        mimeType: string;
      }[];
      return {
        isError: result.isError === true,
        text: content.filter(({ type }) => type === "text").map(({ text }) => text).join("\n"),
        images: content.filter(({ type }) => type === "image"),
      };
    },
    [Symbol.asyncDispose]: () => agent.close(),
  };
}

/** The two ways to the same tools. */
const WAYS: Readonly<Record<string, (setup: HttpSetup) => Transport>> = {
  "/mcp": ({ url }) => new StreamableHTTPClientTransport(new URL(`${url}/mcp`)) as Transport,
  "cli mcp": ({ worker: { worker } }) => {
    const [command = "", ...flags] = configFile.tasks.cli.command.split(" ");
    const addresses = ["--req-addr", worker.reqAddress, "--pub-addr", worker.pubAddress];
    assert.equal(command, "deno");
    return new StdioClientTransport({
      command: Deno.execPath(),
      args: [...flags, "mcp", ...addresses],
      cwd: new URL("../../", import.meta.url).pathname,
      // The SDK passes a few variables only; where Deno's cache is, is not among them.
      env: Deno.env.toObject(),
      stderr: "inherit",
    });
  },
};

/** Closing the SDK's client leaves a timer of its own behind, which would end a process that hangs. */
function agentTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

for (const [way, open] of Object.entries(WAYS)) {
  agentTest(`over ${way} an agent generates, waits with progress, and gets the image`, async () => {
    await using setup = await httpSetup();
    await using agent = await connected(open(setup));
    using stall = setup.worker.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
    const heard: string[] = [];
    const args = { prompt: "a small dragon", model, size: [32, 48], steps: 20, seed: 5 };
    const making = agent.call("generate", args, heard);
    await polled(() => Promise.resolve(heard.includes("sampling") || undefined), "a step");
    stall.release();
    const made = await making;
    assert.equal(made.isError, false, made.text);
    assert.equal(JSON.parse(made.text).seed, 5);
    assert.equal(made.images.length, 1);
    const png = Uint8Array.fromBase64(made.images[0]!.data);
    assert.deepEqual([...png.subarray(1, 4)], [...new TextEncoder().encode("PNG")]);
    const size = new DataView(png.buffer, png.byteOffset);
    assert.deepEqual([size.getUint32(16), size.getUint32(20)], [32, 48]);
    const again = await agent.call("jobs", { job_id: JSON.parse(made.text).job_id });
    assert.deepEqual(again.images, made.images);
  });

  agentTest(`over ${way} an image that would drown an agent is told of, not shown`, async () => {
    await using setup = await httpSetup();
    await using agent = await connected(open(setup));
    const { text } = await agent.call("generate", { prompt: "x", model, batch_size: 2 });
    const { job_id: id, image_paths: paths } = JSON.parse(text);
    await Deno.truncate(paths[0], 1_048_577);
    const { images, text: words } = await agent.call("jobs", { job_id: id });
    assert.equal(images.length, 1);
    assert.match(words, /Image 0 is not shown: The image has 1048577 bytes, more than 1048576/);
  });

  agentTest(`over ${way} an agent is told what there is, and what it did wrong`, async () => {
    await using setup = await httpSetup();
    await using agent = await connected(open(setup));
    const { tools } = await agent.agent.listTools();
    assert.deepEqual(tools.map(({ name }) => name), [
      "generate",
      "jobs",
      "models",
      "workflows",
      "cancel",
    ]);
    assert.ok(!JSON.stringify(tools).includes("$ref"));
    const { size } = tools[0]!.inputSchema.properties as Record<string, { default?: unknown }>;
    assert.deepEqual(size?.default, [1024, 1024]);
    assert.ok((await agent.call("models")).text.includes(model));
    assert.ok((await agent.call("workflows")).text.includes("pixel_art_workflow"));
    assert.deepEqual(JSON.parse((await agent.call("jobs")).text).jobs, []);
    const wrong: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
      ["generate", { prompt: "x", model: "nosuch" }, /^Model not found: nosuch/],
      ["generate", { prompt: "x", model, steps: 0 }, /^Invalid parameter: steps/],
      ["generate", { prompt: "x" }, /^Invalid parameter: model/],
      ["jobs", { job_id: "nosuch" }, /^Job not found/],
      ["jobs", { limit: "many" }, /^Invalid parameter: limit/],
      ["cancel", {}, /^Invalid parameter: job_id/],
      ["cancel", { job_id: "nosuch" }, /^Job not found/],
      ["paint", {}, /^There is no tool paint/],
    ];
    for (const [name, args, words] of wrong) {
      const answer = await agent.call(name, args);
      assert.equal(answer.isError, true, name);
      assert.match(answer.text, words);
    }
  });

  agentTest(`over ${way} a job that is cancelled ends the waiting for it`, async () => {
    await using setup = await httpSetup({}, { simulator: { stepTimeMs: 20 } });
    await using agent = await connected(open(setup));
    const waiting = agent.call("generate", { prompt: "x", model, steps: 9_000, id: "long" });
    await using started = await startOf(setup, "long");
    await started.promise;
    const cancelled = await agent.call("cancel", { job_id: "long" });
    assert.deepEqual(JSON.parse(cancelled.text), { job_id: "long", state: "cancelled" });
    const { isError, text } = await waiting;
    assert.equal(isError, true);
    assert.match(text, /cancelled/);
  });
}

/** Resolves when a job has started. */
async function startOf(setup: HttpSetup, id: string) {
  const stream = await setup.ask("/v1/events", { headers: { "last-event-id": "1-1" } });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { promise, resolve } = Promise.withResolvers<void>();
  const reading = (async () => {
    for (let text = "";;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      if (text.includes(`"job_started","job_id":"${id}"`)) resolve();
    }
  })();
  return {
    promise,
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      await reading;
    },
  };
}
