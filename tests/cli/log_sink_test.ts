import assert from "node:assert/strict";
import { type LogOutput, LogSink } from "../../src/cli/log_sink.ts";

/** An output that can be held up or broken. */
class FakeOutput implements LogOutput {
  written = "";
  isOpen = true;
  failure: string | undefined;
  mostBytes = Infinity;
  gate: Promise<void> = Promise.resolve();

  async write(bytes: Uint8Array): Promise<number> {
    await this.gate;
    if (this.failure !== undefined) throw new Error(this.failure);
    const part = bytes.subarray(0, this.mostBytes);
    this.written += new TextDecoder().decode(part);
    return part.length;
  }

  [Symbol.dispose](): void {
    this.isOpen = false;
  }
}

function setUp(mostBytes = 1_000) {
  const outputs: FakeOutput[] = [];
  const next = { failure: undefined as string | undefined };
  const sink = new LogSink({
    open() {
      if (next.failure !== undefined) return Promise.reject(new Error(next.failure));
      const output = new FakeOutput();
      outputs.push(output);
      return Promise.resolve(output);
    },
    describe: ({ lines, why }) => `lost ${lines}: ${why}\n`,
    mostBytes,
    retryMs: 1,
  });
  return { sink, outputs, next };
}

Deno.test("LogSink writes lines in order, however little is written at once", async () => {
  const { sink, outputs } = setUp();
  await sink.open();
  outputs[0]!.mostBytes = 3;
  sink.write("one\n");
  sink.write("zwölf\n");
  assert.ok(await sink.flush(5_000));
  assert.equal(outputs[0]?.written, "one\nzwölf\n");
  sink[Symbol.dispose]();
  assert.equal(outputs[0]?.isOpen, false);
});

Deno.test("LogSink writes a line that comes in whatever moment another one has just been written", async () => {
  for (let turns = 0; turns < 20; turns += 1) {
    const { sink, outputs } = setUp();
    await sink.open();
    const gate = Promise.withResolvers<void>();
    outputs[0]!.gate = gate.promise;
    sink.write("one\n");
    gate.resolve();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    sink.write("two\n");
    await sink.flush(5_000);
    assert.equal(outputs[0]?.written, "one\ntwo\n", `after ${turns} turns`);
    sink[Symbol.dispose]();
  }
});

Deno.test("LogSink writes what comes soon after other lines together, unless that is much", async () => {
  const { sink, outputs } = setUp(50);
  await sink.open();
  const writes: number[] = [];
  const output = outputs[0]!;
  const write = output.write.bind(output);
  output.write = (bytes) => {
    writes.push(bytes.length);
    return write(bytes);
  };
  sink.write("one\n");
  assert.ok(await sink.flush(5_000));
  sink.write("two\n");
  sink.write("three\n");
  assert.ok(await sink.flush(5_000));
  assert.deepEqual([output.written, writes], ["one\ntwo\nthree\n", [4, 10]]);
  sink.write("four\n");
  assert.equal(writes.length, 2);
  sink.write("a line that is longer than others\n");
  assert.ok(await sink.flush(5_000));
  assert.equal(writes.length, 3);
  sink[Symbol.dispose]();
});

Deno.test("LogSink drops lines while nobody reads, and says how many when somebody does", async () => {
  const { sink, outputs } = setUp(20);
  await sink.open();
  const gate = Promise.withResolvers<void>();
  outputs[0]!.gate = gate.promise;
  for (let line = 0; line < 10; line++) sink.write(`line ${line}\n`);
  assert.equal(await sink.flush(1), false);
  gate.resolve();
  assert.ok(await sink.flush(5_000));
  sink.write("after\n");
  assert.ok(await sink.flush(5_000));
  const why = "they came faster than they could be written";
  assert.equal(outputs[0]?.written, `line 0\nline 1\nlost 8: ${why}\nafter\n`);
  sink[Symbol.dispose]();
});

Deno.test("LogSink keeps what a full disk does not take, tries again, and tells what it dropped and why", async () => {
  const { sink, outputs } = setUp(20);
  await sink.open();
  outputs[0]!.failure = "No space left on device";
  sink.write("first\n");
  assert.equal(await sink.flush(20), false);
  for (let line = 0; line < 10; line++) sink.write(`line ${line}\n`);
  outputs[0]!.failure = undefined;
  assert.ok(await sink.flush(5_000));
  assert.equal(
    outputs[0]?.written,
    "first\nline 0\nline 1\nlost 8: No space left on device\n",
  );
  sink[Symbol.dispose]();
});

Deno.test("LogSink.reopen() writes what comes next to a new file, or the old one if there is none", async () => {
  const { sink, outputs, next } = setUp();
  await sink.open();
  sink.write("one\n");
  assert.ok(await sink.flush(5_000));
  sink.reopen();
  assert.ok(await sink.flush(5_000));
  sink.write("two\n");
  assert.ok(await sink.flush(5_000));
  next.failure = "Permission denied";
  sink.reopen();
  sink.write("three\n");
  assert.ok(await sink.flush(5_000));
  assert.deepEqual(outputs.map(({ written, isOpen }) => [written, isOpen]), [
    ["one\n", false],
    ["two\nthree\n", true],
  ]);
  sink[Symbol.dispose]();
});

Deno.test("LogSink.open() tells why an output cannot be opened", async () => {
  const { sink, next } = setUp();
  next.failure = "Permission denied";
  await assert.rejects(sink.open(), { message: "Permission denied" });
  sink[Symbol.dispose]();
});

Deno.test("LogSink that is disposed of leaves a write that never ends to itself", async () => {
  const { sink, outputs } = setUp();
  await sink.open();
  outputs[0]!.gate = new Promise(() => {});
  sink.write("one\n");
  assert.equal(await sink.flush(1), false);
  sink[Symbol.dispose]();
  assert.equal(outputs[0]?.isOpen, true);
});
