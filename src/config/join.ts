/** Settings that say one thing in two ways become one value, and {@linkcode Config} has only that. */

import { type Config, formatOrigin, type ModelDirs, type Origin } from "./config.ts";
import { type Complain, quote } from "./given.ts";
import { defaultServer, type ServerValues } from "./servers.ts";
import type { Field, ValueOf, Values } from "./values.ts";

/** What stands in force for one setting. */
export interface Settled<T> {
  readonly path: string;
  /** Undefined also after a complaint. */
  readonly value: T;
  readonly origin: Origin;
}

/** All of them by field. */
export type SettledValues = { readonly [F in Field]: Settled<ValueOf<F>> };

/**
 * Makes the values in force of the settings that say one thing, and looks for clashes. The setting that
 * was not used has the origin of the one that was: no operator shall look for it in the wrong place.
 */
export function join(settled: SettledValues, complain: Complain): SettledValues {
  complainOfClash(settled, complain);
  return { ...settled, ...joinRetries(settled, complain), ...joinServers(settled, complain) };
}

/** Both sockets on one endpoint could never be bound; only where the system chooses is it no clash. */
function complainOfClash(settled: SettledValues, complain: Complain): void {
  const requests = settled["zmq.reqRepAddr"];
  const updates = settled["zmq.pubSubAddr"];
  if (requests.value === undefined || requests.value !== updates.value) return;
  if (/^tcp:.*:(?:0+|\*)$/.test(requests.value)) return;
  const [blamed, other] = isGiven(updates) ? [updates, requests] : [requests, updates];
  const rest = `got ${quote(requests.value)} for both`;
  complain(`${subjectOf(blamed)} must differ from ${rivalOf(other)}, ${rest}`);
}

function joinRetries(
  settled: SettledValues,
  complain: Complain,
): Pick<SettledValues, "worker.maxRetries" | "comfyui.maxRetries"> {
  const ours = settled["worker.maxRetries"];
  const theirs = settled["comfyui.maxRetries"];
  const isBoth = [ours, theirs].every((one) => isGiven(one) && one.value !== undefined);
  if (isBoth && ours.value !== theirs.value) {
    const rest = `got ${ours.value} and ${theirs.value}; remove one of them`;
    complain(`${subjectOf(ours)} must not differ from ${rivalOf(theirs)}, ${rest}`);
  }
  const { value, origin } = isGiven(ours) ? ours : theirs;
  return {
    "worker.maxRetries": { ...ours, value, origin },
    "comfyui.maxRetries": isGiven(theirs) ? theirs : { ...theirs, value, origin },
  };
}

/** The file's list goes before its `api_url`, but not before a flag or a variable. */
function joinServers(
  settled: SettledValues,
  complain: Complain,
): Pick<SettledValues, "comfyui.urls" | "comfyui.servers"> {
  const urls = settled["comfyui.urls"];
  const listed = settled["comfyui.servers"];
  const isListed = isGiven(listed) && urls.origin.type !== "flag" && urls.origin.type !== "env";
  const { origin } = isListed ? listed : urls;
  for (const server of listed.value ?? []) complainOfTokens(server, subjectOf(listed), complain);
  const servers = (isListed ? listed.value : defaultServers(urls, complain))
    ?.map((server) => withDirs(server, settled));
  return {
    "comfyui.urls": { ...urls, origin },
    "comfyui.servers": { ...listed, value: servers, origin },
  };
}

/** Two tokens at once: nobody can know which one is meant. */
function complainOfTokens(server: ServerValues, subject: string, complain: Complain): void {
  const { token, tokenFile, headers = {} } = server;
  const hasHeader = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  const given = [
    token === undefined ? "" : "token",
    tokenFile === undefined ? "" : "token_file",
    hasHeader ? "a header Authorization" : "",
  ].filter(Boolean);
  if (given.length < 2) return;
  complain(`${subject} must give ${server.name} one of ${given.join(" and ")}, got both`);
}

function defaultServers(
  urls: Settled<readonly string[]>,
  complain: Complain,
): readonly ServerValues[] {
  // After a complaint there is no value, or one that holds a URL twice or undefined.
  const distinct = new Set(urls.value?.filter((url) => url !== undefined));
  const servers: ServerValues[] = [...distinct].map(defaultServer);
  const names = new Set<string>();
  for (const { name } of servers) {
    if (names.has(name)) {
      const remedy = "give them names of their own in comfyui.servers";
      complain(`${subjectOf(urls)} has two servers called ${quote(name)}; ${remedy}`);
    }
    names.add(name);
  }
  return servers;
}

/** A server that names no directory of models has those that are meant for all. */
function withDirs(server: ServerValues, settled: SettledValues): ServerValues {
  return {
    ...server,
    checkpointDir: server.checkpointDir ?? settled["models.checkpointDir"].value,
    loraDir: server.loraDir ?? settled["models.loraDir"].value,
    vaeDir: server.vaeDir ?? settled["models.vaeDir"].value,
    extraModelPaths: server.extraModelPaths ?? settled["models.extraModelPaths"].value,
  };
}

/**
 * Leaves of what says one thing in two ways only what the program uses.
 *
 * @param filesOf Finds a server's folders and its token, which need files to be read.
 */
export function configOf(
  values: Values,
  filesOf: (server: ServerValues) => { modelDirs: ModelDirs; token: string | undefined },
): Config {
  const { urls: _urls, servers = [], maxRetries: _maxRetries, ...comfyui } = values.comfyui;
  const complete = servers.map((server) => ({ ...server, ...filesOf(server) }));
  return { ...values, comfyui: { ...comfyui, servers: complete } };
}

/** The other way round: the values of all settings, as an operator may want to see them. */
export function valuesOf(config: Config): Values {
  const urls = config.comfyui.servers.map(({ url }) => url);
  const { maxRetries } = config.worker;
  return { ...config, comfyui: { ...config.comfyui, urls, maxRetries } };
}

function isGiven({ origin }: Settled<unknown>): boolean {
  return origin.type !== "default";
}

/** Begins a sentence about a setting. */
function subjectOf({ path, origin }: Settled<unknown>): string {
  const place = formatOrigin(origin);
  return origin.type === "file" ? `${place}: ${path}` : place;
}

/** Names the other setting in such a sentence. */
function rivalOf({ path, origin }: Settled<unknown>): string {
  return `${path} (${formatOrigin(origin)})`;
}
