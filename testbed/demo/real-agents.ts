/** Real agents, each a process with a container of its own below a directory. */
import { readdirSync, readFileSync } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundedLog } from '../../stack/bounded-log.js';
import { spawnGuarded } from '../../stack/guarded-process.js';
import type { Facts } from '../../agent/profiler/facts.js';
import type { Cleanups } from '../cleanups.js';
import { createRandom, seedOf } from '../random.js';
import { macOf } from '../virtual-gateways/population.js';
import { demoLabels, type RealGateway } from './demo-fleet.js';

/** The agent's own entry point: what `leonore agent` runs, without the rest of the CLI. */
const script = join(import.meta.dirname, '..', '..', 'agent', 'main.js');
const graceMs = 8_000;
/** Seconds between two polls of a pull agent: short, since people watch. Push agents wait to be notified. */
const pullIntervalSeconds = 1;

export interface AgentSurroundings {
  readonly server: string;
  readonly enrolmentToken: string;
  /** Containers, profiles and logs go below it. */
  readonly directory: string;
}

/**
 * Starts an agent for each gateway, and sees to it that they and their applications are ended.
 * @returns pid of each agent by the gateway's id
 */
export async function startRealAgents(
  gateways: readonly RealGateway[],
  surroundings: AgentSurroundings,
  cleanups: Cleanups,
): Promise<ReadonlyMap<string, number>> {
  await mkdir(surroundings.directory, { recursive: true });
  // Undone last: whatever an agent left running.
  cleanups.add(() => endProcessesOf(surroundings.directory));
  const started = gateways.map(
    async (gateway) => [gateway.id, await startAgent(gateway, surroundings, cleanups)] as const,
  );
  return new Map(await Promise.all(started));
}

/** Of each agent, whether it has pinned a root: then it takes nothing that is not signed. */
export async function pinnedRoots(
  gateways: readonly RealGateway[],
  directory: string,
): Promise<ReadonlyMap<string, boolean>> {
  const found = gateways.map(async ({ id }) => {
    const isThere = await access(join(directory, id, 'agent', 'trust.json')).then(
      () => true,
      () => false,
    );
    return [id, isThere] as const;
  });
  return new Map(await Promise.all(found));
}

async function startAgent(
  gateway: RealGateway,
  { server, enrolmentToken, directory }: AgentSurroundings,
  cleanups: Cleanups,
): Promise<number> {
  const { id, kind } = gateway;
  const { strategy, options } = gateway.channel;
  const root = join(directory, id);
  const profile = join(directory, `${id}.profile.json`);
  await writeFile(profile, JSON.stringify(profileOverlay(gateway)));
  const log = new BoundedLog(join(directory, `${id}.log`));
  const agent = await spawnGuarded({
    command: process.execPath,
    args: [
      script,
      ...['--server', server, '--root', root, '--id', id, '--strategy', strategy, ...options],
      ...(strategy === 'pull' ? ['--interval', String(pullIntervalSeconds)] : []),
      ...['--profile', profile],
      ...Object.entries({ ...demoLabels, kind: kind.name }).flatMap(([key, value]) => [
        '--label',
        `${key}=${value}`,
      ]),
    ],
    env: { ...process.env, LEONORE_ENROLMENT_TOKEN: enrolmentToken },
    log,
    orphan: { signal: 'TERM', graceMs },
  });
  cleanups.add(async () => {
    await agent.end('SIGTERM', graceMs);
    log.close();
  });
  return agent.pid;
}

/** What the profiler would find on the gateway's own hardware; laid over what it finds on this machine. */
function profileOverlay({ id, kind }: RealGateway): Facts {
  return {
    mac: macOf(createRandom(seedOf(id))),
    hardware: {
      arch: kind.arch,
      cpus: kind.cpus,
      memoryTotal: kind.memoryBytes,
      memoryFree: Math.floor(kind.memoryBytes / 2),
      diskTotal: kind.diskBytes,
      diskFree: Math.floor(kind.diskBytes / 2),
      components: kind.components,
    },
    software: { kernel: kind.kernel, libc: kind.libc },
  };
}

/**
 * Ends processes whose container lies below `directory`. Applications run in sessions of their own, so that an agent
 * which is killed does not take them along; here they have to go.
 */
function endProcessesOf(directory: string): void {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    if (containerOf(name)?.startsWith(`${directory}/`) !== true) continue;
    try {
      process.kill(Number(name), 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

function containerOf(pid: string): string | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return environment.find((entry) => entry.startsWith('LEONORE_ROOT='))?.slice('LEONORE_ROOT='.length);
  } catch {
    return undefined; // Ended meanwhile, or somebody else's.
  }
}
