/** A part of a profile, as plain JSON. */
export type Facts = Readonly<Record<string, unknown>>;

/** Lays facts over others: objects are merged member by member, anything else replaces what was there. */
export function mergeFacts(below: Facts, above: Facts): Facts {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = merged[key];
    merged[key] = isFacts(under) && isFacts(value) ? mergeFacts(under, value) : value;
  }
  return merged;
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
