/** What the worker counts and times, for Prometheus. */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Update } from "../../protocol/mod.ts";

/** A job that has ended. */
export interface EndedJob {
  /** How. */
  readonly outcome: "completed" | "failed" | "cancelled";
  /** From its acceptance to its start, in seconds; undefined if it never started. */
  readonly waitS: number | undefined;
  /** From its start to its end, in seconds; undefined if it never started. */
  readonly runS: number | undefined;
}

/** An attempt that has ended. */
export interface EndedAttempt {
  /** Name of the server. */
  readonly server: string;
  /** Code of the failure, if it failed. */
  readonly failure: string | undefined;
  /** True if the job is tried again. */
  readonly isRetried: boolean;
  /** One sampling step of each node that samples, in seconds. */
  readonly stepS: readonly number[];
}

/** How a server is. */
export interface ServerGauge {
  /** Its name. */
  readonly name: string;
  /** Its state. */
  readonly state: string;
  /** Jobs handed to it. */
  readonly inFlight: number;
  /** True if it gets no more jobs. */
  readonly isDraining: boolean;
}

/** What is looked at when somebody asks. */
export interface Snapshot {
  /** Webhook deliveries that wait, and those that were given up. */
  readonly webhooks: { readonly waiting: number; readonly dead: number };
  /** Waiting jobs. */
  readonly queued: number;
  /** Running jobs. */
  readonly running: number;
  /** How long the oldest of those that wait has waited, in seconds; 0 if none does. */
  readonly oldestAgeS: number;
  /** The servers. */
  readonly servers: readonly ServerGauge[];
  /** Updates that ZeroMQ subscribers were too slow for, since the start. */
  readonly droppedUpdates: number;
  /** Connections cut off and HTTP requests refused since the start, for there were too many. */
  readonly refusedConnections: number;
  /** Listeners of events over HTTP. */
  readonly listeners: number;
  /** Free bytes where images go; undefined if the worker may not look. */
  readonly freeDiskBytes: number | undefined;
}

/** Takes what happens, and tells it in the text format of Prometheus. */
export interface Metrics {
  /** Notes the end of a job. */
  jobEnded(job: EndedJob): void;
  /** Notes the end of an attempt. */
  attemptEnded(attempt: EndedAttempt): void;
  /** Notes an answer. */
  replied(transport: "zmq" | "http", type: string, seconds: number): void;
  /** Notes an update. */
  updateSent(type: string): void;
  /** Notes that the isolate of these servers fell and another is started. */
  isolateFell(servers: readonly string[]): void;
  /** Notes how a try to tell a webhook ended: `delivered`, `failed` or `dead`. */
  webhookTried(outcome: string): void;
  /** Notes a step of the queue. */
  databaseTook(operation: string, seconds: number): void;
  /** Everything, with what is so now. */
  text(now: Snapshot): Promise<string>;
}

/** Content type of {@linkcode Metrics.text}. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** States of a server, in the wire protocol's words. */
const STATES = ["ready", "connecting", "unreachable"];

const UPDATES: readonly Update["type"][] = [
  "job_started",
  "progress",
  "preview",
  "job_finished",
  "job_complete",
  "job_error",
];

const OUTCOMES = ["completed", "failed", "cancelled"] as const;

/** Bounds in seconds: waits go from at once to hours, answers from 0.1 ms to seconds. */
const BOUNDS = {
  wait: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400],
  run: [0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1_280],
  step: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  reply: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5],
  database: [0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5],
};

