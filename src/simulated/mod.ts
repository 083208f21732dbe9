/**
 * A worker on an embedded simulator, in this process: for examples, and for the tests of
 * programs that talk to a worker.
 *
 * @module
 */

export { startSimulatedWorker } from "./simulated_worker.ts";
export type { SimulatedWorker, SimulatedWorkerOptions } from "./simulated_worker.ts";
