import assert from "node:assert/strict";
import { createLogger, LOG_LEVELS, type LoggerOptions, silentLogger } from "../src/log.ts";

/** 2023-11-14T22:13:20.042Z */
const NOW = 1_700_000_000_042;

function recorder(options: Omit<LoggerOptions, "write"> = {}) {
  const lines: string[] = [];
  const logger = createLogger({ now: () => NOW, ...options, write: (line) => lines.push(line) });
  return { lines, logger };
}

for (const [index, level] of LOG_LEVELS.entries()) {
  Deno.test(`createLogger() at level ${level} writes that level and what is worse`, () => {
    const { lines, logger } = recorder({ level });
    for (const each of LOG_LEVELS) logger.log(each, each);
    assert.deepEqual(lines.map((line) => JSON.parse(line).level), LOG_LEVELS.slice(index));
  });
}

Deno.test("createLogger() leaves out debug lines by default", () => {
  const { lines, logger } = recorder();
  logger.log("debug", "hidden");
  logger.log("info", "shown");
  assert.deepEqual(lines.map((line) => JSON.parse(line).message), ["shown"]);
});

Deno.test("a JSON line is one object with time, level, message and the fields", () => {
  const { lines, logger } = recorder();
  logger.log("warn", "retry\nlater", { jobId: "job-1", attempt: 2, reason: { code: "timeout" } });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^\{[^\n]*\}\n$/);
  assert.deepEqual(JSON.parse(lines[0]!), {
    time: "2023-11-14T22:13:20.042Z",
    level: "warn",
    message: "retry\nlater",
    jobId: "job-1",
    attempt: 2,
    reason: { code: "timeout" },
  });
});

Deno.test("a human line has the clock, the level, the job, the message and the facts", () => {
  const { lines, logger } = recorder({ format: "human" });
  logger.log("info", "job started", { server: "gpu-1", jobId: "job-1", left: undefined, n: [1] });
  assert.deepEqual(lines, ["22:13:20.042 INFO  [job-1] job started server=gpu-1 n=[1]\n"]);
});

Deno.test("a human line without a job has no brackets", () => {
  const { lines, logger } = recorder({ format: "human" });
  logger.log("error", "worker stopped");
  assert.deepEqual(lines, ["22:13:20.042 ERROR worker stopped\n"]);
});

Deno.test("a human line escapes control characters wherever they come from", () => {
  const { lines, logger } = recorder({ format: "human" });
  logger.log("info", "a\x1b[31m\nb", { jobId: "j\rk", name: "x\x7f\x9by", deep: ["\x1b"] });
  const line = lines[0]!;
  assert(line.endsWith("\n"));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f]/);
  assert.match(line, /a\\u001b\[31m\\\w+b/);
  assert.match(line, /\[j\\\w+k\]/);
  assert.match(line, /name=x\\\w+\\\w+y/);
});

Deno.test("silentLogger takes lines and drops them", () => {
  assert.equal(silentLogger.log("error", "nobody hears this"), undefined);
});

for (const format of ["json", "human"] as const) {
  Deno.test(`a ${format} line shows no secret, wherever it stands`, () => {
    const { lines, logger } = recorder({ format, secrets: ["t0ken"] });
    const url = "http://me:s3cret@host/";
    logger.log("warn", `Cannot reach ${url} with t0ken`, { url, deep: { list: [url, "t0ken"] } });
    assert.doesNotMatch(lines[0]!, /s3cret|t0ken/);
    assert.match(lines[0]!, /\/\/\*\*\*@host/);
  });

  Deno.test(`a ${format} line is written whatever its fields hold`, () => {
    const { lines, logger } = recorder({ format });
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    logger.log("warn", "of a circle", { circle });
    logger.log("warn", "of a big number", { count: 2n ** 64n });
    logger.log("warn", "x".repeat(1_000_000), { text: "y".repeat(1_000_000) });
    assert.match(lines[0]!, /of a circle/);
    assert.match(lines[1]!, /18446744073709551616/);
    assert.ok(lines[2]!.length < 20_000);
  });
}

Deno.test("a line of either format spells out what would act on a terminal, and stays what it is", () => {
  for (const format of ["json", "human"] as const) {
    const lines: string[] = [];
    const logger = createLogger({ format, write: (line) => lines.push(line) });
    const odd = "a\x1b[2J\x7f\u009b31m\u2028\u202eb\u2066";
    logger.log("info", odd, { jobId: odd, server: odd });
    const [line = ""] = lines;
    assert.doesNotMatch(
      line.slice(0, -1),
      // deno-lint-ignore no-control-regex
      /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/,
    );
    assert.ok(line.endsWith("\n"));
    if (format === "json") {
      const { message, jobId, server } = JSON.parse(line);
      assert.deepEqual([message, jobId, server], [odd, odd, odd]);
    }
  }
});
