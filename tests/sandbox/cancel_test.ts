import assert from "node:assert/strict";
import type { RunSpec } from "../../src/executor/mod.ts";
import { withdraw } from "../../src/sandbox/cancel.ts";
import type { Outcome, SimulatorOptions } from "../../src/simulator/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { type JobSetup, jobSetup } from "./job_setup.ts";

const request = generateRequest({ size: [64, 64], steps: 30 });

/** More than a test lasts, where each takes some time. */
const SLOW: SimulatorOptions = { stepTimeMs: 20 };
const MANY_STEPS = 5_000;

/** What a job meets. */
interface Met {
  readonly fields?: Partial<RunSpec>;
  /** Called once cancelling was asked for. */
  after?(): Promise<unknown>;
}

/** A moment in the life of a prompt at which somebody cancels. */
interface Moment {
  readonly name: string;
  readonly options?: SimulatorOptions;
  /** Steps of the job. @default {30} */
  readonly steps?: number;
  /** Brings about what the job is to meet. */
  arrange?(setup: JobSetup): Promise<Met>;
  /** Resolves when the moment has come. */
  wait(setup: JobSetup): Promise<unknown>;
  /** How what the server executed has ended, the job's own prompt last. */
  readonly executions: readonly Outcome[];
  /** True if the prompt was taken out of the server's queue. */
  readonly dequeued?: boolean;
}

const MOMENTS: readonly Moment[] = [
  {
    name: "before it is posted",
    wait: () => Promise.resolve(),
    executions: [],
  },
  {
    name: "while its post is under way",
    options: SLOW,
    steps: MANY_STEPS,
    wait: (setup) => setup.simulator.when("prompt_received"),
    executions: ["interrupted"],
  },
  {
    name: "while the answer to its post is lost",
    options: SLOW,
    steps: MANY_STEPS,
    arrange(setup) {
      setup.simulator.faults.loseNextAnswer("POST /prompt");
      return Promise.resolve({});
    },
    wait: (setup) => setup.simulator.when("prompt_received"),
    executions: ["interrupted"],
  },
  {
    name: "while it waits behind somebody else's prompt",
    arrange: holdElse,
    wait: (setup) =>
      setup.simulator.when("prompt_received", undefined, { since: setup.simulator.record.total }),
    executions: ["success"],
    dequeued: true,
  },
  {
    name: "between two nodes",
    options: { ...SLOW, nodeTimeMs: 50 },
    steps: MANY_STEPS,
    wait: (setup) => setup.simulator.when("node_end"),
    executions: ["interrupted"],
  },
  {
    name: "while it samples",
    options: SLOW,
    steps: MANY_STEPS,
    wait: (setup) => setup.simulator.when("progress"),
    executions: ["interrupted"],
  },
  {
    name: "while its image is fetched",
    arrange(setup) {
      setup.simulator.faults.slowBytes({ bytesPerSecond: 100 });
      return Promise.resolve({});
    },
    wait: (setup) => setup.simulator.when("history_added"),
    executions: ["success"],
  },
  {
    name: "when it is found running after a restart of the worker",
    options: SLOW,
    arrange: async (setup) => {
      const promptId = await postElse(setup, MANY_STEPS);
      await setup.simulator.when("progress");
      return { fields: { promptId, resumed: true } };
    },
    wait: () => Promise.resolve(),
    executions: ["interrupted"],
  },
  {
    name: "when it is found waiting after a restart of the worker",
    arrange: async (setup) => ({
      ...await holdElse(setup),
      fields: { promptId: await postElse(setup), resumed: true },
    }),
    wait: () => Promise.resolve(),
    executions: ["success"],
    dequeued: true,
  },
  {
    name: "when it turns out never to have been posted",
    arrange: () => Promise.resolve({ fields: { resumed: true } }),
    wait: () => Promise.resolve(),
    executions: [],
  },
];

