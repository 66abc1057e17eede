/** Differences between what is installed and what lies in the store are made good from LEONORE. */
import { verifyStore } from '../container/verify-store.js';
import { promisedTree, type InstalledArtifact } from '../container/generation.js';
import { messageOf } from '../state/system-error.js';
import { removeDownloads } from './archive-file.js';
import { restore } from './backup.js';
import { disturbedNames, type DeliveryContext } from './delivery-context.js';
import { fetchArchive } from './download-step.js';
import { clearStaging } from './install-step.js';

export interface Verification {
  /** Names of artifacts that are damaged and could not be had. */
  readonly damaged: readonly string[];
  /** See StoreFindings. */
  readonly trees: Readonly<Record<string, string>>;
}

/**
 * Verifies all that is installed, and asks for the packages of what is damaged. No journal is needed: what an
 * interruption leaves is damaged still, and found again.
 */
export async function verifyAndRepair(context: DeliveryContext): Promise<Verification> {
  const { container, supervisor, log, paths, signal } = context;
  const { current } = container;
  const { damaged, trees } = await verifyStore(container.root, current.artifacts, signal);
  if (damaged.length === 0) return { damaged: [], trees };
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
    return { damaged: [], trees: { ...trees, ...promisedTrees(damaged) } };
  } catch (error) {
    signal.throwIfAborted();
    log('error', 'damaged files cannot be had again', { problem: messageOf(error) });
    return { damaged: names, trees };
  } finally {
    await clearStaging(context);
    await removeDownloads(paths.downloads);
    await supervisor.bringUp();
  }
}

/** What has just been unpacked was verified file by file. */
function promisedTrees(artifacts: readonly InstalledArtifact[]): Record<string, string> {
  return Object.fromEntries(artifacts.map(({ home }) => [home, promisedTree(home)]));
}
