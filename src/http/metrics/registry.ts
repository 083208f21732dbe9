/**
 * Counters, gauges and histograms in the text format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/); src/README.md says why by no library.
 */

/** Values of labels by their names. */
export type Labels = Readonly<Record<string, string>>;

/** What a series is called and what it means. */
export interface MetricOptions {
  /** Name with its unit; counters end in `_total`. */
  readonly name: string;
  /** One line. */
  readonly help: string;
}

/** A metric that can be written. */
interface Metric {
  /** Its lines, without the head. */
  lines(): string[];
}

/** All metrics of one worker. */
export class Registry {
  readonly #metrics: { head: string; metric: Metric }[] = [];

  /** Makes a number that only grows. */
  counter(options: MetricOptions): Counter {
    return this.#add("counter", options, new Counter(options.name));
  }

  /** Makes a number that goes up and down. */
  gauge(options: MetricOptions): Gauge {
    return this.#add("gauge", options, new Gauge(options.name));
  }

  /** Makes a distribution; the bounds of its buckets rise. */
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Histogram {
    return this.#add("histogram", options, new Histogram(options.name, options.buckets));
  }

  /** Everything as it stands; metrics without a series are left out. */
  text(): string {
    const parts = this.#metrics.flatMap(({ head, metric }) => {
      const lines = metric.lines();
      return lines.length === 0 ? [] : [head, ...lines, ""];
    });
    return parts.join("\n");
  }

  #add<M extends Metric>(type: string, { name, help }: MetricOptions, metric: M): M {
    this.#metrics.push({ head: `# HELP ${name} ${help}\n# TYPE ${name} ${type}`, metric });
    return metric;
  }
}

/** One number for each set of labels. */
class Series implements Metric {
  protected readonly values = new Map<string, number>();
  readonly #name: string;

  /** Begins without any. */
  constructor(name: string) {
    this.#name = name;
  }

  lines(): string[] {
    return [...this.values].map(([labels, value]) => `${this.#name}${labels} ${write(value)}`);
  }
}

/** A number that only grows. */
export class Counter extends Series {
  /** Adds to one series; 0 makes it appear. */
  inc(labels: Labels = {}, by = 1): void {
    const key = keyOf(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  /** Takes over what somebody else has counted. */
  reset(total: number): void {
    this.values.set(keyOf({}), total);
  }
}

/** A number that goes up and down. */
export class Gauge extends Series {
  /** Sets one series. */
  set(labels: Labels, value: number): void {
    this.values.set(keyOf(labels), value);
  }

  /** Takes all series away: nothing is known. */
  clear(): void {
    this.values.clear();
  }
}

/** How often values fell below each bound. */
export class Histogram implements Metric {
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { labels: Labels; counts: number[]; sum: number }>();

  /** Begins without any. */
  constructor(name: string, bounds: readonly number[]) {
    this.#name = name;
    this.#bounds = bounds;
  }

  /** Makes a series appear before its first value. */
  zero(labels: Labels): void {
    this.#of(labels);
  }

  /** Notes a value. */
  observe(labels: Labels, value: number): void {
    const series = this.#of(labels);
    const place = this.#bounds.findIndex((bound) => value <= bound);
    series.counts[place < 0 ? this.#bounds.length : place]! += 1;
    series.sum += value;
  }

  lines(): string[] {
    return [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const buckets = counts.map((count, index) => {
        const bound = this.#bounds[index];
        const le = bound === undefined ? "+Inf" : write(bound);
        total += count;
        return `${this.#name}_bucket${keyOf({ ...labels, le })} ${total}`;
      });
      const key = keyOf(labels);
      return [
        ...buckets,
        `${this.#name}_sum${key} ${write(sum)}`,
        `${this.#name}_count${key} ${total}`,
      ];
    });
  }

  #of(labels: Labels): { labels: Labels; counts: number[]; sum: number } {
    const key = keyOf(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const made = {
      labels,
      counts: Array.from({ length: this.#bounds.length + 1 }, () => 0),
      sum: 0,
    };
    this.#series.set(key, made);
    return made;
  }
}

/** `{name="value"}`, with what the format reserves escaped; nothing without labels. */
function keyOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function write(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
