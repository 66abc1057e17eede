/** What was signed of a package's artifacts: beside its archive, so that it is there after a power cut, too. */
import { join } from 'node:path';
import { Value } from 'typebox/value';
import type { Task } from '../../domain/agent-protocol/messages.js';
import { PackageStatementsSchema, type PackageStatements } from '../../domain/trust/statement.js';
import { readStateFile, writeStateFile } from '../state/state-file.js';
import type { DeliveryContext } from './delivery-context.js';

/**
 * Gets the statements of a package, where somebody asks for them.
 *
 * @throws DeviceError
 */
export async function fetchStatements(
  context: DeliveryContext,
  task: Task,
  signal: AbortSignal,
): Promise<void> {
  if (!context.trust.isPinned) return;
  const statements = await context.fetchStatements(task.package.digest, signal);
  await writeStateFile(pathOf(context, task), statements, { copied: false });
}

/** The statements that were fetched; none when there are none, which is for the trust to judge. */
export async function readStatements(context: DeliveryContext, task: Task): Promise<PackageStatements> {
  const value = await readStateFile(pathOf(context, task));
  return Value.Check(PackageStatementsSchema, value) ? value : { artifacts: [], builds: [] };
}

function pathOf({ paths }: DeliveryContext, task: Task): string {
  return join(paths.downloads, `${task.package.digest}.statements`);
}
