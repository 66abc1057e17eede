/**
 * The demo: real agents, BusyBox agents and virtual gateways, more than one node takes, so that a second one comes up
 * by itself; version 1 of the thermometer and then the update to version 2; a campaign of a broken version, which comes back,
 * and of a good one; gateways that join late are staged by a wanted state; and the second node goes when the virtual gateways
 * have gone. Everything is checked that should have come of it.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../stack/start-stack.js';
import { workflowAddress, workflowIds } from '../../domain/orchestration.js';
import { LeonoreApi, type CampaignView } from '../api.js';
import type { Cleanups } from '../cleanups.js';
import { Collector } from '../collector.js';
import { measureRollout } from '../measured-rollout.js';
import { UsageRecorder } from '../process-usage.js';
import { pidsOf, startTemporaryStack } from '../temporary-stack.js';
import type { Phases } from '../terminal.js';
import { until } from '../until.js';
import { FleetProcess } from '../virtual-gateways/fleet-process.js';
import { gatewayId } from '../virtual-gateways/population.js';
import {
  describeBusyBox,
  findBusyBoxFleet,
  installedOnDisk,
  startBusyBoxAgents,
  type BusyBoxFleet,
} from './busybox-agents.js';
import {
  checkBuiltOnce,
  checkChannels,
  checkDeliveries,
  checkFallback,
  checkImages,
  checkInstalled,
  checkNodePool,
  checkReadings,
  checkSigned,
} from './checks.js';
import {
  canTakeThermometer,
  demoLabels,
  incompatibleVirtualIds,
  realGateways,
  virtualPopulation,
  type RealGateway,
} from './demo-fleet.js';
import {
  brokenVersion,
  checkCampaigns,
  goodVersion,
  nextThermometers,
  runBrokenCampaign,
  runGoodCampaign,
} from './demo-campaigns.js';
import { demoProtocols } from './demo-channels.js';
import { checkLateJoiners, lateIds, lateJoiners, stageLateJoiners } from './late-joiners.js';
import { decommission, nodesAfterGrowth, nodesAfterShrinking, takeSnapshot } from './node-pool.js';
import {
  describeOwnClients,
  findOwnClients,
  imageContent,
  imagesOnDisk,
  imageVersion,
  makeImages,
  startOwnClients,
  type OwnClients,
} from './own-clients.js';
import { addImages, prepareArtifacts } from './prepared-artifacts.js';
import { readKeyFile } from '../../trust/key-file.js';
import { requireSignatures, stackPublisherKey } from '../../stack/stack-trust.js';
import { pinnedRoots, startRealAgents } from './real-agents.js';
import type { DemoSummary, RolloutSummary } from './summary.js';

export interface DemoOptions {
  readonly virtualGateways: number;
  /** Gateways that fill a node; there are more. */
  readonly threshold: number;
}

/** Each wait is bounded, so that the demo ends by itself whatever happens. */
const rolloutTimeoutMs = 90_000;
const registrationTimeoutMs = 60_000;
const readingsTimeoutMs = 20_000;
/** Seconds between two polls of a virtual pull gateway: short, since people watch. */
const pullIntervalSeconds = 2;
/** Seconds for which the load must be low before the second node goes. */
const settleSeconds = 2;
/** What a virtual gateway takes for an installation. */
const thinkTimeMs = 200;

export interface Demo {
  readonly stack: Stack;
  readonly collector: Collector;
  readonly summary: DemoSummary;
}

