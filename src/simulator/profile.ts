/**
 * What differs between ComfyUI versions, one record a version. The simulator never compares version
 * numbers: it asks the profile.
 *
 * @module
 */

/** The versions that can be imitated. `0.10` and `0.38` stand for their newest patch release. */
export type ProfileName = "0.3.44" | "0.3.64" | "0.10" | "0.38";

/** Abilities and habits of one ComfyUI version. */
export interface Profile {
  /** `comfyui_version` in `/system_stats`. */
  readonly version: string;
  /** `os` in `/system_stats`: `os.name` in older versions, `sys.platform` in newer ones. */
  readonly os: "posix" | "linux";
  /** `required_frontend_version` in `/system_stats`. */
  readonly frontendVersion: string;
  /** `required_templates_version` in `/system_stats`. */
  readonly templatesVersion: string;
  /** Sends `progress_state`, answers `feature_flags` and `/features`, knows previews of type 4. */
  readonly progressState: boolean;
  /** Members of `/features` besides the two that every version with features has. */
  readonly extraFeatures: Readonly<Record<string, unknown>>;
  /** What becomes of a `prompt_id` that the client chose. */
  readonly ownPromptId: "ignored" | "any" | "uuid";
  /** Heeds `partial_execution_targets`. */
  readonly partialTargets: boolean;
  /** Heeds `prompt_id` on `/interrupt`. */
  readonly targetedInterrupt: boolean;
  /** Heeds `offset` on `/history`. */
  readonly historyOffset: boolean;
  /** Writes `extra_data.create_time` and keeps secrets out of `/queue`. */
  readonly createTime: boolean;
  /** Heeds `extra_data.preview_method`. */
  readonly previewMethodOfPrompt: boolean;
  /** The jobs API: absent, read only, or with its cancel routes. */
  readonly jobs: "none" | "read" | "cancel";
  /** `error.type` for an unknown or missing node class. */
  readonly unknownNode: "invalid_prompt" | "missing_node_type";
  /** Names the nodes of a static cycle. */
  readonly namesCycles: boolean;
  /** `recent`: only results of the latest prompt are kept; `all`: results are kept across prompts. */
  readonly cache: "recent" | "all";
  /** `outputs` in history names only nodes that ran or were announced again in that run. */
  readonly outputsOfRunOnly: boolean;
  /** Nodes carry `is_input_list` and `has_intermediate_output` in `/object_info`. */
  readonly newNodeFacts: boolean;
}

const V0_3_64: Profile = {
  version: "0.3.64",
  os: "posix",
  frontendVersion: "1.27.10",
  templatesVersion: "0.1.95",
  progressState: true,
  extraFeatures: {},
  ownPromptId: "any",
  partialTargets: true,
  targetedInterrupt: true,
  historyOffset: true,
  createTime: false,
  previewMethodOfPrompt: false,
  jobs: "none",
  unknownNode: "invalid_prompt",
  namesCycles: false,
  cache: "recent",
  outputsOfRunOnly: false,
  newNodeFacts: false,
};

const V0_10: Profile = {
  ...V0_3_64,
  version: "0.10.0",
  os: "linux",
  frontendVersion: "1.37.11",
  templatesVersion: "0.8.15",
  extraFeatures: { extension: { manager: { supports_v4: true } } },
  createTime: true,
  previewMethodOfPrompt: true,
  jobs: "read",
  outputsOfRunOnly: true,
};

/** Every profile by its name. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  "0.3.44": {
    ...V0_3_64,
    version: "0.3.44",
    frontendVersion: "1.23.4",
    templatesVersion: "0.1.31",
    progressState: false,
    ownPromptId: "ignored",
    partialTargets: false,
    targetedInterrupt: false,
    historyOffset: false,
  },
  "0.3.64": V0_3_64,
  "0.10": V0_10,
  "0.38": {
    ...V0_10,
    version: "0.38.1",
    frontendVersion: "1.45.6",
    templatesVersion: "0.12.3",
    extraFeatures: {
      ...V0_10.extraFeatures,
      supports_model_type_tags: true,
      node_replacements: true,
      assets: false,
    },
    ownPromptId: "uuid",
    jobs: "cancel",
    unknownNode: "missing_node_type",
    namesCycles: true,
    cache: "all",
    newNodeFacts: true,
  },
};
