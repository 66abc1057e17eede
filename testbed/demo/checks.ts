/**
 * Whether the demo went as it should. Pure: facts in, verdicts out. What should be is known from the fleet and the
 * artifacts, not from what LEONORE answered.
 */
import { counted } from '../../domain/units.js';
import type { DeliveryView, RolloutView } from '../api.js';
import type { ReceivedReadings } from '../collector.js';
import { neededComponent } from './demo-fleet.js';
import { launchedNode, type NodesSnapshot } from './node-pool.js';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface RolloutFacts {
  /** How the demo calls it, such as `thermometer@^1`. */
  readonly title: string;
  readonly view: RolloutView;
  readonly deliveries: readonly DeliveryView[];
}

/** Every gateway of the deployment has a delivery; it succeeded, or is incompatible and told why. */
export function checkDeliveries(
  { title, deliveries }: RolloutFacts,
  expected: { readonly all: readonly string[]; readonly incompatible: ReadonlySet<string> },
): Check[] {
  const byGateway = new Map(deliveries.map((delivery) => [delivery.gatewayId, delivery]));
  const wanted = (id: string): string => (expected.incompatible.has(id) ? 'incompatible' : 'succeeded');
  const wrong = expected.all
    .filter((id) => byGateway.get(id)?.state !== wanted(id))
    .map((id) => `${id}: ${byGateway.get(id)?.state ?? 'no delivery'} instead of ${wanted(id)}`);
  const strangers = deliveries.filter((delivery) => !expected.all.includes(delivery.gatewayId)).length;
  const checks = [
    check(
      `${title}: every delivery ended as it should`,
      wrong.length === 0 && strangers === 0 && deliveries.length === expected.all.length,
      wrong.length === 0
        ? `${expected.all.length - expected.incompatible.size} succeeded, ${expected.incompatible.size} incompatible`
        : `${wrong.length} wrong: ${wrong.slice(0, 3).join('; ')}`,
    ),
  ];
  if (expected.incompatible.size === 0) return checks;
  const untold = [...expected.incompatible].filter(
    (id) => !(byGateway.get(id)?.explanation ?? '').includes(neededComponent),
  );
  const detail =
    untold.length === 0
      ? `${expected.incompatible.size} explanations name ${neededComponent}`
      : `${untold.length} do not name ${neededComponent}, such as that of ${untold[0] ?? ''}`;
  return [...checks, check(`${title}: incompatible gateways are told why`, untold.length === 0, detail)];
}

/** Each of some gateways was served by the channel that it asked for. */
export function checkChannels(
  { title, deliveries }: RolloutFacts,
  wanted: ReadonlyMap<string, string>,
): Check {
  const used = new Map(
    deliveries.map(({ gatewayId, protocol, strategy }) => [gatewayId, `${protocol}/${strategy}`]),
  );
  const wrong = [...wanted].filter(([id, channel]) => used.get(id) !== channel);
  const kinds = [...new Set(wanted.values())].sort();
  return check(
    `${title}: each real gateway was served by the channel that it speaks`,
    wanted.size > 0 && wrong.length === 0,
    wrong.length === 0
      ? kinds.map((kind) => `${[...wanted.values()].filter((one) => one === kind).length} ${kind}`).join(', ')
      : wrong
          .map(([id, channel]) => `${id} by ${used.get(id) ?? 'nothing'} instead of ${channel}`)
          .join('; '),
  );
}

/** What devices with a client of their own have installed lies on their disks. */
export function checkImages(onDisk: ReadonlyMap<string, string>, content: string): Check {
  const wrong = [...onDisk].filter(([, text]) => text !== content).map(([id]) => id);
  return check(
    `${content} lies on the disks of the devices with a client of their own`,
    onDisk.size > 0 && wrong.length === 0,
    wrong.length === 0 ? [...onDisk.keys()].join(', ') : `not on ${wrong.join(', ')}`,
  );
}

/** Each package was built once, however many groups and nodes needed it; equal need means one package. */
export function checkBuiltOnce(rollouts: readonly RolloutFacts[]): Check {
  const built = new Map<string, number>();
  const needs = new Set<string>();
  for (const group of rollouts.flatMap((rollout) => rollout.view.groups)) {
    if (group.packageId === null) continue;
    const plan = group.plans[group.planIndex ?? 0];
    const brought = plan?.artifacts.filter(({ name, version }) =>
      plan.install.includes(`${name}@${version}`),
    );
    needs.add(JSON.stringify(brought?.map(({ name, version, variant }) => [name, version, variant])));
    const times = group.attempts.filter((attempt) => attempt.outcome === 'built').length;
    built.set(group.packageId, (built.get(group.packageId) ?? 0) + times);
  }
  const wrong = [...built].filter(([, times]) => times !== 1);
  return check(
    'every package was built once',
    built.size > 0 && wrong.length === 0 && built.size === needs.size,
    wrong.length === 0
      ? `${built.size} packages for ${needs.size} different needs`
      : wrong.map(([id, times]) => `${id.slice(0, 12)} ${times} times`).join(', '),
  );
}

