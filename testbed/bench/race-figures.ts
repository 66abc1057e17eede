/** The families of hard catalogs in races against other solvers, which are asked the same and must agree. */
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import { Budget } from '../../domain/resolver/budget.js';
import { createCatalog } from '../../domain/resolver/create-catalog.js';
import { gatewayFacts } from '../../domain/resolver/gateway-facts.js';
import { resolve } from '../../domain/resolver/resolve.js';
import { solveOnce } from '../../domain/resolver/solve-once.js';
import type { Room } from '../../domain/resolver/testing/logic-oracle.js';
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
import { median, timed, type Timed } from './timed.js';
import { loadClingo, programOf } from './wasm-solver.js';

const requests = [{ name: hardRequest, range: '*' }];

/** What is asked of all solvers: is there a plan, with so much room? */
interface Contest {
  readonly manifests: readonly ArtifactManifest[];
  readonly rooms: readonly Room[];
  /** The answers here, one a room; null: undecided. */
  readonly ours: () => readonly (boolean | null)[];
}

function anyPlan(
  manifests: readonly ArtifactManifest[],
  hardware: Pick<GatewayProfile['hardware'], 'diskFree' | 'memoryFree'> = {},
): Contest {
  const gateway = { id: 'bench', hardware: { arch: 'armv7', ...hardware }, software: { os: 'linux' } };
  return {
    manifests,
    rooms: [hardware],
    ours: () => {
      const catalog = createCatalog(manifests);
      const { outcome } = solveOnce(
        { catalog, facts: gatewayFacts(gateway, catalog), requests },
        Budget.of(),
      );
      return [outcome === 'undecided' ? null : outcome === 'solved'];
    },
  };
}

/** The fewest removals: others are asked for as many, and for one less. Here it is the best plan, and its proof. */
function fewest(packages: number): Contest {
  const { manifests, gateway, fewest: most } = removals(packages);
  const { diskFree = 0 } = gateway.hardware;
  const { installed = [] } = gateway;
  return {
    manifests,
    rooms: [most, most - 1].map((count) => ({ diskFree, installed, removals: count })),
    ours: () => {
      const { plans } = resolve({ catalog: createCatalog(manifests), gateway, requests, maxPlans: 1 });
      const [plan] = plans;
      if (plan?.optimal !== 'proven') return [plan === undefined ? null : true, null];
      return [plan.remove.length <= most, plan.remove.length < most];
    },
  };
}

function halved(choices: number, part = 1): Contest {
  const { manifests, gateway } = halves(choices);
  const { diskFree = 0, memoryFree = 0 } = gateway.hardware;
  return anyPlan(manifests, { diskFree: Math.floor(diskFree * part), memoryFree });
}

/** Families, with some instances each: of a size that all solvers take. */
const raced: Readonly<Record<string, readonly (() => Contest)[]>> = {
  windows: [1, 2, 3, 4, 5].map((seed) => () => anyPlan(windows(80, 12, 5, seed))),
  pigeonhole: [() => anyPlan(pigeonhole(8)), () => anyPlan(pigeonhole(9))],
  chain: [() => anyPlan(chain(1_000, 3))],
  reachable: [() => anyPlan(reachable(200, 10))],
  crowd: [() => anyPlan(crowd(1_000))],
  halves: [() => halved(12), () => halved(12, 1.05)],
  removals: [() => fewest(24)],
};

/** What takes as long is run once. */
const longMs = 5_000;
/** What takes less is over before Node.js has compiled it: it is run more often. */
const shortMs = 200;

/** The median of some runs, for each solver alike: the first ones compile, and the machine has other things to do. */
async function measured<T>(run: () => Timed<T> | Promise<Timed<T>>): Promise<Timed<T>> {
  const first = await run();
  if (first.ms > longMs) return first;
  const times = [first.ms];
  const runs = first.ms < shortMs ? 9 : 3;
  while (times.length < runs) times.push((await run()).ms);
  return { ...first, ms: median(times) };
}

/** Processor time of all instances together against the other solvers. */
export async function raceFigures(): Promise<Figure[]> {
  const oracle = await import('../../domain/resolver/testing/logic-oracle.js').catch(() => null);
  const clingo = await loadClingo();
  if (oracle === null || clingo === null)
    return [fact('races', 'not run', '', 'for want of the other solvers')];
  const figures: Figure[] = [];
  for (const [family, instances] of Object.entries(raced)) {
    let [ours, minisat, wasm] = [0, 0, 0];
    for (const instance of instances) {
      const { manifests, rooms, ours: solve } = instance();
      const own = await measured(() => timed(solve));
      ours += own.ms;
      const theirs = await measured(() =>
        timed(() => rooms.map((room) => oracle.hasPlan(manifests, requests, 'armv7', room))),
      );
      minisat += theirs.ms;
      const answers = [];
      for (const room of rooms) {
        const program = programOf(manifests, hardRequest, room);
        const { value, ms } = await measured(() => clingo(program));
        wasm += ms;
        answers.push(value);
      }
      const said = [own.value, theirs.value, answers].map((answer) => answer.join(' '));
      if (new Set(said).size > 1) throw new Error(`the solvers disagree on ${family}: ${said.join(', ')}`);
    }
    const what = `any plan or none, ${instances.length} instances`;
    figures.push(
      fact(family, ours, 'ms', what),
      atMost(1.5, `${family}_against_minisat`, ours / minisat, 'ratio', what),
      fact(`${family}_against_clingo_wasm`, ours / wasm, 'ratio', `${what}; program written already`),
    );
  }
  return figures;
}
