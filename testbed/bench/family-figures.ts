/** Figures of the families of hard catalogs: time and memory. Races against other solvers: race-figures.ts. */
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import type { Resolution } from '../../domain/plan/plan.js';
import { Budget } from '../../domain/resolver/budget.js';
import { createCatalog } from '../../domain/resolver/create-catalog.js';
import { gatewayFacts } from '../../domain/resolver/gateway-facts.js';
import { resolve } from '../../domain/resolver/resolve.js';
import { solveOnce } from '../../domain/resolver/solve-once.js';
import { atMost, fact, type Figure } from './figure.js';
import {
  chain,
  crowd,
  halves,
  hardRequest,
  pigeonhole,
  reachable,
  removals,
  windows,
} from './hard-catalogs.js';
import { timed } from './timed.js';

const MiB = 1024 * 1024;
const requests = [{ name: hardRequest, range: '*' }];
const roomy: GatewayProfile = {
  id: 'bench',
  hardware: { arch: 'armv7', diskFree: 1024 * MiB },
  software: { os: 'linux' },
};

function solve(manifests: readonly ArtifactManifest[], gateway: GatewayProfile): Resolution {
  return resolve({ catalog: createCatalog(manifests), gateway, requests, maxPlans: 1 });
}

/** Whether there is any plan. */
function anyPlan(manifests: readonly ArtifactManifest[]): boolean | null {
  const catalog = createCatalog(manifests);
  const { outcome } = solveOnce({ catalog, facts: gatewayFacts(roomy, catalog), requests }, Budget.of());
  return outcome === 'undecided' ? null : outcome === 'solved';
}

export function familyFigures(): Figure[] {
  const wide = reachable(10_000, 10);
  const reached = timed(() => solve(wide, roomy));
  const resident = process.memoryUsage().rss / MiB;
  const long = chain(5_000, 3);
  const chained = timed(() => solve(long, roomy));
  const crowded = crowd(20_000);
  const many = timed(() => solve(crowded, roomy));
  const refuted = pigeonhole(9);
  const explained = timed(() => solve(refuted, roomy));
  const proof = timed(() => anyPlan(refuted));
  const best = windows(80, 12, 5, 1);
  const searched = timed(() => solve(best, roomy));
  const puzzle = halves(48);
  const puzzled = timed(() => solve(puzzle.manifests, puzzle.gateway));
  return [
    atMost(
      2,
      'chain_5000',
      chained.ms / 1_000,
      's',
      `5,000 names with 3 versions each: ${chained.value.outcome}`,
    ),
    atMost(
      10,
      'reachable_100000',
      reached.ms / 1_000,
      's',
      `100,000 artifacts can be reached: ${reached.value.outcome}`,
    ),
    atMost(
      600,
      'reachable_100000_memory',
      resident,
      'MiB',
      'resident after it, catalog and Node.js included',
    ),
    fact('crowd_40000', many.ms / 1_000, 's', '20,000 versions of one name, 20,000 providers of another'),
    fact(
      'windows_best',
      searched.ms / 1_000,
      's',
      `the best plan of one instance: ${searched.value.plans[0]?.optimal ?? ''}`,
    ),
    fact('explanation', (explained.ms - proof.ms) / 1_000, 's', 'of what a proof refuted: reasons and help'),
    fact(
      'halves_48',
      puzzled.ms / 1_000,
      's',
      `a puzzle of 48 choices, within the default budget: ${puzzled.value.outcome}`,
    ),
    ...[24, 40, 100, 500].flatMap((packages) => {
      const { manifests, gateway, fewest } = removals(packages);
      const { value, ms } = timed(() => solve(manifests, gateway));
      const [plan] = value.plans;
      return [
        fact(`removals_${packages}`, ms, 'ms', plan?.optimal ?? value.outcome),
        atMost(
          0,
          `removals_${packages}_too_many`,
          (plan?.remove.length ?? Infinity) - fewest,
          '',
          `more than ${fewest}`,
        ),
      ];
    }),
  ];
}
