import { equal, match, ok } from "node:assert/strict";
import { type Program, startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** Connections that are tried at once, and held. */
const [AT_ONCE, HELD] = [48, 600];

/** Does something while ports are connected to, over and over. */
async function beside<T>(ports: readonly number[], work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const { signal } = over;
  const held: Deno.Conn[] = [];
  const knock = async (port: number): Promise<void> => {
    while (!signal.aborted) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port, signal })
        .catch(() => undefined);
      if (connection !== undefined) held.push(connection);
      if (held.length > HELD) held.shift()?.close();
    }
  };
  const knocking = Array.from({ length: AT_ONCE }, (_, nth) => knock(ports[nth % ports.length]!));
  try {
    return await work();
  } finally {
    over.abort();
    await Promise.all(knocking);
    for (const connection of held) connection.close();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

function startWith(mostFiles: number, ports: readonly number[], dir: string): Program {
  const [requests, updates, http] = ports;
  return startTask("worker", [
    "--simulate",
    `--req-addr=tcp://127.0.0.1:${requests}`,
    `--pub-addr=tcp://127.0.0.1:${updates}`,
    `--http-addr=127.0.0.1:${http}`,
    `--output-dir=${dir}/output`,
    `--db=${dir}/queue.db`,
  ], { mostFiles });
}

Deno.test({
  name: "worker starts under few descriptors beside a flood that was there before it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await tempDir();
    const ports = [freePort(), freePort(), freePort()];
    await using program = startWith(300, ports, dir.path);
    const ready = await beside(ports, () => program.logged("Worker ready"));
    if (ready !== undefined) program.signal("SIGTERM");
    const { code, stderr } = await program.ended;
    ok(ready !== undefined, stderr);
    equal(code, 0);
  },
});

Deno.test({
  name: "worker says how many descriptors it needs where there are too few",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await tempDir();
    await using program = startWith(100, [freePort(), freePort(), freePort()], dir.path);
    const { code, stderr } = await program.ended;
    equal(code, 2);
    match(
      stderr,
      /error: A worker may have to open \d+ files and connections, and only 100 are allowed; raise/,
    );
  },
});
