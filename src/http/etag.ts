/** Comparing entity tags with what a caller has already (RFC 9110, 13.1). */

/** Whether `If-None-Match` names the tag, alone, in a list, as a weak one, or by `*`. */
export function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}

/** Whether a `Range` counts: the pieces before were of the same file, if `If-Range` names one. */
export function isSameFile(header: string | undefined, etag: string): boolean {
  return header === undefined || header.trim() === etag;
}