for (const profile of ["0.3.64", "0.38"] as const) {
  for (const moment of MOMENTS) {
    Deno.test(`runJob() is cancelled ${moment.name}, on ComfyUI ${profile}`, async () => {
      await using setup = await jobSetup({ profile, ...moment.options });
      const { fields, after } = await moment.arrange?.(setup) ?? {};
      const cancel = new AbortController();
      const moments = moment.wait(setup);
      const own = { ...request, steps: moment.steps ?? request.steps };
      const running = setup.run({ request: own, ...fields }, cancel.signal);
      await moments;
      cancel.abort();
      const ended = after?.();
      const { outcome, spec } = await running;
      assert.deepEqual(outcome, { type: "cancelled" });
      await ended;
      const { executions, events } = setup.simulator.record;
      assert.deepEqual(executions.map((run) => run.outcome), moment.executions);
      const dequeued = events.some((event) =>
        event.type === "dequeued" && event.promptId === spec.promptId
      );
      assert.equal(dequeued, moment.dequeued ?? false);
    });
  }
}

Deno.test("runJob() is not cancelled before ComfyUI lets go of the prompt", async () => {
  await using setup = await jobSetup();
  using stall = setup.simulator.faults.stall("VAEDecode");
  const cancel = new AbortController();
  const running = setup.run({ request }, cancel.signal);
  await stall.reached;
  cancel.abort();
  let isOver = false;
  running.then(() => isOver = true);
  for (let looks = 0; looks < 3; looks += 1) {
    await setup.simulator.when("interrupt", undefined, { since: setup.simulator.record.total });
  }
  assert.equal(isOver, false);
  stall.release();
  assert.deepEqual((await running).outcome, { type: "cancelled" });
  assert.deepEqual(setup.simulator.record.executions.map((run) => run.outcome), ["interrupted"]);
});

for (const allowGlobalInterrupt of [true, false]) {
  const name = allowGlobalInterrupt ? "interrupts at large where" : "lets a prompt end unless";
  Deno.test(`runJob() ${name} that is allowed, on a ComfyUI without a targeted way`, async () => {
    const lines: string[] = [];
    await using setup = await jobSetup({ profile: "0.3.44" }, { allowGlobalInterrupt });
    using stall = setup.simulator.faults.stall("VAEDecode");
    const told = Promise.withResolvers<void>();
    const log = (_: string, line: string) => {
      lines.push(line);
      told.resolve();
    };
    const cancel = new AbortController();
    const running = setup.run({ request }, cancel.signal, undefined, { ...setup.context, log });
    await stall.reached;
    cancel.abort();
    await (allowGlobalInterrupt ? setup.simulator.when("interrupt") : told.promise);
    stall.release();
    assert.deepEqual((await running).outcome, { type: "cancelled" });
    const { requests, executions } = setup.simulator.record;
    assert.equal((requests.get("POST /interrupt") ?? 0) > 0, allowGlobalInterrupt);
    assert.equal(executions[0]?.outcome, allowGlobalInterrupt ? "interrupted" : "success");
    const isTold = lines.some((line) => line.includes("comfyui.allow_global_interrupt"));
    assert.equal(isTold, !allowGlobalInterrupt);
  });
}

Deno.test("runJob() keeps a prompt in doubt whose server goes away before it shows its end", async () => {
  await using setup = await jobSetup();
  using stall = setup.simulator.faults.stall("VAEDecode");
  const cancel = new AbortController();
  const running = setup.run({ request }, cancel.signal);
  await stall.reached;
  cancel.abort();
  await setup.simulator.when("interrupt");
  await setup.simulator.faults.goDown();
  const { outcome } = await running;
  assert.ok(outcome.type === "failed");
  assert.deepEqual([outcome.code, outcome.retry, outcome.keepPrompt], ["unreachable", true, true]);
});

