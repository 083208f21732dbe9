/**
 * Keeps secrets out of what leaves the worker: log lines, replies, updates, what is stored of an error.
 *
 * @module
 */

/** What stands in place of a secret. */
export const HIDDEN = "***";

/**
 * `//user:password@`. The second form is a password that holds a `/`, `?` or `#` as it is, which makes the
 * URL invalid, and the complaint about it would show it; a port is none.
 */
const USER_INFO = /\/\/(?:[^\s/?#]{0,1024}|[^\s/?#@:[\]]{0,256}:(?!\d{1,5}[/?#])\S{0,1024})@/g;

/** Values of a query whose names tell that they are secret. */
const QUERY_VALUE =
  /([?&;](?:[\w.-]{0,64}(?:token|secret|passw|api[_-]?key|signature|credential|auth)[\w.-]{0,64}|key|sig|pwd)=)[^&;#\s"'<>]+/gi;

/** Values of headers that carry secrets, as error messages and dumps of headers show them. */
const HEADER_VALUE = /((?:authorization|x-api-key|cookie)["']?\s{0,8}[:=]\s{0,8}["']?)[^"'\r\n]+/gi;

/**
 * Replaces what only the operator may know in a text: the user and password of each URL, values of its
 * query that are named like secrets, values of headers such as `Authorization`, and `secrets` wherever they stand.
 * All else stays, so that the text still says which server it is about.
 */
export function redact(text: string, secrets: Iterable<string> = []): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret !== "") shown = shown.replaceAll(secret, HIDDEN);
  }
  // Most texts have none of what is looked for, which is seen at less cost.
  if (shown.includes("@")) shown = shown.replace(USER_INFO, `//${HIDDEN}@`);
  const hasValue = shown.includes("=");
  if (hasValue) shown = shown.replace(QUERY_VALUE, `$1${HIDDEN}`);
  if (hasValue || shown.includes(":")) shown = shown.replace(HEADER_VALUE, `$1${HIDDEN}`);
  return shown;
}

/** Parts of a path that are long enough for a key, as Slack and Discord put one there. */
const PATH_KEY = /(?<=\/)[^/?#]{16,}/g;

/** The address of a webhook, without the keys in its path either. */
export function redactHook(url: string): string {
  const [, start = "", rest = ""] = /^([a-z]+:\/\/[^/?#]*)(.*)$/is.exec(redact(url)) ?? ["", url];
  return start + rest.replace(PATH_KEY, HIDDEN);
}
