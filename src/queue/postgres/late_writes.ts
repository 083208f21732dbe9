/** A flaw of the library that would end the process. */

let isGuarded = false;

/**
 * postgres 3.4.9 may write to a connection that was closed a moment before, in a turn of the event loop of its own:
 * nobody can catch what it throws there, and a process ends of that. The statement has no answer then, and is given up
 * with its connections like any other that has none.
 */
export function guardLateWrites(): void {
  if (isGuarded) return;
  isGuarded = true;
  globalThis.addEventListener("error", (event) => {
    if (isLateWrite(event.error)) event.preventDefault();
  });
}

function isLateWrite(error: unknown): boolean {
  return error instanceof TypeError && /\bnextWrite\b.*\/postgres\//.test(`${error.stack}`);
}
