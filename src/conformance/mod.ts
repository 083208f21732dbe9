/**
 * Proof that the worker and a ComfyUI server get along, faults of the network included.
 *
 * @module
 */

export type { LogFields, Logger, LogLevel } from "../log.ts";
export type { WhenOptions } from "./event_log.ts";
export type { ScenarioName } from "./matrix.ts";
export {
  type FaultProxy,
  type FaultProxyOptions,
  type ProxyEvent,
  type ProxyFaults,
  startFaultProxy,
} from "./proxy.ts";
export {
  type ConformanceOptions,
  hasPassed,
  runConformance,
  type ScenarioPlayed,
  type ScenarioResult,
} from "./run.ts";
export { renderLine, renderTable } from "./table.ts";
