/** WebSockets in memory: messages in order, each way with its delay, until the link is cut or deaf. */

import { lieInBytes, lieInText } from "./lies.ts";
import { replace } from "./replace.ts";
import { type Host, hosts, upgrade, web } from "./web.ts";
import { currentProcess, presentWorld, type Process, type World } from "./world.ts";

type Handler = ((event: Event) => void) | null;

/** The server's end. */
class ServerEnd {
  readyState = 0;
  onopen: Handler = null;
  onmessage: Handler = null;
  onclose: Handler = null;
  onerror: Handler = null;
  readonly #client: SimulatedSocket;

  constructor(client: SimulatedSocket) {
    this.#client = client;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#client.hear(typeof data === "string" ? data : data.slice().buffer);
  }

  close(): void {
    this.#client.cut();
  }
}

const waiting = new WeakMap<Request, { host: Host; client: SimulatedSocket }>();

/** Remembers which client a request for a socket came from. */
export function acceptSocket(request: Request, host: Host, client: EventTarget): void {
  waiting.set(request, { host, client: client as SimulatedSocket });
}

/** The client's end, as browsers have it. */
export class SimulatedSocket extends EventTarget {
  static readonly OPEN = 1;
  binaryType = "blob";
  readyState = 0;
  readonly #world: World = presentWorld();
  readonly #process: Process;
  readonly #host: Host | undefined;
  #server: ServerEnd | undefined;
  #toClientMs = 0;
  #toServerMs = 0;
  readonly #cut = (): void => this.cut();

  constructor(url: string, process: Process) {
    super();
    this.#process = process;
    const { port, href } = new URL(url.replace(/^ws/, "http"));
    const host = hosts.get(Number(port));
    this.#host = host;
    if (host === undefined || !host.isUp) {
      this.#later("ws refused", () => this.#end());
      return;
    }
    // Nobody is told: whoever opened it has to give up by himself.
    if (host.cutOffUntilMs > this.#world.nowMs) return;
    host.connections.set(this.#cut, process);
    process.onKill.push(this.#cut);
    this.#world.schedule(host.process, this.#delayMs(), "ws connect", () => {
      upgrade(host, href, this).then((isTaken) => {
        if (!isTaken) this.cut();
      });
    });
  }

  /** Takes the server's end over; both are open from now on. */
  join(server: ServerEnd): void {
    this.#server = server;
    server.readyState = 1;
    this.#world.schedule(
      this.#host!.process,
      0,
      "ws open",
      () => server.onopen?.(new Event("open")),
    );
    this.#later("ws open", () => {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    });
  }

  /** Hears what the server said. */
  hear(said: string | ArrayBuffer): void {
    if (this.readyState > 1 || this.#isSilent) return;
    const data = this.#host?.lies === true ? lieIn(said) : said;
    this.#later("ws message", () => {
      if (this.readyState === 1) this.dispatchEvent(new MessageEvent("message", { data }));
    });
  }

  send(data: string): void {
    const server = this.#server;
    if (this.readyState !== 1 || server === undefined || this.#isSilent) return;
    this.#toServerMs = Math.max(this.#toServerMs, this.#world.nowMs + this.#delayMs());
    this.#world.schedule(this.#host!.process, this.#toServerMs - this.#world.nowMs, "ws in", () => {
      if (server.readyState === 1) server.onmessage?.(new MessageEvent("message", { data }));
    });
  }

  close(): void {
    this.readyState = Math.max(this.readyState, 2);
    if (!this.#isSilent) this.cut();
  }

  /** Ends the connection: both sides see it after a while. */
  cut(): void {
    const server = this.#server;
    this.#host?.connections.delete(this.#cut);
    if (server !== undefined && server.readyState < 2) {
      server.readyState = 3;
      this.#world.schedule(this.#host!.process, this.#delayMs(), "ws closed", () => {
        server.onclose?.(new Event("close"));
      });
    }
    this.#later("ws closed", () => this.#end());
  }

  get #isSilent(): boolean {
    return (this.#host?.cutOffUntilMs ?? 0) > this.#world.nowMs;
  }

  #end(): void {
    if (this.readyState === 3) return;
    const wasOpen = this.readyState === 1;
    this.readyState = 3;
    const at = this.#process.onKill.indexOf(this.#cut);
    if (at >= 0) this.#process.onKill.splice(at, 1);
    if (!wasOpen) this.dispatchEvent(new ErrorEvent("error", { message: "cannot connect" }));
    this.dispatchEvent(new Event("close"));
  }

  #later(label: string, run: () => void): void {
    this.#toClientMs = Math.max(this.#toClientMs, this.#world.nowMs + this.#delayMs());
    this.#world.schedule(this.#process, this.#toClientMs - this.#world.nowMs, label, run);
  }

  #delayMs(): number {
    return this.#world.random.between(0.1, web.mostMs);
  }
}

function lieIn(said: string | ArrayBuffer): string | ArrayBuffer {
  return typeof said === "string" ? lieInText(said) : lieInBytes(new Uint8Array(said)).buffer;
}

/** Replaces both ends. */
export function installSockets(): void {
  const Real = globalThis.WebSocket;
  const make = function (url: string, options?: string) {
    const process = currentProcess();
    return process === undefined ? new Real(url, options) : new SimulatedSocket(url, process);
  };
  replace(globalThis, "WebSocket", Object.assign(make, { OPEN: 1 }) as unknown as typeof WebSocket);
  const real = Deno.upgradeWebSocket;
  replace(
    Deno,
    "upgradeWebSocket",
    ((request: Request, options?: Deno.UpgradeWebSocketOptions) => {
      const found = waiting.get(request);
      if (found === undefined) return real(request, options);
      const socket = new ServerEnd(found.client);
      found.client.join(socket);
      return { socket, response: new Response("upgraded") };
    }) as unknown as typeof real,
  );
}
