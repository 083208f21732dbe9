/** Where webhooks may lead. */

/** Who may be told. */
export interface WebhookRules {
  /** The operator's own webhook, which may be anywhere. */
  readonly ownUrl: string | undefined;
  /** Hosts that jobs may name: `hooks.example.org`, `*.example.org`, `[::1]:9000`; without a port its usual one. */
  readonly allowedHosts: readonly string[];
  /** Whether those may have addresses that are not of the public internet. */
  readonly allowPrivate: boolean;
}

/** Why a job's webhook is refused; undefined if it is not. */
export function refusalOf(url: string, { ownUrl, allowedHosts }: WebhookRules): string | undefined {
  if (url === ownUrl) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    return "it is no http:// or https:// URL";
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return "it names a user or password; the signature shows who sends";
  }
  if (allowedHosts.some((pattern) => isOf(parsed, pattern))) return undefined;
  return `its host ${parsed.host} is not allowed; the operator can add it to webhooks.allowed_hosts`;
}

/** Host and port of a URL, whatever its scheme. */
export function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === "" ? usualPort(protocol) : port}`;
}

function isOf({ hostname, port }: URL, pattern: string): boolean {
  const [, name = "", wanted = ""] = /^(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  // A URL has no port if it is the usual one of its scheme; 80 and 443 are written out by some.
  const isPort = wanted === port || (port === "" && /^(?:80|443)$/.test(wanted));
  if (!isPort) return false;
  if (name.startsWith("*.")) return hostname.endsWith(name.slice(1));
  return hostname === name;
}

function usualPort(protocol: string): string {
  return protocol === "https:" ? "443" : "80";
}
