import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Crowd, type KnownConnection, type Leave } from "../../src/http/crowd.ts";
import type { Logger } from "../../src/log.ts";

/** What the system knows, at a time of the test's own. */
class World {
  nowMs = 0;
  mostDescriptors = 10_000;
  readonly open: KnownConnection[] = [];
  readonly logged: string[] = [];
  readonly sent = new Map<number, { takenBytes: number; isWaiting: boolean }>();
  readonly #logger: Logger = { log: (_, message) => void this.logged.push(message) };

  crowd(maxConnections: number, isKnown = true): Crowd {
    const connections = {
      mostDescriptors: this.mostDescriptors,
      list: () => [...this.open],
      sent: ({ descriptor }: KnownConnection) =>
        this.sent.get(descriptor) ?? { takenBytes: 0, isWaiting: false },
      cut: (connection: KnownConnection) => {
        this.open.splice(this.open.indexOf(connection), 1);
      },
      [Symbol.dispose]: () => {},
    };
    return new Crowd({
      maxConnections,
      connections: isKnown ? connections : undefined,
      logger: this.#logger,
      clock: () => this.nowMs,
    });
  }

  come(hostname: string, count = 1): readonly KnownConnection[] {
    return Array.from({ length: count }, () => {
      const descriptor = 10 + this.open.length + this.nowMs * 1_000;
      const connection = { descriptor, hostname, port: descriptor };
      this.open.push(connection);
      return connection;
    });
  }

  from(hostname: string): number {
    return this.open.filter((one) => one.hostname === hostname).length;
  }
}

function entered(crowd: Crowd, connection: Pick<KnownConnection, "hostname" | "port">): Leave {
  const leave = crowd.enter(connection);
  ok(typeof leave === "function", JSON.stringify(leave));
  return leave;
}

Deno.test("a crowd has room for so many connections of one address, and the newest without a request go first", () => {
  const world = new World();
  using crowd = world.crowd(3);
  const first = world.come("10.0.0.1", 3);
  crowd.look();
  world.nowMs += 1;
  const [asking] = world.come("10.0.0.1", 3);
  const leave = entered(crowd, asking!);
  world.come("10.0.0.2", 2);
  crowd.look();
  deepEqual(world.open.filter(({ hostname }) => hostname === "10.0.0.1"), [
    ...first.slice(0, 2),
    asking,
  ]);
  equal(world.from("10.0.0.2"), 2);
  equal(crowd.refused, 3);
  deepEqual(world.logged, [
    "Cut off HTTP connections from 10.0.0.1: it has 3 already (http.max_connections)",
  ]);
  leave(false);
});

Deno.test("where all together are too many, those go who have more than their share", () => {
  const world = new World();
  using crowd = world.crowd(10);
  for (const host of [1, 2, 3, 4, 5]) world.come(`10.0.0.${host}`, 10);
  world.come("10.0.0.9", 2);
  crowd.look();
  equal(world.open.length, 5 * 7 + 2);
  equal(world.from("10.0.0.9"), 2);
});

Deno.test("a crowd leaves half of the descriptors to others", () => {
  const world = new World();
  world.mostDescriptors = 100;
  using crowd = world.crowd(1_000);
  world.come("10.0.0.1", 70);
  crowd.look();
  equal(world.open.length, 50);
});

