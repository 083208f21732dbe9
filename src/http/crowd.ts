/**
 * How many may talk HTTP at a time, and for how long without saying anything. Deno's server takes any number
 * of connections and waits for each without end.
 */

import type { Logger } from "../log.ts";
import type { Problem } from "./problem.ts";

/** A connection as the system knows it. */
export interface KnownConnection {
  /** Number of this end. */
  readonly descriptor: number;
  /** Address of the other end. */
  readonly hostname: string;
  /** Port of the other end. */
  readonly port: number;
}

/** What the system knows of the connections to the server's port. */
export interface KnownConnections extends Disposable {
  /** Files and sockets that this process may have open. */
  readonly mostDescriptors: number;
  /** All that are open now. */
  list(): readonly KnownConnection[];
  /** What the other end has taken so far, in bytes, and whether more waits for it. */
  sent(connection: KnownConnection): { readonly takenBytes: number; readonly isWaiting: boolean };
  /** Ends one. */
  cut(connection: KnownConnection): void;
}

/** Options of a {@linkcode Crowd}. */
export interface CrowdOptions {
  /** Most connections, and requests under way, of one address. */
  readonly maxConnections: number;
  /** The connections, where the system can be asked. */
  readonly connections: KnownConnections | undefined;
  /** Takes log lines. */
  readonly logger: Logger;
  /** A clock that never goes back, in milliseconds. @default {performance.now} */
  readonly clock?: () => number;
}

/** How many addresses may have all that one may have. */
const FULL_ADDRESSES = 4;

/** What connections may take of the descriptors; the rest is for the queue, images and ZeroMQ's clients. */
const DESCRIPTOR_SHARE = 0.5;

/** How long a connection may be open before its first request has come, in milliseconds. */
const FIRST_REQUEST_MS = 15_000;

/** How long it may rest after an answer; browsers and proxies keep theirs for a minute. */
const REST_MS = 120_000;

/** How long it may rest after the last one. Deno would wait for the rest of a body. */
const LINGER_MS = 2_000;

/** How long it may take nothing of an answer that waits for it. */
const STALL_MS = 60_000;

/** Time between two looks: while connections come, and the longest otherwise. */
const [SHORTEST_LOOK_MS, LONGEST_LOOK_MS] = [50, 400];

/** Seconds after which some may have gone. */
const RETRY_AFTER_S = 5;

/** Addresses that were told of; a stranger must not fill the memory with them. */
const MAX_TOLD = 1_000;

/** A request has been answered, and whether it was to be the last of its connection. */
export type Leave = (isLast: boolean) => void;

/** Requests of one connection. */
interface Visitor {
  underWay: number;
  restsSinceMs: number;
}

/** A connection that was there at the last look. */
interface Seen {
  readonly connection: KnownConnection;
  readonly name: string;
  readonly source: string;
  readonly sinceMs: number;
  takenBytes: number;
  takenAtMs: number;
}

/** Counts who is there. Disposing of it ends the looks. */
export class Crowd implements Disposable {
  /** Connections that were cut off, and requests refused, for there were too many. */
  refused = 0;
  readonly #options: CrowdOptions;
  readonly #clock: () => number;
  readonly #most: number;
  readonly #requests = new Map<string, number>();
  readonly #visitors = new Map<string, Visitor>();
  readonly #told = new Set<string>();
  #seen = new Map<number, Seen>();
  #underWay = 0;
  #lookMs = LONGEST_LOOK_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to look, if there are connections to look at. */
  constructor(options: CrowdOptions) {
    const { maxConnections, connections, clock = () => performance.now() } = options;
    this.#options = options;
    this.#clock = clock;
    const descriptors = Math.floor((connections?.mostDescriptors ?? Infinity) * DESCRIPTOR_SHARE);
    this.#most = Math.min(maxConnections * FULL_ADDRESSES, Math.max(1, descriptors));
    if (connections !== undefined) this.#goOn();
  }

