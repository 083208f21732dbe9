/**
 * The configuration: flags, `DGX_PIXELS_*` variables and a YAML file become one frozen object that
 * knows where each value came from.
 *
 * @module
 */

export {
  type ComfyuiConfig,
  type Config,
  FILENAME_PLACEHOLDERS,
  type FilenamePlaceholder,
  formatOrigin,
  type InputConfig,
  type LoadedConfig,
  type LogFormat,
  type LoggingConfig,
  type ModelDirs,
  type ModelsConfig,
  type Origin,
  type OutputConfig,
  type PreviewMethod,
  type ServerConfig,
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
export { loadConfig, type LoadConfigOptions } from "./load.ts";
export { defaultServer } from "./servers.ts";
export { applyProxy, goDirect, proxyVariables } from "./proxy.ts";
export type { FlagName } from "./settings.ts";
export { type Flags, type ReadEnv, readProcessEnv } from "./sources.ts";
export { parseYaml, type ParseYamlOptions } from "./yaml/value.ts";
