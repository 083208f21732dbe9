/** Keys of those who connect, and making keys. */

import { curveKeyPair } from "zeromq";
import { TransportError } from "../../errors.ts";
import type { CurveClientOptions } from "../sockets.ts";
import { isZ85Key } from "./z85.ts";

/** A pair of CURVE keys, each 40 characters of Z85. */
export interface CurveKeyPair {
  /** Given to others. */
  publicKey: string;
  /** Kept. */
  secretKey: string;
}

/** Draws a new pair of keys. */
export function generateCurveKeys(): CurveKeyPair {
  return curveKeyPair();
}

/** The package's options for a client's keys. @throws {TransportError} `key_invalid`. */
export function curveOptions(curve: CurveClientOptions | undefined): {
  curveServerKey?: string;
  curvePublicKey?: string;
  curveSecretKey?: string;
} {
  if (curve === undefined) return {};
  const { serverKey, publicKey, secretKey } = curve;
  const keys = {
    "The server's key": serverKey,
    "The public key": publicKey,
    "The secret key": secretKey,
  };
  for (const [name, key] of Object.entries(keys)) {
    if (isZ85Key(key)) continue;
    throw new TransportError("key_invalid", `${name} is not 40 characters of Z85; see \`keygen\``);
  }
  return { curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: secretKey };
}
