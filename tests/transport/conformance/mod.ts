/** What every transport must do; run for each of them by `*_test.ts`. */

import type { Transport } from "../../../src/transport/mod.ts";
import { testAddresses } from "./addresses.ts";
import { testRequests } from "./requests.ts";
import { testUpdates } from "./updates.ts";

/** A transport under test. */
export interface Subject {
  /** Stands before the names of its tests. */
  readonly name: string;
  /** Makes the transport. */
  open(): Transport;
  /** An address that nobody uses, for a socket to be bound. */
  address(): string;
}

/** Registers the tests for a transport. */
export function testTransport(subject: Subject): void {
  testAddresses(subject);
  testRequests(subject);
  testUpdates(subject);
}
