/**
 * A worker that generates pixel art on ComfyUI for clients on ZeroMQ, as a library.
 *
 * `startWorker()` runs the service within a process of yours, `connect()` talks to one anywhere, and
 * `loadConfig()` makes the settings of either from flags, variables and a file.
 *
 * @module
 */

export {
  type CallOptions,
  type Client,
  type Compression,
  connect,
  type ConnectOptions,
  type GenerateParams,
  type JobHandle,
  type JobPage,
  type JobQuery,
  type JobResult,
} from "./client/mod.ts";
export {
  type ComfyuiConfig,
  type Config,
  type ExecutorConfig,
  type FlagName,
  type Flags,
  type HostAndPort,
  type HttpConfig,
  type InputConfig,
  type JobEnding,
  loadConfig,
  type LoadConfigOptions,
  type LoadedConfig,
  type LogFormat,
  type LoggingConfig,
  type ModelDirs,
  type ModelsConfig,
  type Origin,
  type OutputConfig,
  type PalettesConfig,
  type PreviewMethod,
  type ReadEnv,
  type S3Config,
  type ServerConfig,
  type WebhooksConfig,
  type WorkerConfig,
  type WorkflowsConfig,
  type ZmqConfig,
} from "./config/mod.ts";
export {
  ComfyError,
  type ComfyErrorCode,
  type ComfyErrorContext,
  ConfigError,
  type ConfigErrorCode,
  type ErrorContext,
  JobError,
  type JobErrorCode,
  PixelsError,
  ProtocolError,
  type ProtocolErrorCode,
  type ProtocolErrorContext,
  TransportError,
  type TransportErrorCode,
} from "./errors.ts";
export {
  createLogger,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from "./log.ts";
export {
  type BindOptions,
  type IncomingRequest,
  memoryTransport,
  type PublishOptions,
  type RequestClient,
  type RequestOptions,
  type RequestServer,
  type Transport,
  type UpdatePublisher,
  type UpdateSubscriber,
  zmqTransport,
} from "./transport/mod.ts";
export { type PixelsWorker, startWorker, type WorkerOptions } from "./worker/mod.ts";
