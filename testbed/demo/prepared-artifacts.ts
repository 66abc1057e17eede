/** The demo's artifacts, made ready to be added: copied, with the collector's address in the configuration. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { parse, stringify } from 'yaml';
import { ArtifactManifestSchema } from '../../domain/artifact/manifest.js';

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

async function prepare(directory: string, collectorAddress: string): Promise<PreparedArtifact> {
  const path = join(directory, 'artifact.yaml');
  const manifest = Value.Parse(ArtifactManifestSchema, parse(await readFile(path, 'utf8')));
  for (const configuration of manifest.configurations ?? []) {
    if (configuration.values?.collector !== undefined) configuration.values.collector = collectorAddress;
  }
  await writeFile(path, stringify(manifest));
  return { name: manifest.name, version: manifest.version, directory };
}
