/** The demo's artifacts, made ready to be added: copied, with the collector's address in the configuration. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Value } from 'typebox/value';
import { parse, stringify } from 'yaml';
import { ArtifactManifestSchema } from '../../domain/artifact/manifest.js';
import { renderConfiguration } from '../../domain/artifact/render-configuration.js';

/** In the checkout; the compiled program lies below dist/, the artifacts do not. */
const repositoryRoot = join(import.meta.dirname, '..', '..', '..');
export const artifactsDirectory = join(repositoryRoot, 'testbed', 'artifacts');

export interface PreparedArtifact {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
}

/**
 * Copies all artifacts below `target` and writes `collectorAddress` where a configuration has a value `collector`.
 * @returns the copies, in the order of their names
 */
export async function prepareArtifacts(
  target: string,
  collectorAddress: string,
  source = artifactsDirectory,
): Promise<PreparedArtifact[]> {
  await cp(source, target, { recursive: true });
  const entries = await readdir(target, { withFileTypes: true });
  const directories = entries.filter((entry) => entry.isDirectory()).map((entry) => join(target, entry.name));
  return Promise.all(directories.sort().map((directory) => prepare(directory, collectorAddress)));
}

/** A variant for devices that have a client of their own: one file, as it is. */
export interface ImageVariant {
  readonly format: 'swu' | 'mender';
  readonly arch: string;
  readonly fileName: string;
  readonly bytes: Buffer;
}

/**
 * Adds variants to an artifact that was prepared. Nothing is rendered into what is delivered as it is, so the manifest must not say
 * that something is: its configurations become files of the other variants.
 */
export async function addImages(
  { directory }: PreparedArtifact,
  images: readonly ImageVariant[],
): Promise<void> {
  const path = join(directory, 'artifact.yaml');
  const { configurations = [], ...manifest } = Value.Parse(
    ArtifactManifestSchema,
    parse(await readFile(path, 'utf8')),
  );
  const variants = [...(manifest.variants ?? [])];
  for (const { directory: own = '' } of variants) {
    for (const configuration of configurations) {
      const file = join(directory, own, configuration.path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, renderConfiguration(configuration));
    }
  }
  for (const { format, arch, fileName, bytes } of images) {
    await mkdir(join(directory, format));
    await writeFile(join(directory, format, fileName), bytes);
    variants.push({ format, platform: { arch, os: 'linux' }, directory: format });
  }
  await writeFile(path, stringify({ ...manifest, variants }));
}

async function prepare(directory: string, collectorAddress: string): Promise<PreparedArtifact> {
  const path = join(directory, 'artifact.yaml');
  const manifest = Value.Parse(ArtifactManifestSchema, parse(await readFile(path, 'utf8')));
  for (const configuration of manifest.configurations ?? []) {
    if (configuration.values?.collector !== undefined) configuration.values.collector = collectorAddress;
  }
  await writeFile(path, stringify(manifest));
  return { name: manifest.name, version: manifest.version, directory };
}
