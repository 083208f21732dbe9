/** Good and bad values of the settings of the image store. */

import { paths, type SettingCase, TOGGLES } from "./case_values.ts";

const SECRETS: Pick<SettingCase, "good" | "bad"> = {
  good: [["AKIA/x+y=", "AKIA/x+y="], ["studio:pixels", "studio:pixels"], ["1.10", "1.10"]],
  bad: ["two words", "käse", "a\nb"],
};

/** One case a setting. */
export const STORE_CASES: Readonly<Record<string, SettingCase>> = {
  "output.store": {
    read: (config) => config.output.store,
    good: [
      ...paths("store").good,
      ["s3://images", "s3://images"],
      ["s3://my.images-1/studio/a_b.c/", "s3://my.images-1/studio/a_b.c/"],
    ],
    bad: [
      ...paths("store").bad,
      "s3://",
      "s3:images",
      "S3://Images",
      "s3://a",
      "s3://images//x",
      "s3://images/../x",
      "s3://images/x?y",
      "s3://me:secret@images/x",
      "s3://images/a b",
    ],
  },
  "s3.endpoint": {
    read: (config) => config.s3.endpoint,
    good: [["http://127.0.0.1:9000/", "http://127.0.0.1:9000"], [
      "https://s3.example/x",
      "https://s3.example/x",
    ], ["HTTP://[::1]:1", "http://[::1]:1"]],
    bad: ["s3.example", "ftp://s3.example", "https://me:x@s3.example", "https://s3.example/?a=b"],
  },
  "s3.region": {
    read: (config) => config.s3.region,
    good: [["eu-central-1", "eu-central-1"], ["auto", "auto"], ["Paris_2", "Paris_2"]],
    bad: ["a b", "eu/1", "-x", "x".repeat(65)],
  },
  "s3.path_style": { read: (config) => config.s3.pathStyle, ...TOGGLES },
  "s3.access_key": { read: (config) => config.s3.accessKey, ...SECRETS },
  "s3.secret_key": { read: (config) => config.s3.secretKey, ...SECRETS },
  "s3.session_token": { read: (config) => config.s3.sessionToken, ...SECRETS },
  "s3.credentials_file": { read: (config) => config.s3.credentialsFile, ...paths("credentials") },
};
