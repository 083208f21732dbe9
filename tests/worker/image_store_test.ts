import assert from "node:assert/strict";
import type { Config } from "../../src/config/mod.ts";
import { type Client, connect } from "../../src/client/mod.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { openPostgresQueue } from "../../src/queue/postgres/postgres_queue.ts";
import { nameOf } from "../../src/store/mod.ts";
import { keepIn } from "../../src/worker/image_files.ts";
import { type PixelsWorker, startWorker } from "../../src/worker/mod.ts";
import { startSwift, type Swift } from "../store/bucket/swift.ts";
import { type Troubled, troubledWay } from "../store/bucket/troubled.ts";
import { claimOne } from "../support/claim.ts";
import { polled } from "../support/polled.ts";
import { startCluster } from "../support/postgres.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";

const [swift, cluster] = await Promise.all([startSwift(), startCluster()]);
let prefixes = 0;

/** A worker with a store. */
interface Member {
  readonly simulator: Simulator;
  readonly worker: PixelsWorker;
  readonly client: Client;
  readonly outputDir: string;
}

/** What a test works with. */
interface Work {
  readonly swift: Swift;
  /** The way to the store, on which things can go wrong. */
  readonly way: Troubled;
  /** What all their names begin with. */
  readonly prefix: string;
  /** Names of the test's images in the store. */
  stored(): Promise<string[]>;
  /** Starts a worker whose images go there. */
  start(name: string, flags?: Record<string, string>): Promise<Member>;
}

function test(behaviour: string, body: (work: Work) => Promise<void>): void {
  if (swift === undefined) return;
  Deno.test(`A worker with an image store ${behaviour}`, async () => {
    await using running = new AsyncDisposableStack();
    const dir = running.use(await tempDir());
    const way = running.use(troubledWay(swift.options.endpoint));
    const prefix = `worker-${prefixes += 1}`;
    await body({
      swift,
      way,
      prefix,
      stored: async () =>
        (await swift.keys()).filter((key) =>
          key.startsWith(`${prefix}/`) && !key.endsWith("/.writable")
        ),
      async start(name, flags = {}) {
        const simulator = running.use(
          await startSimulator({
            stepTimeMs: 2,
            loadTimeMs: 2,
            nodeTimeMs: 1,
            previewMethod: "still",
          }),
        );
        const plain = await testConfig(`${dir.path}/${name}`, simulator.url, {
          "worker-name": name,
          "http-addr": "127.0.0.1:0",
          ...flags,
        });
        const config = withStore(plain, `s3://images/${prefix}`, way.endpoint);
        const worker = running.use(await startWorker({ config }));
        const client = running.use(await connect(worker));
        return { simulator, worker, client, outputDir: config.output.dir };
      },
    });
  });
}

function withStore(config: Config, store: string, endpoint: string): Config {
  const { region, pathStyle, accessKey, secretKey, sessionToken, credentialsFile } = swift!.options;
  const s3 = { endpoint, region, pathStyle, accessKey, secretKey, sessionToken, credentialsFile };
  return { ...config, output: { ...config.output, store, deleteForgotten: true }, s3 };
}

async function getBytes(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  const bytes = await answer.bytes();
  assert.equal(answer.status, 200, new TextDecoder().decode(bytes));
  return bytes;
}

test("completes a job when all its files are stored, and tells where", async (work) => {
  const { client, worker } = await work.start("a");
  const { id, result } = client.generate({ ...IMAGE, animation_frames: 4 });
  const { imagePaths, imageUrl } = await result;
  const keys = await work.stored();
  const names = keys.map(nameOf);
  for (const path of imagePaths) assert.ok(names.includes(nameOf(path)), path);
  // What lies beside the sheet.
  assert.ok(names.some((name) => name.endsWith("_sheet.json")));
  assert.equal(
    imageUrl,
    `s3://images/${keys.find((key) => nameOf(key) === nameOf(imagePaths[0]!))}`,
  );
  const { image_url, image_path } = await client.job(id);
  assert.deepEqual([image_url, image_path], [imageUrl, imagePaths[0]]);
  // The disk is lost.
  const atlas = `${worker.httpUrl}/v1/jobs/${id}/atlas`;
  const before = await Promise.all([client.image(id), getBytes(atlas)]);
  for await (const { name } of Deno.readDir(imagePaths[0]!.replace(/\/[^/]*$/, ""))) {
    await Deno.remove(`${imagePaths[0]!.replace(/\/[^/]*$/, "")}/${name}`);
  }
  const image = await client.image(id);
  assert.deepEqual(image, before[0]);
  assert.deepEqual(await getBytes(atlas), before[1]);
  assert.deepEqual(await getBytes(`${worker.httpUrl}/v1/jobs/${id}/images/0`), image.data);
});

