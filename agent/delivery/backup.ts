/**
 * What is removed to make room is kept in compressed form where that fits, so that it can be restored when the new
 * does not work. Where it does not fit, its package is fetched again.
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { create, extract } from 'tar';
import type { Container } from '../container/container.js';
import type { Generation, InstalledArtifact } from '../container/generation.js';
import { isMissing, syncPath, syncTree } from '../state/atomic-file.js';
import { freeSpace } from './archive-file.js';
import { runControl, type DeliveryContext } from './delivery-context.js';
import { fetchArchive } from './download-step.js';
import { unpack } from './install-step.js';

const fileName = 'old.tgz';

/**
 * Keeps artifacts that are about to be removed, if there is room.
 *
 * @param neededBytes what the new needs once the old is gone
 */
export async function backUp(
  context: DeliveryContext,
  artifacts: readonly InstalledArtifact[],
  neededBytes: number,
): Promise<void> {
  const { container, paths, log } = context;
  const file = join(paths.backup, fileName);
  // A complete one is of an interrupted attempt, from before anything was removed.
  if (await isThere(file)) return;
  const part = `${file}.part`;
  try {
    await create(
      { file: part, gzip: true, cwd: container.root, portable: true },
      artifacts.map(({ home }) => home),
    );
    const { size } = await stat(part);
    const freed = await sizeBelow(artifacts.map(({ home }) => container.path(home)));
    if ((await freeSpace(container.root)) + freed < neededBytes)
      throw new Error('the new would not fit beside it');
    await syncPath(part);
    await rename(part, file);
    await syncPath(paths.backup);
    log('info', 'old artifacts kept in compressed form', { sizeBytes: size });
  } catch (error) {
    await rm(part, { force: true });
    context.signal.throwIfAborted();
    log('warn', 'old artifacts cannot be kept and would be fetched again', { problem: String(error) });
  }
}

/**
 * Artifacts of a generation whose files are not there, or not whole.
 *
 * @param taken homes that somebody began to remove or to restore
 */
export async function missingArtifacts(
  container: Container,
  { artifacts }: Pick<Generation, 'artifacts'>,
  taken: readonly string[] = [],
): Promise<InstalledArtifact[]> {
  const missing: InstalledArtifact[] = [];
  for (const installed of artifacts) {
    const { home } = installed;
    if (taken.includes(home) || !(await isThere(container.path(home)))) missing.push(installed);
  }
  return missing;
}

/**
 * Brings back the files of artifacts that a generation misses, from the backup or from LEONORE, and runs their install
 * scripts again. Begins anew with each of them, since an earlier attempt may have been interrupted anywhere.
 *
 * @throws whatever fetching, verifying and installing throw
 */
export async function restore(
  context: DeliveryContext,
  before: Generation,
  missing: readonly InstalledArtifact[],
): Promise<void> {
  const { container, paths } = context;
  for (const { home } of missing) await rm(container.path(home), { recursive: true, force: true });
  const backup = join(paths.backup, fileName);
  const staged = join(paths.staging, 'old');
  if (await isThere(backup)) {
    await mkdir(staged);
    await extract({ file: backup, cwd: staged, preserveOwner: false });
    for (const { home } of missing) await moveIntoPlace(join(staged, home), container.path(home));
  }
  for (const packageId of new Set(missing.map((installed) => installed.packageId))) {
    const artifacts = missing.filter((installed) => installed.packageId === packageId);
    let directory = container.packagePath(packageId);
    const absent = (await missingArtifacts(container, { artifacts }))[0];
    if (absent !== undefined) {
      await fetchArchive(context, absent.archive, context.signal);
      directory = join(paths.staging, packageId);
      await unpack(context, { package: { id: packageId, digest: absent.archive.digest } }, directory);
    }
    await runControl(context, {
      script: 'install',
      directory,
      packageId,
      generation: before.name,
      names: artifacts.map(({ artifact }) => artifact.name),
      homes: artifacts.map(({ home }) => home),
      values: await container.readValues(before.name, packageId),
    });
  }
  await container.syncHomes(missing.map(({ home }) => home));
}

export async function removeBackup(directory: string): Promise<void> {
  for (const name of await readdir(directory)) await rm(join(directory, name), { force: true });
}

async function moveIntoPlace(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await syncTree(from);
  await rename(from, to);
}

async function sizeBelow(paths: readonly string[]): Promise<number> {
  let total = 0;
  for (const path of paths) {
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name))).size;
    }
  }
  return total;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
