/**
 * What differs between ComfyUI versions, one record a version. The simulator never compares version
 * numbers: it asks the profile.
 *
 * @module
 */

/**
 * The versions that can be imitated. `0.10`, `0.33` and `0.38` stand for their newest patch release;
 * `0.3.64` and `0.33` were recorded from real servers, the others were read in their source. What differs from
 * `0.3.64`:
 *
 * - `0.3.44`: no `progress_state`, `/features`, previews of type 4; ignores `prompt_id`,
 *   `partial_execution_targets`, history `offset`; every interrupt is global
 * - `0.10`: `extra_data.create_time` and `preview_method`; no secrets in `/queue`; `/api/jobs`;
 *   history lists outputs of that run only
 * - `0.33`: as 0.10, and: `prompt_id` must be a lowercase UUID; `missing_node_type`;
 *   `dependency_cycle`; cancel routes of the jobs API; progress without previews is throttled; results
 *   are kept across prompts only while 128 GiB are free (`freeMemoryBytes`)
 * - `0.38`: as 0.33, read in the code, not recorded; it calls itself 0.38.1
 */
export type ProfileName = "0.3.44" | "0.3.64" | "0.10" | "0.33" | "0.38";

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
  /**
   * `recent`: only results of the latest prompt are kept; `memory`: results are kept across prompts
   * while 128 GiB of memory are free, which they hardly ever are.
   */
  readonly cache: "recent" | "memory";
  /** `outputs` in history names only nodes that ran or were announced again in that run. */
  readonly outputsOfRunOnly: boolean;
  /** Node classes as declared by the recorded 0.33.0: savers have an output, choices may be options. */
  readonly newNodes: boolean;
  /**
   * Progress without a preview is sent for the first and the last step, and between them only
   * 0.1 s and 0.5 % after the one before.
   */
  readonly throttlesProgress: boolean;
  /** Answers `/node_replacements`, and tells that assets are off; malformed prompts are a 500. */
  readonly replacesNodes: boolean;
  /** Jobs tell `previewable_outputs_count`. */
  readonly countsPreviewable: boolean;
  /** Refuses what a browser marks as `Sec-Fetch-Site: cross-site`. */
  readonly refusesCrossSite: boolean;
  /** `/system_stats` names ComfyUI's own packages and the kind of installation. */
  readonly tellsPackages: boolean;
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
  newNodes: false,
  throttlesProgress: false,
  replacesNodes: false,
  countsPreviewable: false,
  refusesCrossSite: false,
  tellsPackages: false,
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

const V0_33: Profile = {
  ...V0_10,
  version: "0.33.0",
  frontendVersion: "1.49.6",
  templatesVersion: "0.11.44",
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
  cache: "memory",
  newNodes: true,
  throttlesProgress: true,
  replacesNodes: true,
  countsPreviewable: true,
  refusesCrossSite: true,
  tellsPackages: true,
};

/** The newest version recorded. */
export const DEFAULT_PROFILE: ProfileName = "0.33";

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
  "0.33": V0_33,
  "0.38": { ...V0_33, version: "0.38.1", frontendVersion: "1.45.6", templatesVersion: "0.12.3" },
};