test("begins nothing while the store is away, and fetches what ran meanwhile when it is back", async (work) => {
  const { client, simulator } = await work.start("a");
  using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
  const running = client.generate(IMAGE);
  await stall.reached;
  const away = Array.from({ length: 10_000 }, () => ({ status: 503, code: "SlowDown" }));
  work.way.drop();
  work.way.troubles.push(...away);
  stall.release();
  const problem = await polled(async () => (await client.status()).problem, "the trouble");
  assert.match(problem, /image store .* HTTP 503 SlowDown/);
  const waiting = client.generate(IMAGE);
  await waiting.accepted;
  assert.equal((await client.job(running.id)).image_path, undefined);
  work.way.troubles.length = 0;
  await Promise.all([running.result, waiting.result]);
  assert.equal(simulator.record.executions.length, 2);
  assert.equal((await work.stored()).length, 2);
});

test("answers for the images of a worker that is gone", async (work) => {
  if (cluster === undefined) return;
  const db = cluster.url("image_store");
  const a = await work.start("a", { db });
  const { id, result } = a.client.generate(IMAGE);
  const { imagePath } = await result;
  const bytes = await Deno.readFile(imagePath);
  await a.client.close();
  await a.worker.close();
  await Deno.remove(imagePath);
  const b = await work.start("b", { db });
  assert.deepEqual((await b.client.image(id)).data, bytes);
  assert.deepEqual(await getBytes(`${b.worker.httpUrl}/v1/jobs/${id}/images/0`), bytes);
  const small = await getBytes(`${b.worker.httpUrl}/v1/jobs/${id}/images/0?thumbnail=16`);
  assert.ok(small.length > 0 && small.length < bytes.length);
  const key = (await work.stored())[0]!;
  using store = await storeOf(work);
  await store.remove(`s3://images/${key}`);
  await assert.rejects(b.client.image(id), { code: "not_found" });
  const gone = await fetch(`${b.worker.httpUrl}/v1/jobs/${id}/images/0`);
  await gone.body?.cancel();
  assert.equal(gone.status, 404);
});

test("says that the store is away to who wants an image that is nowhere else", async (work) => {
  const { client, worker } = await work.start("a");
  const { id, result } = client.generate(IMAGE);
  await Deno.remove((await result).imagePath);
  const away = () => {
    work.way.drop();
    for (let nth = 0; nth < 6; nth += 1) work.way.troubles.push({ status: 503, code: "SlowDown" });
  };
  away();
  await assert.rejects(client.image(id), /Backend busy: The image store/);
  work.way.troubles.length = 0;
  away();
  const answer = await fetch(`${worker.httpUrl}/v1/jobs/${id}/images/0`);
  assert.equal(answer.status, 503);
  assert.match((await answer.json()).detail, /HTTP 503/);
});

test("takes away what one that died had stored of a job that nobody wants", async (work) => {
  if (cluster === undefined) return;
  const db = cluster.url("image_store_left");
  const dead = await openPostgresQueue({ url: db, worker: "dead" });
  await dead.enqueue(generateRequest());
  const lease = (await claimOne(dead, { server: "s", clientId: "c", leaseMs: 10_000 }))!;
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/a.png`, "a");
  using store = await storeOf(work, work.prefix);
  const kept = keepIn(store, dead.copies);
  await kept.store({ imagePaths: [`${dir.path}/a.png`] }, lease, new AbortController().signal);
  await dead.settle(lease, { type: "cancelled" });
  await dead.close();
  assert.equal((await work.stored()).length, 1);
  await work.start("heir", { db });
  await polled(async () => (await work.stored()).length === 0 || undefined, "an empty store");
});

async function storeOf({ swift }: Work, prefix = "") {
  const { openS3Store } = await import("../../src/store/bucket/store.ts");
  return openS3Store({ ...swift.options, prefix });
}
