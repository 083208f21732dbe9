import assert from "node:assert/strict";
import { renderScreen, type Snapshot } from "../../../src/cli/watch_screen.ts";
import { IMAGE, workerSetup } from "../../support/worker.ts";
import { addressFlags, NOBODY, run, start } from "../fake_io.ts";

const SNAPSHOT: Snapshot = {
  status: {
    type: "status_info",
    version: "1.0.0",
    queue_size: 1,
    active_jobs: 1,
    uptime_s: 3_725,
  },
  servers: [
    { name: "gpu1", url: "http://gpu1:8188", state: "ready", active_jobs: 1 },
    {
      name: "gpu2",
      url: "http://gpu2:8188",
      state: "unreachable",
      active_jobs: 0,
      error: "connection refused",
    },
  ],
  jobs: [
    {
      job_id: "0123456789abcdef",
      state: "running",
      attempts: 1,
      created_at: 1,
      progress: {
        type: "progress",
        job_id: "0123456789abcdef",
        stage: "sampling",
        step: 9,
        total_steps: 20,
        percent: 45,
        eta_s: 3.21,
      },
    },
    { job_id: "second", state: "queued", attempts: 0, created_at: 2, position: 0 },
    { job_id: "third", state: "completed", attempts: 1, created_at: 0, duration_s: 2.5 },
    { job_id: "e\x1b[2J", state: "failed", attempts: 1, created_at: 0, error: "no\nmemory" },
    { job_id: "fifth", state: "cancelled", attempts: 0, created_at: 0 },
  ],
};

Deno.test("renderScreen() fits 40 columns and lets nothing steer the terminal", () => {
  assert.deepEqual(renderScreen(SNAPSHOT, { columns: 40, rows: 24, note: "q ends" }), [
    "1 running, 1 waiting, up 1 h 2 min",
    "gpu1 ready, 1 running",
    "gpu2 unreachable, 0 running: connectio…",
    "",
    "0123456…  45 % sampling 9/20, 3.2 s le…",
    "second   waiting, 0 before it",
    "third    done in 2.5 s",
    "e\\u001b… failed: no\\u000amemory",
    "fifth    cancelled",
    "q ends",
  ]);
});

Deno.test("renderScreen() shows the prompts where there is room, in a column of their own", () => {
  const jobs = SNAPSHOT.jobs.map((job, index) =>
    index === 3 ? job : { ...job, prompt: "a dragon" }
  );
  const lines = renderScreen({ ...SNAPSHOT, jobs }, { columns: 80, rows: 24, note: "q ends" });
  assert.deepEqual(lines.slice(4, -1), [
    "0123456789abc…  45 % sampling 9/20, 3.2 s left  a dragon",
    "second         waiting, 0 before it             a dragon",
    "third          done in 2.5 s                    a dragon",
    "e\\u001b[2J     failed: no\\u000amemory",
    "fifth          cancelled                        a dragon",
  ]);
});

Deno.test("renderScreen() shows ids whole where there is room, and no more lines than that", () => {
  const lines = renderScreen(SNAPSHOT, { columns: 80, rows: 7, note: "q ends" });
  assert.deepEqual(lines.slice(4), [
    "0123456789abcdef                      45 % sampling 9/20, 3.2 s left",
    "second                               waiting, 0 before it",
    "q ends",
  ]);
  for (const rows of [1, 2, 3, 5]) {
    assert.ok(renderScreen(SNAPSHOT, { columns: 80, rows, note: "q ends" }).length <= rows);
  }
});

Deno.test("watch keeps up with the jobs, and ends with the screen as it was", async () => {
  await using setup = await workerSetup();
  const flags = [...addressFlags(setup.worker), "--interval=0.01"];
  const running = start(["watch", ...flags], { terminal: true, columns: 40 });
  await running.wrote(/0 running, 0 waiting/);
  await setup.client.generate({ ...IMAGE, id: "j1" }).result;
  await running.wrote(/j1 +done in/);
  running.press("q");
  assert.equal(await running.code, 0);
  assert.ok(running.stdout().startsWith("\x1b[?1049h"));
  assert.ok(running.stdout().endsWith("\x1b[?1049l"));
});

for (const [how, stop] of [["Ctrl-C as a key", "\x03"], ["a signal", undefined]] as const) {
  Deno.test(`watch ends with ${how}`, async () => {
    await using setup = await workerSetup();
    const running = start(["watch", ...addressFlags(setup.worker)], { terminal: true });
    await running.wrote(/q ends/);
    if (stop === undefined) running.signal();
    else running.press(stop);
    assert.equal(await running.code, 0);
  });
}

Deno.test("watch waits for a worker that goes away, but not for one that was never there", async () => {
  await using setup = await workerSetup();
  const flags = [...addressFlags(setup.worker), "--interval=0.01", "--timeout=0.5"];
  const running = start(["watch", ...flags], { terminal: true });
  await running.wrote(/q ends/);
  await setup.worker.close();
  await running.wrote(/No answer from the worker/);
  running.press("q");
  assert.equal(await running.code, 0);
  const never = await run(["watch", ...NOBODY], { terminal: true });
  assert.equal(never.exitCode, 3);
  assert.doesNotMatch(never.stdout(), /./);
});

Deno.test("watch refuses to write screens into a pipe", async () => {
  const { exitCode, stderr } = await run(["watch", ...NOBODY]);
  assert.equal(exitCode, 2);
  assert.match(stderr(), /^error: A live screen needs a terminal/);
});
