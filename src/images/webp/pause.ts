/** Lets other work of a thread go on during a long calculation. */

/** Resolves after what waits already has had its turn. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
