/**
 * The configuration: flags, `DGX_PIXELS_*` variables and a YAML file become one frozen object that
 * knows where each value came from. Nothing but this folder reads the environment or YAML.
 *
 * The YAML library takes 50 ms and 15 MB and is loaded with the first file. It asks for two variables of its
 * own: start Deno with `--ignore-env=LOG_STREAM,LOG_TOKENS`, else a file cannot be read.
 *
 * @example What is in force, and where it came from
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 * import { describeConfig, loadConfig } from "./mod.ts";
 *
 * const loaded = await loadConfig({
 *   flags: { "req-addr": "tcp://0.0.0.0:5555", "comfyui-url": ["http://gpu1:8188"] },
 *   env: (name) => name === "DGX_PIXELS_LOG_LEVEL" ? "debug" : undefined,
 * });
 * loaded.config.comfyui.timeoutMs satisfies number;
 * const [first] = describeConfig(loaded); // every setting, secrets hidden
 * deepEqual(first, { path: "zmq.req_rep_addr", value: "tcp://0.0.0.0:5555", origin: "--req-addr" });
 * ```
 *
 * @module
 */

export {
  type ComfyuiConfig,
  type Config,
  type ExecutorConfig,
  FILENAME_PLACEHOLDERS,
  type FilenamePlaceholder,
  formatOrigin,
  type HostAndPort,
  type HttpConfig,
  type InputConfig,
  type JobEnding,
  type LoadedConfig,
  type LogFormat,
  type LoggingConfig,
  type ModelDirs,
  type ModelsConfig,
  type Origin,
  type OutputConfig,
  type PalettesConfig,
  type PreviewMethod,
  type S3Config,
  type ServerConfig,
  type WebhooksConfig,
  type WorkerConfig,
  type WorkflowsConfig,
  type ZmqConfig,
} from "./config.ts";
export type { LogLevel } from "../log.ts";
export {
  type ConfigRow,
  describeConfig,
  type KeyInfo,
  listSettings,
  type SettingInfo,
} from "./describe.ts";
export { headersOf, routesOf } from "./derived.ts";
export { loadConfig, type LoadConfigOptions } from "./load.ts";
export { isDatabaseUrl } from "./kinds.ts";
export { readServer } from "./one_server.ts";
export { defaultServer } from "./servers.ts";
export { applyProxy, goDirect, proxyVariables } from "./proxy.ts";
export type { FlagName } from "./flags.ts";
export { type Flags, type ReadEnv, readProcessEnv } from "./sources.ts";
export { parseYaml, type ParseYamlOptions } from "./yaml/value.ts";
