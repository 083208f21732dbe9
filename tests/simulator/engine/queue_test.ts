import { deepEqual, equal } from "node:assert/strict";
import type { JsonObject, Simulator } from "../../../src/simulator/mod.ts";
import {
  ask,
  filesOf,
  listen,
  type Listener,
  messagesOf,
  plainImage,
  run,
  startFast,
  textToImage,
} from "../support.ts";

/** Queues a plain image whose colour makes it different from any other. */
async function queue(simulator: Simulator, id: string, fields: Record<string, unknown> = {}) {
  const prompt = plainImage({ color: Math.abs(hashOf(id)) });
  await ask(simulator, "POST /prompt", { prompt, prompt_id: id, ...fields });
}

function hashOf(text: string): number {
  return [...text].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 0xffffff;
}

/** Queue lengths that a client was told. */
function remaining(listener: Listener): unknown[] {
  return listener.ofType("status").map(({ status }) =>
    ((status as JsonObject).exec_info as JsonObject).queue_remaining
  );
}

async function waiting(simulator: Simulator): Promise<[running: unknown[], pending: unknown[]]> {
  const { queue_running: running, queue_pending: pending } = (await ask(simulator, "GET /queue"))
    .json() as Record<string, unknown[][]>;
  const brief = (items: unknown[][] = []) => items.map(([number, id]) => [number, id]);
  return [brief(running), brief(pending)];
}

Deno.test("GET /queue shows one running item, and the pending ones as a heap", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall();
  await queue(simulator, "A", { number: 10 });
  await stall.reached;
  await queue(simulator, "B", { number: 11 });
  await queue(simulator, "C", { number: 12 });
  await queue(simulator, "E", { number: 0.5 });
  await queue(simulator, "D", { number: -13 });
  deepEqual(await waiting(simulator), [
    [[10, "A"]],
    [[-13, "D"], [0.5, "E"], [11, "B"], [12, "C"]],
  ]);
  deepEqual((await ask(simulator, "GET /prompt")).json(), { exec_info: { queue_remaining: 5 } });
  stall.release();
  await simulator.when("history_added", ({ promptId }) => promptId === "C");
  deepEqual(
    simulator.record.executions.map(({ promptId }) => promptId),
    ["A", "D", "E", "B", "C"],
  );
});

Deno.test("PromptQueue breaks ties of the number by the order of the ids", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall();
  await queue(simulator, "first");
  await stall.reached;
  for (const id of ["c", "a", "b"]) await queue(simulator, id, { number: 5 });
  stall.release();
  await simulator.when("history_added", ({ promptId }) => promptId === "c");
  deepEqual(simulator.record.executions.map(({ promptId }) => promptId), ["first", "a", "b", "c"]);
});

Deno.test("POST /queue deletes and clears what waits, without a trace and without the running one", async () => {
  await using simulator = await startFast();
  await using listener = await listen(simulator, "me");
  using stall = simulator.faults.stall();
  for (const id of ["run", "x", "y", "z"]) await queue(simulator, id);
  await stall.reached;
  const removed = await ask(simulator, "POST /queue", { delete: ["y", "nobody", "run"] });
  equal(removed.status, 200);
  equal(removed.text, "");
  equal(removed.headers.get("content-type"), null);
  deepEqual(await waiting(simulator), [[[0, "run"]], [[1, "x"], [3, "z"]]]);
  await ask(simulator, "POST /queue", { clear: true });
  deepEqual(await waiting(simulator), [[[0, "run"]], []]);
  for (const body of [{}, [], { clear: false }, { delete: "abc" }, { delete: { a: 1 } }]) {
    equal((await ask(simulator, "POST /queue", body)).status, 200, JSON.stringify(body));
  }
  for (const body of ["", "7", { delete: 5 }]) {
    equal((await ask(simulator, "POST /queue", body)).status, 500, JSON.stringify(body));
  }
  stall.release();
  await simulator.when("history_added");
  await listener.until((type, { sid, status }) =>
    type === "status" && sid === undefined && JSON.stringify(status).includes(":0}")
  );
  deepEqual(remaining(listener), [0, 1, 1, 2, 3, 4, 3, 1, 0]);
  deepEqual(Object.keys((await ask(simulator, "GET /history")).json()), ["run"]);
  deepEqual(
    simulator.record.events.flatMap((e) => e.type === "dequeued" ? [e.promptId] : []),
    ["y", "x", "z"],
  );
});

Deno.test("GET /history keeps the order of completion and cuts it by max_items and offset", async () => {
  await using simulator = await startFast();
  for (const id of ["3", "1", "2"]) await run(simulator, plainImage(), { prompt_id: id });
  const keys = async (query: string) => {
    const { text } = await ask(simulator, `GET /history${query}`);
    return [...text.matchAll(/"(\d)": \{"prompt"/g)].map(([, id]) => id);
  };
  deepEqual(await keys(""), ["3", "1", "2"]);
  deepEqual(await keys("?max_items=2"), ["1", "2"]);
  deepEqual(await keys("?max_items=0"), []);
  deepEqual(await keys("?max_items=9"), ["3", "1", "2"]);
  deepEqual(await keys("?offset=1"), ["1", "2"]);
  deepEqual(await keys("?offset=0&max_items=1"), ["3"]);
  equal((await ask(simulator, "GET /history?max_items=x")).status, 500);
  equal((await ask(simulator, "GET /history?offset=1.5")).status, 500);
});

Deno.test("GET /history/{id} is {} with 200 for an id that is unknown, waits or runs", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall();
  await queue(simulator, "running");
  await queue(simulator, "pending");
  await stall.reached;
  for (const id of ["running", "pending", "unknown"]) {
    const answer = await ask(simulator, `GET /history/${id}`);
    equal(answer.status, 200);
    equal(answer.text, "{}");
  }
});

