import semver from 'semver';
import { LeonoreError } from '../errors.js';
import { formatRequest, type ArtifactRequest } from './request.js';

/** What the repository offers under a name: an artifact of that name, or one that provides it. */
export interface AvailableVersion {
  /** `name@version` of the artifact. */
  readonly artifact: string;
  /** In which it offers the name. */
  readonly version: string;
  /** Its policy allows it to be chosen although it is a prerelease. */
  readonly prerelease: boolean;
}

/**
 * Step (i): the newest that a request selects, of its own name if there is one, else of those that provide it.
 * @returns `name@version` of the artifact
 * @throws LeonoreError ARTIFACT_NOT_FOUND that says whether the name or the version is missing
 */
export function selectAvailable(
  request: ArtifactRequest,
  named: readonly AvailableVersion[],
  provided: readonly AvailableVersion[],
): string {
  const available = [...named, ...provided];
  if (available.length === 0) {
    throw new LeonoreError('ARTIFACT_NOT_FOUND', `there is no artifact "${request.name}"`, {
      name: request.name,
    });
  }
  const newest = newestIn(request.range, named) ?? newestIn(request.range, provided);
  if (newest === undefined) {
    const offered = available
      .slice(0, 10)
      .map(({ artifact, version }) => (named.length > 0 ? version : `${version} by ${artifact}`));
    throw new LeonoreError(
      'ARTIFACT_NOT_FOUND',
      `no version of "${request.name}" matches ${formatRequest(request)}; there are ${offered.join(', ')}`,
      {
        name: request.name,
        available: offered,
      },
    );
  }
  return newest.artifact;
}

function newestIn(range: string, available: readonly AvailableVersion[]): AvailableVersion | undefined {
  return available
    .filter(({ version, prerelease }) => semver.satisfies(version, range, { includePrerelease: prerelease }))
    .sort((a, b) => semver.rcompare(a.version, b.version))[0];
}
