import { describe, expect, test } from '@jest/globals';
import type { DeliveryView, NodeView, RolloutGroupView, RolloutView } from '../api.js';
import { emptyCounts } from '../../domain/rollout/state.js';
import {
  checkBuiltOnce,
  checkChannels,
  checkDeliveries,
  checkFallback,
  checkImages,
  checkInstalled,
  checkNodePool,
  checkReadings,
  type RolloutFacts,
} from './checks.js';

function delivery(
  gatewayId: string,
  state: DeliveryView['state'],
  explanation: string | null = null,
): DeliveryView {
  const rest = {
    nodeId: 'node-1',
    groupId: null,
    protocol: 'http',
    strategy: 'pull',
    error: null,
    reason: null,
    supersededBy: null,
    failure: null,
  };
  const updatedAt = '2026-01-01T00:00:00Z';
  return { gatewayId, state, explanation, packageId: null, updatedAt, endedAt: null, ...rest };
}

type Outcome = RolloutGroupView['attempts'][number]['outcome'];

function group(packageId: string | null, ...outcomes: Outcome[]): RolloutGroupView {
  const attempts = outcomes.map((outcome, planIndex) => ({
    planIndex,
    outcome,
    packageId,
    error: outcome === 'failed' ? 'the build script failed' : null,
    log: 'isolation: none\nline 4 is cut off\n',
  }));
  const rest = { nodeId: 'node-1', gateways: 1, plans: [], planIndex: null, explanation: null };
  return { id: 'group', state: packageId === null ? 'failed' : 'built', packageId, attempts, ...rest };
}

function rollout(groups: RolloutGroupView[], deliveries: DeliveryView[] = []): RolloutFacts {
  const view: RolloutView = {
    id: 'r',
    requests: ['thermometer@^1'],
    deployment: 'building',
    state: 'partly',
    deadlineSeconds: 60,
    allowRemove: false,
    allowDowngrade: false,
    createdBy: null,
    campaign: null,
    createdAt: '2026-01-01T00:00:00Z',
    endedAt: null,
    failure: null,
    failureText: null,
    waitingFor: null,
    events: [],
    temporalUi: null,
    counts: emptyCounts(),
    channels: [],
    steps: [],
    groups,
  };
  return { title: 'thermometer@^1', view, deliveries };
}

function node(
  id: string,
  gatewayCount: number,
  state: NodeView['state'] = 'active',
  origin: NodeView['origin'] = id === 'node-1' ? 'own' : 'pool',
): NodeView {
  const at = '2026-01-01T00:00:00Z';
  const times = { requestedAt: at, launchedAt: at, startedAt: at, sharedAt: at, heartbeatAt: at };
  const rest = {
    address: '',
    endpoints: [],
    labels: {},
    deliveryCount: 0,
    attempts: 0,
    problem: null,
    stats: {},
  };
  return { id, state, origin, gatewayCount, ...times, ...rest };
}

const okOf = (checks: readonly { ok: boolean }[]): boolean[] => checks.map((check) => check.ok);

