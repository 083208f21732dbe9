import assert from "node:assert/strict";
import { headersOf } from "../../src/config/mod.ts";

Deno.test("headersOf() sends the token beside the other headers, and before one of its own name", () => {
  assert.deepEqual(headersOf({ token: undefined, headers: undefined }), {});
  assert.deepEqual(headersOf({ token: undefined, headers: { "x-key": "a" } }), { "x-key": "a" });
  assert.deepEqual(headersOf({ token: "t", headers: { "x-key": "a", authorization: "Basic b" } }), {
    "x-key": "a",
    authorization: "Bearer t",
  });
});
