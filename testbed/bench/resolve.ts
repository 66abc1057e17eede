/**
 * `npm run bench:resolve [-- --json]`: processor time and memory of the dependency management on a large catalog and
 * a large fleet, and how it compares with a solver of others on the same catalog.
 */
import { Command } from 'commander';
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import { GatewayGrouping } from '../../domain/grouping/gateway-grouping.js';
import type { ArtifactRequest } from '../../domain/plan/request.js';
import { createCatalog } from '../../domain/resolver/create-catalog.js';
import { distancesFrom } from '../../domain/resolver/distances.js';
import { resolve } from '../../domain/resolver/resolve.js';
import { machineFacts } from '../machine.js';
import { atMost, fact, toJsonLine, toTable, type Figure } from './figure.js';
import { largeCatalog, nameOf } from './large-catalog.js';
import { machineFigures } from './measurement.js';
import { median, timed, type Timed } from './timed.js';
import { familyFigures } from './family-figures.js';
import { raceFigures } from './race-figures.js';

const MiB = 1024 * 1024;
const names = 10_000;
const versions = 10;
/** Applications of the catalog that are asked for, one after the other. */
const asked = [0, 11, 123, 202, 303, 404, 501, 606, 707, 808];

const gateway: GatewayProfile = {
  id: 'bench',
  hardware: { arch: 'armv7', diskFree: 64 * MiB },
  software: { os: 'linux' },
};

function requestOf(index: number): ArtifactRequest[] {
  return [{ name: nameOf(index), range: '*' }];
}

function resolveFigures(manifests: readonly ArtifactManifest[]): Figure[] {
  const of = `${names} artifacts with ${versions} versions each, ${asked.length} applications`;
  // A catalog of its own for each: nothing that an earlier resolution found out is of use to a later one.
  const solve = (index: number, maxPlans: number) => {
    const catalog = createCatalog(manifests);
    return timed(() => resolve({ catalog, gateway, requests: requestOf(index), maxPlans }));
  };
  const cold = solve(1, 1);
  const first = asked.map((index) => solve(index, 1));
  const three = asked.map((index) => solve(index, 3));
  const installs = first.map(({ value }) => value.plans[0]?.install.length ?? 0);
  const worst = (runs: readonly Timed<unknown>[]) => Math.max(...runs.map(({ ms }) => ms));
  return [
    fact('first_plan_cold', cold.ms, 'ms', 'the very first resolution of the process'),
    atMost(100, 'first_plan', median(first.map(({ ms }) => ms)), 'ms', `median of ${of}`),
    fact(
      'first_plan_worst',
      worst(first),
      'ms',
      `plans of ${Math.min(...installs)} to ${Math.max(...installs)} artifacts`,
    ),
    atMost(300, 'three_plans', median(three.map(({ ms }) => ms)), 'ms', `median of ${of}`),
    fact('three_plans_worst', worst(three), 'ms', 'the slowest of them'),
    atMost(
      300,
      'memory',
      process.memoryUsage().heapUsed / MiB,
      'MiB',
      'heap in use with the catalog, before collecting garbage',
    ),
    fact('resident_memory', process.memoryUsage().rss / MiB, 'MiB', 'the whole process, Node.js included'),
  ];
}

/** The other solver is a development dependency: without it there is nothing to compare with. */
async function comparisonFigures(manifests: readonly ArtifactManifest[]): Promise<Figure[]> {
  const oracle = await import('../../domain/resolver/testing/logic-oracle.js').catch(() => null);
  if (oracle === null)
    return [fact('oracle', 'not installed', '', 'logic-solver is a development dependency')];
  const ratios = asked.map((index) => {
    const requests = requestOf(index);
    const catalog = createCatalog(manifests);
    const reached = [...distancesFrom([nameOf(index)], catalog).keys()].flatMap((name) => [
      ...catalog.versionsOf(name),
    ]);
    const theirs = timed(() => oracle.hasPlan(reached, requests, gateway.hardware.arch));
    const ours = timed(() => resolve({ catalog, gateway, requests, maxPlans: 1 }));
    if (theirs.value !== ours.value.plans.length > 0)
      throw new Error(`the solvers disagree on ${nameOf(index)}`);
    return ours.ms / theirs.ms;
  });
  return [
    fact(
      'time_against_oracle',
      median(ratios),
      'ratio',
      'best plan here over any plan by logic-solver, which is given only what can be reached; median',
    ),
  ];
}

const fleet = 100_000;
const factSets = 50;

/**
 * @param sets distinct sets of facts in the fleet
 * @param there artifacts that the request leads to: an old version of one is on the gateway
 */
function memberOf(index: number, sets: number, there: readonly string[]): GatewayProfile {
  const set = index % sets;
  const [name = ''] = (there[Math.floor(set / 5)] ?? '').split('@');
  return {
    id: `gw-${index}`,
    hardware: {
      arch: (['armv7', 'aarch64', 'mips', 'x86_64', 'riscv'] as const)[set % 5] ?? 'armv7',
      diskFree: 32 * MiB + index * 13,
      memoryFree: 16 * MiB + (index % 997),
    },
    software: { os: 'linux', kernel: '5.10.0', tools: [{ name: `tool-${index % 7}`, version: '1.0.0' }] },
    labels: { room: String(index % 300) },
    installed: [{ name, version: '1.0.0' }],
  };
}

function groupingFigures(manifests: readonly ArtifactManifest[]): Figure[] {
  const catalog = createCatalog(manifests);
  const requests = requestOf(303);
  const there = resolve({ catalog, gateway, requests, maxPlans: 1 }).plans[0]?.install ?? [];
  const run = (gateways: number, sets: number) =>
    timed(() => {
      const grouping = new GatewayGrouping<number>({ catalog, requests });
      for (let index = 0; index < gateways; index += 1)
        grouping.add({ member: index, profile: memberOf(index, sets, there) });
      return { solved: grouping.solved, groups: grouping.groups().length };
    });
  // The first run of the process is not measured: it compiles.
  run(factSets, factSets);
  const large = run(fleet, factSets);
  const tenth = run(fleet / 10, factSets);
  const fewer = run(fleet / 10, factSets / 5);
  const more = run(fleet / 10, factSets * 2);
  const how = `${fleet} gateways with ${factSets} sets of facts: ${large.value.solved} resolutions, ${large.value.groups} groups`;
  return [
    atMost(5, 'grouping', large.ms / 1_000, 's', how),
    fact(
      'grouping_tenth',
      tenth.ms / 1_000,
      's',
      `a tenth of the gateways: ${tenth.value.solved} resolutions`,
    ),
    fact(
      'grouping_tenth_few_sets',
      fewer.ms / 1_000,
      's',
      `of them a fifth of the sets: ${fewer.value.solved} resolutions`,
    ),
    fact(
      'grouping_tenth_many_sets',
      more.ms / 1_000,
      's',
      `of them twice the sets: ${more.value.solved} resolutions`,
    ),
  ];
}

const options = new Command('bench:resolve')
  .description('measures resolver and grouping on a large catalog')
  .option('--json', 'one JSON line a figure')
  .parse()
  .opts<{ json?: true }>();
const machine = machineFacts();
// The families first: what a resolution takes of memory shows before the large catalog is there.
const families = [...familyFigures(), ...(await raceFigures())];
const manifests = largeCatalog(names, versions);
const figures = [
  ...machineFigures(machine),
  ...resolveFigures(manifests),
  ...groupingFigures(manifests),
  ...(await comparisonFigures(manifests)),
  ...families,
];
if (options.json === true) for (const figure of figures) console.log(toJsonLine(figure));
else console.log(toTable(figures));
