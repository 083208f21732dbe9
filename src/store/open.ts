/** Opens the store that the settings name. */

import { openFolderStore } from "./folder.ts";
import type { ImageStore } from "./image_store.ts";
import type { CredentialSettings } from "./bucket/credentials.ts";

/** How an S3 store is reached. */
export interface S3Settings extends CredentialSettings {
  /** Base URL of the store. @default {Amazon's, of the region} */
  readonly endpoint: string | undefined;
  /** Name of the region. */
  readonly region: string;
  /** Whether the bucket goes into the path, not before the host's name. */
  readonly pathStyle: boolean;
}

/**
 * Opens a store.
 *
 * @param place A directory, or `s3://bucket/prefix`.
 * @throws {ConfigError} for a directory that cannot be used, or credentials that cannot be read.
 */
export async function openStore(place: string, settings: S3Settings): Promise<ImageStore> {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/i.exec(place) ?? [];
  if (bucket === undefined) return await openFolderStore(place);
  // Most workers have no such store, and start without what speaks to it.
  const [{ openS3Store }, { readCredentials }] = await Promise.all([
    import("./bucket/store.ts"),
    import("./bucket/credentials.ts"),
  ]);
  await readCredentials(settings);
  const { region, endpoint = `https://s3.${region}.amazonaws.com` } = settings;
  return openS3Store({ ...settings, endpoint, bucket, prefix: prefix.replace(/\/+$/, "") });
}