export async function runDemo(options: DemoOptions, cleanups: Cleanups, phases: Phases): Promise<Demo> {
  // Fetched while the stack starts.
  const findingClients = findOwnClients();
  const findingBusyBox = findBusyBoxFleet({ onProgress: (line) => phases.note(line) });
  const collector = await Collector.start();
  cleanups.add(() => collector.stop());
  const { stack, directory } = await phases.run('PostgreSQL, Temporal, api, coordinator and one node', () =>
    startTemporaryStack(cleanups, {
      nodes: 1,
      maxNodes: 2,
      threshold: options.threshold,
      settleSeconds,
      env: demoProtocols,
      onProgress: (line) => phases.note(line),
    }),
  );
  const api = new LeonoreApi(stack.api, stack.adminToken);

  const clients = await findingClients;
  await phases.run('artifacts signed and added', async () => {
    await api.publishTrust(await requireSignatures(stack.dataDir));
    const publisher = await readKeyFile(stackPublisherKey(stack.dataDir));
    const prepared = await prepareArtifacts(join(directory, 'artifacts'), collector.address);
    const thermometer = (wanted: string) =>
      prepared.find(({ name, version }) => name === 'thermometer' && version === wanted);
    const [first, newest] = [thermometer(imageVersion), thermometer('2.0.0')];
    if (first !== undefined && clients.length > 0)
      await addImages(first, await makeImages(clients, agentsBelow(directory).directory));
    const next = newest === undefined ? [] : await nextThermometers(newest);
    for (const path of [...prepared.map((artifact) => artifact.directory), ...next])
      await api.addArtifact(path, publisher);
  });
  const busyBox = await findingBusyBox;
  if ('reason' in busyBox) phases.note(`no BusyBox agents: ${busyBox.reason}`);
  const agents = realGateways();
  const real = [...agents, ...busyBox.gateways];
  const compatible = real.filter((gateway) => canTakeThermometer(gateway.kind.components));
  const snapshots = [await takeSnapshot(api, 'begin')];
  const { pids, fleet } = await phases.run(
    `${agents.length} real agents, ${busyBox.gateways.length} BusyBox agents and ` +
      `${options.virtualGateways} virtual gateways registered, a second node launched`,
    () =>
      startGateways(
        { stack, api, directory, cleanups },
        { agents, busyBox, virtual: options.virtualGateways },
      ),
  );

  const withAgents = real.length + options.virtualGateways;
  const grown = await phases.run('gateways shared evenly', () => nodesAfterGrowth(api, withAgents));
  snapshots.push(grown);
  const [node] = grown.nodes;
  if (node === undefined) throw new Error('there is a node');
  const devices = await phases.run(`${clients.length} devices with a client of their own`, () =>
    startOwnClients(clients, { api, node, ...agentsBelow(directory) }, cleanups),
  );
  const total = withAgents + clients.length;

  const recorder = new UsageRecorder({ ...pidsOf(stack), ...pids });
  cleanups.add(() => void recorder.stop());

  const rollouts: RolloutSummary[] = [];
  const provision = async (request: string, deployment: string, gateways: number): Promise<void> => {
    const title = `${request} to ${deployment}`;
    await phases.run(`rollout of ${title}`, async () => {
      const toMeasure = {
        request,
        deployment,
        gateways,
        timeoutMs: rolloutTimeoutMs,
        pids: {},
        temporal: stack.temporal,
      };
      const { view, histories } = await measureRollout(api, toMeasure);
      rollouts.push({ title: request, view, histories, deliveries: await api.deliveries(view.id) });
    });
  };
  const readingsOf = (version: string): Promise<void> =>
    phases.run(`readings of version ${version}`, () => awaitReadings(collector, version, compatible));

  const withLegacy = real.filter((gateway) => gateway.hasLegacy).map((gateway) => gateway.id);
  await api.createDeployment({ name: 'old-ones', gatewayIds: withLegacy });
  const site = `labels.site == "${demoLabels.site}"`;
  await api.createDeployment({ name: 'building', select: site });
  await api.createDeployment({ name: 'agents', select: `${site} && !labels.client` });
  await provision('thermo-legacy@0.9.0', 'old-ones', withLegacy.length);
  await Promise.all([provision('thermometer@^1', 'building', total), devices.restartOnceInstalled()]);
  await readingsOf('1.0.0');
  await provision('thermometer@^2', 'agents', withAgents);
  await readingsOf('2.0.0');
  snapshots.push(await takeSnapshot(api, 'rolled out'));
  const processes = recorder.stop();

  const onDisk = await installedOnDisk(busyBox, agentsBelow(directory));
  const pinned = await pinnedRoots(agents, agentsBelow(directory).directory);
  const signed = checkSigned(await api.signers(), pinned);
  const checks = await checkAll(api, {
    ...{ real, clients, compatible, withLegacy, rollouts, collector, options, onDisk },
    images: await imagesOnDisk(clients, agentsBelow(directory).directory),
  });
  const probed = compatible.map(({ id }) => id);
  const broken = await phases.run(
    `campaign of thermometer@${brokenVersion}, which is broken: back to what was`,
    () => runBrokenCampaign(api, probed),
  );
  const between = await api.installedOn(probed);
  const good = await phases.run(`campaign of thermometer@${goodVersion}: canary, early, rest`, () =>
    runGoodCampaign(api, probed),
  );
  const campaigns = checkCampaigns({ broken, good }, between, await api.installedOn(probed));
  const joiners = lateJoiners(busyBox);
  const staged = { early: probed.length, late: lateIds(joiners) };
  const wanted = await phases.run(`${staged.late.join(' and ')} join late, staged by a wanted state`, () =>
    stageLateJoiners({ api, collector }, goodVersion, staged, async () => {
      const surroundings = {
        server: stack.api,
        enrolmentToken: stack.enrolmentToken,
        ...agentsBelow(directory),
      };
      await startRealAgents(joiners.agents, surroundings, cleanups);
      await startBusyBoxAgents(joiners.busyBox, surroundings, cleanups);
    }),
  );
  const late = checkLateJoiners(wanted, collector, goodVersion, staged);
  snapshots.push(
    await phases.run('virtual gateways out of service, second node gone', async () => {
      await fleet.stop();
      await decommission(api, virtualIdsOf(options));
      return nodesAfterShrinking(api);
    }),
  );
  const links = linksOf(stack, rollouts, { broken, good });
  return {
    stack,
    collector,
    summary: {
      phases: phases.all(),
      rollouts,
      readings: collector.readings(),
      checks: [
        ...checks,
        signed,
        ...campaigns,
        ...late,
        ...checkNodePool(snapshots, {
          all: withAgents,
          left: real.length + clients.length + staged.late.length,
        }),
      ],
      snapshots,
      busyBox: describeBusyBox(busyBox),
      ownClients: describeOwnClients(clients),
      processes,
      links,
    },
  };
}

