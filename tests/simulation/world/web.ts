/**
 * The network between sandboxes and ComfyUI: `fetch`, WebSockets, and the servers behind them, in
 * memory. Requests and answers take time and get lost, sockets break and fall silent.
 */

import { PlainBlob } from "./bytes.ts";
import { lieInBytes, lieInText } from "./lies.ts";
import { replace } from "./replace.ts";
import { acceptSocket, installSockets } from "./web_sockets.ts";
import { currentProcess, presentWorld, type Process } from "./world.ts";

type Handler = (request: Request, info: { remoteAddr: Deno.NetAddr }) => Promise<Response>;

/** A simulated server. */
export class Host {
  /** Who runs it. */
  readonly process: Process;
  /** What answers. */
  readonly handler: Handler;
  /** True while it takes connections. */
  isUp = false;
  /** Until when nobody reaches it nor hears from it, in virtual milliseconds. */
  cutOffUntilMs = 0;
  /** Until when it lies now and then, in virtual milliseconds. */
  liesUntilMs = 0;
  /** Which part of what it says is lies then. */
  liesRate = 0;
  /** What ends each connection that is open, and whose it is. */
  readonly connections = new Map<() => void, Process>();

  /** Takes no connections yet. */
  constructor(process: Process, handler: Handler) {
    this.process = process;
    this.handler = handler;
  }

  /** True if what it says next is a lie. */
  get lies(): boolean {
    const world = presentWorld();
    return this.liesUntilMs > world.nowMs && world.random.chance(this.liesRate);
  }

  /** Ends all connections. */
  breakConnections(): void {
    for (const end of [...this.connections.keys()]) end();
  }
}

/** Probabilities of what befalls one request. */
export const web = { loseRequest: 0, loseAnswer: 0, cutAnswer: 0, status500: 0, mostMs: 5 };

/** Servers by port. */
export const hosts = new Map<number, Host>();

const newest = new WeakMap<Process, Host>();
let lastPort = 40_000;
let lastConnection = 0;

/** A network without faults and servers. */
export function mendWeb(): void {
  Object.assign(web, { loseRequest: 0, loseAnswer: 0, cutAnswer: 0, status500: 0, mostMs: 5 });
}

/** Forgets all servers. */
export function forgetHosts(): void {
  hosts.clear();
  lastPort = 40_000;
  lastConnection = 0;
}

/** Replaces `fetch`, `WebSocket` and what serves them. */
export function installWeb(): void {
  const real = globalThis.fetch;
  replace(
    globalThis,
    "fetch",
    ((input: string, init: RequestInit = {}) => {
      const process = currentProcess();
      return process === undefined ? real(input, init) : request(process, input, init);
    }) as typeof fetch,
  );
  const { serve, listen } = Deno;
  replace(
    Deno,
    "serve",
    ((...args: unknown[]) => {
      const process = currentProcess();
      if (process === undefined) return (serve as (...args: unknown[]) => unknown)(...args);
      newest.set(process, new Host(process, args[1] as Handler));
      return {
        addr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
        shutdown: () => Promise.resolve(),
        finished: Promise.resolve(),
      };
    }) as unknown as typeof serve,
  );
  replace(
    Deno,
    "listen",
    ((options: { port: number }) => {
      const process = currentProcess();
      return process === undefined ? listen(options) : open(process, options.port);
    }) as unknown as typeof listen,
  );
  installSockets();
}

function open(process: Process, wished: number): unknown {
  const host = newest.get(process)!;
  const port = wished === 0 ? ++lastPort : wished;
  hosts.set(port, host);
  host.isUp = true;
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  return {
    addr: { transport: "tcp", hostname: "127.0.0.1", port },
    accept: () => closed.promise,
    close: () => {
      host.isUp = false;
      host.breakConnections();
      closed.reject(new Error("The listener was closed"));
    },
  };
}

async function request(process: Process, url: string, init: RequestInit): Promise<Response> {
  const world = presentWorld();
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  if (!process.isAlive) return await promise;
  const { signal, method = "GET" } = init;
  signal?.throwIfAborted();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  const { pathname, port } = new URL(url);
  const host = hosts.get(Number(port));
  const what = `${method} ${pathname}`;
  const later = (label: string, run: () => void) =>
    world.schedule(process, world.random.between(0.1, web.mostMs), label, run);
  const breakOff = () => later("reset", () => reject(new TypeError("Connection reset")));
  try {
    if (host === undefined || !host.isUp) {
      later("refused", () => reject(new TypeError("Connection refused")));
    } else if (host.cutOffUntilMs > world.nowMs || world.random.chance(web.loseRequest)) {
      world.count("request lost");
      world.say("fault", `${process.name} loses ${what}`);
    } else {
      host.connections.set(breakOff, process);
      world.schedule(host.process, world.random.between(0.1, web.mostMs), what, () => {
        serve(host, url, init).then((response) => {
          if (!host.isUp) return;
          if (host.cutOffUntilMs > world.nowMs || world.random.chance(web.loseAnswer)) {
            world.count("answer lost");
            return world.say("fault", `${process.name} loses the answer to ${what}`);
          }
          later(`answer to ${what}`, () => resolve(response));
        });
      });
    }
    return await promise;
  } finally {
    host?.connections.delete(breakOff);
    signal?.removeEventListener("abort", abort);
  }
}

async function serve(host: Host, url: string, init: RequestInit): Promise<Response> {
  const world = presentWorld();
  const { method = "GET", headers = {} } = init;
  const given: unknown = init.body;
  const body = given instanceof PlainBlob ? given.content : given as string | undefined;
  const request = new Request(url, { method, headers, ...(body === undefined ? {} : { body }) });
  if (world.random.chance(web.status500)) {
    world.count("status 500");
    return new Response("500: Internal Server Error", { status: 500 });
  }
  const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: ++lastConnection } as const;
  const response = await host.handler(request, { remoteAddr });
  const bytes = await response.bytes();
  const { status } = response;
  const kept = { status, headers: response.headers };
  // As servers tell it of what they have in memory.
  kept.headers.set("content-length", String(bytes.length));
  if (status === 204 || status === 304) return new Response(null, kept);
  if (host.lies) {
    const isText = response.headers.get("content-type")?.includes("json") === true;
    const lie = isText ? lieInText(new TextDecoder().decode(bytes)) : lieInBytes(bytes);
    return new Response(lie, {
      status,
      headers: { "content-type": kept.headers.get("content-type") ?? "" },
    });
  }
  if (bytes.length > 1 && world.random.chance(web.cutAnswer)) {
    world.count("answer cut");
    return new Response(cut(bytes), kept);
  }
  return new Response(bytes, kept);
}

/** The first half, then the end of the connection. */
function cut(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isFirst = true;
  return new ReadableStream({
    pull(out) {
      if (isFirst) out.enqueue(bytes.subarray(0, bytes.length >> 1));
      else out.error(new TypeError("Connection reset in the middle of the body"));
      isFirst = false;
    },
  });
}

/** Opens a WebSocket at a server, as `web_sockets.ts` asks. */
export async function upgrade(host: Host, url: string, client: EventTarget): Promise<boolean> {
  const request = new Request(url, { headers: { upgrade: "websocket" } });
  acceptSocket(request, host, client);
  const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: ++lastConnection } as const;
  const { status } = await host.handler(request, { remoteAddr });
  return status === 200;
}
