/** Connections to PostgreSQL: statements with bounded patience, errors in our words. */

import postgres from "postgres";
import { ConfigError, JobError, messageOf } from "../../errors.ts";
import { startSpan } from "../../trace.ts";
import { type PostgresAddress, type PostgresHost, shownAddress } from "./address.ts";
import { guardLateWrites } from "./late_writes.ts";

/** A row as the library gives it: `bigint` as the nearest safe number, `bytea` as bytes. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** A value of a statement. */
export type Value =
  | null
  | string
  | number
  | boolean
  | Uint8Array
  | readonly (string | number | Uint8Array | null)[];

/** Runs a statement within a transaction. */
export type Run = (text: string, values?: readonly Value[]) => Promise<readonly StoredRow[]>;

/** Connections that a worker keeps for its statements; they are sent down one another's back (pipelined). */
const CONNECTIONS = 3;

/** How long a statement may take, in milliseconds, before whoever wants it is told: less than clients wait. */
const PATIENCE_MS = 5_000;

/** A peer that is cut off is noticed in about this time, in seconds, at both ends. */
const KEEP_ALIVE_S = 5;

/** SQLSTATEs of a server that stops, starts, is full, is held by another, lets nobody in, or has become a replica. */
const AWAY =
  /^(?:08|28|3D|53|55P03|57014|57P|25006|CONN|ECONN|EHOST|ENET|ENOTFOUND|ENOENT|EPIPE|ETIMEDOUT)/;

/** Time after which a connection that nobody uses is closed, in seconds. */
const IDLE_S = 60;

/** How plans are made: once, for anew for each they would cost as much as the statements themselves. */
export const PLANS = {
  plan_cache_mode: "force_generic_plan",
  // One made while the table was small must not read all of it when it is large.
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  jit: "off",
} as const;

/** What every session is set to; a pooler has to let it pass. */
function sessionOf({ schema }: PostgresAddress) {
  return {
    search_path: schema,
    client_min_messages: "warning",
    ...PLANS,
    lock_timeout: PATIENCE_MS,
    statement_timeout: 60_000,
    tcp_keepalives_idle: KEEP_ALIVE_S,
    tcp_keepalives_interval: KEEP_ALIVE_S,
    tcp_keepalives_count: 2,
  };
}

/** Options of {@linkcode connect}. */
export interface ConnectOptions {
  /** Most connections. @default {3} */
  connections?: number;
  /** True if connections stay, used or not. @default {false} */
  isHeld?: boolean;
  /** Shown in `pg_stat_activity`. */
  name: string;
  /** Called when a connection is lost. */
  onClose?: () => void;
  /** Called with the payload of each notification that was listened for. */
  onNotify?: (channel: string, payload: string) => void;
}

function connect(
  address: PostgresAddress,
  options: ConnectOptions,
): postgres.Sql<{ bigint: number }> {
  const [{ host, port }] = address.hosts as [PostgresHost];
  const isFolder = host.startsWith("/");
  return postgres({
    // The environment is not asked for anything: the settings are complete.
    // Several are known to the library, if not to its types.
    host: address.hosts.map((one) => one.host) as never,
    port: address.hosts.map((one) => one.port) as never,
    ...(isFolder ? { path: `${host}/.s.PGSQL.${port}` } : {}),
    database: address.database,
    user: address.user,
    password: address.password,
    ssl: isFolder ? false : address.ssl,
    target_session_attrs: "primary",
    max: options.connections ?? CONNECTIONS,
    // One that connects when its pool has been given up already is idle for ever.
    idle_timeout: options.isHeld === true ? undefined : IDLE_S,
    max_lifetime: null,
    connect_timeout: PATIENCE_MS / 1_000,
    keep_alive: KEEP_ALIVE_S,
    backoff: (tries: number) => Math.min(0.05 * 2 ** tries, 1),
    prepare: true,
    fetch_types: false,
    debug: false,
    // Known to the library, if not to its types.
    ...{ max_pipeline: 100, sslnegotiation: null },
    publications: "alltables",
    onnotice: () => {},
    ...(options.onClose === undefined ? {} : { onclose: options.onClose }),
    ...(options.onNotify === undefined ? {} : { onnotify: options.onNotify }),
    types: {
      bigint: { to: 20, from: [20], serialize: String, parse: safeNumber },
    },
    connection: {
      application_name: options.name,
      ...sessionOf(address),
    } as Record<string, string | number>,
  }) as postgres.Sql<{ bigint: number }>;
}

/** A few connections to one database. */
export class PostgresClient {
  readonly #address: PostgresAddress;
  readonly #options: ConnectOptions;
  #sql: postgres.Sql<{ bigint: number }>;
  readonly #givenUp = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  /** Connects with the first statement. */
  constructor(address: PostgresAddress, options: ConnectOptions) {
    this.#address = address;
    this.#options = options;
    guardLateWrites();
    this.#sql = connect(address, options);
  }

