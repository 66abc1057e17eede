/** `leonore package inspect | verify | unpack FILE`: the gateway's own check of archives, for people. */
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { VerifiedPackage } from '../../agent/archive/verify-package.js';
import { LeonoreError } from '../../domain/errors.js';
import { counted } from '../../domain/units.js';

interface FileOptions {
  readonly json?: true;
}

/** Adds the three verbs to the given `package` command. Failures are thrown for whoever prints errors. */
export function addPackageFileCommands(command: Command): Command {
  command
    .command('inspect')
    .description('verify a package and show what is in it')
    .argument('<file>', 'archive of a package')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: FileOptions) =>
      print(options, inspection(await verify(file)), inspectionText),
    );
  command
    .command('verify')
    .description('verify a package as a gateway would: listing, sizes, modes and digests')
    .argument('<file>', 'archive of a package')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: FileOptions) =>
      print(options, summary(await verify(file)), summaryText),
    );
  command
    .command('unpack')
    .description('verify a package and unpack it into a new or empty directory')
    .argument('<file>', 'archive of a package')
    .requiredOption('--into <dir>', 'where its files go')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: FileOptions & { readonly into: string }) =>
      print(options, summary(await unpackFile(file, options.into)), summaryText),
    );
  return command;
}

async function verify(file: string): Promise<VerifiedPackage> {
  await requireFile(file);
  const { readArchive, verifyPackage } = await verifying();
  return verifyPackage(readArchive(file));
}

/**
 * Unpacks into a directory that must be new or empty. Until the last byte is verified, the files lie in a staging
 * directory inside it; so whoever looks finds a sound package or none, also when this process is killed. A package
 * that is rejected leaves nothing behind.
 */
async function unpackFile(file: string, into: string): Promise<VerifiedPackage> {
  await requireFile(file);
  const made = await mkdir(into, { recursive: true });
  if ((await readdir(into)).length > 0) {
    throw new LeonoreError('MALFORMED_INPUT', `The directory ${into} is not empty.`);
  }
  const staging = await mkdtemp(join(into, '.unpacking-'));
  const { readArchive, verifyPackage } = await verifying();
  const { DirectorySink } = await import('../../agent/archive/unpack-package.js');
  const sink = new DirectorySink(staging);
  try {
    const verified = await verifyPackage(readArchive(file), { sink });
    for (const name of await readdir(staging)) await rename(join(staging, name), join(into, name));
    await rmdir(staging);
    return verified;
  } catch (error) {
    await sink.close();
    await rm(made ?? staging, { recursive: true });
    throw error;
  }
}

/** Loaded when it is needed: the help of the verbs needs none of it. */
async function verifying() {
  return import('../../agent/archive/verify-package.js');
}

async function requireFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile())
    throw new LeonoreError('MALFORMED_INPUT', `There is no file ${file}.`);
}

interface Summary {
  readonly id: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly contentSize: number;
  readonly installedSize: number;
  readonly files: number;
  readonly artifacts: readonly string[];
}

function summary({ id, digest, sizeBytes, manifest }: VerifiedPackage): Summary {
  return {
    id,
    digest,
    sizeBytes,
    contentSize: manifest.contentSize,
    installedSize: manifest.installedSize,
    files: manifest.files.length,
    artifacts: manifest.artifacts.map(({ name, version }) => `${name}@${version}`),
  };
}

function inspection(verified: VerifiedPackage): Summary & Pick<VerifiedPackage, 'manifest' | 'placed'> {
  return { ...summary(verified), manifest: verified.manifest, placed: verified.placed };
}

function summaryText(facts: Summary): string {
  return [
    `id             ${facts.id}`,
    `archive        sha256 ${facts.digest}, ${counted(facts.sizeBytes, 'byte')}`,
    `content        ${counted(facts.contentSize, 'byte')} in ${counted(facts.files, 'file')}`,
    `artifacts      ${facts.artifacts.join(', ')}`,
    'verified: nothing is missing, undeclared or changed',
  ].join('\n');
}

function inspectionText(facts: ReturnType<typeof inspection>): string {
  const lines = [summaryText(facts), ''];
  for (const { artifact, home, files } of facts.placed) {
    const role = artifact.requested ? 'requested' : 'dependency';
    lines.push(`${artifact.name}@${artifact.version} (${artifact.kind}, ${role}) -> ${home}`);
    for (const file of files) lines.push(`  ${file.mode} ${String(file.size).padStart(10)} ${file.path}`);
  }
  return lines.join('\n');
}

function print<T>(options: FileOptions, facts: T, render: (facts: T) => string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(facts) : render(facts)}\n`);
}
