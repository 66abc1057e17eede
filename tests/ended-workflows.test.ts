/**
 * What people do to workflows in Temporal, who know nothing of LEONORE: they terminate, cancel or reset the root of a
 * rollout, a node's share, or a chunk, while a package is being built or gateways have their tasks. Whatever it is,
 * the rollout ends right: no delivery stays open, deadlines hold, and what a gateway did is what the database says.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { workflowIds } from '../domain/orchestration.js';
import type { DeliveryCounts } from '../domain/rollout/state.js';
import type { Rollout, RolloutEvent } from '../repositories/rollout-repository.js';
import { createRandom, seedOf } from '../testbed/random.js';
import { expectInOrder } from './support/in-order.js';
import { inProcessLeonore, tick, type InProcessLeonore } from './support/in-process-leonore.js';
import { quietTemporal } from './support/quiet-temporal.js';
import { testTemporal, type TestTemporal } from './support/temporal.js';
import { testRepositories, type TestRepositories } from './support/test-repositories.js';
import { inflict, workflowFaults, type WorkflowFault } from './support/workflow-faults.js';

/** From the offer until who is silent is lost: longer than it takes to mend what was done, on a busy machine too. */
const deadlineSeconds = { offered: 30, building: 300 };
const parts = ['root', 'share', 'chunk'] as const;
type Part = (typeof parts)[number];
type Moment = 'building' | 'offered';

interface Case {
  readonly fault: WorkflowFault;
  readonly part: Part;
  readonly moment: Moment;
  readonly ends: { readonly state: Rollout['state']; readonly counts: Partial<DeliveryCounts> };
}

/** One gateway has answered, one will, two are silent. */
const lostInTheEnd = { state: 'partly', counts: { succeeded: 2, lost: 2 } } as const;
const restCancelled = { succeeded: 1, cancelled: 3 };
const allSucceed = { state: 'succeeded', counts: { succeeded: 4 } } as const;

const cases: readonly Case[] = [
  ...(['terminate', 'reset'] as const).flatMap((fault) =>
    parts.map((part): Case => ({ fault, part, moment: 'offered', ends: lostInTheEnd })),
  ),
  { fault: 'cancel', part: 'root', moment: 'offered', ends: { state: 'cancelled', counts: restCancelled } },
  { fault: 'cancel', part: 'share', moment: 'offered', ends: { state: 'partly', counts: restCancelled } },
  { fault: 'cancel', part: 'chunk', moment: 'offered', ends: { state: 'partly', counts: restCancelled } },
  ...(['terminate', 'reset'] as const).flatMap((fault) =>
    (['root', 'share'] as const).map((part): Case => ({ fault, part, moment: 'building', ends: allSucceed })),
  ),
  {
    fault: 'cancel',
    part: 'root',
    moment: 'building',
    ends: { state: 'cancelled', counts: { cancelled: 4 } },
  },
  // Nothing of the share was offered: the rollout delegates it anew.
  { fault: 'cancel', part: 'share', moment: 'building', ends: allSucceed },
];

/** What is noted of a part that was terminated. */
const mends: Readonly<Record<Part, string>> = {
  root: 'its workflow was gone and begins anew',
  share: 'the share of node-1 was ended in Temporal',
  chunk: 'chunk 0 was ended in Temporal',
};

let temporal: TestTemporal;
let repositories: TestRepositories;
let leonore: InProcessLeonore;
let names = 0;
const running = new Map<Case, Promise<{ rollout: Rollout; events: RolloutEvent[] }>>();

beforeAll(async () => {
  quietTemporal();
  temporal = await testTemporal();
  repositories = await testRepositories();
  const { address, namespace, environment } = temporal;
  const client = environment.client.workflow;
  const blobRoot = await mkdtemp(join(tmpdir(), 'leonore-ended-workflows-'));
  leonore = await inProcessLeonore(repositories, { address, namespace, client }, ['node-1'], blobRoot);
  await leonore.builder.publish(application('quick'), { run: '#!/bin/sh\n' });
  await leonore.builder.publish(
    {
      ...application('slow'),
      variants: [{ size: 1, installedSize: 1, source: { directory: 'src', build: 'build.sh' } }],
    },
    { 'src/build.sh': 'sleep 5; echo >"$LEONORE_OUTPUT/run"\n' },
  );
  // All at once: each is about a rollout of its own, and mostly waits.
  for (const one of cases) {
    const result = run(one);
    result.catch(() => undefined);
    running.set(one, result);
  }
}, 300_000);

afterAll(async () => {
  await leonore.stop();
  await temporal.stop();
  await repositories.close();
}, 300_000);

function application(name: string) {
  return { name, version: '1.0.0', kind: 'application' } as const;
}

function idOf(rolloutId: string, part: Part): string {
  if (part === 'root') return workflowIds.rollout(rolloutId);
  if (part === 'chunk') return workflowIds.deliverChunk(rolloutId, 0);
  return workflowIds.nodeShare(rolloutId, 'node-1', 1);
}

