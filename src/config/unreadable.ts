/** Why a file could not be read. */

/** Completes "Cannot read …: " for what reading a file threw. */
export function reasonOf(cause: unknown, path: string): string {
  if (cause instanceof Deno.errors.NotFound) return "no such file";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (cause instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (cause instanceof Deno.errors.NotCapable) return `Deno needs --allow-read=${path}`;
  return cause instanceof Error ? cause.message : String(cause);
}
