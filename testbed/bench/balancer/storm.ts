/** Thousands of agents that register at one moment, on a whole stack: while the pool grows, and when all are known. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { Backoff } from '../../../agent/connectivity/backoff.js';
import { GatewayKey, noKeyStore } from '../../../agent/state/gateway-key.js';
import { DeviceError } from '../../../agent/connectivity/device-error.js';
import { DeviceClient } from '../../../agent/connectivity/http/device-client.js';
import { createLeonoreClient, type LeonoreClient } from '../../../client/leonore-client.js';
import type { LeonoreNode } from '../../../client/resources.js';
import type { Stack } from '../../../stack/start-stack.js';
import type { Cleanups } from '../../cleanups.js';
import { startTemporaryStack } from '../../temporary-stack.js';
import type { Phases } from '../../terminal.js';
import { populations, profileOf } from '../../virtual-gateways/population.js';
import { atMost, fact, type Figure } from '../figure.js';

const agents = 4_000;
const threshold = 2_500;
/** The agent's own rule for pauses. */
const pauses = { firstMs: 500, mostMs: 60_000 };

interface StormResult {
  readonly seconds: number;
  /** Times that an agent was told to come again. */
  readonly deferred: number;
  readonly refused: number;
  /** When the last one was registered, by this process's clock. */
  readonly endedMs: number;
  /** When the first was queued, in milliseconds of this process's clock; null: nobody was. */
  readonly firstQueuedMs: number | null;
}

export async function stormFigures(cleanups: Cleanups, phases: Phases): Promise<Figure[]> {
  const { stack } = await startTemporaryStack(cleanups, {
    nodes: 1,
    onProgress: (line) => phases.note(line),
    env: { LEONORE_NODES_MAX: '4', LEONORE_NODE_THRESHOLD: String(threshold) },
  });
  const storm = new Storm(stack, cleanups);
  const api = createLeonoreClient({ server: stack.api, token: stack.adminToken });
  const emptied = watchQueue(api);
  const first = await phases.run(`${agents} new agents at once, ${threshold} fill a node`, () => storm.run());
  const nodes = await awaitBalance(api);
  const again = await phases.run(`${agents} known agents restart at once`, () => storm.run());
  const how = `${agents} agents at one moment, each with a connection of its own and the agent's rule for pauses`;
  return [
    atMost(10, 'storm_restart', again.seconds, 's', `${how}; all are known, and keep their nodes`),
    fact('storm_restart_deferred', again.deferred, 'answers', 'told to come again'),
    atMost(10, 'storm_growing', first.seconds, 's', `${how}; all are new, one node must come`),
    fact('storm_growing_deferred', first.deferred, 'answers', 'told to come again'),
    atMost(0, 'storm_refused', first.refused + again.refused, 'agents', 'refused for good, in both'),
    atMost(1, 'storm_nodes_launched', nodes.length - 1, 'nodes', `${agents} gateways need one more`),
    ...growthFigures(nodes, first, await emptied),
  ];
}

/** From `all nodes full` to the queued gateways assigned, by phase. */
function growthFigures(
  nodes: readonly LeonoreNode[],
  { firstQueuedMs, endedMs }: StormResult,
  emptiedMs: number,
): Figure[] {
  const launched = nodes.find((node) => node.origin === 'pool');
  if (launched === undefined || firstQueuedMs === null) return [];
  const at = (instant: string | null): number => (instant === null ? Number.NaN : Date.parse(instant));
  const requested = at(launched.requestedAt);
  const started = at(launched.startedAt);
  const shared = at(launched.sharedAt);
  return [
    fact(
      'grow_noticed',
      requested - firstQueuedMs,
      'ms',
      'first agent told to wait, to the node asked for (negative: before)',
    ),
    fact('grow_launched', started - requested, 'ms', 'asked for, to registered: the process starts'),
    fact('grow_shared', shared - started, 'ms', 'registered, to its share taken from the full node'),
    fact('grow_admitted', emptiedMs - shared, 'ms', 'share taken, to the queue assigned (seen every 50 ms)'),
    fact('grow_told', endedMs - emptiedMs, 'ms', 'queue assigned, to the last agent having asked again'),
    fact('grow_total', emptiedMs - firstQueuedMs, 'ms', 'first agent told to wait, to the queue assigned'),
  ];
}

class Storm {
  private readonly tokens = new Map<number, string>();
  private keys: readonly GatewayKey[] | undefined;
  private readonly client: DeviceClient;
  private readonly population = { kinds: populations.mixed, seed: 1, prefix: 'storm', labels: {} };

  constructor(
    private readonly stack: Stack,
    cleanups: Cleanups,
  ) {
    const dispatcher = new Agent({ connections: agents, pipelining: 1 });
    cleanups.add(() => dispatcher.destroy());
    this.client = new DeviceClient({ registrationAddress: stack.api, dispatcher, timeoutMs: 60_000 });
  }

  async run(): Promise<StormResult> {
    const told = { deferred: 0, refused: 0, firstQueuedMs: null as number | null };
    // Made once: who comes back with another key is refused.
    this.keys ??= await Promise.all(
      Array.from({ length: agents }, (_none, index) =>
        GatewayKey.open(profileOf(this.population, index, ['pull']).id, noKeyStore),
      ),
    );
    const keys = this.keys;
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: agents }, async (_none, index) => {
        const backoff = new Backoff(pauses);
        for (;;) {
          try {
            const profile = profileOf(this.population, index, ['pull']);
            const token = this.tokens.get(index) ?? this.stack.enrolmentToken;
            const answer = await this.client.register({ profile }, { token, key: keys[index] });
            if (answer.token !== undefined) this.tokens.set(index, answer.token);
            return;
          } catch (error) {
            if (!(error instanceof DeviceError)) throw error;
            if (error.failure === 'refused') {
              told.refused += 1;
              return;
            }
            told.deferred += 1;
            if (error.code === 'NODES_FULL') told.firstQueuedMs ??= Date.now();
            await sleep(backoff.next(error.retryAfterMs));
          }
        }
      }),
    );
    return { ...told, endedMs: Date.now(), seconds: (performance.now() - startedMs) / 1_000 };
  }
}

/** @returns when the queue, after it had been filled, was empty again */
async function watchQueue(api: LeonoreClient): Promise<number> {
  for (let wasFilled = false; ; await sleep(50)) {
    const { queued } = (await api.nodesAndPool()).pool;
    if (wasFilled && queued === 0) return Date.now();
    wasFilled ||= queued > 0;
  }
}

/** Waits until the new node has its share. */
async function awaitBalance(api: LeonoreClient): Promise<LeonoreNode[]> {
  for (;;) {
    const { items, pool } = await api.nodesAndPool();
    if (pool.queued === 0 && items.every((node) => node.state === 'active' && node.sharedAt !== null))
      return items;
    await sleep(200);
  }
}
