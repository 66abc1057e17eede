import { Command, InvalidArgumentError } from 'commander';
import type { Artifact } from '../../client/resources.js';
import { nameAndVersion } from '../arguments.js';
import type { Cli, VerbContext } from '../cli.js';
import { demandsOf } from '../../domain/artifact/operation.js';
import { demandLines } from '../demand-lines.js';
import { readKeyFile } from '../../trust/key-file.js';
import { signArtifact } from '../../trust/sign-artifact.js';
import { artifactFiles } from '../../client/artifact-archive.js';
import { passphraseOf } from './key.js';
import { bytesText, instantText, type Output } from '../output.js';

type Context = VerbContext<object>;

/** Digits of a key's id in a table: enough to tell keys apart. */
const keyIdLength = 12;

/** `leonore artifact add | list | show | remove`: package management. */
export function artifactCommand(cli: Cli): Command {
  const command = new Command('artifact').description('the artifact repository');
  cli.serverVerb(
    command
      .command('add')
      .description('add one version from its directory')
      .argument('<dir>', 'directory with artifact.yaml')
      .option('--key <file>', 'sign it with this key; LEONORE_KEY_PASSPHRASE opens it'),
    (context: VerbContext<AddOptions>, directory: string) => add(cli, context, directory),
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

interface AddOptions {
  readonly key?: string;
}

async function add(
  cli: Cli,
  { client, out, options: { key } }: VerbContext<AddOptions>,
  directory: string,
): Promise<undefined> {
  const signature =
    key === undefined
      ? undefined
      : await signArtifact(
          directory,
          await artifactFiles(directory),
          await readKeyFile(key, passphraseOf(cli.environment.env)),
        );
  const artifact = await client.addArtifact(directory, signature);
  out.result(artifact, () => {
    const { name, version, kind, sizeBytes } = artifact;
    const signed = signature === undefined ? '' : ', signed';
    out.line(`${out.colors.green('added')} ${name}@${version}  ${kind}, ${bytesText(sizeBytes)}${signed}`);
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
    ['NAME', 'VERSION', 'KIND', 'SIZE', 'ADDED', 'SIGNED BY'],
    artifacts.map(({ name, version, kind, sizeBytes, createdAt, signedBy }) => [
      name,
      version,
      kind,
      bytesText(sizeBytes),
      instantText(createdAt),
      signedBy.map((keyid) => keyid.slice(0, keyIdLength)).join(' '),
    ]),
    'no artifacts',
  );
}

function drawArtifact(out: Output, artifact: Artifact): void {
  const { name, version, kind, digest, sizeBytes, createdAt, signedBy, manifest } = artifact;
  out.facts({
    name,
    version,
    kind,
    description: manifest.description,
    digest,
    size: bytesText(sizeBytes),
    added: instantText(createdAt),
    'signed by': signedBy.join(', ') || 'nobody',
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
