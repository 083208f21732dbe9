/** A place for spans to go: as much of OTLP over HTTP as tests and benchmarks need. */

/** A span. */
export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly tookMs: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A collector on 127.0.0.1. */
export interface Collector extends AsyncDisposable {
  /** All that came so far. */
  readonly spans: readonly CollectedSpan[];
  /** Resolves with the first span that fits, past or to come. */
  find(fits: (span: CollectedSpan) => boolean): Promise<CollectedSpan>;
  /** Variables for the process that is to send its spans here. */
  readonly env: Readonly<Record<string, string>>;
}

interface ExportRequest {
  resourceSpans?: {
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        startTimeUnixNano: string;
        endTimeUnixNano: string;
        attributes?: { key: string; value: { stringValue?: string } }[];
      }[];
    }[];
  }[];
}

/** Starts a collector. */
export function startCollector(): Collector {
  const spans: CollectedSpan[] = [];
  let change = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.json() as ExportRequest;
    spans.push(...(body.resourceSpans ?? []).flatMap(read));
    change.resolve();
    change = Promise.withResolvers();
    return Response.json({});
  });
  return {
    spans,
    async find(fits) {
      for (let next = 0;; next += 1) {
        while (spans[next] === undefined) await change.promise;
        const span = spans[next];
        if (span !== undefined && fits(span)) return span;
      }
    },
    env: {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function read({ scopeSpans }: NonNullable<ExportRequest["resourceSpans"]>[number]) {
  return scopeSpans.flatMap(({ spans }) =>
    spans.map((span): CollectedSpan => ({
      name: span.name,
      traceId: span.traceId,
      tookMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
      attributes: Object.fromEntries(
        (span.attributes ?? []).map(({ key, value }) => [key, value.stringValue ?? ""]),
      ),
    }))
  );
}
