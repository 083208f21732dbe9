/** Adding and removing servers, for who asks over HTTP. */

import { readServer } from "../config/mod.ts";
import type { Fleet } from "./fleet.ts";

/** Changes which servers there are. */
export function viewServers(fleet: Fleet): {
  add(fields: Readonly<Record<string, unknown>>): Promise<string>;
  remove(name: string): boolean;
} {
  return {
    async add(fields) {
      const server = await readServer(fields);
      await fleet.add(server);
      return server.name;
    },
    remove: (name) => fleet.remove(name),
  };
}
