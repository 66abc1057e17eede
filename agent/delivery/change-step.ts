import type { Order } from '../../domain/agent-protocol/messages.js';
import type { Generation, InstalledArtifact } from '../container/generation.js';
import { checkValueKeys } from '../container/script-environment.js';
import { orderOf } from '../state/journal.js';
import { checkRequirements, type DeliveryContext } from './delivery-context.js';
import type { Step } from './step.js';

/**
 * The first step of an order: writes the generation that is wanted, in which an artifact is missing, is to run or not, or
 * has other values. From here on it goes the way of every delivery, so it is as safe, and is undone in the same way.
 */
export const changeStep: Step = async (context, entry, progress) => {
  const { container } = context;
  const order = orderOf(entry);
  await context.reporter.progress(order, 'installing');
  const before = await container.readGeneration(entry.before);
  await container.collectGarbage([before]);
  const wanted = changed(before, order);
  checkRequirements(wanted);
  const values = await otherValues(context, before, order);
  const noted = { ...entry, after: entry.after ?? (await container.nextGeneration()) };
  await context.journal.save(noted);
  progress.entry = noted;
  await container.writeGeneration(noted.after, wanted, values);
  return { ...noted, step: 'switch' };
};

/** Values by package that the order changes; those that it does not name stay. */
async function otherValues(
  { container }: DeliveryContext,
  before: Generation,
  { action, artifact: name, values = {} }: Order,
): Promise<Map<string, Readonly<Record<string, string>>>> {
  if (action !== 'configure') return new Map();
  checkValueKeys(values);
  const packages = before.artifacts.filter(({ artifact }) => artifact.name === name);
  const merged = packages.map(async ({ packageId }) => {
    const had = await container.readValues(before.name, packageId);
    return [packageId, { ...had, ...values }] as const;
  });
  return new Map(await Promise.all(merged));
}

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
  if (action === 'configure') return [...artifacts];
  if (target.artifact.control.start === undefined) throw new Error(`${name} has no start script.`);
  const run = action === 'start';
  return artifacts.map((installed) => (installed === target ? { ...installed, run } : installed));
}
