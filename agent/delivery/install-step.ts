import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Task } from '../../domain/agent-protocol/messages.js';
import { isolationFact, isolationFacts } from '../../domain/gateway/isolation.js';
import { DirectorySink } from '../archive/unpack-package.js';
import { readArchive, verifyPackage, type VerifiedPackage } from '../archive/verify-package.js';
import { IntegrityError } from '../connectivity/device-error.js';
import type { Generation, InstalledArtifact } from '../container/generation.js';
import { installOrder } from '../container/install-order.js';
import { isWhole } from '../container/verify-store.js';
import { checkValueKeys } from '../container/script-environment.js';
import { taskOf } from '../state/journal.js';
import type { CheckedManifest } from '../../domain/package-format/check-manifest.js';
import { ArchiveFile, ensureSpace } from './archive-file.js';
import { readStatements } from './package-statements.js';
import { StateError } from './delivery-failure.js';
import { checkRequirements, runControl, type DeliveryContext } from './delivery-context.js';
import type { Step } from './step.js';

/**
 * Unpacks the package into staging, verifying it, and puts its artifacts in place beside the old ones. What counts is
 * not changed by this; what an interrupted attempt left is removed first.
 */
export const installStep: Step = async (context, entry, progress) => {
  const { container } = context;
  const task = taskOf(entry);
  await context.reporter.progress(task, 'installing');
  checkValueKeys(task.values);
  const before = await container.readGeneration(entry.before);
  await clearStaging(context);
  await container.collectGarbage([before]);

  progress.at = 'unpack';
  const unpacked = join(context.paths.staging, 'package');
  const statements = await readStatements(context, task);
  const verified = await unpack(context, task, unpacked, (checked) =>
    context.trust.check(checked, statements),
  );

  progress.at = 'isolation';
  checkIsolation(context, verified);
  progress.at = 'install';
  const added = installedArtifacts(verified, task);
  const after = entry.after ?? (await container.nextGeneration());
  const newData = entry.newData ?? (await newDataNames(context, added));
  const artifacts = withArtifacts(container.current, task, added);
  checkRequirements(artifacts);
  const damaged = await damagedHomes(context, verified);
  const replaced = [...new Set([...(entry.replaced ?? []), ...damaged])];
  const noted = { ...entry, after, newData, ...(replaced.length === 0 ? {} : { replaced }) };
  await context.journal.save(noted);
  progress.entry = noted;
  const values = new Map([[verified.id, task.values]]);
  await container.writeGeneration(after, artifacts, values);
  for (const home of damaged) await rm(container.path(home), { recursive: true, force: true });
  await runControl(context, {
    script: 'install',
    directory: unpacked,
    packageId: verified.id,
    generation: after,
    names: [],
    values: task.values,
    homes: added.map(({ home }) => home),
  });
  await container.syncHomes(added.map(({ home }) => home));
  await container.syncData(newData);
  await container.keepPackage(unpacked, verified.id);
  await clearStaging(context);
  return { ...noted, step: 'switch', installed: true };
};

/**
 * Refuses what demands to be kept from the system further than this gateway can.
 *
 * @throws StateError
 */
export function checkIsolation({ facts }: DeliveryContext, { placed }: VerifiedPackage): void {
  const { level } = facts.launcher;
  for (const { artifact } of placed) {
    if (artifact.isolation === undefined || isolationFacts(level).includes(isolationFact(artifact.isolation)))
      continue;
    throw new StateError(`${artifact.name} demands isolation ${artifact.isolation}, and here it is ${level}`);
  }
}

export async function clearStaging(context: DeliveryContext): Promise<void> {
  const { staging, temporary } = context.paths;
  for (const directory of [staging, temporary]) {
    for (const name of await readdir(directory))
      await rm(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Unpacks and verifies in one pass; on rejection neither staging nor the archive stays.
 *
 * @param judge throws when the package is not to be unpacked; one that was installed before was judged then
 */
export async function unpack(
  context: DeliveryContext,
  wanted: { readonly package: { readonly id: string; readonly digest: string } },
  directory: string,
  judge: (checked: CheckedManifest) => void = () => undefined,
): Promise<VerifiedPackage> {
  const archive = new ArchiveFile(context.paths.downloads, wanted.package.digest);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const sink = new DirectorySink(directory);
  try {
    const verified = await verifyPackage(readArchive(archive.path), {
      sink,
      expectedId: wanted.package.id,
      onManifest: async (checked) => {
        judge(checked);
        await ensureSpace(context.container.root, checked.manifest.contentSize);
      },
    });
    // It was verified when it was downloaded, but a disk may lie.
    if (verified.digest !== wanted.package.digest)
      throw new IntegrityError('The archive has changed on the disk.');
    return verified;
  } catch (error) {
    await sink.close();
    await clearStaging(context);
    throw error;
  }
}

export function installedArtifacts(verified: VerifiedPackage, task: Task): InstalledArtifact[] {
  const { digest, sizeBytes } = task.package;
  return verified.placed.map(({ artifact, home }) => ({
    artifact,
    home,
    packageId: verified.id,
    archive: { digest, sizeBytes },
    ...(task.requires === undefined ? {} : { requires: requirementsOf(task, artifact.name) }),
  }));
}

function requirementsOf({ requires = [] }: Task, artifact: string): { name: string; range: string }[] {
  return requires
    .filter((requirement) => requirement.artifact === artifact)
    .map(({ name, range }) => ({ name, range }));
}

/** Homes of the package that are there already, but not as they should be: they are taken from the package anew. */
async function damagedHomes(
  { container, signal }: DeliveryContext,
  { placed }: VerifiedPackage,
): Promise<string[]> {
  const damaged: string[] = [];
  for (const artifact of placed) {
    if ((await container.has(artifact.home)) && !(await isWhole(container.root, artifact, signal))) {
      damaged.push(artifact.home);
    }
  }
  return damaged;
}

/** What will be installed: the old without what goes or is replaced, then the new. */
export function withArtifacts(
  current: Generation,
  task: Task,
  added: readonly InstalledArtifact[],
): InstalledArtifact[] {
  const names = new Set(added.map(({ artifact }) => artifact.name));
  const gone = new Set(task.remove);
  const kept = current.artifacts.filter(
    ({ artifact }) => names.has(artifact.name) || !gone.has(`${artifact.name}@${artifact.version}`),
  );
  return installOrder(kept, added, ({ artifact }) => artifact.name);
}

async function newDataNames(
  context: DeliveryContext,
  added: readonly InstalledArtifact[],
): Promise<string[]> {
  const known = new Set(await context.container.dataNames());
  return added.map(({ artifact }) => artifact.name).filter((name) => !known.has(name));
}
