/** What each kind of misfortune does. */

import type { Simulator } from "../../src/simulator/mod.ts";
import type { ClientRoom } from "./clients/client_room.ts";
import type { FaultPlan } from "./plan.ts";
import type { WorkerRoom } from "./worker_room.ts";
import { database } from "./world/database.ts";
import { disk } from "./world/disk.ts";
import { isolates } from "./world/isolates.ts";
import { links } from "./world/links.ts";
import { losePower } from "./world/power.ts";
import { hosts, web } from "./world/web.ts";
import type { Process, World } from "./world/world.ts";

/** What can suffer. */
export interface Rooms {
  readonly world: World;
  /** Who heals things. */
  readonly keeper: Process;
  readonly worker: WorkerRoom;
  readonly clients: readonly ClientRoom[];
  readonly servers: readonly { readonly process: Process; readonly simulator: Simulator }[];
}

/** Lets a misfortune happen, and end after its time. */
export function befall(rooms: Rooms, fault: FaultPlan): void {
  const { world, keeper } = rooms;
  world.count(`fault: ${fault.kind}`);
  world.say("fault", `${fault.kind} (${fault.forMs} ms, ${fault.which})`);
  const heal = EFFECTS[fault.kind](rooms, fault);
  if (heal === undefined) return;
  world.schedule(keeper, fault.forMs, `end of ${fault.kind}`, () => {
    world.say("fault", `end of ${fault.kind}`);
    heal();
  });
}

type Effect = (rooms: Rooms, fault: FaultPlan) => (() => void) | undefined | void;

const EFFECTS: Readonly<Record<FaultPlan["kind"], Effect>> = {
  "worker dies": ({ worker }, { forMs }) => worker.kill(forMs),
  "worker dies at a statement": ({ worker }, { which, forMs }) => {
    database.diesIn = which % 60;
    database.onDeath = () => worker.kill(forMs);
    return () => void (database.diesIn = -1);
  },
  "power cut": ({ worker }, { forMs }) => {
    worker.kill(forMs);
    losePower();
  },
  "worker restarts": ({ worker }) => worker.restart(),
  "worker freezes": ({ worker, world }, { forMs }) => {
    const until = world.nowMs + forMs;
    if (worker.process !== undefined) worker.process.frozenUntilMs = until;
    for (const { process } of isolates) process.frozenUntilMs = until;
  },
  "isolate crashes": (_rooms, { which }) => isolateOf(which)?.crash(),
  "isolate freezes": ({ world }, { which, forMs }) => {
    const isolate = isolateOf(which);
    if (isolate !== undefined) isolate.process.frozenUntilMs = world.nowMs + forMs;
  },
  "server dies": (rooms, fault) => {
    const { process, simulator } = serverOf(rooms, fault);
    const restart = () => simulator.faults.restart({ downMs: fault.forMs });
    rooms.world.enter(process, restart).catch(() => {});
  },
  "server unreachable": ({ world }, { which, forMs }) => {
    const all = [...hosts.values()];
    const host = all[which % all.length];
    if (host !== undefined) host.cutOffUntilMs = world.nowMs + forMs;
  },
  "server lies": ({ world }, { which, forMs }) => {
    const all = [...hosts.values()];
    const host = all[which % all.length];
    if (host === undefined) return;
    Object.assign(host, { liesUntilMs: world.nowMs + 10 * forMs, liesRate: (which % 60) / 100 });
  },
  "sockets cut": () => {
    for (const host of hosts.values()) host.breakConnections();
  },
  "out of memory": (rooms, fault) => serverOf(rooms, fault).simulator.faults.oomNext(),
  "executor dead": (rooms, fault) => {
    const { process, simulator } = serverOf(rooms, fault);
    simulator.faults.deadExecutor();
    const restart = () => void rooms.world.enter(process, () => simulator.faults.restart());
    // It may die only with a prompt that comes later, and somebody notices in the end.
    for (const laterMs of [900_000, 1_800_000, 2_700_000]) {
      rooms.world.schedule(rooms.keeper, laterMs, "restart of a hung server", restart);
    }
    return restart;
  },
  "web lossy": (_rooms, { which }) => {
    const rate = (which % 30) / 100;
    Object.assign(web, {
      loseRequest: rate / 4,
      loseAnswer: rate,
      cutAnswer: rate,
      status500: rate,
    });
    web.mostMs = which % 2 === 0 ? 5 : 2_000;
    return () => {
      Object.assign(web, { loseRequest: 0, loseAnswer: 0, cutAnswer: 0, status500: 0, mostMs: 5 });
    };
  },
  "link down": ({ world }, { forMs }) => void (links.downUntilMs = world.nowMs + forMs),
  "link lossy": (_rooms, { which }) => {
    Object.assign(links, {
      lose: (which % 60) / 100,
      twice: 0.2,
      mostMs: which % 2 === 0 ? 3 : 900,
    });
    return () => void Object.assign(links, { lose: 0, twice: 0, mostMs: 3 });
  },
  "updates late": (_rooms, { which }) => {
    // Some are lost besides: clients ask, and the answer overtakes what is under way.
    Object.assign(links, { lateMs: [100, 1_000, 10_000, 30_000][which % 4]!, lose: 0.1 });
    return () => void Object.assign(links, { lateMs: 0, lose: 0 });
  },
  "client dies": ({ clients }, { which, forMs }) => clients[which % clients.length]?.kill(forMs),
  "client leaves": ({ clients }, { which, forMs }) => {
    clients[which % clients.length]?.leave(forMs);
  },
  "disk full": () => {
    disk.isFull = true;
    return () => void (disk.isFull = false);
  },
  "disk slow": () => {
    disk.mostMs = 800;
    return () => void (disk.mostMs = 2);
  },
  "database full": () => {
    database.isFull = true;
    return () => void (database.isFull = false);
  },
  "database held": () => {
    database.isHeld = true;
    return () => void (database.isHeld = false);
  },
  "clock jumps": ({ world }, { which }) => void (world.clockErrorMs += (which - 500) * 300),
};

function isolateOf(which: number): { process: Process; crash(): void } | undefined {
  const all = [...isolates];
  return all[which % all.length];
}

function serverOf({ servers }: Rooms, { which }: FaultPlan): Rooms["servers"][number] {
  return servers[which % servers.length]!;
}
