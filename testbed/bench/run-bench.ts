/** Provisions a fleet of virtual gateways and a quarter of it, in one run, and measures both. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../stack/start-stack.js';
import { LeonoreApi } from '../api.js';
import type { Cleanups } from '../cleanups.js';
import { measureRollout, type MeasuredRollout } from '../measured-rollout.js';
import { pidsOf, startTemporaryStack } from '../temporary-stack.js';
import type { Phases } from '../terminal.js';
import { FleetProcess } from '../virtual-gateways/fleet-process.js';
import { benchArtifact, writeBenchArtifact } from './bench-artifact.js';
import type { Measurement } from './measurement.js';

export interface BenchOptions {
  /** Gateways of the large rollout; the small one has a quarter. */
  readonly gateways: number;
  readonly nodes: number;
  readonly packageBytes: number;
  /** No rollout may take longer. */
  readonly timeoutMs: number;
}

export interface BenchResult {
  readonly large: Measurement;
  readonly small: Measurement;
  /** Names of the processes that belong to LEONORE. */
  readonly product: readonly string[];
}

/** Gateways of the rollout that is not measured: it compiles hot code and opens connections. */
const warmUpGateways = 100;

export async function runBench(
  options: BenchOptions,
  cleanups: Cleanups,
  phases: Phases,
): Promise<BenchResult> {
  const { stack, directory } = await phases.run('embedded stack', () =>
    startTemporaryStack(cleanups, { nodes: options.nodes, onProgress: (line) => phases.note(line) }),
  );
  const api = new LeonoreApi(stack.api, stack.adminToken);
  await phases.run('artifacts', async () => {
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
      const target = join(directory, 'artifacts');
      await api.addArtifact(await writeBenchArtifact(target, version, options.packageBytes));
    }
  });

  const quarter = Math.max(1, Math.floor(options.gateways / 4));
  const fleets = await phases.run(`registration of ${options.gateways} virtual gateways`, () =>
    startFleets(stack, directory, { quarter, rest: options.gateways - quarter }, cleanups),
  );
  const warmUp = Math.min(warmUpGateways, quarter);
  const gatewayIds = Array.from({ length: warmUp }, (_, index) => `quarter-${index}`);
  await api.createDeployment({ name: 'warm-up', gatewayIds });
  await api.createDeployment({ name: 'quarter', select: 'labels.fleet == "quarter"' });
  await api.createDeployment({ name: 'all', select: 'labels.fleet in ("quarter", "rest")' });

  const pids = { ...pidsOf(stack), ...fleetPids(fleets), bench: process.pid };
  const measure = (deployment: string, version: string, gateways: number): Promise<Measurement> =>
    phases.run(`${deployment}: ${gateways} gateways`, () =>
      withPackageBytes(fleets, () =>
        measureRollout(api, {
          request: `${benchArtifact}@${version}`,
          deployment,
          gateways,
          timeoutMs: options.timeoutMs,
          pids,
          temporal: stack.temporal,
        }),
      ),
    );
  await measure('warm-up', '1.0.0', warmUp);
  const small = await measure('quarter', '2.0.0', quarter);
  const large = await measure('all', '3.0.0', options.gateways);
  return { large, small, product: stack.parts() };
}

async function startFleets(
  stack: Stack,
  directory: string,
  counts: Readonly<Record<string, number>>,
  cleanups: Cleanups,
): Promise<FleetProcess[]> {
  const fleets: FleetProcess[] = [];
  for (const [name, count] of Object.entries(counts)) {
    const fleet = await FleetProcess.start({
      server: stack.api,
      enrolmentToken: stack.enrolmentToken,
      count,
      prefix: name,
      strategy: 'push',
      population: 'uniform',
      labels: { fleet: name },
      logPath: join(directory, `${name}.log`),
    });
    cleanups.add(() => fleet.stop());
    fleets.push(fleet);
  }
  await Promise.all(fleets.map((fleet) => fleet.ready()));
  return fleets;
}

function fleetPids(fleets: readonly FleetProcess[]): Record<string, number> {
  return Object.fromEntries(fleets.map((fleet, index) => [`virtual-gateways-${index + 1}`, fleet.pid]));
}

/** Adds what one gateway downloaded on average, by what the fleets themselves counted. */
async function withPackageBytes(
  fleets: readonly FleetProcess[],
  measure: () => Promise<MeasuredRollout>,
): Promise<Measurement> {
  const total = (): { downloads: number; bytes: number } => ({
    downloads: fleets.reduce((sum, fleet) => sum + fleet.progress.downloads, 0),
    bytes: fleets.reduce((sum, fleet) => sum + fleet.progress.downloadedBytes, 0),
  });
  const before = total();
  const measured = await measure();
  // The fleets tell their counts twice a second.
  await sleep(1_000);
  const after = total();
  const downloads = Math.max(1, after.downloads - before.downloads);
  return { ...measured, packageBytes: Math.round((after.bytes - before.bytes) / downloads) };
}
