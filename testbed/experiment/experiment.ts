/**
 * One test bed: a stack of its own, processes of virtual gateways, and a package of which each rollout gets a new
 * version. Rollouts and the floor are measured with the same gateways, connections and bytes.
 */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../stack/start-stack.js';
import { isCampaignEnded } from '../../domain/campaign/state.js';
import { workflowIds } from '../../domain/orchestration.js';
import { LeonoreApi, type CampaignView } from '../api.js';
import type { Cleanups } from '../cleanups.js';
import { FloorServers } from '../floor/floor-servers.js';
import { measureRollout, type MeasuredRollout } from '../measured-rollout.js';
import { packageKinds, type PackageKind } from '../packages/package-kind.js';
import { UsageRecorder, type ProcessCost } from '../process-usage.js';
import { readHistories, type Histories } from '../temporal-histories.js';
import { pidsOf, startTemporaryStack } from '../temporary-stack.js';
import type { Phases } from '../terminal.js';
import { until } from '../until.js';
import { sumOf } from '../virtual-gateways/latencies.js';
import { FleetProcess } from '../virtual-gateways/fleet-process.js';
import type { ExperimentOptions } from './options.js';

/** What a rollout provisioned. */
export interface ProvisionedPackage {
  readonly id: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly artifacts: readonly string[];
}

/** A rollout to all gateways, measured. */
export interface ProvisioningRun extends MeasuredRollout {
  readonly package: ProvisionedPackage;
}

/** A campaign to all gateways, at its end. */
interface CampaignRun {
  readonly seconds: number;
  readonly view: CampaignView;
  /** Of its own workflow and those of its rollouts. */
  readonly histories: Histories;
}

/** The same bytes to the same gateways without LEONORE, measured. */
export interface FloorRun {
  readonly gateways: number;
  readonly seconds: number;
  readonly processes: ReadonlyMap<string, ProcessCost>;
}

/** Gateways that have nothing to do but to ask, measured. */
export interface IdleRun {
  readonly gateways: number;
  readonly seconds: number;
  /** In the classes of latencies.ts. */
  readonly pollLatencies: readonly number[];
  readonly processes: ReadonlyMap<string, ProcessCost>;
}

/** Nodes are even when the fullest has no more than this share of all gateways above the emptiest. */
const evenWithin = 0.1;
const settleWithinMs = 120_000;
/** How often a campaign is looked at. */
const lookMs = 1_000;

/** Gateways that are told apart by client process; ids are `client-<n>-<index>`. */
const label = 'testbed';

export class Experiment {
  private registered = 0;
  private versions = 0;
  private deployments = new Set<number>();
  private floor: { readonly servers: FloorServers; readonly of: string } | null = null;

  private constructor(
    readonly options: ExperimentOptions,
    readonly kind: PackageKind,
    /** What is real in the package. */
    readonly contents: string,
    readonly stack: Stack,
    private readonly api: LeonoreApi,
    private readonly fleets: readonly FleetProcess[],
    private readonly directory: string,
    private readonly phases: Phases,
  ) {}

  /** Starts the stack and the client processes, and adds what the package needs. */
  static async start(options: ExperimentOptions, cleanups: Cleanups, phases: Phases): Promise<Experiment> {
    const kind = packageKinds[options.package];
    const { stack, directory } = await phases.run('embedded stack', () =>
      startTemporaryStack(cleanups, {
        nodes: options.nodes,
        // A measurement with so many nodes is one of as many gateways on each as it takes.
        threshold: options.threshold ?? 1_000_000,
        ...(options.maxNodes === undefined ? {} : { maxNodes: options.maxNodes }),
        onProgress: (line) => phases.note(line),
        ...(options.env === undefined ? {} : { env: options.env }),
      }),
    );
    const api = new LeonoreApi(stack.api, stack.adminToken);
    const { contents } = await phases.run(`artifacts of the package ${kind.name}`, async () => {
      const written = await kind.writeDependencies(join(directory, 'artifacts'));
      for (const artifact of written.directories) await api.addArtifact(artifact);
      return written;
    });
    const fleets = await startClients(options, kind, stack, directory, cleanups);
    const experiment = new Experiment(options, kind, contents, stack, api, fleets, directory, phases);
    cleanups.add(() => experiment.stopFloor());
    return experiment;
  }

