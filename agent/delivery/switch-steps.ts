import { awaitHealth } from '../container/health.js';
import { healthProbe } from '../container/health-probe.js';
import { isToRun, type Generation, type InstalledArtifact } from '../container/generation.js';
import type { JournalEntry } from '../state/journal.js';
import { removeDownloads } from './archive-file.js';
import { removeBackup } from './backup.js';
import { successReport } from './final-report.js';
import type { Step } from './step.js';
import { configured, disturbedNames, uninstall, type DeliveryContext } from './delivery-context.js';

/** Stops what changes, and makes the new generation the one that counts. */
export const switchStep: Step = async (context, entry, progress) => {
  const { container, supervisor } = context;
  const after = afterOf(entry);
  if (container.current.name !== after) {
    // Not needed any more, and a small disk may need the room.
    await removeDownloads(context.paths.downloads);
    const next = await container.readGeneration(after);
    progress.at = 'stop';
    const disturbed = disturbedNames(
      container.current.artifacts,
      next.artifacts,
      supervisor.names,
      entry.replaced,
    );
    const target = configured(context, entry);
    const isRestarted = target !== undefined && target.artifact.control.reload === undefined;
    const names = isRestarted ? [...disturbed, target.artifact.name] : disturbed;
    // What was up before has to be up after; of what was down already nobody can ask that.
    const touched = entry.touched ?? names.filter((name) => supervisor.isUp(name));
    const noted = { ...entry, touched };
    await context.journal.save(noted);
    progress.entry = noted;
    await Promise.all(names.map((name) => supervisor.stop(name)));
    progress.at = 'switch';
    await container.switchTo(after);
    return { ...noted, step: 'start' };
  }
  return { ...entry, step: 'start' };
};

/** Starts the new applications and waits for the evidence that they work; then everything is kept up. */
export const startStep: Step = async (context, entry, progress) => {
  const { container, supervisor } = context;
  for (const installed of container.current.artifacts) {
    if (!isToProve(entry, installed)) continue;
    const { artifact } = installed;
    progress.at = 'start';
    if (
      artifact.control.reload !== undefined &&
      installed === configured(context, entry) &&
      supervisor.isUp(artifact.name)
    ) {
      progress.at = 'reload';
      await supervisor.reload(installed, context.times.scriptTimeoutMs, context.signal);
    }
    const application = isToRun(installed) ? await supervisor.start(installed) : null;
    progress.at = 'health';
    const staysUpMs = (artifact.health?.staysUpSeconds ?? context.times.defaultStaysUpMs / 1_000) * 1_000;
    await awaitHealth({
      name: artifact.name,
      application,
      staysUpMs,
      probe: healthProbe(context.facts, installed),
      checkWithinMs: context.times.checkWithinMs,
      signal: context.signal,
    });
  }
  await supervisor.bringUp();
  return { ...entry, step: 'cleanup' };
};

/** What has to give evidence: all that a package brought or the change disturbed, or what an order starts or configures. */
function isToProve({ task, touched = [] }: JournalEntry, installed: InstalledArtifact): boolean {
  const { artifact, packageId } = installed;
  if (touched.includes(artifact.name) && isToRun(installed)) return true;
  if (task.action === 'install') return packageId === task.package.id;
  if (artifact.name !== task.artifact) return false;
  return task.action === 'start' || (task.action === 'configure' && installed.run !== false);
}

/** Uninstalls what was replaced or had to go, and removes all that nothing refers to any more. */
export const cleanupStep: Step = async (context, entry) => {
  const { container, paths } = context;
  const before = await readIfThere(context, entry.before);
  const homes = new Set(container.current.artifacts.map(({ home }) => home));
  const names = new Set(container.current.artifacts.map(({ artifact }) => artifact.name));
  const gone = (before?.artifacts ?? []).filter(({ home }) => !homes.has(home));
  const keepData = entry.task.action === 'uninstall' ? entry.task.keepData : undefined;
  const problems = await uninstall(
    context,
    entry.before,
    gone,
    (name) => names.has(name) || keepData === true,
  );
  if (keepData === false) await container.removeData(gone.map(({ artifact }) => artifact.name));
  if (entry.task.action === 'wipe') await container.wipe();
  await container.collectGarbage();
  await removeDownloads(paths.downloads);
  await removeBackup(paths.backup);
  return { ...entry, step: 'report', report: await successReport(context, entry.task, problems.join('; ')) };
};

/** The old generation is missing when this step was interrupted after its last act. */
export async function readIfThere(context: DeliveryContext, name: string): Promise<Generation | null> {
  return context.container.readGeneration(name).catch(() => null);
}

function afterOf(entry: JournalEntry): string {
  if (entry.after === undefined) throw new Error('The journal names no generation to switch to.');
  return entry.after;
}
