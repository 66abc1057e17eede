import { parseRequest } from '../domain/plan/request.js';
import { selectAvailable } from '../domain/plan/select-available.js';
import type { ArtifactRepository } from '../repositories/artifact-repository.js';

/**
 * The newest artifact that each request selects, by its name or by what it provides, as `name@version`: what the API
 * checks before it accepts a rollout, and step (i) checks again when it runs. Manifests are left where they are: they
 * may be large, and many.
 * @throws LeonoreError MALFORMED_INPUT, ARTIFACT_NOT_FOUND
 */
export async function selectRequested(
  artifacts: ArtifactRepository,
  requests: readonly string[],
): Promise<string[]> {
  return Promise.all(
    requests.map(async (text) => {
      const request = parseRequest(text);
      const { named, provided } = await artifacts.availableUnder(request.name);
      return selectAvailable(request, named, provided);
    }),
  );
}