Deno.test("GET /history/{id} finds odd ids, percent-encoded", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage(), { prompt_id: "my custom id/1 ü" });
  const answer = await ask(simulator, "GET /history/my%20custom%20id%2F1%20%C3%BC");
  deepEqual(Object.keys(answer.json()), ["my custom id/1 ü"]);
});

Deno.test("POST /history deletes and clears; a later prompt with the same id replaces the entry", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage(), { prompt_id: "a" });
  const again = await run(simulator, plainImage({ color: 1 }), { prompt_id: "a" });
  deepEqual(filesOf(again, "2"), ["plain_00002_.png"]);
  await run(simulator, plainImage(), { prompt_id: "b" });
  const removed = await ask(simulator, "POST /history", { delete: ["a", "x"] });
  equal(removed.text, "");
  deepEqual(Object.keys((await ask(simulator, "GET /history")).json()), ["b"]);
  await ask(simulator, "POST /history", { clear: true });
  equal((await ask(simulator, "GET /history")).text, "{}");
});

Deno.test("GET /history keeps secrets back, GET /queue shows them as 0.3.64 does", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall();
  const extra = { api_key_comfy_org: "secret", auth_token_comfy_org: "secret", other: 1 };
  await queue(simulator, "p", { extra_data: extra, client_id: "me" });
  await stall.reached;
  equal((await ask(simulator, "GET /queue")).text.includes("secret"), true);
  stall.release();
  await simulator.when("history_added");
  const entry = (await ask(simulator, "GET /history/p")).json().p as { prompt: unknown[] };
  deepEqual(entry.prompt[3], { other: 1, client_id: "me" });
});

Deno.test("POST /interrupt stops the running prompt where it next looks: history says error", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 1 });
  await ask(simulator, "POST /prompt", { prompt: textToImage({ steps: 9 }), prompt_id: "p" });
  await stall.reached;
  const answer = await ask(simulator, "POST /interrupt", { prompt_id: "p" });
  deepEqual([answer.status, answer.text, answer.headers.get("content-type")], [200, "", null]);
  stall.release();
  await simulator.when("history_added");
  const entry = (await ask(simulator, "GET /history/p")).json().p as JsonObject;
  const { status_str: text, completed } = entry.status as JsonObject;
  deepEqual([text, completed], ["error", false]);
  deepEqual(messagesOf(entry), ["execution_start", "execution_cached", "execution_interrupted"]);
  equal(simulator.record.executions[0]?.outcome, "interrupted");
});

Deno.test("POST /interrupt aimed at a prompt that does not run does nothing", async () => {
  await using simulator = await startFast();
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 1 });
  await ask(simulator, "POST /prompt", { prompt: textToImage(), prompt_id: "p" });
  await queue(simulator, "waits");
  await stall.reached;
  for (const id of ["waits", "unknown"]) {
    equal((await ask(simulator, "POST /interrupt", { prompt_id: id })).status, 200);
  }
  stall.release();
  await simulator.when("history_added", ({ promptId }) => promptId === "waits");
  deepEqual(simulator.record.executions.map(({ outcome }) => outcome), ["success", "success"]);
  deepEqual(
    simulator.record.events.flatMap((e) =>
      e.type === "interrupt" ? [[e.promptId, e.effective]] : []
    ),
    [["waits", false], ["unknown", false]],
  );
});

Deno.test("POST /interrupt without a usable target is global; while idle it is lost", async () => {
  await using simulator = await startFast();
  for (const body of ["", "{", {}, { prompt_id: "" }, { prompt_id: null }]) {
    equal((await ask(simulator, "POST /interrupt", body)).status, 200, JSON.stringify(body));
  }
  equal((await ask(simulator, "POST /interrupt", [])).status, 500);
  equal((await ask(simulator, "GET /interrupt")).status, 404);
  const entry = await run(simulator, textToImage());
  equal(messagesOf(entry).at(-1), "execution_success");
});

Deno.test("POST /interrupt during a node that never looks blames the next one, or nobody", async () => {
  await using simulator = await startFast();
  using first = simulator.faults.stall("EmptyImage");
  await ask(simulator, "POST /prompt", { prompt: plainImage(), prompt_id: "p" });
  await first.reached;
  await ask(simulator, "POST /interrupt");
  first.release();
  await simulator.when("history_added");
  const entry = (await ask(simulator, "GET /history/p")).json().p as JsonObject;
  const { messages } = entry.status as { messages: [string, JsonObject][] };
  deepEqual([messages.at(-1)?.[0], messages.at(-1)?.[1].node_id], ["execution_interrupted", "2"]);

  using last = simulator.faults.stall("SaveImage");
  const prompt = plainImage({ color: 1 });
  await ask(simulator, "POST /prompt", { prompt, prompt_id: "q" });
  await last.reached;
  await ask(simulator, "POST /interrupt");
  last.release();
  await simulator.when("history_added", ({ promptId }) => promptId === "q");
  equal(simulator.record.executions[1]?.outcome, "success");
});

Deno.test("POST /free makes the next identical prompt run in full", async () => {
  await using simulator = await startFast();
  await run(simulator, plainImage());
  await run(simulator, plainImage());
  deepEqual(simulator.record.executions[1]?.nodes, []);
  const answer = await ask(simulator, "POST /free", { free_memory: true });
  deepEqual([answer.status, answer.text], [200, ""]);
  await run(simulator, plainImage());
  deepEqual(simulator.record.executions[2]?.nodes, ["1", "2"]);
  equal((await ask(simulator, "POST /free", "")).status, 500);
  equal((await ask(simulator, "POST /free", [])).status, 500);
});
