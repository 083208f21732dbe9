/** What the project's own clients ask for where their user names nothing; the wire leaves nothing out. */

/** Fields of a `generate` by their names. */
export const GENERATE_DEFAULTS = { size: [1024, 1024], steps: 20, cfg_scale: 7 } as const;
