/** How a server is approached: its bare address, what every request carries, what must not be told. */

import { createRedactor, encodeBasic, type Redact, secretsOf } from "../../secrets.ts";

/** The way to a server. */
export interface Access {
  /** Address without user, password and query. */
  readonly baseUrl: URL;
  /** Sent with each request, and with the handshake of the event socket. */
  readonly headers: Readonly<Record<string, string>>;
  /** Added to the query of each request: a token, as a rule. */
  readonly query: readonly (readonly [string, string])[];
  /** Hides what gives access. */
  readonly redact: Redact;
}

/** Tells ComfyUI 0.33 and later who uses it; older ones pass over it. */
const USAGE_SOURCE = { "comfy-usage-source": "dgx-pixels" } as const;

/**
 * Takes an address apart. User and password become a header, since an address that holds them would
 * be quoted in error messages.
 *
 * @throws {TypeError} When the address is no http or https URL.
 */
export function openAccess(url: string, headers: Readonly<Record<string, string>> = {}): Access {
  const baseUrl = URL.parse(url);
  if (baseUrl === null || !/^https?:$/.test(baseUrl.protocol)) {
    throw new TypeError(`The address of ComfyUI must be an http or https URL, not '${url}'`);
  }
  const { username, password } = baseUrl;
  const query = [...baseUrl.searchParams];
  baseUrl.username =
    baseUrl.password =
    baseUrl.search =
    baseUrl.hash =
      "";
  const own = lowerCase(headers);
  if ((username !== "" || password !== "") && own.authorization === undefined) {
    const credentials = encodeBasic(decodeURIComponent(username), decodeURIComponent(password));
    own.authorization = `Basic ${credentials}`;
  }
  return {
    baseUrl,
    headers: { ...USAGE_SOURCE, ...own },
    query,
    redact: createRedactor(secretsOf(url, headers)),
  };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
