/** A way to an S3 store on which things go wrong. */

/** What happens to the next connections, one each; others get through. */
export type Trouble =
  /** It is answered with this status. */
  | { readonly status: number; readonly code: string }
  /** It is taken and never answered. */
  | "silence"
  /** Its answer begins and never goes on. */
  | "stall"
  /** It is closed without an answer. */
  | "cut"
  /** Its answer ends after so many bytes. */
  | { readonly answerBytes: number };

/** The way. */
export interface Troubled extends Disposable {
  /** Base URL in place of the store's. */
  readonly endpoint: string;
  /** What is to happen next. */
  readonly troubles: Trouble[];
  /** Resolves when something has connected. */
  readonly reached: Promise<void>;
  /** Closes all connections, so that the next request needs a new one. */
  drop(): void;
}

/** Opens the way to a store on this machine. */
export function troubledWay(endpoint: string): Troubled {
  const port = Number(new URL(endpoint).port);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const troubles: Trouble[] = [];
  const open = new Set<Deno.Conn>();
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const serve = async () => {
    for await (const from of listener) {
      resolve();
      open.add(from);
      pass(from, troubles.shift(), { port, open }).catch(() => {});
    }
  };
  serve().catch(() => {});
  const drop = () => {
    for (const one of open) close(one);
    open.clear();
  };
  return {
    endpoint: `http://127.0.0.1:${listener.addr.port}`,
    troubles,
    reached,
    drop,
    [Symbol.dispose]() {
      listener.close();
      drop();
    },
  };
}

interface Way {
  readonly port: number;
  readonly open: Set<Deno.Conn>;
}

async function pass(from: Deno.Conn, trouble: Trouble | undefined, way: Way): Promise<void> {
  if (trouble === "silence") return;
  if (trouble === "stall") return await begin(from);
  if (trouble === "cut") return close(from);
  if (trouble !== undefined && "status" in trouble) return await answer(from, trouble);
  const to = await Deno.connect({ hostname: "127.0.0.1", port: way.port });
  way.open.add(to);
  const up = from.readable.pipeTo(to.writable);
  const down = trouble === undefined
    ? to.readable.pipeTo(from.writable)
    : cutAfter(to, from, trouble.answerBytes);
  await Promise.allSettled([up, down]);
}

async function cutAfter(to: Deno.Conn, from: Deno.Conn, bytes: number): Promise<void> {
  let left = bytes;
  const buffer = new Uint8Array(16_384);
  while (left > 0) {
    const count = await to.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === null) break;
    for (let at = 0; at < count;) at += await from.write(buffer.subarray(at, count));
    left -= count;
  }
  close(to);
  close(from);
}

async function begin(conn: Deno.Conn): Promise<void> {
  await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<"));
}

/** The request has to be read before, or the connection is reset and the answer with it. */
async function answer(
  conn: Deno.Conn,
  { status, code }: { status: number; code: string },
): Promise<void> {
  const body = `<Error><Code>${code}</Code><Message>Please &lt;wait&gt;</Message></Error>`;
  const head =
    `HTTP/1.1 ${status} X\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  await conn.read(new Uint8Array(1 << 20));
  await conn.write(new TextEncoder().encode(head + body));
  await conn.closeWrite();
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // So it is.
  }
}