describe('checks of the demo', () => {
  const expected = { all: ['a', 'b'], incompatible: new Set(['b']) };
  const good = delivery('a', 'succeeded');
  const told = delivery('b', 'incompatible', 'needs thermometer-probe, which the gateway lacks');

  test('deliveries that ended as they should', () => {
    expect(okOf(checkDeliveries(rollout([], [good, told]), expected))).toEqual([true, true]);
  });

  test.each<[string, DeliveryView[], boolean[]]>([
    ['one is missing', [told], [false, true]],
    ['one failed', [delivery('a', 'failed'), told], [false, true]],
    ['one that cannot, succeeded', [good, delivery('b', 'succeeded')], [false, false]],
    ['no reason is given', [good, delivery('b', 'incompatible', 'no')], [true, false]],
    ['there is one too many', [good, told, delivery('c', 'succeeded')], [false, true]],
    ['one comes twice', [good, good, told], [false, true]],
  ])('it is noticed when %s', (_name, deliveries, ok) => {
    expect(okOf(checkDeliveries(rollout([], deliveries), expected))).toEqual(ok);
  });

  test('each gateway has to be served by the channel that it speaks', () => {
    const check = (wanted: Record<string, string>) =>
      checkChannels(rollout([], [good]), new Map(Object.entries(wanted)));
    expect(check({ a: 'http/pull' })).toMatchObject({ ok: true, detail: '1 http/pull' });
    expect(check({ a: 'coap/pull' })).toMatchObject({
      ok: false,
      detail: 'a by http/pull instead of coap/pull',
    });
    expect(check({ b: 'coap/pull' }).ok).toBe(false);
    expect(check({}).ok).toBe(false);
  });

  test('images have to lie on the disks', () => {
    expect(checkImages(new Map([['a', 'v1']]), 'v1').ok).toBe(true);
    expect(checkImages(new Map([['a', '']]), 'v1').ok).toBe(false);
    expect(checkImages(new Map(), 'v1').ok).toBe(false);
  });

  test('a package is built once, by whoever came first', () => {
    const once = rollout([group('p', 'failed', 'built'), group('p', 'failed', 'reused'), group(null)]);
    expect(checkBuiltOnce([once]).ok).toBe(true);
    expect(checkBuiltOnce([rollout([group('p', 'built'), group('p', 'built')])]).ok).toBe(false);
    expect(checkBuiltOnce([rollout([group('p', 'reused')])]).ok).toBe(false);
    expect(checkBuiltOnce([]).ok).toBe(false);
    // One need, two packages.
    expect(checkBuiltOnce([rollout([group('p', 'built'), group('q', 'built')])]).ok).toBe(false);
  });

  test('a fallback needs a failed build and a package nevertheless', () => {
    expect(checkFallback(rollout([group('p', 'failed', 'built')]))).toMatchObject({
      ok: true,
      detail: '1 groups: the build script failed: line 4 is cut off',
    });
    expect(checkFallback(rollout([group('p', 'built')])).ok).toBe(false);
    expect(checkFallback(rollout([group(null, 'failed')])).ok).toBe(false);
  });

  test('readings have to come from every gateway', () => {
    const last = {
      gateway: 'a',
      version: '2.0.0',
      temperature: 21,
      source: 'simulated' as const,
      platform: 'armv7',
      at: '2026-01-01T00:00:00Z',
    };
    const readings = [{ gateway: 'a', version: '2.0.0', count: 3, last }];
    expect(checkReadings(readings, '2.0.0', ['a'])).toMatchObject({
      ok: true,
      detail: '3 readings from 1 gateway',
    });
    expect(checkReadings(readings, '2.0.0', ['a', 'b'])).toMatchObject({
      ok: false,
      detail: 'nothing from b',
    });
    expect(checkReadings(readings, '1.0.0', ['a']).ok).toBe(false);
  });

  describe('of the pool', () => {
    const begin = [node('node-1', 0)];
    const grown = [node('node-1', 260), node('node-2', 254)];
    const end = [node('node-1', 14), node('node-2', 0, 'stopped')];
    const checkPool = (first: NodeView[], second: NodeView[], last: NodeView[], queued = 0): boolean[] =>
      okOf(
        checkNodePool(
          [
            { moment: 'begin', nodes: first, queued: 0 },
            { moment: 'all registered', nodes: second, queued },
            { moment: 'end', nodes: last, queued: 0 },
          ],
          { all: 514, left: 14 },
        ),
      );

    test('as it should be', () => {
      expect(checkPool(begin, grown, end)).toEqual([true, true, true]);
      expect(okOf(checkNodePool([], { all: 514, left: 14 }))).toEqual([false, false, false]);
    });

    test.each<[string, NodeView[], NodeView[], NodeView[], number, boolean[]]>([
      ['both were there before', grown, grown, end, 0, [false, true, true]],
      [
        'an operator started it',
        begin,
        [node('node-1', 260), node('node-2', 254, 'active', 'operator')],
        end,
        0,
        [false, true, false],
      ],
      ['two came', begin, [...grown, node('node-3', 0)], end, 0, [false, false, true]],
      ['none came', begin, [node('node-1', 514)], [node('node-1', 14)], 0, [false, false, false]],
      ['most stayed', begin, [node('node-1', 400), node('node-2', 114)], end, 0, [true, false, true]],
      ['some are on neither', begin, [node('node-1', 250), node('node-2', 250)], end, 0, [true, false, true]],
      ['some wait', begin, grown, end, 3, [true, false, true]],
      ['it stays', begin, grown, [node('node-1', 7), node('node-2', 7)], 0, [true, true, false]],
      [
        'some were lost',
        begin,
        grown,
        [node('node-1', 13), node('node-2', 0, 'stopped')],
        0,
        [true, true, false],
      ],
    ])('it is noticed when %s', (_name, first, second, last, queued, ok) => {
      expect(checkPool(first, second, last, queued)).toEqual(ok);
    });
  });

  test('what is installed', () => {
    const expectation = { present: ['thermometer@2.0.0'], absent: ['thermo-legacy'] };
    const check = (...keys: string[]): boolean =>
      checkInstalled(new Map([['a', keys]]), expectation, 'here').ok;
    expect(check('thermometer@2.0.0', 'sh-decimal@2.0.0')).toBe(true);
    expect(check('thermometer@2.0.0', 'thermo-legacy@0.9.0')).toBe(false);
    expect(check('thermometer@1.0.0')).toBe(false);
    expect(checkInstalled(new Map(), expectation, 'here').ok).toBe(false);
  });
});
