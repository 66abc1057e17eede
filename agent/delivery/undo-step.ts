import { rm } from 'node:fs/promises';
import { removeDownloads } from './archive-file.js';
import { missingArtifacts, removeBackup, restore } from './backup.js';
import { failureReport } from './final-report.js';
import type { Step } from './step.js';
import { configured, disturbedNames, uninstall, type DeliveryContext } from './delivery-context.js';
import { clearStaging } from './install-step.js';
import { readIfThere } from './switch-steps.js';
import type { JournalEntry } from '../state/journal.js';
import type { Generation, InstalledArtifact } from '../container/generation.js';
import { messageOf } from '../state/system-error.js';

/**
 * Returns to what was there before: the old generation counts again and runs, and nothing of the new is left. What
 * was removed to make room is restored first; when that is not possible, what is left counts, and the report says so.
 */
export const undoStep: Step = async (context, entry, progress) => {
  const { container, supervisor, paths } = context;
  // First of all make room: the disk may be full.
  await clearStaging(context);
  await removeDownloads(paths.downloads);
  const before = await container.readGeneration(entry.before);
  const after = entry.after === undefined ? null : await readIfThere(context, entry.after);

  progress.at = 'stop';
  const disturbed = disturbedNames(container.current.artifacts, before.artifacts, supervisor.names);
  // Whether it has taken over the new values nobody knows: with the former ones it begins anew.
  const target = container.current.name === before.name ? undefined : configured(context, entry);
  if (target !== undefined) disturbed.push(target.artifact.name);
  await Promise.all(disturbed.map((name) => supervisor.stop(name)));

  progress.at = 'restore';
  let problem: string | undefined;
  // Once the old generation counts again, all of it is there.
  const isBack = container.current.name === before.name;
  const missing =
    isBack && entry.replaced === undefined ? [] : await missingArtifacts(container, before, entry.taken);
  if (missing.length === 0) {
    if (container.current.name !== before.name) await container.switchTo(before.name);
    await supervisor.bringUp();
    await dropNew(context, entry, before, after);
  } else {
    // Old and new do not fit together, so the new goes before the old can come back.
    await leaveNew(context, before, after, missing);
    await dropNew(context, entry, before, after);
    await container.collectGarbage([before]);
    try {
      await restore(context, before, missing);
      await container.switchTo(before.name);
    } catch (error) {
      context.signal.throwIfAborted();
      problem = `what was there before could not be restored: ${messageOf(error)}`;
      context.log('error', 'restoring failed', { delivery: entry.task.deliveryId, problem });
    }
    await supervisor.bringUp();
  }
  await container.collectGarbage();
  await clearStaging(context);
  await removeDownloads(paths.downloads);
  await removeBackup(paths.backup);
  return { ...entry, step: 'report', ...(await failureReport(context, entry, problem)) };
};

/** Makes a generation current that holds what both sides have: neither the new nor what is missing of the old. */
async function leaveNew(
  context: DeliveryContext,
  before: Generation,
  after: Generation | null,
  missing: readonly InstalledArtifact[],
): Promise<void> {
  const { container } = context;
  if (after === null || container.current.name !== after.name) return;
  const rest = before.artifacts.filter((installed) => !missing.includes(installed));
  const name = await container.nextGeneration();
  await container.writeGeneration(name, rest, new Map());
  await container.switchTo(name);
}

/** Uninstalls the new artifacts when they had been installed, and removes the data that came with them. */
async function dropNew(
  context: DeliveryContext,
  entry: JournalEntry,
  before: Generation,
  after: Generation | null,
): Promise<void> {
  const { container } = context;
  const homes = new Set(before.artifacts.map(({ home }) => home));
  const names = new Set(before.artifacts.map(({ artifact }) => artifact.name));
  if (after !== null && entry.installed === true) {
    const added = after.artifacts.filter(({ home }) => !homes.has(home));
    await uninstall(context, after.name, added, (name) => names.has(name));
  }
  for (const name of entry.newData ?? []) {
    await rm(container.path('data', name), { recursive: true, force: true });
  }
}
