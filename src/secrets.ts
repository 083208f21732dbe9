/** The secrets of one server: what they are, and keeping them out of what people and logs get to see. Pure. */

import { HIDDEN, redact } from "./redact.ts";

/** Anything shorter would be found in words that hold no secret. */
const MIN_SECRET_CHARS = 6;

/** For the address of a server: what `redact()` hides, and all values of its query. */
export function hideSecrets(text: string): string {
  return redact(text)
    .replace(/(https?:\/\/[^\s?#"']*\?)([^\s#"']*)/gi, (_whole, start: string, query: string) => {
      return start + query.replace(/=[^&]*/g, `=${HIDDEN}`);
    });
}

/** Replaces secrets in whatever is made of plain objects, lists and strings. */
export type Redact = <T>(value: T) => T;

/**
 * Makes the function that hides these secrets, and those of any URL's user and password, wherever
 * they come up: also in an error of Deno that quotes an address, or in the answer of a server that
 * repeats what it was given.
 */
export function createRedactor(secrets: Iterable<string>): Redact {
  const known = [...new Set([...secrets].flatMap(spellingsOf))]
    .filter((secret) => secret.length >= MIN_SECRET_CHARS)
    // A secret may contain another one.
    .sort((a, b) => b.length - a.length);
  function hide(text: string): string {
    return redact(text, known);
  }
  return function hideIn<T>(value: T): T {
    if (typeof value === "string") return hide(value) as T;
    if (Array.isArray(value)) return value.map((item) => hideIn(item)) as T;
    if (typeof value !== "object" || value === null) return value;
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, hideIn(item)]),
    ) as T;
  };
}

/** A text as servers repeat it: in an address, a form, a page, in JSON as Python and others write it. */
function spellingsOf(text: string): string[] {
  const escaped = encodeURIComponent(text);
  const json = JSON.stringify(text).slice(1, -1);
  const named = HTML_NAMES.reduce((page, [char, name]) => page.replaceAll(char, name), text);
  return [
    text,
    escaped,
    escaped.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    escaped.replaceAll("%20", "+"),
    named,
    named.replaceAll("&#39;", "&#x27;"),
    named.replaceAll("&#39;", "'"),
    named.replaceAll("&#39;", "'").replaceAll("&quot;", '"'),
    json,
    json.replaceAll("/", "\\/"),
    json.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
  ];
}

/** Characters that pages write by name, that of names first. */
const HTML_NAMES = [
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
] as const;

/** Everything in the address of a server and in its headers that nobody else may learn. */
export function secretsOf(url: string, headers: Readonly<Record<string, string>> = {}): string[] {
  const { username, password, searchParams } = new URL(url);
  const secrets = [...searchParams.values()];
  if (password !== "") {
    const [user, word] = [username, password].map(decode) as [string, string];
    secrets.push(password, word, encodeBasic(user, word));
  }
  for (const value of Object.values(headers)) {
    // Without its scheme too: `Bearer …`.
    secrets.push(value, value.replace(/^\S+\s+/, ""));
  }
  return secrets;
}

/** User and password as the header `Authorization: Basic` carries them (RFC 7617). */
export function encodeBasic(user: string, password: string): string {
  return new TextEncoder().encode(`${user}:${password}`).toBase64();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
