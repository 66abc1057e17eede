/** What a protocol of devices that have a client of their own costs beside that of our agents: the same rollout to as many, in turns. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '../../stack/start-stack.js';
import { LeonoreApi } from '../api.js';
import { until } from '../until.js';
import { startVirtualGateways } from '../virtual-gateways/fleet.js';
import { DdiFleet } from './ddi-fleet.js';
import { atMost, fact, type Figure } from './figure.js';
import { median } from './timed.js';

const devices = 4_000;
const turns = 3;
const pollSeconds = 1;
const packageBytes = 120 * 1024;
const concurrency = 64;
const mostRatio = 1.3;
const enteringTimeoutMs = 120_000;
const rolloutTimeoutMs = 300_000;

interface Surroundings {
  readonly stack: Stack;
  /** For artifacts. */
  readonly directory: string;
}

export async function clientFigures({ stack, directory }: Surroundings): Promise<Figure[]> {
  const api = new LeonoreApi(stack.api, stack.adminToken);
  const [node] = (await api.nodes()).items;
  const address = node?.endpoints.find(({ protocol }) => protocol === 'hawkbit')?.address;
  if (address === undefined) throw new Error('the node does not serve clients of hawkBit');
  const enrolmentToken = await api.createEnrolment({ name: 'ddi', keyless: true });
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 1; turn <= turns; turn += 1) {
    const common = { count: devices, concurrency };
    const own = await startVirtualGateways({
      ...{ ...common, server: stack.api, enrolmentToken: stack.enrolmentToken, prefix: `own-${turn}` },
      ...{ strategy: 'pull', intervalSeconds: pollSeconds },
    });
    try {
      ours.push(await rolledOut(api, directory, `own-${turn}`));
    } finally {
      await own.stop();
    }
    const ddi = new DdiFleet({ ...common, address, enrolmentToken, prefix: `ddi-${turn}`, pollSeconds });
    try {
      await until(() => ddi.entered === devices, enteringTimeoutMs, `${devices} devices are let in`);
      theirs.push(await rolledOut(api, directory, `ddi-${turn}`));
    } finally {
      await ddi.stop();
    }
  }
  const how = `${devices} that poll each ${pollSeconds} s, ${packageBytes} bytes; median of ${turns}, in turns; they share the processors`;
  const ratios = ours.map((seconds, turn) => (theirs[turn] ?? NaN) / seconds);
  return [
    fact('own_rollout', median(ours), 's', `our agents' protocol: ${how}`),
    fact('ddi_rollout', median(theirs), 's', `hawkBit's DDI: ${how}`),
    atMost(mostRatio, 'ddi_rollout_ratio', median(ratios), 'ratio', 'the second over the first'),
  ];
}

/** Rolls a new artifact out to a fleet, which is there. @returns seconds from its start to its end */
async function rolledOut(api: LeonoreApi, directory: string, fleet: string): Promise<number> {
  const artifact = join(directory, `${fleet}-noise`);
  await mkdir(join(artifact, 'content'), { recursive: true });
  const variants = [{ directory: 'content' }, { format: 'raw', directory: 'content' }];
  const manifest = { name: `${fleet}-noise`, version: '1.0.0', kind: 'application', variants };
  await writeFile(join(artifact, 'artifact.yaml'), JSON.stringify(manifest));
  await writeFile(join(artifact, 'content', 'noise'), randomBytes(packageBytes));
  await api.addArtifact(artifact);
  const gatewayIds = Array.from({ length: devices }, (_none, index) => `${fleet}-${index}`);
  await api.createDeployment({ name: fleet, gatewayIds });
  const id = await api.startRollout({ requests: [`${fleet}-noise`], deployment: fleet });
  await until(async () => (await api.rollout(id)).endedAt !== null, rolloutTimeoutMs, `${fleet} is served`);
  const { createdAt, endedAt, counts } = await api.rollout(id);
  if (counts.succeeded !== devices) throw new Error(`of ${devices} ${counts.succeeded} succeeded`);
  return (Date.parse(endedAt ?? '') - Date.parse(createdAt)) / 1_000;
}
