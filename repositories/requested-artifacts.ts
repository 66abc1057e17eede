import { artifactKey } from '../domain/artifact/manifest.js';
import { parseRequest } from '../domain/plan/request.js';
import { selectAvailable } from '../domain/plan/select-available.js';
import type { ArtifactRepository } from './artifact-repository.js';

/**
 * The newest version that each request selects, as `name@version`: what the API checks before it accepts a rollout,
 * and step (i) checks again when it runs.
 * @throws LeonoreError MALFORMED_INPUT, ARTIFACT_NOT_FOUND
 */
export async function selectRequested(
  artifacts: ArtifactRepository,
  requests: readonly string[],
): Promise<string[]> {
  return Promise.all(
    requests.map(async (text) => {
      const request = parseRequest(text);
      const versions = await artifacts.versionsOf(request.name);
      const available = versions.map(({ manifest }) => ({
        version: manifest.version,
        prerelease: manifest.policies?.prerelease === true,
      }));
      return artifactKey({ name: request.name, version: selectAvailable(request, available) });
    }),
  );
}
