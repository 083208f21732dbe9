import assert from "node:assert/strict";
import { guardLateWrites } from "../../../src/queue/postgres/late_writes.ts";

/** True if an error that nobody caught would not end the process. */
function isKept(error: Error): boolean {
  return !globalThis.dispatchEvent(new ErrorEvent("error", { error, cancelable: true }));
}

function thrown(message: string, stack: string, kind: ErrorConstructor = TypeError): Error {
  const error = new kind(message);
  error.stack = `${kind.name}: ${message}\n    at ${stack}`;
  return error;
}

const MESSAGE = "Cannot read properties of null (reading 'write')";
const PLACE = "Immediate.nextWrite (file:///cache/npm/postgres/3.4.9/src/connection.js:255:22)";

Deno.test("guardLateWrites() keeps the process from the library's write to a closed connection alone", () => {
  guardLateWrites();
  assert.equal(isKept(thrown(MESSAGE, PLACE)), true);
  assert.equal(isKept(thrown(MESSAGE, "nextWrite (file:///own/late.ts:1:1)")), false);
  assert.equal(isKept(thrown(MESSAGE, PLACE.replace("nextWrite", "parse"))), false);
  assert.equal(isKept(thrown("anything", PLACE, Error)), false);
});
