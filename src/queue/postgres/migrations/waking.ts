/** Schema 6: when all were woken last. */

/**
 * A sequence, for it is changed at once and without holding up anybody. A worker of an older schema beside it goes on, and
 * wakes all without looking at it.
 */
export const WAKING = `CREATE SEQUENCE woken`;