  /** Registers gateways until there are so many. @returns seconds that it took */
  async growTo(gateways: number): Promise<number> {
    const missing = gateways - this.registered;
    if (missing <= 0) return 0;
    const startedMs = performance.now();
    await this.phases.run(`registration of ${missing} virtual gateways`, () =>
      Promise.all(
        this.fleets.map((fleet, index) => {
          const share = shareOf(gateways, this.fleets.length, index);
          return fleet.add(share - shareOf(this.registered, this.fleets.length, index));
        }),
      ),
    );
    this.registered = gateways;
    return (performance.now() - startedMs) / 1_000;
  }

  /** Waits until every node has its even share. @returns how many there are */
  async settled(): Promise<number> {
    let nodes = 0;
    await until(
      async () => {
        const counts = (await this.api.nodes()).items.flatMap((node) =>
          node.state === 'active' ? [node.gatewayCount] : [],
        );
        nodes = counts.length;
        const sum = counts.reduce((total, count) => total + count, 0);
        return sum === this.registered && Math.max(...counts) - Math.min(...counts) <= evenWithin * sum;
      },
      settleWithinMs,
      'every node has its even share of the gateways',
    );
    return nodes;
  }

  get gateways(): number {
    return this.registered;
  }

  /**
   * Provisions a new version of the application to all gateways, or to the first so many of each client. All are as
   * new before: what an earlier rollout brought would otherwise be left out of the package.
   */
  async provision(gateways = this.registered): Promise<ProvisioningRun> {
    const request = await this.addVersion();
    const deployment = await this.deploymentOf(gateways);
    return this.phases.run(`${request} to ${gateways} gateways`, async () => {
      const measured = await measureRollout(this.api, {
        request,
        deployment,
        gateways,
        timeoutMs: this.options.timeoutMs,
        pids: this.pids(),
        temporal: this.stack.temporal,
      });
      return { ...measured, package: await this.api.package(packageOf(measured)) };
    });
  }

  /**
   * Brings a new version of the application to all gateways by a campaign, to its end.
   * @throws Error when it does not end in time
   */
  async runCampaign(strategy: Record<string, unknown>): Promise<CampaignRun> {
    const request = await this.addVersion();
    const deployment = await this.deploymentOf(this.registered);
    return this.phases.run(`campaign of ${request} to ${this.registered} gateways`, async () => {
      const startedMs = Date.now();
      const id = await this.api.startCampaign({ requests: [request], deployment, strategy });
      let view = await this.api.campaign(id);
      while (!isCampaignEnded(view.state)) {
        if (Date.now() - startedMs > this.options.timeoutMs)
          throw new Error(`campaign ${id} has not ended in time: it is ${view.state}`);
        await sleep(lookMs);
        view = await this.api.campaign(id);
      }
      const endedMs = view.endedAt === null ? Date.now() : Date.parse(view.endedAt);
      const roots = [
        workflowIds.campaign(id),
        ...view.rollouts.map((rollout) => workflowIds.rollout(rollout.id)),
      ];
      const histories = await readHistories(this.stack.temporal, 'default', roots);
      return { seconds: (endedMs - startedMs) / 1_000, view, histories };
    });
  }

  /** Has the gateways that a rollout provisioned take the same package from servers that do nothing else. */
  async runFloor(run: ProvisioningRun): Promise<FloorRun> {
    const { servers } = await this.floorOf(run.package, nodesOf(run));
    return this.phases.run(`floor: the same bytes to ${run.gateways} gateways`, async () => {
      const recorder = new UsageRecorder({ ...servers.pids, ...this.clientPids() });
      const startedMs = Date.now();
      const ended = await Promise.all(
        this.fleets.map((fleet, index) =>
          fleet.fetch({
            servers: servers.addresses,
            package: run.package,
            count: shareOf(run.gateways, this.fleets.length, index),
          }),
        ),
      );
      const seconds = (Math.max(...ended) - startedMs) / 1_000;
      return { gateways: run.gateways, seconds, processes: recorder.stop() };
    });
  }

  /** Lets the gateways be for a while, and measures what that costs. */
  async watchIdle(durationMs: number): Promise<IdleRun> {
    await Promise.all(this.fleets.map((fleet) => fleet.takeLatencies()));
    const recorder = new UsageRecorder(this.pids());
    const startedMs = performance.now();
    await sleep(durationMs);
    const pollLatencies = sumOf(await Promise.all(this.fleets.map((fleet) => fleet.takeLatencies())));
    const seconds = (performance.now() - startedMs) / 1_000;
    return { gateways: this.registered, seconds, pollLatencies, processes: recorder.stop() };
  }

