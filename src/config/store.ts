/** The settings of the image store. */

import { httpUrl, path, type SingleKind, toggle } from "./kinds.ts";
import type { Setting } from "./setting.ts";
import type { Field, ValueOf } from "./values.ts";

type StoreField = "output.store" | (Field & `s3.${string}`);

/** A bucket's name as S3 allows it, and a prefix that means the same in a path and in a URL. */
const S3_URL = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[\w.-]+)*\/?$/;

/** A directory, or a bucket. */
function storePlace(): SingleKind<string> {
  const dir = path("dir");
  return {
    ...dir,
    expected: "a path without a leading ~, or s3://bucket/prefix",
    parse(text) {
      if (!/^s3:/i.test(text)) return dir.parse(text);
      return S3_URL.test(text) && !/\/\.{1,2}(?:\/|$)/.test(text) ? text : undefined;
    },
  };
}

/** The base URL of a store, to which paths are added. */
function endpoint(): SingleKind<string> {
  const url = httpUrl();
  return { ...url, parse: (text) => /[?@]/.test(text) ? undefined : url.parse(text) };
}

/** What signs requests, as a header can carry it. */
function secret(): SingleKind<string> {
  return {
    type: "single",
    expected: "visible ASCII",
    placeholder: "key",
    isSecret: true,
    parse: (text) => /^[\x21-\x7e]{1,4096}$/.test(text) ? text : undefined,
    format: () => "***",
  };
}

/** The name of a region, which may be any. */
function region(): SingleKind<string> {
  return {
    type: "single",
    expected: "a region such as eu-central-1",
    placeholder: "region",
    parse: (text) => /^[A-Za-z0-9][\w-]{0,63}$/.test(text) ? text : undefined,
    format: (name) => name,
  };
}

/** A part of the table of all settings. */
export const STORE_SETTINGS: { readonly [F in StoreField]: Setting<ValueOf<F>> } = {
  "output.store": {
    path: "output.store",
    kind: storePlace(),
    default: undefined,
    help: "where else each image is stored, for all workers",
  },
  "s3.endpoint": {
    path: "s3.endpoint",
    kind: endpoint(),
    default: undefined,
    help: "the store's address; Amazon's unless given",
  },
  "s3.region": {
    path: "s3.region",
    kind: region(),
    default: "us-east-1",
    help: "its region",
  },
  "s3.pathStyle": {
    path: "s3.path_style",
    kind: toggle(),
    default: true,
    help: "bucket in the path; false for before the host's name",
  },
  "s3.accessKey": {
    path: "s3.access_key",
    kind: secret(),
    default: undefined,
    help: "name of the key",
  },
  "s3.secretKey": {
    path: "s3.secret_key",
    kind: secret(),
    default: undefined,
    help: "the key",
  },
  "s3.sessionToken": {
    path: "s3.session_token",
    kind: secret(),
    default: undefined,
    help: "token that goes with a lent key",
  },
  "s3.credentialsFile": {
    path: "s3.credentials_file",
    kind: path("file"),
    default: undefined,
    help: "file with them, as AWS's tools write it; read again for each request",
  },
};
