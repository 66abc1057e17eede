import semver from 'semver';
import { LeonoreError } from '../errors.js';
import { formatRequest, type ArtifactRequest } from './request.js';

/** What the repository offers under a name. */
export interface AvailableVersion {
  readonly version: string;
  /** Its policy allows it to be chosen although it is a prerelease. */
  readonly prerelease: boolean;
}

/**
 * Step (i): the newest version that a request selects.
 * @throws LeonoreError ARTIFACT_NOT_FOUND that says whether the name or the version is missing
 */
export function selectAvailable(request: ArtifactRequest, available: readonly AvailableVersion[]): string {
  if (available.length === 0) {
    throw new LeonoreError('ARTIFACT_NOT_FOUND', `there is no artifact "${request.name}"`, {
      name: request.name,
    });
  }
  const fitting = available
    .filter(({ version, prerelease }) =>
      semver.satisfies(version, request.range, { includePrerelease: prerelease }),
    )
    .sort((a, b) => semver.rcompare(a.version, b.version));
  const newest = fitting[0];
  if (newest === undefined) {
    const offered = available.slice(0, 10).map((entry) => entry.version);
    throw new LeonoreError(
      'ARTIFACT_NOT_FOUND',
      `no version of "${request.name}" matches ${formatRequest(request)}; there are ${offered.join(', ')}`,
      {
        name: request.name,
        available: offered,
      },
    );
  }
  return newest.version;
}
