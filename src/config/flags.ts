/** The flags that settings have. */

/** Name of a command line flag, without its dashes. */
export type FlagName =
  | "req-addr"
  | "pub-addr"
  | "curve-key"
  | "curve-clients"
  | "server-key"
  | "http-addr"
  | "http-tokens-file"
  | "allow-insecure-bind"
  | "comfyui-url"
  | "comfyui-proxy"
  | "comfyui-timeout"
  | "workflow-dir"
  | "input-dir"
  | "output-dir"
  | "palette-dir"
  | "extra-model-paths"
  | "db"
  | "worker-name"
  | "peer-addr"
  | "config"
  | "simulate"
  | "isolation"
  | "log-level";
