/** Schema 4: since when workers live, and which of them are to take no more jobs; fewer indexes. */

/**
 * A worker of an older schema beside it goes on, but cannot be drained.
 *
 * - Nobody asks which endings were told: all workers hear of each.
 * - Of the jobs with a prompt only those that wait are looked for.
 */
export const WORKERS = `
  ALTER TABLE workers
    ADD COLUMN since_ms bigint,
    ADD COLUMN is_draining boolean NOT NULL DEFAULT false;
  DROP INDEX jobs_unannounced;
  DROP INDEX jobs_prompted;
  CREATE INDEX jobs_left ON jobs (server, seq) WHERE state = 'queued' AND prompt_id IS NOT NULL;
  CREATE INDEX jobs_unwanted ON jobs (id) WHERE cancel_requested AND outcome IS NULL;
`;
