import { rm } from 'node:fs/promises';
import { readArchive, verifyPackage } from '../archive/verify-package.js';
import { taskOf } from '../state/journal.js';
import { ArchiveFile } from './archive-file.js';
import { backUp } from './backup.js';
import { checkRequirements, disturbedNames, uninstall } from './delivery-context.js';
import { checkIsolation, installedArtifacts, withArtifacts } from './install-step.js';
import { readStatements } from './package-statements.js';
import type { Step } from './step.js';

/**
 * Removes what goes before the new is unpacked, because the disk does not hold both. The package is verified first:
 * for a bad one nothing is removed.
 */
export const makeRoomStep: Step = async (context, entry, progress) => {
  const { container, supervisor } = context;
  const task = taskOf(entry);
  progress.at = 'verify';
  const archive = new ArchiveFile(context.paths.downloads, task.package.digest);
  const statements = await readStatements(context, task);
  const verified = await verifyPackage(readArchive(archive.path), {
    expectedId: task.package.id,
    onManifest: (checked) => context.trust.check(checked, statements),
  });

  progress.at = 'isolation';
  checkIsolation(context, verified);
  checkRequirements(withArtifacts(context.container.current, task, installedArtifacts(verified, task)));

  progress.at = 'stop';
  const before = await container.readGeneration(entry.before);
  const names = new Set(verified.manifest.artifacts.map(({ name }) => name));
  const homes = new Set(verified.placed.map(({ home }) => home));
  const keys = new Set(task.remove);
  const goes = before.artifacts.filter(
    ({ artifact, home }) =>
      !homes.has(home) && (names.has(artifact.name) || keys.has(`${artifact.name}@${artifact.version}`)),
  );
  const rest = before.artifacts.filter((installed) => !goes.includes(installed));
  const disturbed = disturbedNames(container.current.artifacts, rest, supervisor.names);
  await Promise.all(disturbed.map((name) => supervisor.stop(name)));

  progress.at = 'makeRoom';
  if (container.current.name === before.name) {
    await backUp(context, goes, verified.manifest.contentSize);
    const gap = await container.nextGeneration();
    await container.writeGeneration(gap, rest, new Map());
    await container.switchTo(gap);
  }
  const noted = { ...entry, taken: goes.map(({ home }) => home) };
  await context.journal.save(noted);
  progress.entry = noted;
  // Data stays for now: it may be needed again.
  await uninstall(context, before.name, goes, () => true);
  for (const { home } of goes) await rm(container.path(home), { recursive: true, force: true });
  return { ...noted, step: 'install', roomMade: true };
};
