/** What workers tell each other through the database, read from the one text that it comes as. */

import type { Ending } from "../job.ts";
import type { Neighbours, Peer, ServerElsewhere } from "../job_queue.ts";
import { type EndingRow, toEnding } from "../row.ts";
import { idOf } from "./id.ts";
import { BETWEEN } from "./presence.ts";

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

/** Longest word for the state of a server that is believed. */
const MAX_STATE_CHARS = 32;

/** Largest number that is told. */
const MOST = 2 ** 31 - 1;

/** What no worker can have told counts as nothing. */
function countOf(text = ""): number {
  const value = Number(text);
  return value >= 0 && value <= MOST ? value : 0;
}

/** Reads who the others are, a part for each server, or for a worker that has none. */
export function readNeighbours(text: unknown): Neighbours {
  if (typeof text !== "string") return { servers: [], peers: [], workers: 0 };
  const servers: ServerElsewhere[] = [];
  const peers = new Map<string, Peer>();
  const workers = new Set<string>();
  for (const part of text.split(BETWEEN.servers)) {
    const [worker = "", address = "", key = "", ...server] = part.split(BETWEEN.fields);
    workers.add(worker);
    if (address !== "" && !peers.has(worker)) {
      const publicKey = key === "" ? undefined : key;
      peers.set(worker, { name: worker, updatesAddress: address, publicKey });
    }
    const [name = "", state = "", loaded = "", room, active, waitMs, weight = "", draining] =
      server;
    if (name === "") continue;
    servers.push({
      name,
      worker,
      ...(state === "" ? {} : { state: state.slice(0, MAX_STATE_CHARS) }),
      loaded: loaded === "" ? undefined : loaded,
      room: countOf(room),
      active: countOf(active),
      waitMs: countOf(waitMs),
      weight: Number.isFinite(Number(weight)) ? Number(weight) : 1,
      draining: draining === "t",
    });
  }
  return { servers, peers: [...peers.values()], workers: workers.size };
}