Deno.test("a network of IPv6 counts as one address, and IPv4 in IPv6 as IPv4", () => {
  const world = new World();
  using crowd = world.crowd(2);
  const leave = [
    entered(crowd, { hostname: "2001:db8:1:2::1", port: 1 }),
    entered(crowd, { hostname: "2001:db8:1:2:3:4:5:6", port: 2 }),
  ];
  ok(typeof crowd.enter({ hostname: "2001:DB8:1:2::9", port: 3 }) !== "function");
  leave.push(entered(crowd, { hostname: "2001:db8:1:3::1", port: 4 }));
  for (const hostname of ["::ffff:10.0.0.1", "::ffff:a00:1"]) {
    leave.push(entered(crowd, { hostname, port: 5 }));
  }
  ok(typeof crowd.enter({ hostname: "10.0.0.1", port: 6 }) !== "function");
  leave.push(entered(crowd, { hostname: "::1", port: 7 }));
  for (const one of leave) one(false);
  // The system tells of the same connection with all its digits.
  entered(crowd, { hostname: "fe80::1%eth0", port: 8 });
  world.open.push({
    descriptor: 8,
    hostname: "fe80:0000:0000:0000:0000:0000:0000:0001",
    port: 8,
  });
  crowd.look();
  world.nowMs += 3_600_000;
  crowd.look();
  equal(world.open.length, 1, "its request is under way");
});

Deno.test("requests beyond those of an address, or of all, are refused until others have ended", () => {
  const world = new World();
  using crowd = world.crowd(1, false);
  const hosts = [1, 2, 3, 4].map((host) => ({ hostname: `10.0.0.${host}`, port: 1 }));
  const leaves = hosts.map((host) => entered(crowd, host));
  const own = crowd.enter(hosts[0]!);
  ok(typeof own !== "function");
  deepEqual([own.status, own.code, own.retryAfterS], [429, "unavailable", 5]);
  match(own.detail, /^1 requests of your address are under way already \(http\.max_connections\)$/);
  const all = crowd.enter({ hostname: "10.0.0.5", port: 1 });
  ok(typeof all !== "function");
  deepEqual([all.status, all.retryAfterS], [503, 5]);
  match(all.detail, /^4 requests of all clients/);
  leaves[0]!(false);
  entered(crowd, { hostname: "10.0.0.5", port: 1 });
  equal(crowd.refused, 2);
});

/** What a connection does, and how many milliseconds it may. */
const SLOW: Readonly<Record<string, [mostMs: number, act: (crowd: Crowd, world: World) => void]>> =
  {
    "has sent no whole request": [15_000, () => {}],
    "rests after an answer": [120_000, (crowd, { open }) => entered(crowd, open[0]!)(false)],
    "rests after its last answer": [2_000, (crowd, { open }) => entered(crowd, open[0]!)(true)],
    "takes nothing of its answer": [60_000, (crowd, { open, sent }) => {
      entered(crowd, open[0]!);
      sent.set(open[0]!.descriptor, { takenBytes: 7, isWaiting: true });
    }],
  };

for (const [what, [mostMs, act]] of Object.entries(SLOW)) {
  Deno.test(`a connection that ${what} goes after a while`, () => {
    const world = new World();
    using crowd = world.crowd(10);
    world.come("10.0.0.1");
    crowd.look();
    act(crowd, world);
    crowd.look();
    world.nowMs = mostMs;
    crowd.look();
    equal(world.open.length, 1);
    world.nowMs = mostMs + 1;
    crowd.look();
    equal(world.open.length, 0);
  });
}

Deno.test("a connection stays while its request is under way and what is sent is taken", () => {
  const world = new World();
  using crowd = world.crowd(10);
  const [connection] = world.come("10.0.0.1");
  entered(crowd, connection!);
  for (const isWaiting of [false, true, true, false]) {
    world.nowMs += 50_000;
    world.sent.set(connection!.descriptor, { takenBytes: isWaiting ? world.nowMs : 0, isWaiting });
    crowd.look();
  }
  equal(world.open.length, 1);
});

Deno.test("a descriptor that another connection has got since is judged anew", () => {
  const world = new World();
  using crowd = world.crowd(10);
  const [old] = world.come("10.0.0.1");
  entered(crowd, old!)(false);
  crowd.look();
  world.nowMs += 119_000;
  world.open.splice(0, 1, { ...old!, port: old!.port + 1 });
  crowd.look();
  world.nowMs += 14_000;
  crowd.look();
  equal(world.open.length, 1);
});
