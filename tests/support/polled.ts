/** What nothing announces, asked for now and then: asking all the time would take a core from other tests. */

/** Pause between two questions, and the longest wait for the answer, in milliseconds. */
const [PAUSE_MS, MOST_MS] = [20, 120_000];

/** Asks until there is an answer. @throws {Error} what `ask` throws, or that there was none for two minutes. */
export async function polled<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const answered = Promise.withResolvers<T>();
  const beganMs = performance.now();
  let isAsking = false;
  const asking = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await ask();
      if (answer !== undefined) answered.resolve(answer);
      else if (performance.now() - beganMs > MOST_MS) throw new Error(`Asked in vain for ${what}`);
    } catch (error) {
      answered.reject(error);
    } finally {
      isAsking = false;
    }
  }, PAUSE_MS);
  return await answered.promise.finally(() => clearInterval(asking));
}
