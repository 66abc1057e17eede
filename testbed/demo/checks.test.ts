import { describe, expect, test } from '@jest/globals';
import type { DeliveryView, RolloutGroupView, RolloutView } from '../api.js';
import { emptyCounts } from '../../domain/rollout/state.js';
import {
  checkBuiltOnce,
  checkDeliveries,
  checkFallback,
  checkInstalled,
  checkReadings,
  type RolloutFacts,
} from './checks.js';

function delivery(
  gatewayId: string,
  state: DeliveryView['state'],
  explanation: string | null = null,
): DeliveryView {
  const rest = { nodeId: 'node-1', groupId: null, protocol: 'http', strategy: 'pull', error: null };
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
    createdAt: '2026-01-01T00:00:00Z',
    endedAt: null,
    failure: null,
    counts: emptyCounts(),
    steps: [],
    groups,
  };
  return { title: 'thermometer@^1', view, deliveries };
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

  test('a package is built once, by whoever came first', () => {
    const once = rollout([group('p', 'failed', 'built'), group('p', 'failed', 'reused'), group(null)]);
    expect(checkBuiltOnce([once]).ok).toBe(true);
    expect(checkBuiltOnce([rollout([group('p', 'built'), group('p', 'built')])]).ok).toBe(false);
    expect(checkBuiltOnce([rollout([group('p', 'reused')])]).ok).toBe(false);
    expect(checkBuiltOnce([]).ok).toBe(false);
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
      detail: '3 readings from 1 gateways',
    });
    expect(checkReadings(readings, '2.0.0', ['a', 'b'])).toMatchObject({
      ok: false,
      detail: 'nothing from b',
    });
    expect(checkReadings(readings, '1.0.0', ['a']).ok).toBe(false);
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
