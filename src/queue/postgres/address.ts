/** Where a PostgreSQL queue is. Pure. */

import { ConfigError } from "../../errors.ts";

/** Parts of a `postgres://` URL. */
export interface PostgresAddress {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string;
  /** TCP port, or the number in the socket's name. */
  readonly port: number;
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

/** True for what names a PostgreSQL database, and not a file. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(text);
}

/**
 * Reads `postgres://user:password@host:5432/database?schema=dgx_pixels&sslmode=verify-full`. Only user and
 * database are needed; `host` as a parameter may be the folder of a Unix socket.
 *
 * @throws {ConfigError} `invalid_value` if it is no such URL; what it says shows no password.
 */
export function readPostgresUrl(text: string): PostgresAddress {
  if (!URL.canParse(text) || !isPostgresUrl(text)) throw wrong("it is no postgres:// URL");
  const url = new URL(text);
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
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[(.*)\]$/, "$1");
  const database = part(url.pathname.slice(1));
  const user = part(url.username);
  if (database === "" || user === "") throw wrong("it must name a user and a database");
  return {
    host: host === "" ? "localhost" : host,
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    user,
    password: part(url.password),
    schema,
    ssl: SSL_MODES[mode as keyof typeof SSL_MODES],
  };
}

/** The same without its password, to be shown. */
export function shownAddress({ host, port, database, schema }: PostgresAddress): string {
  return `postgres://${host}:${port}/${database}?schema=${schema}`;
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