/** Where the first plan could not be built, a later one was. */
export function checkFallback({ title, view }: RolloutFacts): Check {
  const fallen = view.groups.filter(
    (group) => group.packageId !== null && group.attempts.some((attempt) => attempt.outcome === 'failed'),
  );
  const attempt = fallen[0]?.attempts.find((candidate) => candidate.outcome === 'failed');
  const why = [attempt?.error ?? 'no error given', lastLine(attempt?.log ?? '')].filter(
    (text) => text !== '',
  );
  return check(
    `${title}: a build failed and the next plan was used`,
    fallen.length > 0,
    fallen.length > 0 ? `${fallen.length} groups: ${why.join(': ')}` : 'no group needed another plan',
  );
}

/** Every real gateway that can run the thermometer has sent readings of a version. */
export function checkReadings(
  readings: readonly ReceivedReadings[],
  version: string,
  gateways: readonly string[],
): Check {
  const own = readings.filter((entry) => entry.version === version && gateways.includes(entry.gateway));
  const missing = gateways.filter((id) => !own.some((entry) => entry.gateway === id));
  const count = own.reduce((sum, entry) => sum + entry.count, 0);
  return check(
    `readings of thermometer ${version} from every real gateway with a probe`,
    missing.length === 0,
    missing.length === 0
      ? `${counted(count, 'reading')} from ${counted(own.length, 'gateway')}`
      : `nothing from ${missing.join(', ')}`,
  );
}

/**
 * What must be gone is gone, what must be there is there.
 * @param installed `name@version` by gateway
 * @param where whose word that is, such as `on real gateways`
 */
export function checkInstalled(
  installed: ReadonlyMap<string, readonly string[]>,
  expected: { readonly present: readonly string[]; readonly absent: readonly string[] },
  where: string,
): Check {
  const wrong = [...installed].filter(
    ([, keys]) =>
      expected.present.some((key) => !keys.includes(key)) ||
      expected.absent.some((name) => keys.some((key) => key.startsWith(`${name}@`))),
  );
  return check(
    `${expected.absent.join(', ')} was removed and ${expected.present.join(', ')} is installed, ${where}`,
    installed.size > 0 && wrong.length === 0,
    wrong.length === 0
      ? `${installed.size} gateways`
      : wrong.map(([id, keys]) => `${id}: ${keys.join(', ')}`).join('; '),
  );
}

/** Of the gateways that two nodes share, how many more than the other one may have. */
const evenShare = 0.1;

/**
 * One node at the beginning; a second one, launched by the pool, once the first was full; the gateways evenly on both;
 * and the first alone in the end, with the gateways that are left.
 * @param snapshots begin, all registered, rolled out, end
 */
export function checkNodePool(
  snapshots: readonly NodesSnapshot[],
  expected: { readonly all: number; readonly left: number },
): Check[] {
  const [begin, grown] = snapshots;
  const end = snapshots.at(-1);
  const launched = grown === undefined ? undefined : launchedNode(grown);
  const tally = (snapshot: NodesSnapshot | undefined): string =>
    snapshot?.nodes
      .map(({ id, state, gatewayCount }) => `${id} ${state}, ${gatewayCount} gateways`)
      .join('; ') ?? 'not reached';
  const active = (snapshot: NodesSnapshot | undefined): number[] =>
    (snapshot?.nodes ?? []).filter((node) => node.state === 'active').map((node) => node.gatewayCount);
  const shares = active(grown);
  const sum = shares.reduce((total, share) => total + share, 0);
  const spread = Math.max(...shares) - Math.min(...shares);
  const stillThere = end?.nodes.find((node) => node.id === launched?.id);
  return [
    check(
      'a second node came up by itself, and one only',
      active(begin).length === 1 && launched?.state === 'active' && grown?.nodes.length === 2,
      tally(grown),
    ),
    check(
      'the gateways moved evenly',
      shares.length === 2 &&
        sum === expected.all &&
        grown?.queued === 0 &&
        spread <= evenShare * expected.all,
      `${shares.join(' and ')} of ${expected.all}`,
    ),
    check(
      'the pool shrank, and no gateway was lost',
      stillThere?.state === 'stopped' && active(end).length === 1 && active(end)[0] === expected.left,
      tally(end),
    ),
  ];
}

function check(name: string, ok: boolean, detail: string): Check {
  return { name, ok, detail };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** Whether the demo ran signed: every artifact by its publisher, and every TypeScript agent holds it against a root. */
export function checkSigned(
  signers: ReadonlyMap<string, readonly string[]>,
  pinned: ReadonlyMap<string, boolean>,
): Check {
  const unsigned = [...signers].filter(([, keyids]) => keyids.length === 0).map(([key]) => key);
  const trusting = [...pinned].filter(([, isPinned]) => !isPinned).map(([id]) => id);
  const ok = unsigned.length === 0 && trusting.length === 0 && signers.size > 0 && pinned.size > 0;
  return {
    name: 'all runs signed',
    ok,
    detail: ok
      ? `${signers.size} artifacts by their publisher; ${pinned.size} agents verify tasks and artifacts against the root they pinned`
      : `unsigned: ${unsigned.join(' ') || 'none'}; agents without a root: ${trusting.join(' ') || 'none'}`,
  };
}
