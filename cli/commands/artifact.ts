import { Command, InvalidArgumentError } from 'commander';
import type { Artifact } from '../../client/resources.js';
import { nameAndVersion } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { demandsOf } from '../../domain/artifact/operation.js';
import { demandLines } from '../demand-lines.js';
import { bytesText, instantText, type Output } from '../output.js';

type Context = VerbContext<object>;

/** `leonore artifact add | list | show | remove`: package management. */
export function artifactCommand(cli: Cli): Command {
  const command = new Command('artifact').description('the artifact repository');
  cli.serverVerb(
    command
      .command('add')
      .description('add one version from its directory')
      .argument('<dir>', 'directory with artifact.yaml'),
    add,
  );
  cli.serverVerb(command.command('list').description('list all artifacts'), list);
  cli.serverVerb(
    command
      .command('show')
      .description('show an artifact')
      .argument('<name[@version]>', 'without a version: all of them'),
    show,
  );
  cli.serverVerb(
    command
      .command('remove')
      .description('remove one version')
      .argument('<name@version>', 'the version to remove', exactVersion),
    remove,
  );
  return command;
}

async function add({ client, out }: Context, directory: string): Promise<undefined> {
  const artifact = await client.addArtifact(directory);
  out.result(artifact, () => {
    out.line(
      `${out.colors.green('added')} ${artifact.name}@${artifact.version}  ${artifact.kind}, ${bytesText(artifact.sizeBytes)}`,
    );
  });
}

async function list({ client, out }: Context): Promise<undefined> {
  const artifacts = await client.artifacts();
  out.result(artifacts, () => drawArtifacts(out, artifacts));
}

async function show({ client, out }: Context, reference: string): Promise<undefined> {
  const { name, version } = nameAndVersion(reference);
  if (version === null) {
    const versions = await client.artifactVersions(name);
    out.result(versions, () => drawArtifacts(out, versions));
    return;
  }
  const artifact = await client.artifact(name, version);
  out.result(artifact, () => drawArtifact(out, artifact));
}

async function remove(
  { client, out }: Context,
  reference: { name: string; version: string },
): Promise<undefined> {
  await client.removeArtifact(reference.name, reference.version);
  out.result({ removed: reference }, () => out.line(`removed ${reference.name}@${reference.version}`));
}

function exactVersion(text: string): { name: string; version: string } {
  const { name, version } = nameAndVersion(text);
  if (version === null || version === '')
    throw new InvalidArgumentError('Name the version, as in thermometer@1.2.0.');
  return { name, version };
}

function drawArtifacts(out: Output, artifacts: readonly Artifact[]): void {
  out.table(
    ['NAME', 'VERSION', 'KIND', 'SIZE', 'ADDED'],
    artifacts.map(({ name, version, kind, sizeBytes, createdAt }) => [
      name,
      version,
      kind,
      bytesText(sizeBytes),
      instantText(createdAt),
    ]),
    'no artifacts',
  );
}

function drawArtifact(out: Output, artifact: Artifact): void {
  const { name, version, kind, digest, sizeBytes, createdAt, manifest } = artifact;
  out.facts({
    name,
    version,
    kind,
    description: manifest.description,
    digest,
    size: bytesText(sizeBytes),
    added: instantText(createdAt),
  });
  const requirements = (manifest.requires ?? []).map((requirement) => {
    const text =
      'anyOf' in requirement ? requirement.anyOf.map(rangeText).join(' | ') : rangeText(requirement);
    return requirement.optional === true ? `${text} (optional)` : text;
  });
  drawList(out, 'Requires', requirements);
  drawList(out, 'Provides', (manifest.provides ?? []).map(rangeText));
  drawList(out, 'Conflicts with', (manifest.conflicts ?? []).map(rangeText));
  drawList(out, 'On the gateway', demandLines(demandsOf(manifest)));
  const variants = manifest.variants ?? [];
  if (variants.length === 0) return;
  out.heading('Variants');
  out.table(
    ['PLATFORM', 'FROM', 'SIZE', 'INSTALLED'],
    variants.map(({ platform, source, size, installedSize }) => [
      Object.values(platform ?? {}).join(' ') || 'any',
      source === undefined ? 'files' : 'source',
      size === undefined ? '' : bytesText(size),
      installedSize === undefined ? '' : bytesText(installedSize),
    ]),
    'none',
  );
}

function drawList(out: Output, title: string, items: readonly string[]): void {
  if (items.length === 0) return;
  out.heading(title);
  for (const item of items) out.line(`  ${item}`);
}

function rangeText({ name, version }: { name: string; version?: string | undefined }): string {
  return version === undefined ? name : `${name} ${version}`;
}
