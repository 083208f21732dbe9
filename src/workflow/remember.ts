/** Remembers what was found about something that does not change, such as a template. */

/** Looks at each thing once, and forgets what it found with the thing itself. */
export function remembered<Thing extends object, Found>(
  find: (thing: Thing) => Found,
): (thing: Thing) => Found {
  const known = new WeakMap<Thing, { readonly found: Found }>();
  return (thing) => {
    let entry = known.get(thing);
    if (entry === undefined) {
      entry = { found: find(thing) };
      known.set(thing, entry);
    }
    return entry.found;
  };
}
