// What the client uses and Node 20 and some browsers lack; put into the scripts under these names.

export const asyncDispose = globalThis.Symbol["asyncDispose"] ?? Symbol.for("Symbol.asyncDispose");
export const dispose = globalThis.Symbol["dispose"] ?? Symbol.for("Symbol.dispose");

export function withResolvers() {
  let resolve, reject;
  const promise = new Promise((one, other) => {
    resolve = one;
    reject = other;
  });
  return { promise, resolve, reject };
}

/** No more of it than the client uses. */
export class AsyncDisposableStack {
  #resources = [];

  use(resource) {
    this.#resources.push(resource);
    return resource;
  }

  move() {
    const moved = new AsyncDisposableStack();
    moved.#resources = this.#resources;
    this.#resources = [];
    return moved;
  }

  async [asyncDispose]() {
    for (const resource of this.#resources.splice(0).reverse()) await resource[asyncDispose]();
  }
}
