/** Schema 5: what was stored, or was about to be, of runs whose jobs may not complete by them. */

/** A worker of an older schema beside it goes on, but leaves what it stored when it dies. */
export const COPIES = `
  CREATE TABLE stored_copies (
    prompt_id text PRIMARY KEY,
    job_seq bigint NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    files text NOT NULL
  );
  CREATE INDEX stored_copies_job ON stored_copies (job_seq);
`;
