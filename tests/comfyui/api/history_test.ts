import assert from "node:assert/strict";
import { parseHistoryEntry } from "../../../src/comfyui/api/history.ts";
import { answersOf, readTranscript } from "../transcripts.ts";

function entry(statusText: string, messages: unknown[], outputs: unknown = {}): unknown {
  const status = { status_str: statusText, completed: statusText === "success", messages };
  return { prompt: [0, "P", {}, { client_id: "c" }, ["9"]], outputs, status };
}

Deno.test("parseHistoryEntry() reads the entry of a real run", async () => {
  const transcript = await readTranscript("fully_cached");
  const [record] = answersOf(transcript, "GET /history/{id}");
  const parsed = parseHistoryEntry(record);
  assert.deepEqual(parsed?.outcome, { type: "success" });
  assert.deepEqual(parsed?.cached, ["1", "2", "3", "4", "5", "6", "7"]);
  assert.equal(parsed?.images.get("7")?.[0]?.filename, "stock_00001_.png");
});

Deno.test("parseHistoryEntry() tells interrupted from failed, which share a status", async () => {
  const transcript = await readTranscript("interrupted");
  const [record] = answersOf(transcript, "GET /history/{id}");
  assert.deepEqual(parseHistoryEntry(record)?.outcome, { type: "interrupted", nodeId: "5" });
  const failed = parseHistoryEntry(entry("error", [
    ["execution_start", {}],
    ["execution_error", {
      node_id: "3",
      node_type: "N",
      exception_type: "E",
      exception_message: "m",
    }],
  ]));
  assert.deepEqual(failed?.outcome, {
    type: "failed",
    failure: { nodeId: "3", nodeType: "N", exceptionType: "E", message: "m" },
  });
});

Deno.test("parseHistoryEntry() believes the last message rather than a status of success", () => {
  const cycle = parseHistoryEntry(entry("success", [
    ["execution_start", {}],
    ["execution_error", { exception_type: "DependencyCycleError", exception_message: "cycle" }],
  ]));
  assert.equal(cycle?.outcome.type, "failed");
  const blockedBranch = parseHistoryEntry(entry("error", [
    ["execution_error", { exception_type: "ExecutionBlocked" }],
    ["execution_success", {}],
  ]));
  assert.equal(blockedBranch?.outcome.type, "success");
});

Deno.test("parseHistoryEntry() falls back on the status when no message tells the ending", () => {
  assert.equal(parseHistoryEntry(entry("success", []))?.outcome.type, "success");
  assert.equal(parseHistoryEntry(entry("error", []))?.outcome.type, "failed");
  assert.equal(parseHistoryEntry({ outputs: {} })?.outcome.type, "success");
});

Deno.test("parseHistoryEntry() takes entries of any shape without throwing", () => {
  for (const value of [undefined, null, [], "x", 5]) {
    assert.equal(parseHistoryEntry(value), undefined);
  }
  const odd = parseHistoryEntry({
    prompt: 5,
    outputs: [1],
    status: { messages: [5, [null], ["x"]] },
  });
  assert.equal(odd?.outcome.type, "success");
  assert.deepEqual(odd?.extraData, {});
});
