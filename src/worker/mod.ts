/**
 * The service: sockets, queue and ComfyUI put together.
 *
 * @module
 */

export { startWorker } from "./worker.ts";
export type { PixelsWorker, WorkerOptions } from "./worker.ts";
