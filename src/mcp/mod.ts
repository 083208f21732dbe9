/**
 * The worker's tools for agents.
 *
 * @module
 */

export type { GenerateCall, ToolBackend, ToolImage } from "./backend.ts";
export { createMcpServer } from "./server.ts";
