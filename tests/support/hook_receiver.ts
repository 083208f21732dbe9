/** A receiver of webhooks that behaves as a test wants. */

/** What it was told. */
export interface Told {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A receiver on a free port of 127.0.0.1. */
export interface HookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly told: Told[];
  /** Resolves when it has been told so often. */
  toldTimes(count: number): Promise<void>;
}

/** Starts one; without `answer` it says 204. */
export function hookReceiver(
  answer: (told: Told, count: number) => Response | Promise<Response> = () =>
    new Response(null, { status: 204 }),
): HookReceiver {
  const told: Told[] = [];
  let look = () => {};
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname: path } = new URL(request.url);
    const one = { path, headers: request.headers, body: await request.text() };
    told.push(one);
    look();
    return await answer(one, told.length);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/hook`,
    told,
    toldTimes(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      look = () => told.length >= count && resolve();
      look();
      return promise;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