  /**
   * Runs a statement, which is prepared once a connection.
   *
   * @throws {JobError} `unavailable` if the database is away, or does not answer in 5 s.
   */
  async rows(
    action: string,
    text: string,
    values: readonly Value[] = [],
    tries = 1,
  ): Promise<StoredRow[]> {
    using _span = startSpan(action);
    if (this.#closed !== undefined) throw closed(action);
    const sql = this.#sql;
    try {
      const query = sql.unsafe(text, values.map(asText) as never[], { prepare: true });
      return await this.#within(query, sql);
    } catch (error) {
      if (this.#closed !== undefined) throw closed(action);
      const table = behind(error);
      if (table === undefined || tries >= MOST_TRIES) throw this.#explain(action, error);
      await this.rows(action, advance(table), [], MOST_TRIES);
      return await this.rows(action, text, values, tries + 1);
    }
  }

  /** The row that a statement may give. */
  async row(
    action: string,
    text: string,
    values?: readonly Value[],
  ): Promise<StoredRow | undefined> {
    const [row] = await this.rows(action, text, values);
    return row;
  }

  /** Runs several statements as one transaction. */
  async transaction<T>(action: string, operation: (run: Run) => Promise<T>): Promise<T> {
    try {
      return await this.#sql.begin(async (sql) =>
        await operation((text, values = []) => sql.unsafe(text, values.map(asText) as never[]))
      ) as T;
    } catch (error) {
      throw error instanceof ConfigError ? error : this.#explain(action, error);
    }
  }

  /** Ends the connections when what is under way is done, or soon. May be called again. */
  close(): Promise<void> {
    return this.#closed ??= this.#end();
  }

  async #end(): Promise<void> {
    await Promise.all([this.#sql.end({ timeout: 2 }), ...this.#givenUp]);
  }

  /** A connection that does not answer is given up with all its like, for it may never break. */
  async #within(
    query: Promise<readonly StoredRow[]>,
    sql: postgres.Sql<{ bigint: number }>,
  ): Promise<StoredRow[]> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new Error(`No answer within ${PATIENCE_MS / 1_000} s`, { cause: "CONNECT_TIMEOUT" }),
        );
        if (this.#sql !== sql || this.#closed !== undefined) return;
        this.#sql = connect(this.#address, this.#options);
        const ended = sql.end({ timeout: PATIENCE_MS / 1_000 })
          .finally(() => this.#givenUp.delete(ended));
        this.#givenUp.add(ended);
      }, PATIENCE_MS);
    });
    try {
      return [...await Promise.race([query, late])];
    } finally {
      clearTimeout(timer);
    }
  }

  #explain(action: string, error: unknown): JobError {
    const detail = messageOf(error);
    const where = shownAddress(this.#address);
    const isPooled = /unsupported startup parameter/.test(detail);
    const isPassing = isAway(error) && !isPooled;
    const message = isPassing
      ? `Backend busy: the queue is away (${detail}); look at PostgreSQL, ${where}`
      : isEmptied(error)
      ? `Cannot ${action}: ${detail}; the queue's tables are not there: bring them back from a backup, ` +
        `or start a worker, which makes new ones, in ${where}`
      : isPooled
      ? `Cannot ${action}: ${detail}; in PgBouncer, set pool_mode = session and ignore_startup_parameters = ` +
        `${Object.keys(sessionOf(this.#address)).join(",")}`
      : isDenied(error)
      ? `Cannot ${action}: ${detail}; the role ${this.#address.user} needs a schema of its own: ` +
        `CREATE SCHEMA ${this.#address.schema} AUTHORIZATION ${this.#address.user}`
      : `Cannot ${action}: ${detail}`;
    return new JobError("unavailable", message, { cause: error, isPassing });
  }
}

/** Lists as PostgreSQL writes them: the library takes a list of bytes for bytes. */
function asText(value: Value): Exclude<Value, readonly unknown[]> {
  return Array.isArray(value) ? `{${value.map(elementText).join(",")}}` : value as string;
}

function elementText(value: string | number | Uint8Array | null): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `"\\\\x${value.toHex()}"`;
  return typeof value === "number" ? String(value) : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function isAway(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  return AWAY.test(String(code ?? cause));
}

/** How often a statement is tried whose new rows got numbers that others have. */
const MOST_TRIES = 4;

/** The table whose rows have numbers that are still to be given, as in one that was copied by hand. */
function behind(error: unknown): string | undefined {
  const { code, table_name: table, constraint_name: constraint } = error as Record<string, unknown>;
  const isNumber = code === "23505" && constraint === `${table}_pkey`;
  return isNumber && /^[a-z_]+$/.test(String(table)) ? String(table) : undefined;
}

/** Gives numbers away until they are beyond those of the rows; never goes back, whoever does so at once. */
function advance(table: string): string {
  const sequence = `pg_get_serial_sequence('${table}', 'seq')`;
  return `
    WITH given AS (SELECT coalesce(pg_sequence_last_value(${sequence}::regclass), 0) AS last)
    SELECT count(nextval(${sequence})) AS n FROM given, generate_series(1, least(100000,
      (SELECT max(seq) FROM ${table}, given WHERE seq <= given.last + 1000000) - given.last))`;
}

/** SQLSTATEs of a table, column, function or schema that does not exist. */
function isEmptied(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    /^(?:42P01|42703|42883|3F000)$/.test(String(error.code));
}

/** SQLSTATE of a right that the role has not. */
function isDenied(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "42501";
}

function closed(action: string): JobError {
  return new JobError("unavailable", `Cannot ${action}: the queue is closed`);
}

/** The number that is nearest to it among those that JavaScript tells apart. */
function safeNumber(text: string): number {
  const { MIN_SAFE_INTEGER: least, MAX_SAFE_INTEGER: most } = Number;
  return Math.max(least, Math.min(Number(text), most));
}