function agentsBelow(directory: string): { readonly directory: string } {
  return { directory: join(directory, 'agents') };
}

function virtualIdsOf({ virtualGateways }: DemoOptions): string[] {
  return Array.from({ length: virtualGateways }, (_, index) => gatewayId(virtualPopulation, index));
}

interface Surroundings {
  readonly stack: Stack;
  readonly api: LeonoreApi;
  readonly directory: string;
  readonly cleanups: Cleanups;
}

/**
 * Starts all gateways and waits until LEONORE has them.
 * @returns the virtual ones, and the pid of every process that was started here, by name
 */
async function startGateways(
  { stack, api, directory, cleanups }: Surroundings,
  gateways: {
    readonly agents: readonly RealGateway[];
    readonly busyBox: BusyBoxFleet;
    readonly virtual: number;
  },
): Promise<{ pids: Record<string, number>; fleet: FleetProcess }> {
  const { api: server, enrolmentToken } = stack;
  const surroundings = { server, enrolmentToken, ...agentsBelow(directory) };
  const agents = await startRealAgents(gateways.agents, surroundings, cleanups);
  const busyBoxes = await startBusyBoxAgents(gateways.busyBox, surroundings, cleanups);
  const fleet = await FleetProcess.start({
    server,
    enrolmentToken,
    count: gateways.virtual,
    prefix: virtualPopulation.prefix,
    seed: virtualPopulation.seed,
    labels: virtualPopulation.labels,
    population: 'building',
    strategy: 'mixed',
    intervalSeconds: pullIntervalSeconds,
    thinkTimeMs,
    logPath: join(directory, 'virtual-gateways.log'),
  });
  cleanups.add(() => fleet.stop());
  await fleet.ready();
  const expected = agents.size + busyBoxes.size + gateways.virtual;
  await until(
    async () => (await api.gateways()).length >= expected,
    registrationTimeoutMs,
    `${expected} gateways registered`,
  );
  const agentPids = [...agents].map(([id, pid]) => [`agent-${id}`, pid] as const);
  const pids = {
    'virtual gateways': fleet.pid,
    ...Object.fromEntries(agentPids),
    ...Object.fromEntries(busyBoxes),
  };
  return { pids, fleet };
}

