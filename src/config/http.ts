/** The settings of HTTP. */

import { hostAndPort, listOf, path, webOrigin, wholeNumber } from "./kinds.ts";
import type { Setting } from "./setting.ts";
import type { Field, ValueOf } from "./values.ts";

type HttpField = Field & `http.${string}`;

const MAX_ORIGINS = 64;

/** Its part of the table of all settings. */
export const HTTP_SETTINGS: { readonly [F in HttpField]: Setting<ValueOf<F>> } = {
  "http.addr": {
    path: "http.addr",
    flag: "http-addr",
    kind: hostAndPort(),
    default: undefined,
    help: "where to serve HTTP too, such as 127.0.0.1:8080",
  },
  "http.tokensFile": {
    path: "http.tokens_file",
    flag: "http-tokens-file",
    kind: path("file"),
    default: undefined,
    help: "file with the hashes of tokens; without it only this machine may ask",
  },
  "http.allowedOrigins": {
    path: "http.allowed_origins",
    kind: listOf(webOrigin(), MAX_ORIGINS),
    default: [],
    help: "origins whose pages may call over HTTP",
  },
  "http.maxConnections": {
    path: "http.max_connections",
    kind: wholeNumber(1, 1_000_000),
    default: 1_000,
    help: "most connections of one address, a quarter of all",
  },
};
