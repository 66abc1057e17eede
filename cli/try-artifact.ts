import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  artifactInput,
  renderedFiles,
  type PackagedContent,
} from '../activities/package-builder/artifact-input.js';
import { SourceBuilder } from '../activities/package-builder/build-source.js';
import { packageArchive } from '../activities/package-builder/package-archive.js';
import { Trial, type TrialOutcome, type TrialPackage } from '../agent/trial.js';
import { artifactFiles } from '../client/artifact-archive.js';
import { artifactKey } from '../domain/artifact/manifest.js';
import { filesOfVariant } from '../domain/artifact/variant-files.js';
import { LeonoreError } from '../domain/errors.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { limits } from '../domain/limits.js';
import { layoutPackage } from '../domain/package-format/layout-package.js';
import { suits, variantLabel } from '../domain/resolver/platform.js';
import { contentDigest } from '../repositories/content-digest.js';
import { DiskBlobStore } from '../repositories/disk-blob-store.js';
import { measuredArtifact, type MeasuredArtifact } from '../trust/measured-artifact.js';

/** What a node gives a build when nobody says otherwise. */
const buildLimits = { timeMs: 10 * 60_000, memoryBytes: 2 * 1024 ** 3, diskBytes: 4 * 1024 ** 3 };

export interface TryOptions {
  /** The artifact's directory. */
  readonly directory: string;
  /** Directories of artifacts that it needs, in the order in which they are installed. */
  readonly needed: readonly string[];
  /** Values of this gateway by key; defaults hold for the others. */
  readonly values: Readonly<Record<string, string>>;
  /** Milliseconds for a health check to succeed. */
  readonly checkWithinMs?: number;
  /** Told what happens, as it happens. */
  readonly onStep: (step: string, detail: string) => void;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface TryResult {
  readonly artifact: string;
  readonly package: { readonly id: string; readonly sizeBytes: number; readonly files: number };
  /** What builds from source printed. */
  readonly buildLog: string;
  readonly isolation: string;
  readonly install: TrialOutcome;
  /** Null when there was nothing to uninstall. */
  readonly uninstall: TrialOutcome | null;
  /** Names of artifacts whose data was kept. */
  readonly dataLeft: readonly string[];
}

interface Chosen extends PackagedContent {
  readonly directory: string;
}

/**
 * Builds the package of an artifact as a node would, and installs, starts, checks and uninstalls it as a gateway would, in
 * a temporary container on this machine. Nothing is left of it.
 * @throws LeonoreError MALFORMED_ARTIFACT, MALFORMED_INPUT, BUILD_FAILED, TOO_LARGE; ClientError UNREADABLE
 */
export async function tryArtifact(options: TryOptions): Promise<TryResult> {
  const place = await mkdtemp(join(tmpdir(), 'leonore-try-'));
  // Applications of another user have to get through.
  await chmod(place, 0o755);
  try {
    return await tryIn(place, options);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function tryIn(place: string, options: TryOptions): Promise<TryResult> {
  const { directory, needed, checkWithinMs, onStep, signal } = options;
  const artifacts: (MeasuredArtifact & { directory: string })[] = [];
  for (const path of [...needed, directory])
    artifacts.push({ directory: path, ...(await measuredArtifact(path, await artifactFiles(path))) });
  const values = valuesFor(artifacts, options.values);
  const trial = await Trial.open({
    root: join(place, 'gateway'),
    onStep: (step) => onStep(step, ''),
    signal,
    ...(checkWithinMs === undefined ? {} : { times: { checkWithinMs } }),
  });
  try {
    const chosen = artifacts.map((artifact) =>
      choose(artifact, artifact.directory === directory, trial.profile),
    );
    const built = await build(place, chosen, options);
    const install = await trial.install(built.package, values);
    const names = chosen.map(({ manifest }) => manifest.name);
    const own = names.at(-1) ?? '';
    const uninstall = install.failure === null ? await trial.uninstall(own, names.slice(0, -1)) : null;
    return {
      artifact: artifactKey(chosen.at(-1)?.manifest ?? { name: own, version: '' }),
      package: { id: built.package.id, sizeBytes: built.package.sizeBytes, files: built.files },
      buildLog: built.log,
      isolation: trial.isolation,
      install,
      uninstall,
      dataLeft: await trial.dataLeft(),
    };
  } finally {
    await trial.close();
  }
}

/** @throws LeonoreError MALFORMED_INPUT when a value is missing, or none of them is asked for */
function valuesFor(
  artifacts: readonly MeasuredArtifact[],
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const declared = new Map<string, string | undefined>();
  for (const { manifest } of artifacts) {
    for (const { key, default: fallback } of manifest.values ?? [])
      declared.set(key, given[key] ?? fallback ?? declared.get(key));
  }
  const unknown = Object.keys(given).find((key) => !declared.has(key));
  if (unknown !== undefined)
    throw new LeonoreError('MALFORMED_INPUT', `no artifact declares the value "${unknown}"`);
  return Object.fromEntries(
    [...declared].map(([key, value]) => {
      if (value === undefined)
        throw new LeonoreError(
          'MALFORMED_INPUT',
          `the value "${key}" has no default: give --value ${key}=...`,
        );
      return [key, value];
    }),
  );
}

/** The first variant that runs here. @throws LeonoreError MALFORMED_INPUT when none does */
function choose(
  { manifest, files, directory }: MeasuredArtifact & { directory: string },
  requested: boolean,
  profile: GatewayProfile,
): Chosen {
  const variants = manifest.variants ?? [];
  const index = variants.findIndex((variant) => suits(variant, profile));
  if (index < 0 && variants.length > 0) {
    const here = `${profile.hardware.arch} ${profile.software.os} ${profile.software.libc ?? ''}`.trim();
    const there = variants.map(variantLabel).join(', ');
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `no variant of ${artifactKey(manifest)} runs on this machine (${here}): there are ${there}`,
    );
  }
  return {
    directory,
    manifest,
    digest: contentDigest(manifest, files),
    requested,
    variant: variants[index],
    files: filesOfVariant(manifest, index < 0 ? null : index, files),
  };
}

async function build(
  place: string,
  chosen: readonly Chosen[],
  { onStep, signal }: TryOptions,
): Promise<{ package: TrialPackage; files: number; log: string }> {
  onStep('build', chosen.map(({ manifest }) => artifactKey(manifest)).join(', '));
  const blobs = new DiskBlobStore(join(place, 'blobs'));
  const builder = new SourceBuilder({ blobs, limits: buildLimits, isolation: 'best' });
  const logs: string[] = [];
  const contents: PackagedContent[] = [];
  for (const content of chosen) {
    const { directory, variant, files } = content;
    const below = variant?.source?.directory ?? variant?.directory ?? '.';
    for (const { path } of files) {
      const file = createReadStream(join(directory, below, path));
      await (await blobs.stage(file, limits.artifactBytes, signal)).commit();
    }
    if (variant?.source === undefined) contents.push(content);
    else {
      const built = await builder.build(files, variant, signal);
      logs.push(built.log);
      contents.push({ ...content, files: built.files });
    }
  }
  const layout = layoutPackage(
    {
      artifacts: contents.map(artifactInput),
      rendered: Object.fromEntries(
        contents.map(({ manifest }) => [artifactKey(manifest), renderedFiles(manifest)]),
      ),
      tree: [],
    },
    (bytes) => createHash('sha256').update(bytes).digest('hex'),
  );
  const staged = await blobs.stage(packageArchive(layout, blobs), limits.artifactBytes, signal);
  await staged.commit();
  const { digest, sizeBytes } = staged;
  const { installedSize } = layout.manifest;
  return {
    package: {
      open: async () => blobs.open(digest),
      id: layout.id,
      digest,
      sizeBytes,
      installedSizeBytes: installedSize,
    },
    files: layout.entries.length,
    log: logs.join('\n'),
  };
}
