/** What each connection has sent that nobody could take yet, and which of them must go for it (pure). */

/** What a connection may have under way. */
export interface FlowLimits {
  /** Bytes that may stay unfinished as long as it likes. */
  readonly bytes: number;
  /** Bytes that may be unfinished at all. */
  readonly mostBytes: number;
  /** Checks in a row that find more than `bytes` before the connection must go. */
  readonly checks: number;
  /** Bytes a second that are no messages, such as signs of life. */
  readonly idleBytesPerS: number;
}

/** What is known of a connection; counts are of bytes. */
interface Flow {
  readonly descriptor: number;
  received: number;
  /** Since the last look. */
  fresh: number;
  unfinished: number;
  checks: number;
}

/** The connections by their descriptors. */
export class Flows {
  readonly #limits: FlowLimits;
  readonly #flows = new Map<number, Flow>();

  /** Begins without any. */
  constructor(limits: FlowLimits) {
    this.#limits = limits;
  }

  /** Their descriptors. */
  get descriptors(): readonly number[] {
    return [...this.#flows.keys()];
  }

  /** The connection that has a descriptor; each is another object. */
  get(descriptor: number): { readonly descriptor: number } | undefined {
    return this.#flows.get(descriptor);
  }

  /** A connection has come; one of the same descriptor has gone. */
  open(descriptor: number): void {
    this.#flows.set(descriptor, { descriptor, received: 0, fresh: 0, unfinished: 0, checks: 0 });
  }

  /** A connection has gone. */
  close(descriptor: number): void {
    this.#flows.delete(descriptor);
  }

  /**
   * Notes what a connection has sent in all.
   *
   * @returns how much of it is new.
   */
  note(descriptor: number, receivedBytes: number): number {
    const flow = this.#flows.get(descriptor);
    if (flow === undefined) return 0;
    const more = Math.max(0, receivedBytes - flow.received);
    flow.received = receivedBytes;
    flow.fresh = more;
    flow.unfinished += more;
    return more;
  }

  /** Begins anew with what comes from now on. */
  forget(): void {
    for (const flow of this.#flows.values()) Object.assign(flow, { unfinished: 0, checks: 0 });
  }

  /**
   * Looks at all after a while.
   *
   * @param takenBytes What was taken of each since the last look.
   * @param isCaughtUp False if whole messages may wait, of which nothing was taken.
   * @returns who must go.
   */
  check(
    seconds: number,
    takenBytes: ReadonlyMap<number, number>,
    isCaughtUp: boolean,
  ): number[] {
    const { bytes, mostBytes, checks, idleBytesPerS } = this.#limits;
    const over: number[] = [];
    for (const [descriptor, flow] of this.#flows) {
      const taken = takenBytes.get(descriptor) ?? 0;
      flow.unfinished = Math.max(0, flow.unfinished - taken - seconds * idleBytesPerS);
      // A message that was taken was not one without end, nor was what came before it.
      if (taken > 0) flow.unfinished = Math.min(flow.unfinished, flow.fresh);
      const isStuck = taken === 0 && isCaughtUp && flow.unfinished > bytes;
      flow.checks = isStuck ? flow.checks + 1 : 0;
      if (flow.checks >= checks || (isStuck && flow.unfinished > mostBytes)) over.push(descriptor);
    }
    return over;
  }
}