async function awaitReadings(
  collector: Collector,
  version: string,
  gateways: readonly RealGateway[],
): Promise<void> {
  const endMs = Date.now() + readingsTimeoutMs;
  // What is missing in the end is told by the checks.
  while (Date.now() < endMs) {
    const seen = collector.gatewaysOf(version);
    if (gateways.every((gateway) => seen.has(gateway.id))) return;
    await sleep(100);
  }
}

/** What a real gateway holds in the end, and what it must not hold any more. */
const updated = { present: ['thermometer@2.0.0'], absent: ['thermo-legacy'] };

async function checkAll(
  api: LeonoreApi,
  facts: {
    readonly real: readonly RealGateway[];
    readonly clients: OwnClients;
    readonly compatible: readonly RealGateway[];
    readonly withLegacy: readonly string[];
    readonly rollouts: readonly RolloutSummary[];
    readonly collector: Collector;
    readonly options: DemoOptions;
    /** What lies in the containers of BusyBox gateways. */
    readonly onDisk: ReadonlyMap<string, readonly string[]>;
    /** What lies on the disks of devices with a client of their own. */
    readonly images: ReadonlyMap<string, string>;
  },
): Promise<DemoSummary['checks']> {
  const { real, clients, compatible, withLegacy, rollouts, collector, options, onDisk, images } = facts;
  const all = [...real.map((gateway) => gateway.id), ...virtualIdsOf(options)];
  const incompatible = new Set([
    ...real.filter((gateway) => !compatible.includes(gateway)).map((gateway) => gateway.id),
    ...incompatibleVirtualIds(options.virtualGateways),
  ]);
  const spoken = new Map([
    ...real.map(({ id, channel }) => [id, `${channel.protocol}/${channel.strategy}`] as const),
    ...clients.map(({ id, protocol }) => [id, `${protocol}/pull`] as const),
  ]);
  const first = rollouts.filter(({ title }) => title === 'thermometer@^1');
  const installed = await api.installedOn(withLegacy);
  const readings = collector.readings();
  const ids = compatible.map((gateway) => gateway.id);
  return rollouts
    .flatMap((rollout) => {
      if (rollout.title.startsWith('thermo-legacy')) {
        return checkDeliveries(rollout, { all: withLegacy, incompatible: new Set() });
      }
      const own = first.includes(rollout) ? clients.map(({ id }) => id) : [];
      return checkDeliveries(rollout, { all: [...all, ...own], incompatible });
    })
    .concat([
      ...first.flatMap((rollout) => [checkFallback(rollout), checkChannels(rollout, spoken)]),
      ...(clients.length === 0 ? [] : [checkImages(images, imageContent)]),
      checkBuiltOnce(rollouts),
      checkReadings(readings, '1.0.0', ids),
      checkReadings(readings, '2.0.0', ids),
      checkInstalled(installed, updated, 'say the real gateways that had it'),
      ...(onDisk.size === 0
        ? []
        : [checkInstalled(onDisk, updated, 'says the disk of the BusyBox gateways')]),
    ]);
}

function linksOf(
  stack: Stack,
  rollouts: readonly RolloutSummary[],
  campaigns: Readonly<Record<string, CampaignView>>,
): Record<string, string> {
  const links: Record<string, string> = { API: stack.api };
  const { temporalUi } = stack;
  if (temporalUi === null) return links;
  const addressOf = (workflowId: string) => workflowAddress(temporalUi, 'default', workflowId);
  for (const { title, view } of rollouts)
    links[`Temporal UI, ${title}`] = addressOf(workflowIds.rollout(view.id));
  for (const [what, { id }] of Object.entries(campaigns))
    links[`Temporal UI, ${what} campaign`] = addressOf(workflowIds.campaign(id));
  return links;
}
