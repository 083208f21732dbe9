/** Who the worker is to an S3 store. */

import { ConfigError } from "../../errors.ts";

/** What requests are signed with. */
export interface Credentials {
  /** Name of the key. */
  readonly accessKeyId: string;
  /** The key. */
  readonly secretAccessKey: string;
  /** Goes with keys that are lent for a while. */
  readonly sessionToken?: string;
}

/** Where credentials come from. */
export interface CredentialSettings {
  /** Name of the key. */
  readonly accessKey: string | undefined;
  /** The key. */
  readonly secretKey: string | undefined;
  /** Goes with keys that are lent for a while. */
  readonly sessionToken: string | undefined;
  /** File of the kind that AWS's tools keep; its profile `default` counts. */
  readonly credentialsFile: string | undefined;
}

/**
 * The credentials now: a file is read each time, since keys may be lent for an hour.
 *
 * @throws {ConfigError} `unreadable` or `invalid_value`; what is in the file is not quoted.
 */
export async function readCredentials(settings: CredentialSettings): Promise<Credentials> {
  const { accessKey, secretKey, sessionToken, credentialsFile } = settings;
  if (accessKey !== undefined && secretKey !== undefined) {
    return {
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
  }
  if (credentialsFile === undefined) {
    throw new ConfigError(
      "invalid_value",
      "The image store asks for credentials; set DGX_PIXELS_S3_ACCESS_KEY and " +
        "DGX_PIXELS_S3_SECRET_KEY, or s3.credentials_file",
    );
  }
  const values = profile(await readText(credentialsFile));
  const [id, secret] = [values.get("aws_access_key_id"), values.get("aws_secret_access_key")];
  if (id === undefined || secret === undefined) {
    const remedy = "must have aws_access_key_id and aws_secret_access_key under [default]";
    throw new ConfigError("unreadable", `${credentialsFile} ${remedy}`);
  }
  const token = values.get("aws_session_token");
  return {
    accessKeyId: id,
    secretAccessKey: secret,
    ...(token === undefined ? {} : { sessionToken: token }),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unreadable", `Cannot read s3.credentials_file ${path}: ${why}`, {
      cause,
    });
  }
}

/** The values under `[default]`, or before any heading. */
function profile(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let isMeant = true;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*(.*?)\s*\]\s*$/.exec(line)?.[1];
    if (heading !== undefined) isMeant = heading === "default";
    const [, name, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (isMeant && name !== undefined && value !== undefined) values.set(name, value);
  }
  return values;
}
