/**
 * Gives bad input for as long as is wanted: `deno task fuzz --help`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { startWorker } from "../../src/worker/mod.ts";
import { Random } from "../simulation/world/random.ts";
import { slope } from "../support/slope.ts";
import { tempDir } from "../support/temp_dir.ts";
import { testConfig } from "../support/worker.ts";
import { attackReader, READERS } from "./readers.ts";
import { attack, MAKERS } from "./requests.ts";

const HELP =
  `Gives bad input, which must be read or refused in our words: requests to a worker through
its socket, each of which must get one reply; and files, frames and answers to their readers.

--count N  inputs of each kind (default 1000000)
--kind K   mutated or grammar requests, or readers (default all)
--seed N   what they are drawn from (default 1)`;

type Kind = Exclude<keyof typeof MAKERS, "good">;

/** Requests between two looks at the memory. */
const PORTION = 50_000;

const { values } = parseArgs({
  args: [...Deno.args],
  options: {
    count: { type: "string", default: "1000000" },
    kind: { type: "string", multiple: true, default: ["mutated", "grammar", "readers"] },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

async function fuzzRequests(
  count: number,
  kinds: readonly Kind[],
  random: Random,
): Promise<void> {
  await using dir = await tempDir();
  const config = await testConfig(dir.path, "http://127.0.0.1:9");
  const worker = await startWorker({ config });
  try {
    const replies = new Map<string, number>();
    const memory: [number, number][] = [];
    for (const kind of kinds) {
      for (let sent = 0; sent < count; sent += PORTION) {
        const portion = Math.min(PORTION, count - sent);
        const result = await attack(worker.reqAddress, portion, () => MAKERS[kind](random));
        for (const [name, n] of result.replies) replies.set(name, (replies.get(name) ?? 0) + n);
        const { rss, heapUsed } = Deno.memoryUsage();
        const total = memory.length === 0 ? portion : memory.at(-1)![0] + portion;
        memory.push([total, rss]);
        const files = await Promise.all(
          ["", "-wal"].map((end) => Deno.stat(`${dir.path}/queue.db${end}`)),
        );
        const database = files.reduce((sum, { size }) => sum + size, 0);
        print(
          `${total} requests, last ${kind}: process ${mib(rss)}, heap ${mib(heapUsed)}, ` +
            `database ${mib(database)}, longest ping ${result.worstPingMs.toFixed(0)} ms`,
        );
      }
    }
    // The first fifth warms up.
    const perMillion = slope(memory.slice(Math.floor(memory.length / 5))) * 1e6;
    print(`Memory grows by ${mib(perMillion)} a million requests`);
    print([...replies].sort().map(([kind, n]) => `${kind}: ${n}`).join(", "));
  } finally {
    await worker.close();
  }
}

/** Shares the inputs among the readers. */
async function fuzzReaders(count: number, random: Random): Promise<void> {
  await using dir = await tempDir();
  const shares = READERS.reduce((sum, { share }) => sum + share, 0);
  let total = 0;
  for (const { what, share, open } of READERS) {
    const began = Deno.memoryUsage().rss;
    const portion = Math.ceil((count * share) / shares);
    const stand = await attackReader(await open(dir.path), random, portion);
    total += stand.inputs;
    print(
      `${what}: ${stand.inputs} inputs, ${stand.refused} refused, slowest ` +
        `${stand.slowestMs.toFixed(0)} ms, process ${mib(Deno.memoryUsage().rss - began)} larger`,
    );
  }
  print(`${total} inputs, each read or refused`);
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (values.help) print(HELP);
else {
  const [count, random] = [Number(values.count), new Random(Number(values.seed))];
  const requests = values.kind.filter((kind) => kind !== "readers") as Kind[];
  if (requests.length > 0) await fuzzRequests(count, requests, random);
  if (values.kind.includes("readers")) await fuzzReaders(count, random);
}