Deno.test("runJob() that is cancelled at once removes the previews of an attempt that died", async () => {
  await using setup = await jobSetup();
  await Deno.mkdir(`${setup.dir}/previews/job-1`, { recursive: true });
  await Deno.writeTextFile(`${setup.dir}/previews/job-1/step_00001.jpg`, "left behind");
  const { outcome } = await setup.run({ resumed: true }, AbortSignal.abort());
  assert.deepEqual(outcome, { type: "cancelled" });
  await assert.rejects(Deno.stat(`${setup.dir}/previews/job-1`), Deno.errors.NotFound);
});

for (const profile of ["0.3.44", "0.3.64", "0.38"] as const) {
  Deno.test(`withdraw() removes prompts that are left and no others, on ComfyUI ${profile}`, async () => {
    await using setup = await jobSetup({ profile, ...SLOW });
    const { record, faults } = setup.simulator;
    const isRefused = profile === "0.3.44";
    using stall = isRefused ? faults.stall("VAEDecode") : undefined;
    const running = await postElse(setup, isRefused ? request.steps : MANY_STEPS);
    const theirs = await postElse(setup);
    const waiting = await postElse(setup);
    await setup.simulator.when("progress");
    const left = [running, waiting, crypto.randomUUID()];
    const lines: string[] = [];
    const log = (_: string, line: string) => void lines.push(line);
    assert.deepEqual(await withdraw({ ...setup.context, log }, left), left);
    stall?.release();
    assert.equal(lines.some((line) => line.includes("allow_global_interrupt")), isRefused);
    while (record.executions.filter(({ outcome }) => outcome !== undefined).length < 2) {
      await setup.simulator.when("execution_end", undefined, { since: record.total });
    }
    // Their prompt has run to its end, and what waited has not run at all.
    const ends = record.executions.map(({ outcome }) => outcome);
    assert.deepEqual(ends, [isRefused ? "success" : "interrupted", "success"]);
    assert.equal(record.events.filter(({ type }) => type === "dequeued").length, 1);
    assert.deepEqual(await withdraw({ ...setup.context, log }, [...left, theirs]), [
      ...left,
      theirs,
    ]);
  });
}

Deno.test("withdraw() does not tell that a prompt is gone which ComfyUI holds on to", async () => {
  await using setup = await jobSetup();
  using stall = setup.simulator.faults.stall("VAEDecode");
  const promptId = await postElse(setup);
  await stall.reached;
  assert.deepEqual(await withdraw(setup.context, [promptId]), []);
  stall.release();
  assert.deepEqual(await withdraw(setup.context, [promptId]), [promptId]);
});

Deno.test("withdraw() fails when the server is away, so that nothing is known", async () => {
  await using setup = await jobSetup();
  await setup.simulator.faults.goDown();
  await assert.rejects(withdraw(setup.context, [crypto.randomUUID()]), { code: "unreachable" });
});

/** Has the server work on somebody else's prompt until the job's own has left its queue. */
async function holdElse(setup: JobSetup): Promise<Met> {
  const { simulator } = setup;
  const stall = simulator.faults.stall("VAEDecode");
  await postElse(setup);
  return {
    after: async () => {
      await simulator.when("dequeued");
      stall.release();
      await simulator.when("execution_end");
    },
  };
}

/** Has the server work on a prompt that is not the job's own; returns its id. */
async function postElse(
  { simulator, context }: JobSetup,
  steps: number = request.steps,
): Promise<string> {
  const { graph } = context.catalog.choose(request);
  const prompt_id = crypto.randomUUID();
  // A seed of its own, so that nothing comes from the cache.
  const prompt = structuredClone(graph);
  for (const { class_type, inputs } of Object.values(prompt)) {
    if (class_type === "KSampler") {
      Object.assign(inputs, { seed: simulator.record.total, steps });
    }
  }
  const answer = await fetch(`${simulator.url}/prompt`, {
    method: "POST",
    body: JSON.stringify({
      prompt,
      prompt_id,
      client_id: "somebody",
      // By which it is known to a server that chooses ids itself.
      extra_data: { client_prompt_id: prompt_id },
    }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return prompt_id;
}
