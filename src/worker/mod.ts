/**
 * The service: sockets, queue and ComfyUI put together.
 *
 * @module
 */

export { startWorker } from "./start.ts";
export type { PixelsWorker, WorkerOptions } from "./worker.ts";
