/**
 * JSON with sorted keys and no white space: the same value always gives the same text, so that its digest can
 * name it. Undefined members are left out, as JSON.stringify does. (The part of RFC 8785 that JSON.stringify
 * does not do by itself.)
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    const record = member as Record<string, unknown>;
    const sorted: Record<string, unknown> = {};
    for (const key of Object.keys(record).sort()) sorted[key] = record[key];
    return sorted;
  });
}
