/**
 * ComfyUI's guard against web pages of other sites that talk to a server on the same machine.
 *
 * @module
 */

/** Tells whether a request comes from a page of another site. Only loopback hosts are guarded. */
export function isForeignOrigin(host: string | null, origin: string | null): boolean {
  if (host === null || origin === null) return false;
  const served = splitPort(host.toLowerCase());
  if (!isLoopback(served.name)) return false;
  const asked = splitPort(networkLocation(origin));
  const own = asked.port === "" ? served.name : `${served.name}:${served.port}`;
  const other = asked.port === "" ? asked.name : `${asked.name}:${asked.port}`;
  return other !== "" && own !== other;
}

/** What stands between `//` and the next slash; nothing for `null` and `file://`. */
function networkLocation(origin: string): string {
  return /^[^:]*:\/\/([^/]*)/.exec(origin.toLowerCase())?.[1] ?? "";
}

function splitPort(host: string): { name: string; port: string } {
  const [, name = host, port = ""] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return { name, port };
}

function isLoopback(name: string): boolean {
  return name === "localhost" || name === "[::1]" || name.startsWith("127.");
}
