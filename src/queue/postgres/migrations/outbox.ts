/** Second version of the schema: what is to be told to others. */

/** Its statements. */
export const OUTBOX = `
  CREATE TABLE deliveries (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    job_id text NOT NULL,
    url text NOT NULL,
    host text NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    created_at_ms bigint NOT NULL,
    next_at_ms bigint NOT NULL,
    error text
  );
  CREATE INDEX deliveries_due ON deliveries (state, next_at_ms);
`;
