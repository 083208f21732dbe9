import assert from "node:assert/strict";
import { JobError } from "../../../src/errors.ts";
import { Acceptor } from "../../../src/queue/postgres/acceptor.ts";
import type { PostgresClient, StoredRow, Value } from "../../../src/queue/postgres/client.ts";
import { generateRequest } from "../../support/requests.ts";

/** What a database says to a group of ids; those that it has stored have a turn each. */
type Store = (ids: readonly Uint8Array[], known: Value) => StoredRow[] | Promise<StoredRow[]>;

/** An acceptor of a database that only a test knows. */
function setup(store: Store, options: { row?: () => Promise<StoredRow | undefined> } = {}) {
  const groups: number[] = [];
  const client = {
    rows(_action: string, _text: string, values: readonly Value[]) {
      const ids = values[4] as readonly Uint8Array[];
      groups.push(ids.length);
      return Promise.resolve(store(ids, values[1] ?? null));
    },
    row: options.row ?? (() => Promise.resolve(undefined)),
  } as unknown as PostgresClient;
  const acceptor = new Acceptor({
    ...{ client, maxQueued: 1_000_000, clock: () => null, isSteady: true, onStored: () => {} },
  });
  const accept = (id: string, prompt = "a knight") =>
    acceptor.accept(generateRequest({ id, prompt }), undefined);
  return { accept, groups };
}

function stored(ids: readonly Uint8Array[], n: number, lastDue: number | null = null): StoredRow[] {
  return ids.map((id, index) => ({
    ...{ seq: index, id, n, last_due: lastDue, due: "5", looked_at_ms: "6" },
    ...{ due_ms: 5, created_at_ms: 5, deadline_at_ms: null },
  })) as unknown as StoredRow[];
}

Deno.test("Acceptor stores what comes at once in parts, by number and by bytes", async () => {
  const { accept, groups } = setup((ids) => stored(ids, 0));
  await Promise.all(Array.from({ length: 300 }, (_, nth) => accept(`job-${nth}`)));
  assert.deepEqual(groups, [256, 44]);
  const large = Array.from({ length: 6 }, (_, nth) => accept(`large-${nth}`, "x".repeat(900_000)));
  await Promise.all(large);
  assert.deepEqual(groups.slice(2), [4, 2]);
});

Deno.test("Acceptor fails those alone that the database does not take", async () => {
  const { accept, groups } = setup((ids) => {
    const names = ids.map((id) => new TextDecoder().decode(id));
    if (names.includes("bad")) throw new JobError("unavailable", "Cannot store the job: no");
    return stored(ids, 0);
  });
  const results = await Promise.allSettled(["a", "bad", "b"].map((id) => accept(id)));
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assert.deepEqual(groups, [3, 1, 1, 1]);
});

Deno.test("Acceptor asks once for all where the database is away", async () => {
  const { accept, groups } = setup(() => {
    throw new JobError("unavailable", "Backend busy: the queue is away", { isPassing: true });
  });
  const results = await Promise.allSettled(["a", "b"].map((id) => accept(id)));
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
  assert.deepEqual(groups, [2]);
});

Deno.test("Acceptor counts a long line now and then, and a short one each time", async () => {
  const waiting = 5_000;
  let counted = 0;
  const known: Value[] = [];
  const { accept } = setup((ids, before) => {
    known.push(before);
    return stored(ids, waiting);
  }, {
    row() {
      counted += 1;
      return Promise.resolve({ n: waiting } as unknown as StoredRow);
    },
  });
  for (const id of ["a", "b", "c"]) await accept(id);
  assert.deepEqual([known, counted], [[null, 5_000, 5_001], 1]);
});

Deno.test("Acceptor counts anew each time when a long line has become short", async () => {
  let waiting = 5_000;
  const known: Value[] = [];
  const { accept } = setup((ids, before) => {
    known.push(before);
    return stored(ids, waiting);
  }, { row: () => Promise.resolve({ n: 10 } as unknown as StoredRow) });
  await accept("a");
  waiting = 10;
  for (const id of ["b", "c"]) await accept(id);
  assert.deepEqual(known, [null, null, null]);
});

Deno.test("Acceptor takes a job whose place it cannot tell", async () => {
  const { accept } = setup((ids) => stored(ids, 7, 9), {
    row: () => Promise.reject(new JobError("unavailable", "Backend busy")),
  });
  const result = await accept("a");
  assert.deepEqual(result.type === "accepted" && result.position, 0);
});
