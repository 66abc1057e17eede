import semver from 'semver';
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import { demandPattern } from '../artifact/manifest.js';

/** One artifact asked for: `NAME` or `NAME@RANGE`. */
export interface ArtifactRequest {
  readonly name: string;
  /** node-semver range; `*` when none was given. */
  readonly range: string;
}

const validName = new RegExp(demandPattern);

/** The name in `NAME` or `NAME@RANGE`, whether or not it is one. */
export function requestedName(text: string): string {
  const at = text.indexOf('@', 1);
  return at < 0 ? text : text.slice(0, at);
}

/**
 * Reads `NAME` or `NAME@RANGE`.
 * @throws LeonoreError MALFORMED_INPUT when the name or the range cannot be read
 */
export function parseRequest(text: string): ArtifactRequest {
  const name = requestedName(text);
  const range = name === text ? '*' : text.slice(name.length + 1).trim();
  if (!validName.test(name)) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `"${text.slice(0, 120)}" does not start with the name of an artifact`,
    );
  }
  if (range.length > limits.rangeLength || range === '' || semver.validRange(range) === null) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `"${range.slice(0, 120)}" in "${name}@…" is not a version range`,
    );
  }
  return { name, range };
}

export function formatRequest(request: ArtifactRequest): string {
  return request.range === '*' ? request.name : `${request.name}@${request.range}`;
}
