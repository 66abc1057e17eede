/** BusyBox agents, each in a root directory with BusyBox and nothing else, where that can be had on this machine. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundedLog } from '../../stack/bounded-log.js';
import { spawnGuarded } from '../../stack/guarded-process.js';
import { gatewayDirectory, makeBusyBoxRoot, type BusyBoxRoot } from '../busybox/busybox-root.js';
import { obtainBusyBox, type ObtainBusyBoxOptions } from '../busybox/obtain-busybox.js';
import type { Cleanups } from '../cleanups.js';
import { busyBoxGateways, demoLabels, type RealGateway } from './demo-fleet.js';
import type { AgentSurroundings } from './real-agents.js';

const graceMs = 8_000;
/** Seconds between two polls: short, since people watch. */
const pullIntervalSeconds = 1;
/** Instruction sets that the demo's thermometer has variants for, by Node's name, as the agent reports them. */
const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm: 'armv7' };

/** The gateways with BusyBox that take part, or why there are none on this machine. */
export type BusyBoxFleet =
  | { readonly gateways: readonly RealGateway[]; readonly busybox: string; readonly version: string }
  | { readonly gateways: readonly []; readonly reason: string };

/** Finds out whether BusyBox agents can run here. Never throws. */
export async function findBusyBoxFleet(options: ObtainBusyBoxOptions): Promise<BusyBoxFleet> {
  const arch = architectures[process.arch];
  if (arch === undefined) {
    return { gateways: [], reason: `the thermometer has no variant for this machine (${process.arch})` };
  }
  const found = await obtainBusyBox(options);
  return 'reason' in found
    ? { gateways: [], reason: found.reason }
    : { gateways: busyBoxGateways(arch), busybox: found.path, version: found.version };
}

/**
 * Starts an agent for each gateway, and sees to it that they and their applications are ended.
 * @returns pid of each agent by the gateway's id
 * @throws Error when a root directory cannot be made
 */
export async function startBusyBoxAgents(
  fleet: BusyBoxFleet,
  surroundings: AgentSurroundings,
  cleanups: Cleanups,
): Promise<ReadonlyMap<string, number>> {
  if ('reason' in fleet) return new Map();
  const started = fleet.gateways.map(async (gateway) => {
    const directory = join(surroundings.directory, gateway.id);
    await mkdir(directory, { recursive: true });
    const root = await makeBusyBoxRoot(directory, fleet.busybox);
    // Undone after the agent has ended: whatever it left running.
    cleanups.add(() => endProcessesIn(directory));
    return [gateway.id, await startAgent(gateway, root, surroundings, cleanups)] as const;
  });
  return new Map(await Promise.all(started));
}

async function startAgent(
  { id, kind }: RealGateway,
  root: BusyBoxRoot,
  { server, enrolmentToken, directory }: AgentSurroundings,
  cleanups: Cleanups,
): Promise<number> {
  const log = new BoundedLog(join(directory, `${id}.log`));
  const labels = Object.entries({ ...demoLabels, kind: kind.name }).map((pair) => pair.join('='));
  const agent = await spawnGuarded({
    command: root.command,
    args: [...root.args, '/leonore-agent.sh'],
    env: {
      // Of the machine's programs only those that enter the root directory; inside it is BusyBox's.
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      LEONORE_SERVER: server,
      LEONORE_ROOT_DIR: `/${gatewayDirectory}`,
      LEONORE_ENROLMENT_TOKEN: enrolmentToken,
      LEONORE_ID: id,
      LEONORE_INTERVAL: String(pullIntervalSeconds),
      LEONORE_LABELS: labels.join(' '),
      LEONORE_COMPONENTS: kind.components.map(({ name, version }) => `${name}=${version}`).join(' '),
    },
    log,
    orphan: { signal: 'TERM', graceMs },
  });
  cleanups.add(async () => {
    await agent.end('SIGTERM', graceMs);
    log.close();
  });
  return agent.pid;
}

/**
 * What lies in the containers of BusyBox gateways, from the disk and not by their word.
 * @returns `name@version` of what the current generation holds and whose files are there, by gateway
 */
export async function installedOnDisk(
  fleet: BusyBoxFleet,
  { directory }: Pick<AgentSurroundings, 'directory'>,
): Promise<Map<string, string[]>> {
  const entries = fleet.gateways.map(async ({ id }) => {
    const container = join(directory, id, gatewayDirectory, 'container');
    const table = await readFile(join(container, 'current', 'table'), 'utf8');
    const rows = table.split('\n').map((line) => line.split('\t'));
    return [
      id,
      rows
        .filter(([, , home]) => home !== undefined && existsSync(join(container, home)))
        .map(([name, version]) => `${name ?? ''}@${version ?? ''}`),
    ] as const;
  });
  return new Map(await Promise.all(entries));
}

/** One line for people: what there is, or why not. */
export function describeBusyBox(fleet: BusyBoxFleet): string {
  if ('reason' in fleet) return `no BusyBox agents took part: ${fleet.reason}`;
  const ids = fleet.gateways.map((gateway) => gateway.id).join(' and ');
  return `${ids} run leonore-agent.sh, each in a root directory with ${fleet.version} and nothing else`;
}

/** Ends processes whose root directory is `directory`: nobody else can have that. */
function endProcessesIn(directory: string): void {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (readlinkSync(`/proc/${name}/root`) === directory) process.kill(Number(name), 'SIGKILL');
    } catch {
      // Ended by itself meanwhile, or somebody else's.
    }
  }
}
