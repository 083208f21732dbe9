/** The network between one worker and the database, which can be cut. */

/** A TCP relay on 127.0.0.1. */
export interface Link extends AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  /** Ends every connection and refuses new ones until `mend()`. */
  cut(): void;
  /** Lets connections through again. */
  mend(): void;
}

/** Starts a relay to a port of this machine. */
export function startLink(to: number): Link {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const relaying = new Set<Promise<void>>();
  let isCut = false;
  const drop = (...ends: Deno.Conn[]) => {
    for (const end of ends) {
      if (open.delete(end)) close(end);
    }
  };
  const relay = async (near: Deno.Conn) => {
    open.add(near);
    try {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: to });
      open.add(far);
      if (!open.has(near)) drop(far);
      const oneWay = (from: Deno.Conn, into: Deno.Conn) =>
        from.readable.pipeTo(into.writable).catch(() => {}).finally(() => drop(from, into));
      await Promise.all([oneWay(near, far), oneWay(far, near)]);
    } catch {
      // The database is down.
    } finally {
      drop(near);
    }
  };
  const accept = async () => {
    for (;;) {
      const near = await listener.accept().catch((error) => {
        // One that has gone already is nobody's fault.
        return error instanceof Deno.errors.BadResource ? undefined : null;
      });
      if (near === undefined) return;
      if (near === null) continue;
      if (isCut) {
        close(near);
        continue;
      }
      const done = relay(near).finally(() => relaying.delete(done));
      relaying.add(done);
    }
  };
  const accepting = accept();
  return {
    port: listener.addr.port,
    cut() {
      isCut = true;
      drop(...open);
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      drop(...open);
      await Promise.all(relaying);
    },
  };
}

/** One whose both directions have ended is closed already. */
function close(end: Deno.Conn): void {
  try {
    end.close();
  } catch {
    // So it is.
  }
}
