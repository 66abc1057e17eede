import { Command, InvalidArgumentError } from 'commander';
import type { Artifact } from '../../client/resources.js';
import { demandLines } from '../../domain/artifact/demand-lines.js';
import { nameAndVersion } from '../arguments.js';
import { inArtifactDirectory } from '../artifact-directory.js';
import type { Cli, VerbContext } from '../cli.js';
import { addConfirmation } from '../confirm.js';
import { artifactAuthorVerbs } from './artifact-author.js';
import { artifactImportVerb } from './artifact-import.js';
import { bytesText, instantText, type Output } from '../output.js';

type Context = VerbContext<object>;

/** Digits of a key's id in a table: enough to tell keys apart. */
const keyIdLength = 12;

/** `leonore artifact add | list | show | dependents | remove`: package management. */
export function artifactCommand(cli: Cli): Command {
  const command = new Command('artifact').description('the artifact repository');
  cli.serverVerb(
    command
      .command('add')
      .description('add one version from its directory, or an archive of it')
      .argument('<path>', 'directory with artifact.yaml, or a .tar of it, also .gz')
      .option('--key <file>', 'sign it with this key; LEONORE_KEY_PASSPHRASE opens it'),
    (context: VerbContext<AddOptions>, path: string) => add(cli, context, path),
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
      .command('dependents')
      .description('say who has a version, and what would break if it were removed')
      .argument('<name@version>', 'the version', exactVersion),
    dependents,
  );
  cli.serverVerb(
    addConfirmation(
      command
        .command('remove')
        .description('remove one version that nobody needs; it may come again, but with no other content')
        .argument('<name@version>', 'the version to remove', exactVersion)
        .option('--force', 'though a gateway has it, or a wanted state, a campaign or its way back needs it'),
    ),
    remove,
  );
  artifactAuthorVerbs(cli, command);
  artifactImportVerb(cli, command);
  return command;
}

async function dependents(
  { client, out }: Context,
  { name, version }: { readonly name: string; readonly version: string },
): Promise<undefined> {
  const found = await client.dependents(name, version);
  out.result(found, () => {
    const { gateways, needs, wantedStates, campaigns, rollouts } = found;
    out.facts({ gateways: gateways.count, 'such as': gateways.sample.join(' ') });
    out.heading('Nothing else would do for');
    out.table(
      ['ARTIFACT', 'NEEDS'],
      needs.map(({ artifact, because }) => [artifact, because]),
      'nothing',
    );
    out.heading('Not ended');
    out.table(
      ['WHAT', 'ID'],
      [
        ...wantedStates.map((id) => ['wanted state', id]),
        ...campaigns.map((id) => ['campaign', id]),
        ...rollouts.map((id) => ['rollout', id]),
      ],
      'nothing',
    );
  });
}

interface AddOptions {
  readonly key?: string;
}

async function add(
  cli: Cli,
  { client, out, options: { key } }: VerbContext<AddOptions>,
  path: string,
): Promise<undefined> {
  const artifact = await inArtifactDirectory(path, async (directory) =>
    client.addArtifact(directory, key === undefined ? undefined : await sign(cli, directory, key)),
  );
  out.result(artifact, () => {
    const { name, version, kind, sizeBytes, outcome } = artifact;
    const signed = key === undefined ? '' : ', signed';
    out.line(`${out.colors.green(outcome)} ${name}@${version}  ${kind}, ${bytesText(sizeBytes)}${signed}`);
  });
}

/** Loaded only by whoever signs. */
async function sign(cli: Cli, directory: string, key: string) {
  const { artifactFiles } = await import('../../client/artifact-archive.js');
  const { signArtifact } = await import('../../trust/sign-artifact.js');
  const { readKeyFile } = await import('../../trust/key-file.js');
  const { passphraseOf } = await import('./key.js');
  const signer = await readKeyFile(key, passphraseOf(cli.environment.env));
  return signArtifact(directory, await artifactFiles(directory), signer);
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
  const { demandsOf } = await import('../../domain/artifact/operation.js');
  out.result(artifact, () => drawArtifact(out, artifact, demandLines(demandsOf(artifact.manifest))));
}

async function remove(
  { client, out, options, confirm }: VerbContext<{ readonly force?: true }>,
  reference: { name: string; version: string },
): Promise<undefined> {
  await confirm(`remove ${reference.name}@${reference.version}`);
  await client.removeArtifact(reference.name, reference.version, options.force === true);
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

function drawArtifact(out: Output, artifact: Artifact, demands: readonly string[]): void {
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
  drawList(out, 'On the gateway', demands);
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