async function run({ fault, part, moment }: Case): Promise<{ rollout: Rollout; events: RolloutEvent[] }> {
  const { gateways, workflows } = leonore;
  const { rollouts } = repositories;
  const ids = await gateways.add(`case-${(names += 1)}`, ['silent', 'silent', 'silent', 'silent']);
  const [first = '', second = '', ...others] = ids;
  const id = await leonore.request(moment === 'offered' ? 'quick' : 'slow', ids, deadlineSeconds[moment]);
  if (moment === 'offered') {
    gateways.conduct([first], 'answers');
    await until(async () => (await rollouts.counts(id)).succeeded === 1);
  } else {
    gateways.conduct(others, 'answers');
    await until(async () => (await rollouts.groups(id, 1))[0]?.state === 'planned');
    await until(async () => (await rollouts.steps(id)).some(({ step }) => step === 'v'));
  }
  await inflict(workflows, fault, idOf(id, part));
  if (moment === 'building') gateways.conduct([first], 'answers');
  // What is cancelled must not be begun before the cancellation is through.
  if (fault !== 'cancel' || moment === 'building') gateways.conduct([second], 'answers');
  const rollout = await leonore.ended(id);
  return { rollout, events: await rollouts.events(id) };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await tick();
}

describe('a rollout ends right', () => {
  test.each(cases.map((one) => [one.fault, one.part, one.moment, one] as const))(
    'after %s of its %s, %s',
    async (_fault, _part, _moment, one) => {
      const { rollout, events } = (await running.get(one)) ?? {};
      expect(rollout).toMatchObject({ state: one.ends.state, failure: null });
      expect(await repositories.rollouts.counts(rollout?.id ?? '')).toMatchObject(one.ends.counts);
      // The database and Temporal had parted: it says so.
      if (one.fault === 'terminate')
        expect(events).toContainEqual(
          expect.objectContaining({ kind: 'mended', detail: { what: mends[one.part] } }),
        );
      // Of one that goes on for long enough to be looked at.
      if (one.fault === 'reset' && one.part === 'root' && one.moment === 'offered')
        expect(events?.map(({ detail }) => detail['what'])).toContain(
          'its workflow was reset and goes on from the database',
        );
    },
    120_000,
  );

  test('and so does one whose chunks were there before its workflow', async () => {
    const { gateways } = leonore;
    const { rollouts, chunks, database } = repositories;
    const ids = await gateways.add('before', ['silent', 'silent']);
    const { rolloutId } = await leonore.builder.provision('quick', ids);
    await database.$executeRaw`UPDATE rollout SET options = '{"deadlineSeconds": 8}', created_at = now() - interval '1 minute' WHERE id = ${rolloutId}::uuid`;
    await chunks.offer(rolloutId, 0, 'node-1', 8);
    gateways.conduct(ids.slice(0, 1), 'answers');
    expect(await leonore.ended(rolloutId)).toMatchObject({ state: 'partly', failure: null });
    expect(await rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1, lost: 1 });
  }, 300_000);
});

/** Seeds of the runs; LEONORE_SEED adds one. */
const seeds = [
  1,
  2,
  3,
  4,
  5,
  6,
  ...(process.env['LEONORE_SEED'] ?? '').split(',').filter(Boolean).map(Number),
];

test('whatever is done to its workflows at whatever time, a rollout ends as its gateways confirm', async () => {
  await Promise.all(seeds.map((seed) => runAtRandom(seed)));
  // Gateways that had begun are heard to the end: their reports may come after that of the rollout.
  await until(async () => !leonore.gateways.hasUnsent());
  const rows = await expectInOrder(repositories.server.url);
  for (const { gatewayId, deliveryId, state } of rows)
    expect([deliveryId, state === 'succeeded']).toEqual([
      deliveryId,
      leonore.gateways.has(gatewayId, deliveryId),
    ]);
}, 300_000);

/** Three faults at random times to random workflows of a rollout, with gateways of random conduct. */
async function runAtRandom(seed: number): Promise<void> {
  const random = createRandom(seedOf(seed, 'ended workflows'));
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const { gateways, workflows } = leonore;
  const ids = await gateways.add(
    `seed-${seed}`,
    Array.from({ length: 8 }, () => (random() < 0.25 ? 'silent' : 'answers')),
  );
  const id = await leonore.request(pick(['quick', 'slow']), ids, 12);
  for (let done = 0; done < 3; done += 1) {
    const waitTicks = Math.floor(random() * 40);
    for (let waited = 0; waited < waitTicks; waited += 1) await tick();
    // What does not run, or has completed no task yet, cannot be hit.
    await inflict(workflows, pick(workflowFaults), idOf(id, pick(parts))).catch(() => undefined);
  }
  await leonore.ended(id);
}
