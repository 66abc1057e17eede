import { artifactKey, type ArtifactManifest, type Variant } from '../artifact/manifest.js';
import { canonicalJson } from '../canonical-json.js';
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import type { Paragraph } from './control-file.js';
import type { Loss } from './loss.js';
import { epochsIn, packageManifest } from './package-manifest.js';

/** What became of one entry of an index that is not in the catalog. */
export interface SkippedPackage {
  /** Its name and version as the index has them. */
  readonly package: string;
  readonly why: string;
}

/** A feed of packages as artifacts of a catalog file. */
export interface IndexCatalog {
  readonly artifacts: readonly ArtifactManifest[];
  readonly skipped: readonly SkippedPackage[];
  /** How often each kind of loss came up, with the first of them. */
  readonly losses: Partial<Record<Loss['kind'], { count: number; example: string }>>;
}

const kibibyte = 1024;

/**
 * Makes a catalog of the paragraphs of package indexes, several of them taken together. Packages of the same name and version
 * for several architectures are variants of one artifact. One that cannot be read is left out, and named.
 */
export function indexCatalog(paragraphs: readonly Paragraph[]): IndexCatalog {
  const epochs = epochsByName(paragraphs);
  const artifacts = new Map<string, ArtifactManifest>();
  const skipped: SkippedPackage[] = [];
  const losses: Partial<Record<Loss['kind'], { count: number; example: string }>> = {};
  for (const fields of paragraphs) {
    const label = `${fields.get('package') ?? '?'} ${fields.get('version') ?? '?'}`;
    try {
      const { manifest, platform, losses: own } = packageManifest(fields, (name) => epochs.get(name));
      const variant: Variant = { ...(platform === undefined ? {} : { platform }), ...sizesOf(fields) };
      const key = artifactKey(manifest);
      artifacts.set(key, joined(artifacts.get(key), manifest, variant));
      for (const { kind, what } of own) {
        const known = losses[kind];
        losses[kind] = { count: (known?.count ?? 0) + 1, example: known?.example ?? `${label}: ${what}` };
      }
    } catch (error) {
      if (!(error instanceof LeonoreError)) throw error;
      skipped.push({ package: label, why: error.message });
    }
  }
  return { artifacts: [...artifacts.values()], skipped, losses };
}

function epochsByName(paragraphs: readonly Paragraph[]): ReadonlyMap<string, ReadonlySet<number>> {
  const epochs = new Map<string, Set<number>>();
  for (const fields of paragraphs) {
    for (const [name, epoch] of readableEpochs(fields)) {
      const known = epochs.get(name);
      if (known === undefined) epochs.set(name, new Set([epoch]));
      else known.add(epoch);
    }
  }
  return epochs;
}

function readableEpochs(fields: Paragraph): [string, number][] {
  try {
    return epochsIn(fields);
  } catch (error) {
    // It will not be in the catalog, where the reason is told.
    if (error instanceof LeonoreError) return [];
    throw error;
  }
}

/** The artifact with one variant more. */
function joined(
  known: ArtifactManifest | undefined,
  manifest: ArtifactManifest,
  variant: Variant,
): ArtifactManifest {
  if (known === undefined) return { ...manifest, variants: [variant] };
  const { variants = [], ...others } = known;
  if (canonicalJson(others) !== canonicalJson(manifest))
    throw new LeonoreError('MALFORMED_INPUT', 'the same version is there before with other relations');
  if (variants.some(({ platform }) => canonicalJson(platform) === canonicalJson(variant.platform)))
    return known;
  if (variants.length === limits.variants)
    throw new LeonoreError('MALFORMED_INPUT', `an artifact has at most ${limits.variants} variants`);
  return { ...known, variants: [...variants, variant] };
}

/** `Size` is that of the file. `Installed-Size` is in KiB with Debian, and in bytes with opkg. */
function sizesOf(fields: Paragraph): { size: number; installedSize?: number } {
  const size = numberIn(fields, 'size') ?? 0;
  const installed = numberIn(fields, 'installed-size');
  if (installed === undefined) return { size };
  const unit = fields.get('filename')?.endsWith('.ipk') === true ? 1 : kibibyte;
  return { size, installedSize: installed * unit };
}

function numberIn(fields: Paragraph, field: string): number | undefined {
  const text = fields.get(field);
  if (text === undefined) return undefined;
  if (!/^\d{1,12}$/u.test(text)) throw new LeonoreError('MALFORMED_INPUT', `${field}: "${text}" is no size`);
  return Number(text);
}
