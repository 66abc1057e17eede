import type { Order } from '../../domain/agent-protocol/messages.js';
import type { Generation, InstalledArtifact } from '../container/generation.js';
import { orderOf } from '../state/journal.js';
import { checkRequirements } from './delivery-context.js';
import type { Step } from './step.js';

/**
 * The first step of an order: writes the generation that is wanted, in which an artifact is missing, or is to run or
 * not. From here on it goes the way of every delivery, so it is as safe, and is undone in the same way.
 */
export const changeStep: Step = async (context, entry, progress) => {
  const { container } = context;
  const order = orderOf(entry);
  await context.reporter.progress(order, 'installing');
  const before = await container.readGeneration(entry.before);
  await container.collectGarbage([before]);
  const wanted = changed(before, order);
  checkRequirements(wanted);
  const noted = { ...entry, after: entry.after ?? (await container.nextGeneration()) };
  await context.journal.save(noted);
  progress.entry = noted;
  await container.writeGeneration(noted.after, wanted, new Map());
  return { ...noted, step: 'switch' };
};

/** @throws Error when the artifact is not there, or has nothing to start or stop */
function changed({ artifacts }: Generation, order: Order): InstalledArtifact[] {
  const { action, artifact: name, also = [] } = order;
  if (action === 'wipe') return [];
  if (action === 'uninstall') {
    // What is gone already is what was wanted.
    const gone = new Set([name, ...also]);
    return artifacts.filter(({ artifact }) => !gone.has(artifact.name));
  }
  const target = artifacts.find(({ artifact }) => artifact.name === name);
  if (target === undefined) throw new Error(`${name} is not installed.`);
  if (target.artifact.control.start === undefined) throw new Error(`${name} has no start script.`);
  const run = action === 'start';
  return artifacts.map((installed) => (installed === target ? { ...installed, run } : installed));
}
