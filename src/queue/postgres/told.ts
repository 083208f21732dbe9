/** What workers tell each other through the database, read from the one text that it comes as. */

import type { Ending } from "../job.ts";
import type { Neighbours, Peer, ServerElsewhere } from "../job_queue.ts";
import { type EndingRow, toEnding } from "../row.ts";
import { idOf } from "./id.ts";

/** An ending, and where it stands among all. */
export interface ReadEnding {
  /** Of its job. */
  readonly seq: number;
  /** Transaction that it was stored by. */
  readonly xid: string;
  /** How it ended. */
  readonly ending: Ending;
}

/** Fields of a line before the outcome, which may have commas of its own. */
const FIELDS = 8;

/** Reads endings, a line each, the oldest first. */
export function readEndings(text: unknown): readonly ReadEnding[] {
  if (typeof text !== "string") return [];
  return text.split("\n").map((line) => {
    const fields = line.split(",", FIELDS);
    const [seq = "", xid = "", id = "", state = "", seed, created, started = "", finished = ""] =
      fields;
    const outcome = line.slice(fields.reduce((sum, { length }) => sum + length + 1, 0));
    return {
      seq: Number(seq),
      xid,
      ending: toEnding({
        id: idOf(Uint8Array.fromHex(id)),
        state: state as EndingRow["state"],
        seed: Number(seed),
        created_at_ms: Number(created),
        started_at_ms: started === "" ? null : Number(started),
        finished_at_ms: finished === "" ? null : Number(finished),
        outcome,
      }),
    };
  });
}

type WorkerParts = readonly [worker: string, address: string | null, key: string | null];

type ServerParts = readonly [
  ...WorkerParts,
  name: string | null,
  state: string | null,
  loaded: string | null,
  room: number,
  active: number,
  waitMs: number,
  weight: number,
  draining: boolean,
];

/** Longest word for the state of a server that is believed. */
const MAX_STATE_CHARS = 32;

/** Largest number that is told. */
const MOST = 2 ** 31 - 1;

/** What no worker can have told counts as nothing. */
function countOf(value: unknown): number {
  return typeof value === "number" && value >= 0 && value <= MOST ? value : 0;
}

/** Reads who the others are, a part for each server, or for a worker that has none. */
export function readNeighbours(text: unknown): Neighbours {
  if (typeof text !== "string") return { servers: [], peers: [], workers: 0 };
  const all = JSON.parse(text) as readonly ServerParts[];
  const servers: ServerElsewhere[] = [];
  const peers = new Map<string, Peer>();
  const workers = new Set<string>();
  for (const [worker, address, key, ...server] of all) {
    workers.add(worker);
    if (address !== null && !peers.has(worker)) {
      const peer = { name: worker, updatesAddress: address, publicKey: key ?? undefined };
      peers.set(worker, peer);
    }
    const [name, state, loaded, room, active, waitMs, weight, draining] = server;
    if (name === null) continue;
    servers.push({
      name,
      worker,
      ...(state === null ? {} : { state: state.slice(0, MAX_STATE_CHARS) }),
      loaded: loaded ?? undefined,
      room: countOf(room),
      active: countOf(active),
      waitMs: countOf(waitMs),
      weight: Number.isFinite(weight) ? weight : 1,
      draining,
    });
  }
  return { servers, peers: [...peers.values()], workers: workers.size };
}
