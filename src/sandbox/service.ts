/** What an isolate does: takes jobs of its ComfyUI servers from its host and tells how they go. */

import { messageOf, PixelsError } from "../errors.ts";
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
import { listNames } from "./names.ts";
import { checkRequest } from "./check.ts";
import { withdraw } from "./cancel.ts";
import type { JobContext } from "./context.ts";
import { runJob } from "./job.ts";
import { Outgoing } from "./outgoing.ts";
import { openSession } from "./session.ts";
import { removeLeftovers } from "./staging.ts";

/** One isolate, as its host sees it from within. */
export class IsolateService {
  readonly #outgoing: Outgoing;
  readonly #runs = new Map<number, AbortController>();
  #sessions: readonly JobContext[] = [];
  /** Hides the secrets of all servers in whatever may come to be seen by others. */
  #redact: Redact = createRedactor([]);

  /** Waits for the set-up. */
  constructor(send: (messages: readonly FromSandbox[]) => void) {
    this.#outgoing = new Outgoing(send);
  }

  /** Takes a message of the host; what comes of it is posted. */
  take(message: ToSandbox): void {
    switch (message.type) {
      case "setup":
        if (message.ring !== undefined) this.#outgoing.share(message.ring);
        this.#setUp(message.setups);
        break;
      case "run":
        noteHop(message);
        this.#run(message);
        break;
      case "cancel":
        this.#runs.get(message.run)?.abort();
        break;
      case "call":
        this.#answer(message);
        break;
      case "ping":
        this.#post({ type: "pong" });
        break;
      default:
        message satisfies never;
    }
  }

  #post(message: FromSandbox): void {
    this.#outgoing.post(message);
  }

  #log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#post(this.#redact({ type: "log", level, message, fields }));
  }

  async #setUp(setups: readonly SandboxSetup[]): Promise<void> {
    this.#redact = createRedactor(
      setups.flatMap((setup) => secretsOf(setup.serverUrl, setup.headers)),
    );
    try {
      for (const dir of new Set(setups.map(({ outputDir }) => outputDir))) await this.#tidyUp(dir);
      this.#sessions = await Promise.all(setups.map((setup, server) =>
        openSession(setup, {
          log: (...line) => this.#log(...line),
          onState: (state, error) =>
            this.#post(this.#redact({
              type: "server",
              server,
              state,
              ...(error === undefined ? {} : { error }),
            })),
        })
      ));
      const problems = this.#sessions.flatMap(({ catalog }) => catalog.problems);
      for (const problem of new Set(problems)) this.#log("error", problem);
      this.#post({ type: "ready" });
    } catch (error) {
      const { code, message } = this.#explain(error);
      this.#post({ type: "refused", code, error: message });
    }
  }

  /** What cannot be tidied up is in nobody's way; a folder that cannot be read fails the jobs that need it. */
  async #tidyUp(outputDir: string): Promise<void> {
    const files = await removeLeftovers(outputDir, { nowMs: Date.now() }).catch(() => 0);
    if (files > 0) this.#log("info", "Removed unfinished files of an earlier process", { files });
  }

  async #run(
    { server, run: number, spec }: Extract<ToSandbox, { type: "run" }>,
  ): Promise<void> {
    const controller = new AbortController();
    this.#runs.set(number, controller);
    let outcome: RunOutcome;
    try {
      outcome = await runJob(this.#sessionOf(server), spec, {
        signal: controller.signal,
        onEvent: (event) => this.#post({ type: "event", run: number, event }),
      });
    } catch (error) {
      const { code, message } = this.#explain(error);
      outcome = {
        type: "failed",
        code,
        error: message,
        retry: false,
        keepPrompt: false,
        crashed: false,
      };
    } finally {
      this.#runs.delete(number);
    }
    const shown = outcome.type === "failed" ? this.#redact(outcome) : outcome;
    this.#post({ type: "ended", run: number, outcome: shown, ...traceTime() });
  }

  async #answer(
    { server, call, name, question }: Extract<ToSandbox, { type: "call" }>,
  ): Promise<void> {
    try {
      const asked = this.#sessionOf(server);
      const answer = await find(asked, name, question);
      this.#post({
        type: "answer",
        call,
        answer: name === "check" ? this.#redact(answer) : answer,
      });
    } catch (error) {
      const { code, message } = this.#explain(error);
      this.#post({ type: "failure", call, code, error: message });
    }
  }

  #sessionOf(server: number): JobContext {
    const session = this.#sessions[server];
    if (session === undefined) throw new Error("A job came before the set-up");
    return session;
  }

  #explain(error: unknown): { code: string; message: string } {
    const code = error instanceof PixelsError ? error.code : "sandbox";
    return { code, message: this.#redact(messageOf(error)) };
  }
}

function noteHop({ spec, sentAtMs }: Extract<ToSandbox, { type: "run" }>): void {
  if (sentAtMs === undefined) return;
  const { jobId, promptId } = spec;
  startSpan("hop to the isolate", { jobId, promptId, startedAtMs: sentAtMs })[Symbol.dispose]();
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
    case "catalog":
      return listNames(session);
    case "leave":
      return leave(session);
    case "withdraw":
      return withdraw(session, question as SandboxCalls["withdraw"]["question"]);
  }
}

async function leave({ server }: JobContext): Promise<boolean> {
  await server[Symbol.asyncDispose]();
  return true;
}
