import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canGrow,
  isLow,
  labelsFor,
  nextPoolAction,
  type PoolNode,
  type PoolSettings,
  type PoolView,
} from './pool.js';

const settings: PoolSettings = {
  strategy: 'load',
  threshold: 100,
  minNodes: 1,
  maxNodes: 3,
  settleMs: 60_000,
  channels: [],
};

function node(id: number, changes: Partial<PoolNode> = {}): PoolNode {
  return {
    id: `node-${id}`,
    number: id,
    state: 'active',
    origin: 'pool',
    gateways: 0,
    hasShare: true,
    attempts: 0,
    isLaunched: false,
    isAwaited: false,
    dueInMs: 0,
    ...changes,
  };
}

function view(nodes: PoolNode[], changes: Partial<PoolView> = {}): PoolView {
  return { settings, nodes, queued: 0, lowForMs: null, ...changes };
}

describe('the pool grows', () => {
  test('when all nodes are full, and not before', () => {
    expect(nextPoolAction(view([node(1, { gateways: 99 })])).kind).toBe('wait');
    expect(nextPoolAction(view([node(1, { gateways: 100 })]))).toEqual({ kind: 'grow' });
    expect(nextPoolAction(view([node(1, { gateways: 100 }), node(2, { gateways: 99 })])).kind).toBe('wait');
  });

  test('by one node: nothing is asked for while one is being launched', () => {
    const nodes = [
      node(1, { gateways: 100 }),
      node(2, { state: 'launching', dueInMs: 5_000, isLaunched: true }),
    ];
    expect(nextPoolAction(view(nodes, { queued: 4_000 }))).toEqual({ kind: 'wait', lookAgainMs: 5_000 });
  });

  test('never beyond its limit; then nobody waits', () => {
    const full = [1, 2, 3].map((id) => node(id, { gateways: 100 }));
    expect(canGrow({ settings, nodes: full })).toBe(false);
    expect(nextPoolAction(view(full, { queued: 1 }))).toEqual({ kind: 'admit' });
    expect(nextPoolAction(view(full)).kind).toBe('wait');
  });

  test('not at all when it is fixed', () => {
    const fixed = { ...settings, maxNodes: 0 };
    const nodes = [node(1, { gateways: 1_000, origin: 'own' })];
    expect(canGrow({ settings: fixed, nodes })).toBe(false);
    expect(nextPoolAction(view(nodes, { settings: fixed })).kind).toBe('wait');
  });

  test('not while one that has its gateways still may be back any moment', () => {
    const nodes = [node(1, { gateways: 100 }), node(2, { state: 'stopped', gateways: 100, isAwaited: true })];
    expect(nextPoolAction(view(nodes)).kind).toBe('wait');
    expect(nextPoolAction(view(nodes.slice(1))).kind).toBe('wait');
    const gone = nodes.map((one) => ({ ...one, isAwaited: false }));
    expect(nextPoolAction(view(gone))).toEqual({ kind: 'grow' });
    expect(nextPoolAction(view(gone.slice(1)))).toEqual({ kind: 'grow' });
  });

  test('to its minimum without any gateway', () => {
    expect(nextPoolAction(view([]))).toEqual({ kind: 'grow' });
    expect(nextPoolAction(view([node(1, { state: 'dead' })]))).toEqual({ kind: 'grow' });
  });
});

describe('a launch', () => {
  const launching = (changes: Partial<PoolNode>) =>
    nextPoolAction(
      view([node(1, { gateways: 100 }), node(2, { state: 'launching', ...changes })], { queued: 5 }),
    );

  test('is tried when it is due, and given up when the node did not register in time', () => {
    expect(launching({ dueInMs: 0 })).toEqual({ kind: 'launch', nodeId: 'node-2' });
    expect(launching({ dueInMs: 800, attempts: 2 })).toEqual({ kind: 'wait', lookAgainMs: 800 });
    expect(launching({ dueInMs: -1, isLaunched: true })).toEqual({ kind: 'giveUpLaunch', nodeId: 'node-2' });
  });

  test('that fails again and again does not lock gateways out', () => {
    expect(launching({ dueInMs: 800, attempts: 5 })).toEqual({ kind: 'admit' });
  });
});

test('a node that has come takes its share before anything else', () => {
  const nodes = [node(1, { gateways: 100 }), node(2, { hasShare: false })];
  expect(nextPoolAction(view(nodes, { queued: 50 }))).toEqual({ kind: 'share', nodeId: 'node-2' });
});

describe('without any node', () => {
  test('nobody is admitted, however many wait', () => {
    const fixed = { ...settings, minNodes: 0, maxNodes: 0 };
    for (const nodes of [[], [node(1, { state: 'dead' })], [node(1, { state: 'draining', dueInMs: 7 })]])
      expect(nextPoolAction(view(nodes, { settings: fixed, queued: 9 })).kind).toBe('wait');
  });
});

