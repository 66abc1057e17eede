import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncPath } from './atomic-file.js';

/** Where things lie below the agent's root (docs/gateway.md). `agent/` is private; `container/` is readable. */
export interface AgentPaths {
  readonly root: string;
  readonly own: string;
  readonly identity: string;
  readonly key: string;
  readonly authorities: string;
  readonly journal: string;
  readonly ended: string;
  readonly trust: string;
  readonly reports: string;
  readonly downloads: string;
  readonly staging: string;
  readonly backup: string;
  readonly temporary: string;
  readonly log: string;
  readonly container: string;
}

export function agentPaths(root: string): AgentPaths {
  const own = join(root, 'agent');
  const container = join(root, 'container');
  return {
    root,
    own,
    identity: join(own, 'identity.json'),
    key: join(own, 'key.json'),
    authorities: join(own, 'authorities.json'),
    journal: join(own, 'journal.json'),
    ended: join(own, 'ended.json'),
    trust: join(own, 'trust.json'),
    reports: join(own, 'reports'),
    downloads: join(own, 'downloads'),
    staging: join(container, 'staging'),
    backup: join(own, 'backup'),
    temporary: join(container, 'tmp'),
    log: join(own, 'log'),
    container,
  };
}

/** Creates the directories that are missing. */
export async function createAgentDirectories(paths: AgentPaths): Promise<void> {
  const made = await mkdir(paths.root, { recursive: true });
  await mkdir(join(paths.root, 'agent'), { recursive: true, mode: 0o700 });
  await mkdir(paths.container, { recursive: true, mode: 0o755 });
  for (const path of [paths.reports, paths.downloads, paths.backup, paths.log]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
  // What is written into a directory that a power cut takes away is lost with it.
  await syncPath(join(paths.root, 'agent'));
  await syncPath(paths.root);
  if (made !== undefined) await syncPath(dirname(made));
}