  /** Names of the processes that belong to LEONORE. */
  product(): readonly string[] {
    return this.stack.parts();
  }

  /** Pid of every process that takes part, by name. */
  pids(): Record<string, number> {
    return { ...pidsOf(this.stack), ...this.clientPids(), testbed: process.pid };
  }

  private clientPids(): Record<string, number> {
    return Object.fromEntries(this.fleets.map((fleet, index) => [`clients-${index + 1}`, fleet.pid]));
  }

  /** A new version of the application, for gateways that are as new. @returns the request for it */
  private async addVersion(): Promise<string> {
    await Promise.all(this.fleets.map((fleet) => fleet.empty()));
    const version = `1.0.${this.versions}`;
    this.versions += 1;
    const artifact = await this.kind.writeApplication(join(this.directory, 'artifacts'), version);
    await this.api.addArtifact(artifact);
    await rm(artifact, { recursive: true });
    return `${this.kind.application}@${version}`;
  }

  private async deploymentOf(gateways: number): Promise<string> {
    if (gateways >= this.registered) {
      if (!this.deployments.has(0)) {
        await this.api.createDeployment({ name: 'all', select: `labels.${label} == "yes"` });
        this.deployments.add(0);
      }
      return 'all';
    }
    const name = `first-${gateways}`;
    if (!this.deployments.has(gateways)) {
      const gatewayIds = this.fleets.flatMap((_fleet, index) =>
        Array.from(
          { length: shareOf(gateways, this.fleets.length, index) },
          (_, member) => `${prefixOf(index)}-${member}`,
        ),
      );
      await this.api.createDeployment({ name, gatewayIds });
      this.deployments.add(gateways);
    }
    return name;
  }

  private async floorOf(
    { id, digest }: ProvisionedPackage,
    nodes: number,
  ): Promise<{ servers: FloorServers }> {
    const of = `${digest} ${nodes}`;
    if (this.floor?.of === of) return this.floor;
    await this.stopFloor();
    const file = join(this.directory, 'floor.tgz');
    await pipeline(await this.api.packageArchive(id), createWriteStream(file));
    const logPath = join(this.directory, 'floor.log');
    const servers = await FloorServers.start(nodes, file, digest, logPath);
    this.floor = { servers, of };
    return this.floor;
  }

  private async stopFloor(): Promise<void> {
    await this.floor?.servers.stop();
    this.floor = null;
  }
}

async function startClients(
  options: ExperimentOptions,
  kind: PackageKind,
  stack: Stack,
  directory: string,
  cleanups: Cleanups,
): Promise<FleetProcess[]> {
  const fleets: FleetProcess[] = [];
  for (let index = 0; index < options.clients; index += 1) {
    const fleet = await FleetProcess.start({
      server: stack.api,
      enrolmentToken: stack.enrolmentToken,
      count: 0,
      prefix: prefixOf(index),
      strategy: options.strategy,
      intervalSeconds: options.strategy === 'pull' ? options.intervalSeconds : null,
      population: kind.population,
      level: options.level,
      directory: join(directory, 'containers'),
      concurrency: options.concurrency,
      labels: { [label]: 'yes' },
      logPath: join(directory, `${prefixOf(index)}.log`),
    });
    cleanups.add(() => fleet.stop());
    fleets.push(fleet);
  }
  await Promise.all(fleets.map((fleet) => fleet.ready()));
  return fleets;
}

/** How many nodes had a share of a rollout. */
export function nodesOf({ view }: MeasuredRollout): number {
  return new Set(view.groups.map(({ nodeId }) => nodeId)).size;
}

function prefixOf(client: number): string {
  return `client-${client + 1}`;
}

/** How many of `total` fall to the part `index` of `parts`. */
export function shareOf(total: number, parts: number, index: number): number {
  return Math.floor((total + parts - 1 - index) / parts);
}

/** Every group of the rollout got the same package: its members differ by the node that serves them. */
function packageOf({ view }: MeasuredRollout): string {
  const [only, ...others] = new Set(view.groups.flatMap(({ packageId }) => packageId ?? []));
  if (only === undefined || others.length > 0) {
    throw new Error(`the rollout ${view.id} has ${others.length + 1} packages; an experiment is about one`);
  }
  return only;
}
