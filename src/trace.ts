/**
 * Spans for OpenTelemetry, which Deno has built in and sends if it was started with `OTEL_DENO=true`.
 * Otherwise nothing is made, sent or asked for.
 *
 * @module
 */

/** A stretch of work; disposing ends it, the first time. */
export type Span = Disposable;

/** What a span says of itself. */
export interface SpanOptions {
  /** Id of the job that it was for. */
  jobId?: string;
  /** The prompt id, by which spans of one attempt belong together, in whatever isolate they are made. */
  promptId?: string;
  /** When it began, Unix milliseconds with fractions. @default {now} */
  startedAtMs?: number;
}

interface Tracer {
  startSpan(
    name: string,
    options: { startTime?: number; attributes: Record<string, string> },
    context?: unknown,
  ): { end(): void };
}

/** Under this key the OpenTelemetry API registers what is to be used; Deno does so if it is switched on. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/** The key of the API under which a context holds the span that is above. */
const PARENT = Symbol.for("OpenTelemetry Context Key SPAN");

const OFF: Span = { [Symbol.dispose]() {} };

/** The sampled flag of W3C's trace context. */
const SAMPLED = 1;

const tracer = findTracer();

/** True if spans go anywhere. */
export const isTracing: boolean = tracer !== undefined;

/** Begins a span. */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  if (tracer === undefined) return OFF;
  const { jobId, promptId, startedAtMs } = options;
  const span = tracer.startSpan(name, {
    attributes: jobId === undefined ? {} : { "job.id": jobId },
    ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }),
  }, promptId === undefined ? undefined : contextOf(promptId));
  let isOver = false;
  return {
    [Symbol.dispose]() {
      if (!isOver) span.end();
      isOver = true;
    },
  };
}

/** The time on the clock of spans, to be sent along to another isolate; `undefined` if nobody asks. */
export function traceTime(): { sentAtMs?: number } {
  return isTracing ? { sentAtMs: performance.timeOrigin + performance.now() } : {};
}

function findTracer(): Tracer | undefined {
  const registry: unknown = Reflect.get(globalThis, REGISTRY);
  const isOn = typeof registry === "object" && registry !== null && "trace" in registry;
  return isOn ? Deno.telemetry.tracerProvider.getTracer("dgx-pixels") as Tracer : undefined;
}

/** A UUID has the length of a trace id, so nothing else need be sent to other isolates. */
function contextOf(promptId: string): unknown {
  const traceId = promptId.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/.test(traceId)) return undefined;
  const parent = { traceId, spanId: traceId.slice(0, 16), traceFlags: SAMPLED, isRemote: true };
  const span = { spanContext: () => parent };
  return { getValue: (key: symbol) => key === PARENT ? span : undefined };
}
