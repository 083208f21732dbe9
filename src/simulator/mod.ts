/**
 * An embedded ComfyUI server: the same protocol, its own painter, faults on request.
 *
 * @module
 */

export type { NodeFault, RouteFault, Stall, StallTarget } from "./faults.ts";
export { type IsolatedOptions, type IsolatedSimulator, startIsolatedSimulator } from "./isolate.ts";
export type { Json, JsonObject } from "./json.ts";
export type {
  ModelLists,
  Painting,
  PreviewMethod,
  SimulatedWork,
  SimulatorClock,
  SimulatorOptions,
} from "./options.ts";
export type { ProfileName } from "./profile.ts";
export type {
  Execution,
  ExecutionRecord,
  Outcome,
  ReceivedPrompt,
  SimulatorEvent,
  SimulatorEventOf,
  WhenOptions,
} from "./record.ts";
export {
  type RestartOptions,
  type Simulator,
  type SimulatorFaults,
  startSimulator,
} from "./simulator.ts";
