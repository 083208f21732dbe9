import assert from "node:assert/strict";
import type { Job, News, SharedQueue } from "../../src/queue/mod.ts";
import { startFollowing } from "../../src/worker/following.ts";

const NOTHING: News = {
  endings: [],
  hasMore: false,
  cancelled: [],
  hasWork: false,
  deadlineAtMs: undefined,
  isDraining: false,
};

/** Follows others who do what the test says; `looked` resolves at the look after that. */
function followed() {
  const news: (News | Error)[] = [];
  const calls: string[] = [];
  let change = () => {};
  let looked = Promise.withResolvers<void>();
  const shared = {
    onChange: (listener: () => void) => void (change = listener),
    meet: () => Promise.resolve({ servers: [], peers: [], workers: 0 }),
    news: (running: readonly string[]) => {
      assert.deepEqual(running, ["own"]);
      const next = news.shift();
      looked.resolve();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? NOTHING);
    },
  } as unknown as SharedQueue;
  const following = startFollowing({
    shared,
    announcer: { announce: ({ id }) => Promise.resolve(void calls.push(`told ${id}`)) },
    scheduler: {
      wake: () => void calls.push("wake"),
      came: () => void calls.push("came"),
      abort: (id) => void calls.push(`abort ${id}`),
      running: () => ["own"],
      noteElsewhere: () => {},
      setDrained: (isDrained) => void (isDrained && calls.push("drained")),
      noteDeadline: (atMs) => void (atMs !== undefined && calls.push(`deadline ${atMs}`)),
    },
    logger: { log: (_level, message) => void calls.push(message) },
    lookMs: 60_000,
  });
  return {
    calls,
    /** What is found next, one look after the other; resolves when all of it was. */
    async finds(...next: (News | Error)[]) {
      news.push(...next);
      calls.length = 0;
      // One more look shows that what was found before has been dealt with.
      for (let looks = 0; looks <= next.length; looks += 1) {
        looked = Promise.withResolvers();
        change();
        await looked.promise;
      }
    },
    [Symbol.asyncDispose]: () => following[Symbol.asyncDispose](),
  };
}

Deno.test("Following tells endings, ends what is unwanted, and leaves the scheduler alone", async () => {
  await using setup = followed();
  await setup.finds();
  const endings = [{ id: "a" }, { id: "b" }] as Job[];
  await setup.finds({ ...NOTHING, endings, cancelled: ["own"] });
  assert.deepEqual(setup.calls, ["abort own", "told a", "told b"]);
});

Deno.test("Following reads on while there are more endings, before it has the scheduler look", async () => {
  await using setup = followed();
  await setup.finds();
  const [a, b] = [{ id: "a" }, { id: "b" }] as Job[];
  const news = { ...NOTHING, hasWork: true };
  await setup.finds({ ...news, endings: [a!], hasMore: true }, { ...news, endings: [b!] });
  assert.deepEqual(setup.calls, ["told a", "told b", "came"]);
});

Deno.test("Following tells the scheduler of the first deadline of a waiting job", async () => {
  await using setup = followed();
  await setup.finds();
  await setup.finds({ ...NOTHING, deadlineAtMs: 5 });
  assert.deepEqual(setup.calls, ["deadline 5"]);
});

Deno.test("Following lets the scheduler take no more jobs where somebody has asked for that", async () => {
  await using setup = followed();
  await setup.finds();
  await setup.finds({ ...NOTHING, isDraining: true });
  assert.deepEqual(setup.calls, ["drained"]);
});

Deno.test("Following has the scheduler look where jobs wait, and at everything after a time without the queue", async () => {
  await using setup = followed();
  await setup.finds();
  await setup.finds({ ...NOTHING, hasWork: true });
  assert.deepEqual(setup.calls, ["came"]);
  const away = new Error("Nobody is there");
  await setup.finds(away, away);
  const said = "Cannot follow the other workers: Nobody is there";
  assert.deepEqual(setup.calls, [said, "wake"]);
});