/** Creates them; nothing is shared with another worker in this process. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const name = (rest: string) => `dgx_pixels_${rest}`;
  const registers = [registry];
  const counter = <Label extends string>(rest: string, help: string, labelNames: Label[]) =>
    new Counter({ name: name(rest), help, labelNames, registers });
  const gauge = <Label extends string>(rest: string, help: string, labelNames: Label[]) =>
    new Gauge({ name: name(rest), help, labelNames, registers });
  const histogram = <Label extends string>(
    rest: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ) => new Histogram({ name: name(`${rest}_seconds`), help, labelNames, buckets, registers });

  const ended = counter("jobs_ended_total", "Jobs that ended since the start", ["outcome"]);
  const wait = histogram("job_wait", "From acceptance to start", [], BOUNDS.wait);
  const run = histogram("job_run", "From start to end", ["outcome"], BOUNDS.run);
  const step = histogram("step", "One sampling step", ["server"], BOUNDS.step);
  const failures = counter("attempts_failed_total", "Attempts that failed", ["server", "code"]);
  const retries = counter("retries_total", "Attempts that failed and are followed by another", []);
  const replies = histogram(
    "reply",
    "From a request to its answer; plain pings over ZeroMQ are not timed",
    ["transport", "type"],
    BOUNDS.reply,
  );
  const updates = counter("updates_sent_total", "Updates published", ["type"]);
  const isolates = counter("isolate_restarts_total", "Isolates that fell", ["server"]);
  const hooks = counter("webhook_tries_total", "Tries to tell a webhook", ["outcome"]);
  const database = histogram("database", "One step of the queue", ["operation"], BOUNDS.database);
  const fill = gauges(registry, gauge);
  gauge("info", "The worker", ["version"]).set({ version }, 1);
  // A series that begins with its first event hides that event from `rate()`.
  for (const outcome of OUTCOMES) {
    ended.inc({ outcome }, 0);
    run.zero({ outcome });
  }
  for (const type of UPDATES) updates.inc({ type }, 0);
  for (const outcome of ["delivered", "failed", "dead"]) hooks.inc({ outcome }, 0);
  const known = new Set<string>();
  const stepped = new Set<string>();
  return {
    jobEnded({ outcome, waitS, runS }) {
      ended.inc({ outcome });
      if (waitS !== undefined) wait.observe(waitS);
      if (runS !== undefined) run.observe({ outcome }, runS);
    },
    attemptEnded({ server, failure, isRetried, stepS }) {
      if (failure !== undefined) failures.inc({ server, code: failure });
      if (isRetried) retries.inc();
      for (const seconds of stepS) step.observe({ server }, seconds);
      if (stepS.length > 0) stepped.add(server);
    },
    replied: (transport, type, seconds) => replies.observe({ transport, type }, seconds),
    updateSent: (type) => updates.inc({ type }),
    isolateFell(servers) {
      for (const server of servers) isolates.inc({ server });
    },
    webhookTried: (outcome) => hooks.inc({ outcome }),
    databaseTook: (operation, seconds) => database.observe({ operation }, seconds),
    async text(now) {
      for (const { name: server } of now.servers) {
        if (known.has(server)) continue;
        known.add(server);
        isolates.inc({ server }, 0);
        if (!stepped.has(server)) step.zero({ server });
      }
      fill(now);
      return await registry.metrics();
    },
  };
}

type MakeGauge = <Label extends string>(
  rest: string,
  help: string,
  labelNames: Label[],
) => Gauge<Label>;

/** Those that are set when somebody asks. */
function gauges(registry: Registry, gauge: MakeGauge): (now: Snapshot) => void {
  const startedAtS = (Date.now() - performance.now()) / 1_000;
  const jobs = gauge("jobs", "Jobs that have not ended", ["state"]);
  const oldest = gauge(
    "queue_oldest_age_seconds",
    "How long the oldest waiting job has waited",
    [],
  );
  const state = gauge("server_state", "1 for the state that a server is in", ["server", "state"]);
  const inFlight = gauge("server_jobs", "Jobs handed to a server", ["server"]);
  const draining = gauge("server_draining", "1 if a server gets no more jobs", ["server"]);
  const dropped = new Counter({
    name: "dgx_pixels_updates_dropped_total",
    help: "Updates that ZeroMQ subscribers were too slow for",
    registers: [registry],
  });
  const refused = new Counter({
    name: "dgx_pixels_connections_refused_total",
    help: "Connections and HTTP requests that were too many, mostly of one address",
    registers: [registry],
  });
  const waiting = gauge("webhooks_waiting", "Webhook deliveries to be tried", []);
  const dead = gauge("webhooks_dead", "Webhook deliveries that were given up", []);
  const listeners = gauge("event_listeners", "Listeners of events over HTTP", []);
  const disk = gauge("output_free_bytes", "Free disk space where images go", []);
  const heap = gauge("heap_bytes", "Memory of the main isolate's JavaScript", []);
  const memory = processGauge(registry, "resident_memory_bytes", "Memory of the process");
  const started = processGauge(
    registry,
    "start_time_seconds",
    "Start of the process, Unix seconds",
  );
  return (now) => {
    jobs.set({ state: "queued" }, now.queued);
    jobs.set({ state: "running" }, now.running);
    oldest.set(now.oldestAgeS);
    // A server may have been removed.
    for (const each of [state, inFlight, draining]) each.reset();
    for (const server of now.servers) {
      for (const each of STATES) {
        state.set({ server: server.name, state: each }, each === server.state ? 1 : 0);
      }
      inFlight.set({ server: server.name }, server.inFlight);
      draining.set({ server: server.name }, server.isDraining ? 1 : 0);
    }
    dropped.reset();
    dropped.inc(now.droppedUpdates);
    refused.reset();
    refused.inc(now.refusedConnections);
    waiting.set(now.webhooks.waiting);
    dead.set(now.webhooks.dead);
    listeners.set(now.listeners);
    if (now.freeDiskBytes === undefined) disk.remove();
    else disk.set(now.freeDiskBytes);
    // The library's own collector reads /proc, which needs every right, and says 0 without.
    const { rss, heapUsed } = Deno.memoryUsage();
    heap.set(heapUsed);
    memory.set(rss);
    started.set(startedAtS);
  };
}

function processGauge(registry: Registry, rest: string, help: string): Gauge {
  return new Gauge({ name: `process_${rest}`, help, registers: [registry] });
}
