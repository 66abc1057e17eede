import { ArchiveFile, ensureSpace, removeDownloads } from './archive-file.js';
import type { DeliveryContext } from './delivery-context.js';
import { DeviceError } from '../connectivity/device-error.js';
import { DeliveryDropped, PackageRefused } from './delivery-failure.js';
import { taskOf } from '../state/journal.js';
import { windowOf, windowDetail } from './switch-window.js';
import { fetchStatements } from './package-statements.js';
import type { Step } from './step.js';

/** Gets the package's archive whole and verified onto the disk; what is there already is not downloaded again. */
export const downloadStep: Step = async (context, entry) => {
  const task = taskOf(entry);
  await context.reporter.progress(task, 'downloading', windowDetail(windowOf(context, task)));
  await removeDownloads(context.paths.downloads, [task.package.digest]);
  const dropped = context.reporter.dropped(task.deliveryId);
  try {
    const signal = AbortSignal.any([context.signal, dropped]);
    await fetchArchive(context, task.package, signal);
    await fetchStatements(context, task, signal);
  } catch (error) {
    if (dropped.aborted) throw new DeliveryDropped('LEONORE has ended the delivery.');
    if (isRefusal(error) && !context.wasRefused(task.deliveryId))
      throw new PackageRefused(error.message, { cause: error });
    throw error;
  }
  return { ...entry, step: task.removeFirst ? 'makeRoom' : 'install' };
};

function isRefusal(error: unknown): error is DeviceError {
  return error instanceof DeviceError && error.failure === 'refused';
}

/**
 * Gets an archive, and returns where it lies.
 *
 * @throws SpaceError, DeviceError or IntegrityError
 */
export async function fetchArchive(
  context: DeliveryContext,
  wanted: { readonly digest: string; readonly sizeBytes: number },
  signal: AbortSignal,
): Promise<string> {
  const archive = new ArchiveFile(context.paths.downloads, wanted.digest);
  if (await archive.isComplete()) return archive.path;
  await archive.open();
  try {
    await ensureSpace(context.paths.downloads, Math.max(wanted.sizeBytes - archive.received, 0));
    await context.fetchArchive(wanted, archive, signal);
    await archive.complete();
  } finally {
    await archive.close();
  }
  return archive.path;
}