describe('a node that is to go', () => {
  const leaving = (dueInMs: number, changes: Partial<PoolView> = {}) =>
    nextPoolAction(view([node(1), node(2, { state: 'draining', dueInMs })], changes));

  test('is drained when that is due, and looked at again then', () => {
    expect(leaving(0)).toEqual({ kind: 'drain', nodeId: 'node-2' });
    expect(leaving(-5)).toEqual({ kind: 'drain', nodeId: 'node-2' });
    expect(leaving(5_000)).toEqual({ kind: 'wait', lookAgainMs: 5_000 });
  });

  test('comes after those that wait, and before another goes', () => {
    expect(leaving(0, { queued: 1 })).toEqual({ kind: 'admit' });
    expect(leaving(0, { lowForMs: 60_000 })).toEqual({ kind: 'drain', nodeId: 'node-2' });
  });

  test('has no room for anybody', () => {
    const nodes = [node(1, { gateways: 100 }), node(2, { state: 'draining', dueInMs: 5_000 })];
    expect(nextPoolAction(view(nodes))).toEqual({ kind: 'grow' });
  });
});

describe('the pool is looked at again', () => {
  test('after a minute when nothing is due', () => {
    expect(nextPoolAction(view([node(1)]))).toEqual({ kind: 'wait', lookAgainMs: 60_000 });
    expect(nextPoolAction(view([node(1, { state: 'draining', dueInMs: 90_000 }), node(2)]))).toEqual({
      kind: 'wait',
      lookAgainMs: 60_000,
    });
  });

  test('when the first of several is due, but not without a pause', () => {
    const due = (...times: number[]) =>
      nextPoolAction(
        view([node(1), ...times.map((dueInMs, index) => node(index + 2, { state: 'draining', dueInMs }))]),
      );
    expect(due(9_000, 4_000)).toEqual({ kind: 'wait', lookAgainMs: 4_000 });
    expect(due(9_000, 1)).toEqual({ kind: 'wait', lookAgainMs: 100 });
  });
});

test('a node that an operator asked for comes whatever the limit', () => {
  const nodes = [
    node(1, { gateways: 100 }),
    node(2, { state: 'launching', origin: 'operator', attempts: 4 }),
  ];
  const fixed = { ...settings, maxNodes: 0 };
  expect(canGrow({ settings: fixed, nodes })).toBe(true);
  expect(nextPoolAction(view(nodes, { settings: fixed, queued: 1 }))).toEqual({
    kind: 'launch',
    nodeId: 'node-2',
  });
});

test('a node is launched where most of those are that wait, when the place matters', () => {
  const sites = { here: 2, there: 7, elsewhere: 3 };
  expect(labelsFor('location', sites)).toEqual({ site: 'there' });
  expect(labelsFor('location', {})).toEqual({});
  expect(labelsFor('load', sites)).toEqual({});
  expect(labelsFor('least-loaded', sites)).toEqual({});
});

describe('the pool shrinks', () => {
  const light = [
    node(1, { gateways: 40, origin: 'own' }),
    node(2, { gateways: 20 }),
    node(3, { gateways: 10 }),
  ];

  test('when the load has been low for long enough: the node that came last goes', () => {
    expect(isLow({ settings, nodes: light, queued: 0 })).toBe(true);
    expect(nextPoolAction(view(light, { lowForMs: 59_000 }))).toEqual({ kind: 'wait', lookAgainMs: 1_000 });
    expect(nextPoolAction(view(light, { lowForMs: 60_000 }))).toEqual({ kind: 'shrink', nodeId: 'node-3' });
  });

  test('never below its minimum, and never by a node that it did not launch', () => {
    expect(isLow({ settings: { ...settings, minNodes: 3 }, nodes: light, queued: 0 })).toBe(false);
    expect(
      isLow({ settings, nodes: light.map((one) => ({ ...one, origin: 'own' as const })), queued: 0 }),
    ).toBe(false);
    expect(isLow({ settings, nodes: [node(1)], queued: 0 })).toBe(false);
  });

  test('when what is left to the others is seven tenths of what they may take, and no more', () => {
    const pair = (gateways: number) => [node(1, { gateways }), node(2)];
    expect(isLow({ settings, nodes: pair(70), queued: 0 })).toBe(true);
    expect(isLow({ settings, nodes: pair(71), queued: 0 })).toBe(false);
  });

  test('not while one is being launched, nor while one is expected back', () => {
    const coming = [...light, node(4, { state: 'launching', dueInMs: 2_000 })];
    expect(nextPoolAction(view(coming, { lowForMs: 90_000 }))).toEqual({ kind: 'wait', lookAgainMs: 2_000 });
    const awaited = node(4, { state: 'stopped', isAwaited: true });
    expect(isLow({ settings, nodes: [...light, awaited], queued: 0 })).toBe(false);
  });

  test('not while registrations wait', () => {
    expect(isLow({ settings, nodes: light, queued: 1 })).toBe(false);
  });

  test('to where it does not grow again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 10 }),
        fc.array(fc.nat(200), { minLength: 2, maxLength: 10 }),
        (threshold, counts) => {
          const limits = { ...settings, threshold, minNodes: 1, maxNodes: 20 };
          const nodes = counts.map((gateways, index) => node(index + 1, { gateways }));
          if (!isLow({ settings: limits, nodes, queued: 0 })) return;
          const total = counts.reduce((sum, count) => sum + count, 0);
          const left = nodes.slice(0, -1).map((one, index) => {
            const share = Math.floor(total / (nodes.length - 1));
            return { ...one, gateways: share + (index < total % (nodes.length - 1) ? 1 : 0) };
          });
          expect(nextPoolAction(view(left, { settings: limits })).kind).not.toBe('grow');
        },
      ),
    );
  });
});