  /**
   * A request has come.
   *
   * @returns what is to be called when it has been answered, or why it is not served.
   */
  enter({ hostname, port }: Pick<KnownConnection, "hostname" | "port">): Leave | Problem {
    const address = canonical(hostname);
    const source = sourceOf(address);
    const { maxConnections, connections } = this.#options;
    const count = this.#requests.get(source) ?? 0;
    if (count >= maxConnections || this.#underWay >= this.#most) {
      return this.#refusal(source, count >= maxConnections);
    }
    this.#requests.set(source, count + 1);
    this.#underWay += 1;
    const visitor = connections && this.#visit(nameOf(address, port));
    return (isLast) => {
      this.#underWay -= 1;
      const rest = (this.#requests.get(source) ?? 1) - 1;
      if (rest > 0) this.#requests.set(source, rest);
      else this.#requests.delete(source);
      if (visitor === undefined) return;
      visitor.underWay -= 1;
      visitor.restsSinceMs = this.#clock() - (isLast ? REST_MS - LINGER_MS : 0);
    };
  }

  /** Looks at all connections, and cuts off those that are too many or too slow. */
  look(): void {
    const nowMs = this.#clock();
    const { connections } = this.#options;
    if (connections === undefined) return;
    const seen = new Map<number, Seen>();
    const bySource = new Map<string, Seen[]>();
    let fresh = 0;
    for (const connection of connections.list()) {
      const one = this.#recognize(connection, nowMs);
      if (one.sinceMs === nowMs) fresh += 1;
      if (this.#isSlow(one, nowMs)) {
        connections.cut(connection);
        continue;
      }
      seen.set(connection.descriptor, one);
      const others = bySource.get(one.source);
      if (others === undefined) bySource.set(one.source, [one]);
      else others.push(one);
    }
    this.#seen = seen;
    this.#thinOut([...bySource.values()]);
    this.#forgetGone(seen);
    this.#lookMs = fresh > 0 ? SHORTEST_LOOK_MS : Math.min(this.#lookMs * 2, LONGEST_LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#options.connections?.[Symbol.dispose]();
  }

  #goOn(): void {
    this.#timer = setTimeout(() => {
      this.look();
      this.#goOn();
    }, this.#lookMs);
  }

  #visit(name: string): Visitor {
    let visitor = this.#visitors.get(name);
    if (visitor === undefined) {
      visitor = { underWay: 0, restsSinceMs: this.#clock() };
      this.#visitors.set(name, visitor);
    }
    visitor.underWay += 1;
    return visitor;
  }

  #recognize(connection: KnownConnection, nowMs: number): Seen {
    const address = canonical(connection.hostname);
    const name = nameOf(address, connection.port);
    const known = this.#seen.get(connection.descriptor);
    if (known?.name === name) return known;
    const source = sourceOf(address);
    return { connection, name, source, sinceMs: nowMs, takenBytes: 0, takenAtMs: nowMs };
  }

  #isSlow(one: Seen, nowMs: number): boolean {
    const visitor = this.#visitors.get(one.name);
    if (visitor === undefined) return nowMs - one.sinceMs > FIRST_REQUEST_MS;
    if (visitor.underWay === 0) return nowMs - visitor.restsSinceMs > REST_MS;
    const { takenBytes = 0, isWaiting = false } = this.#options.connections?.sent(one.connection) ??
      {};
    if (takenBytes !== one.takenBytes || !isWaiting) {
      one.takenBytes = takenBytes;
      one.takenAtMs = nowMs;
    }
    return nowMs - one.takenAtMs > STALL_MS;
  }

  /** Where all together are too many, nobody has to go before those who have more. */
  #thinOut(groups: readonly Seen[][]): void {
    const { maxConnections, connections } = this.#options;
    const share = Math.min(maxConnections, shareOf(groups.map(({ length }) => length), this.#most));
    for (const group of groups) {
      if (group.length <= share) continue;
      const rank = ({ name }: Seen) => (this.#visitors.get(name)?.underWay ?? 0) > 0 ? 0 : 1;
      group.sort((a, b) => rank(a) - rank(b) || a.sinceMs - b.sinceMs);
      for (const { connection, source } of group.slice(share)) {
        connections?.cut(connection);
        this.#count(source, share);
      }
    }
  }

  /** A request that is under way is remembered until it ends. */
  #forgetGone(seen: ReadonlyMap<number, Seen>): void {
    const names = new Set([...seen.values()].map(({ name }) => name));
    for (const [name, { underWay }] of this.#visitors) {
      if (underWay === 0 && !names.has(name)) this.#visitors.delete(name);
    }
  }

  #refusal(source: string, isOwn: boolean): Problem {
    this.#count(source, isOwn ? this.#options.maxConnections : this.#most);
    const whose = isOwn ? "of your address" : "of all clients";
    const count = isOwn ? this.#options.maxConnections : this.#most;
    return {
      status: isOwn ? 429 : 503,
      code: "unavailable",
      detail: `${count} requests ${whose} are under way already (http.max_connections)`,
      retryAfterS: RETRY_AFTER_S,
    };
  }

  /** Each address is told of once, however often it tries. */
  #count(source: string, most: number): void {
    this.refused += 1;
    if (this.#told.has(source) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(source);
    const message = `Cut off HTTP connections from ${source}: it has ${most} already ` +
      "(http.max_connections)";
    this.#options.logger.log("warn", message);
  }
}

/** How many each may have so that all together are not too many. */
function shareOf(counts: readonly number[], most: number): number {
  let left = most;
  const sorted = counts.toSorted((a, b) => a - b);
  for (const [index, count] of sorted.entries()) {
    const others = sorted.length - index;
    if (count * others > left) return Math.max(1, Math.floor(left / others));
    left -= count;
  }
  return Infinity;
}

function nameOf(address: string, port: number): string {
  return `${address} ${port}`;
}

/** A network of IPv6 counts as one address: whoever has one has all in it. */
function sourceOf(address: string): string {
  return address.includes(":") ? `${address.slice(0, 19)}::/64` : address;
}

/** An address with all its digits; an IPv4 one within IPv6 as IPv4. */
function canonical(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = [], tail = []] = hostname.split("%")[0]!.split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const gap = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  const groups = [...head, ...gap, ...tail].map((group) => group.toLowerCase().padStart(4, "0"));
  if (groups.slice(0, 6).join() !== "0000,0000,0000,0000,0000,ffff") return groups.join(":");
  const [high = 0, low = 0] = groups.slice(6).map((group) => parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
