/** Differences between what is installed and what lies in the store are made good from LEONORE. */
import { damagedArtifacts } from '../container/verify-store.js';
import { messageOf } from '../state/system-error.js';
import { removeDownloads } from './archive-file.js';
import { restore } from './backup.js';
import { disturbedNames, type DeliveryContext } from './delivery-context.js';
import { fetchArchive } from './download-step.js';
import { clearStaging } from './install-step.js';

/**
 * Verifies all that is installed, and asks for the packages of what is damaged. No journal is needed: what an
 * interruption leaves is damaged still, and found again.
 *
 * @returns names of artifacts that are damaged and could not be had
 */
export async function verifyAndRepair(context: DeliveryContext): Promise<string[]> {
  const { container, supervisor, log, paths, signal } = context;
  const { current } = container;
  const damaged = await damagedArtifacts(container.root, current.artifacts, signal);
  if (damaged.length === 0) return [];
  const names = damaged.map(({ artifact }) => artifact.name);
  log('error', 'installed files are damaged', { artifacts: names.join(' ') });
  const homes = damaged.map(({ home }) => home);
  const touched = disturbedNames(current.artifacts, current.artifacts, supervisor.names, homes);
  try {
    await clearStaging(context);
    // What is damaged may still be of use, so it goes only once the good is here.
    for (const { archive } of damaged) await fetchArchive(context, archive, signal);
    await Promise.all(touched.map((name) => supervisor.stop(name)));
    await restore(context, current, damaged);
    log('info', 'damaged files are as they should be again', { artifacts: names.join(' ') });
    return [];
  } catch (error) {
    signal.throwIfAborted();
    log('error', 'damaged files cannot be had again', { problem: messageOf(error) });
    return names;
  } finally {
    await clearStaging(context);
    await removeDownloads(paths.downloads);
    await supervisor.bringUp();
  }
}
