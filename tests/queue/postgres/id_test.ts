import assert from "node:assert/strict";
import { idBytes, idOf } from "../../../src/queue/postgres/id.ts";

Deno.test("idBytes() has other bytes for each name, of which idOf() makes it again", () => {
  const ids = ["a", "a\0", "\ud800", "a\ud800é", "é\udc00😀", "\ud800\ud800", "😀", "\ufffd", ""];
  const bytes = ids.map(idBytes);
  assert.equal(new Set(bytes.map((one) => one.toHex())).size, ids.length);
  assert.deepEqual(bytes.map(idOf), ids);
});
