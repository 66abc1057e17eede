import { createHash } from 'node:crypto';
import { artifactKey, type Variant } from '../domain/artifact/manifest.js';
import { filesOfVariant, type ArtifactFile } from '../domain/artifact/variant-files.js';
import { canonicalJson } from '../domain/canonical-json.js';
import { LeonoreError } from '../domain/errors.js';
import { controlScripts } from '../domain/package-format/control-scripts.js';
import { packageFormatVersion } from '../domain/package-format/package-manifest.js';
import { broughtTree } from '../domain/plan/brought-tree.js';
import type { Plan, PlannedArtifact } from '../domain/plan/plan.js';
import type { ArtifactContent, ArtifactRepository } from '../repositories/artifact-repository.js';

/** One artifact of a plan, with what the repository has of it. */
export interface Part {
  readonly planned: PlannedArtifact;
  readonly content: ArtifactContent;
  /** Files of the chosen variant: what is installed, or what it is built from. */
  readonly files: readonly ArtifactFile[];
  readonly variant: Variant | undefined;
}

/**
 * What a plan installs, in its order.
 * @throws LeonoreError ARTIFACT_NOT_FOUND when an artifact was removed since the plan was made
 */
export async function partsOf(plan: Plan, artifacts: ArtifactRepository): Promise<Part[]> {
  const contents = await artifacts.contentOf(plan.install);
  const planned = new Map(plan.artifacts.map((artifact) => [artifactKey(artifact), artifact]));
  return plan.install.map((key) => {
    const content = contents.get(key);
    const artifact = planned.get(key);
    if (content === undefined || artifact === undefined) {
      throw new LeonoreError('ARTIFACT_NOT_FOUND', `${key} is in the plan but no longer in the repository`);
    }
    const { manifest } = content;
    const variant = artifact.variantIndex === null ? undefined : manifest.variants?.[artifact.variantIndex];
    const files = filesOfVariant(manifest, artifact.variantIndex, content.files);
    return { planned: artifact, content, files, variant };
  });
}

export function isRequested({ requiredBy }: PlannedArtifact): boolean {
  return requiredBy.includes('request');
}

/**
 * Names a package before it is built: sha256 over everything that decides its bytes, our own control scripts among
 * them, so that another release of LEONORE builds anew what would come out different.
 */
export function recipeOf(parts: readonly Part[], plan: Plan): string {
  const inputs = parts.map(({ planned, content, files, variant }) => ({
    artifact: artifactKey(content.manifest),
    // Adding a removed version again builds it again: what was built from source went with it.
    id: variant?.source === undefined ? null : content.id,
    digest: content.digest,
    variant: planned.variantIndex,
    requested: isRequested(planned),
    files: files.map(({ path, sha256, mode }) => [path, sha256, mode]),
  }));
  const recipe = { format: packageFormatVersion, controlScripts, inputs, tree: broughtTree(plan.tree) };
  return createHash('sha256').update(canonicalJson(recipe)).digest('hex');
}

/** Values that a package declares, in the order of installation, so that what was asked for has the last word on a default. */
export function declaredValues(parts: readonly Part[]): { key: string; default?: string }[] {
  const byKey = new Map<string, { key: string; default?: string }>();
  for (const { content } of parts) {
    for (const { key, default: fallback } of content.manifest.values ?? []) {
      const value = fallback ?? byKey.get(key)?.default;
      byKey.set(key, value === undefined ? { key } : { key, default: value });
    }
  }
  return [...byKey.values()];
}
