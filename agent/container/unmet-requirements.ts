import { satisfies } from 'semver';
import type { InstalledArtifact } from './generation.js';

/** Requirements that do not hold among artifacts, for people: `app needs lib ^1, and lib is 2.0.0`. */
export function unmetRequirements(artifacts: readonly InstalledArtifact[]): string[] {
  const versions = new Map(artifacts.map(({ artifact }) => [artifact.name, artifact.version]));
  return artifacts.flatMap(({ artifact, requires = [] }) =>
    requires.flatMap(({ name, range }) => {
      const version = versions.get(name);
      if (version !== undefined && satisfies(version, range, { includePrerelease: true })) return [];
      return [`${artifact.name} needs ${name} ${range}, and ${name} is ${version ?? 'not there'}`];
    }),
  );
}
