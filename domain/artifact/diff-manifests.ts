import { formatPath } from './source-document.js';
import type { PlacePath } from './json-places.js';
import type { ArtifactManifest } from './manifest.js';

/** A field that differs; `before` or `after` is absent where it is not there. */
export interface FieldChange {
  /** As people write it: `variants[0].platform.arch`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The fields in which two manifests differ, in the order of the first and then of what is new. */
export function diffManifests(before: ArtifactManifest, after: ArtifactManifest): FieldChange[] {
  const [old, fresh] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((path) => {
    const [was, is] = [old.get(path), fresh.get(path)];
    if (was === is) return [];
    return [
      { path, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) },
    ];
  });
}

/** Texts, numbers and truth values by their places. Empty lists and objects say as much as none. */
function fieldsOf(
  value: unknown,
  path: PlacePath = [],
  into = new Map<string, unknown>(),
): Map<string, unknown> {
  if (Array.isArray(value)) value.forEach((item, index) => fieldsOf(item, [...path, index], into));
  else if (typeof value === 'object' && value !== null)
    for (const [name, below] of Object.entries(value)) fieldsOf(below, [...path, name], into);
  else into.set(formatPath(path), value);
  return into;
}
