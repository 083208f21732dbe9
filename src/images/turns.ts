/**
 * Long work in short turns. Deno packs and unpacks on the thread that asks, and its streams of zlib go
 * from piece to piece without a turn of the event loop: a large image would hold up all else for seconds.
 */

/** Resolves in a later turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Hands on pieces of work, each in a turn of its own. */
export async function* inTurns<Piece>(
  pieces: Iterable<Piece> | AsyncIterable<Piece>,
): AsyncGenerator<Piece, void, undefined> {
  let isFirst = true;
  for await (const piece of pieces) {
    if (!isFirst) await nextTurn();
    isFirst = false;
    yield piece;
  }
}
