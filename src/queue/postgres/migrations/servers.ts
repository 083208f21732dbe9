/** Schema 3: what each worker tells the others of its servers. */

/**
 * A worker of an older schema beside it goes on: it names its servers as before, of which nothing more is known then, so that
 * no job waits for them.
 *
 * - `loaded` names the models in a server's memory, as a worker would name those of a request.
 * - `models` are all that it can load, as a worker names those of a request; NULL if that is not known.
 * - `updates_addr` is where a worker's updates are, `curve_key` its public key, if it has one.
 * - `room` is how many jobs it may take now, `wait_ms` when it will have done what it has.
 */
export const SERVERS = `
  ALTER TABLE servers
    ADD COLUMN loaded text,
    ADD COLUMN room integer NOT NULL DEFAULT 0,
    ADD COLUMN active integer NOT NULL DEFAULT 0,
    ADD COLUMN wait_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN weight float8 NOT NULL DEFAULT 1,
    ADD COLUMN state text,
    ADD COLUMN draining boolean NOT NULL DEFAULT false,
    ADD COLUMN models text[];
  ALTER TABLE servers SET (fillfactor = 50);
  ALTER TABLE workers ADD COLUMN updates_addr text, ADD COLUMN curve_key text;
`;
