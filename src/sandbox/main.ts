/**
 * The isolate side: takes jobs of its ComfyUI servers from its host and tells how they go.
 *
 * With its neighbours the only importer of `comfyui/` and `workflow/` in a running worker.
 */

import { PixelsError } from "../errors.ts";
import type { LogFields, LogLevel } from "../log.ts";
import { createRedactor, type Redact, secretsOf } from "../secrets.ts";
import { startSpan, traceTime } from "../trace.ts";
import type {
  FromSandbox,
  RunOutcome,
  SandboxCalls,
  SandboxSetup,
  ToSandbox,
} from "../executor/messages.ts";
import { checkRequest } from "./check.ts";
import { withdraw } from "./cancel.ts";
import type { JobContext } from "./context.ts";
import { runJob } from "./job.ts";
import { openSession } from "./session.ts";
import { removeLeftovers } from "./staging.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToSandbox>) => void) | null;
  postMessage(message: FromSandbox): void;
};

const runs = new Map<number, AbortController>();
let sessions: readonly JobContext[] = [];
/** Hides the secrets of all servers in whatever may come to be seen by others. */
let redact: Redact = createRedactor([]);

self.onmessage = ({ data }) => {
  switch (data.type) {
    case "setup":
      setUp(data.setups);
      break;
    case "run":
      noteHop(data);
      run(data);
      break;
    case "cancel":
      runs.get(data.run)?.abort();
      break;
    case "call":
      answer(data);
      break;
    case "ping":
      self.postMessage({ type: "pong" });
      break;
    default:
      data satisfies never;
  }
};

function noteHop({ spec, sentAtMs }: Extract<ToSandbox, { type: "run" }>): void {
  if (sentAtMs === undefined) return;
  const { jobId, promptId } = spec;
  startSpan("hop to the isolate", { jobId, promptId, startedAtMs: sentAtMs })[Symbol.dispose]();
}

function log(level: LogLevel, message: string, fields: LogFields = {}): void {
  self.postMessage(redact({ type: "log", level, message, fields }));
}

async function setUp(setups: readonly SandboxSetup[]): Promise<void> {
  redact = createRedactor(setups.flatMap((setup) => secretsOf(setup.serverUrl, setup.headers)));
  try {
    for (const dir of new Set(setups.map(({ outputDir }) => outputDir))) await tidyUp(dir);
    sessions = await Promise.all(setups.map((setup, server) =>
      openSession(setup, {
        log,
        onState: (state, error) =>
          self.postMessage(redact({
            type: "server",
            server,
            state,
            ...(error === undefined ? {} : { error }),
          })),
      })
    ));
    self.postMessage({ type: "ready" });
  } catch (error) {
    const { code, message } = explain(error);
    self.postMessage({ type: "refused", code, error: message });
  }
}

/** What cannot be tidied up is in nobody's way; a folder that cannot be read fails the jobs that need it. */
async function tidyUp(outputDir: string): Promise<void> {
  const files = await removeLeftovers(outputDir, { nowMs: Date.now() }).catch(() => 0);
  if (files > 0) log("info", "Removed unfinished files of an earlier process", { files });
}

async function run({ server, run: number, spec }: Extract<ToSandbox, { type: "run" }>) {
  const controller = new AbortController();
  runs.set(number, controller);
  let outcome: RunOutcome;
  try {
    outcome = await runJob(sessionOf(server), spec, {
      signal: controller.signal,
      onEvent: (event) => self.postMessage({ type: "event", run: number, event }),
    });
  } catch (error) {
    const { code, message } = explain(error);
    outcome = {
      type: "failed",
      code,
      error: message,
      retry: false,
      keepPrompt: false,
      crashed: false,
    };
  } finally {
    runs.delete(number);
  }
  const shown = outcome.type === "failed" ? redact(outcome) : outcome;
  self.postMessage({ type: "ended", run: number, outcome: shown, ...traceTime() });
}

async function answer(
  { server, call, name, question }: Extract<ToSandbox, { type: "call" }>,
): Promise<void> {
  try {
    const asked = sessionOf(server);
    const answer = await find(asked, name, question);
    self.postMessage({ type: "answer", call, answer: name === "check" ? redact(answer) : answer });
  } catch (error) {
    const { code, message } = explain(error);
    self.postMessage({ type: "failure", call, code, error: message });
  }
}

function find(
  session: JobContext,
  name: keyof SandboxCalls,
  question: unknown,
): Promise<SandboxCalls[typeof name]["answer"]> {
  switch (name) {
    case "check":
      return checkRequest(session, question as SandboxCalls["check"]["question"]);
    case "models":
      return session.models.list(question as SandboxCalls["models"]["question"]);
    case "withdraw":
      return withdraw(session, question as SandboxCalls["withdraw"]["question"]);
  }
}

function sessionOf(server: number): JobContext {
  const session = sessions[server];
  if (session === undefined) throw new Error("A job came before the set-up");
  return session;
}

function explain(error: unknown): { code: string; message: string } {
  const code = error instanceof PixelsError ? error.code : "sandbox";
  return { code, message: redact(error instanceof Error ? error.message : String(error)) };
}
