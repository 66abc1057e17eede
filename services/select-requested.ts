import { artifactKey, type ArtifactManifest } from '../domain/artifact/manifest.js';
import { parseRequest } from '../domain/plan/request.js';
import { selectAvailable, type AvailableVersion } from '../domain/plan/select-available.js';
import type { ArtifactRepository } from '../repositories/artifact-repository.js';

/**
 * The newest artifact that each request selects, by its name or by what it provides, as `name@version`: what the API
 * checks before it accepts a rollout, and step (i) checks again when it runs.
 * @throws LeonoreError MALFORMED_INPUT, ARTIFACT_NOT_FOUND
 */
export async function selectRequested(
  artifacts: ArtifactRepository,
  requests: readonly string[],
): Promise<string[]> {
  return Promise.all(
    requests.map(async (text) => {
      const request = parseRequest(text);
      const [named, providers] = await Promise.all([
        artifacts.versionsOf(request.name),
        artifacts.providersOf(request.name),
      ]);
      return selectAvailable(
        request,
        named.map(({ manifest }) => available(manifest, manifest.version)),
        providers.flatMap(({ manifest }) =>
          (manifest.provides ?? [])
            .filter(({ name }) => name === request.name)
            .map(({ version }) => available(manifest, version)),
        ),
      );
    }),
  );
}

function available(manifest: ArtifactManifest, version: string): AvailableVersion {
  return { artifact: artifactKey(manifest), version, prerelease: manifest.policies?.prerelease === true };
}
