/** Key files as text: the part of ZPL (https://rfc.zeromq.org/spec/4/) that `zmq.auth` and czmq write. */

/** What a key file may hold, each key 40 characters of Z85. */
export interface KeyText {
  /** The public key. */
  readonly publicKey?: string;
  /** The secret key. */
  readonly secretKey?: string;
}

/** A key in quotes: Z85 has neither quotes nor backslashes. */
const LINE = /^\s*(public-key|secret-key)\s*=\s*"([^"]{40})"\s*$/;

/** Reads the keys of a file; lines that are none are passed over. */
export function parseKeys(text: string): KeyText {
  const keys: { publicKey?: string; secretKey?: string } = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, key] = LINE.exec(line) ?? [];
    if (name === "public-key") keys.publicKey = key!;
    if (name === "secret-key") keys.secretKey = key!;
  }
  return keys;
}

/** Writes the keys of a file. */
export function formatKeys({ publicKey, secretKey }: KeyText): string {
  const comment = secretKey === undefined
    ? "# A public CURVE key of ZeroMQ: give it to those who shall know it."
    : "# A secret CURVE key of ZeroMQ: DO NOT give it to anybody.";
  const keys = { "public-key": publicKey, "secret-key": secretKey };
  const lines = Object.entries(keys).filter(([, key]) => key !== undefined)
    .map(([name, key]) => `    ${name} = "${key}"`);
  return [comment, "", "metadata", "curve", ...lines, ""].join("\n");
}
