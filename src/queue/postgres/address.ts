/** Where a PostgreSQL queue is. Pure. */

import { ConfigError } from "../../errors.ts";

/** Where a server may be. */
export interface PostgresHost {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string;
  /** TCP port, or the number in the socket's name. */
  readonly port: number;
}

/** Parts of a `postgres://` URL. */
export interface PostgresAddress {
  /** Servers of which one takes changes: the others are its replicas. At least one. */
  readonly hosts: readonly PostgresHost[];
  /** Database. */
  readonly database: string;
  /** Role. */
  readonly user: string;
  /** Password; empty for none. */
  readonly password: string;
  /** Schema that the tables are in. */
  readonly schema: string;
  /** How the connection is secured, as libpq's `sslmode` says it. */
  readonly ssl: false | "require" | "prefer" | "verify-full";
}

const SSL_MODES = {
  disable: false,
  prefer: "prefer",
  require: "require",
  "verify-full": "verify-full",
} as const;

/** The scheme, user and first host; further hosts; the rest. */
const HOSTS = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?[^/?#,@]*)((?:,[^/?#,@]*)*)([/?#].*|)$/is;

/** Where a first host would be that is left out. */
const NO_HOST = /(?<=\/\/|@)(?=(?::\d+)?$)/;

/**
 * Reads `postgres://user:password@host:5432,other:5432/database?schema=dgx_pixels&sslmode=verify-full`. Only user
 * and database are needed; `host` as a parameter may be the folder of a Unix socket.
 *
 * @throws {ConfigError} `invalid_value` if it is no such URL; what it says shows no password.
 */
export function readPostgresUrl(text: string): PostgresAddress {
  const [, before = "", others = "", after = ""] = HOSTS.exec(text) ?? [];
  const first = before.replace(NO_HOST, "localhost") + after;
  if (!URL.canParse(first)) throw wrong("it is no postgres:// URL");
  const url = new URL(first);
  for (const name of url.searchParams.keys()) {
    if (!["schema", "sslmode", "host"].includes(name)) throw wrong(`unknown parameter ${name}`);
  }
  const schema = url.searchParams.get("schema") ?? "dgx_pixels";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw wrong("schema must be of small letters, digits and _");
  }
  const mode = url.searchParams.get("sslmode") ?? "prefer";
  if (!Object.hasOwn(SSL_MODES, mode)) {
    throw wrong(`sslmode must be one of ${Object.keys(SSL_MODES).join(", ")}`);
  }
  const database = part(url.pathname.slice(1));
  const user = part(url.username);
  if (database === "" || user === "") throw wrong("it must name a user and a database");
  const folder = url.searchParams.get("host");
  return {
    hosts: folder === null
      ? [hostOf(url), ...others.split(",").slice(1).map(otherHost)]
      : [{ ...hostOf(url), host: folder }],
    database,
    user,
    password: part(url.password),
    schema,
    ssl: SSL_MODES[mode as keyof typeof SSL_MODES],
  };
}

/** The same without its password, to be shown. */
export function shownAddress({ hosts, database, schema }: PostgresAddress): string {
  const places = hosts.map(({ host, port }) =>
    host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
  ).join(",");
  return `postgres://${places}/${database}?schema=${schema}`;
}

function hostOf({ hostname, port }: URL): PostgresHost {
  return {
    host: part(hostname.replace(/^\[(.*)\]$/, "$1")),
    port: port === "" ? 5432 : Number(port),
  };
}

function otherHost(text: string): PostgresHost {
  if (!URL.canParse(`postgres://${text}/`) || text === "") throw wrong("a host is empty or wrong");
  return hostOf(new URL(`postgres://${text}/`));
}

function part(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("a % in it must be written as %25");
  }
}

function wrong(why: string): ConfigError {
  return new ConfigError(
    "invalid_value",
    `Wrong address of the queue: ${why}; write it like postgres://user:password@host:5432/database`,
  );
}
