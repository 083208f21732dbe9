import assert from "node:assert/strict";
import { startTask } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** A process of its own: tests may not open such sockets. */
function listenAt(path: string, ...words: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-config",
      "--unstable-net",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      new URL("listener.ts", import.meta.url).pathname,
      path,
      ...words,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    /** The next datagram. */
    async next(): Promise<string> {
      while (!text.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("The listener has ended");
        text += value;
      }
      const end = text.indexOf("\n");
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return JSON.parse(line);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

Deno.test("systemd hears when the worker is ready, that it lives, and when it stops", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/notify`;
  await using systemd = listenAt(path);
  assert.equal(await systemd.next(), "listening");
  const args = ["--simulate", "--req-addr=tcp://127.0.0.1:0", "--pub-addr=tcp://127.0.0.1:0"];
  const files = [`--db=${dir.path}/q.db`, `--output-dir=${dir.path}/out`];
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" };
  await using worker = startTask("worker", [...args, ...files], { env });
  const seen: string[] = [];
  const until = async (wanted: string) => {
    do seen.push(await systemd.next()); while (!seen.at(-1)!.startsWith(wanted));
  };
  await until("READY=1\nSTATUS=Takes jobs on tcp://127.0.0.1:");
  await until("WATCHDOG=1");
  await until("WATCHDOG=1");
  worker.signal("SIGTERM");
  await until("STOPPING=1\n");
  assert.equal((await worker.ended).code, 0);
});

Deno.test("a socket that is not there costs a warning, not the worker", async () => {
  await using dir = await tempDir();
  const args = ["--simulate", "--req-addr=tcp://127.0.0.1:0", "--pub-addr=tcp://127.0.0.1:0"];
  const files = [`--db=${dir.path}/q.db`, `--output-dir=${dir.path}/out`];
  for (const socket of [`${dir.path}/nobody`, "@abstract"]) {
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "nonsense" };
    await using worker = startTask("worker", [...args, ...files], { env });
    assert.ok(await worker.logged("Worker ready"));
    worker.signal("SIGTERM");
    const { code, stderr } = await worker.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Cannot tell systemd how the worker is: /);
  }
});

Deno.test("a socket from which nobody reads costs a warning, and the worker still stops", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/notify`;
  await using systemd = listenAt(path, "deaf");
  assert.equal(await systemd.next(), "listening");
  const args = ["--simulate", "--req-addr=tcp://127.0.0.1:0", "--pub-addr=tcp://127.0.0.1:0"];
  const files = [`--db=${dir.path}/q.db`, `--output-dir=${dir.path}/out`];
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "1" };
  await using worker = startTask("worker", [...args, ...files], { env });
  assert.ok(
    await worker.logged(
      "Cannot tell systemd how the worker is: its socket is full, and nobody reads from it",
    ),
  );
  worker.signal("SIGTERM");
  const { code, stderr } = await worker.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/Cannot tell systemd/g)?.length, 1);
});
