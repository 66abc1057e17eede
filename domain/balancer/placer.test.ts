import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EvenShare, type MovableGateway, type Move } from './even-share.js';
import { leastLoaded } from './least-loaded.js';
import { load } from './load.js';
import { location } from './location.js';
import { Placer } from './placer.js';
import type { BalancerStrategy, NodeLoad } from './strategy.js';

function node(id: string, changes: Partial<NodeLoad> = {}): NodeLoad {
  return { id, labels: {}, gateways: 0, deliveries: 0, cpuShare: 0, memoryShare: 0, ...changes };
}

describe('load', () => {
  test('fills the nodes evenly, up to the threshold and not beyond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(200),
        (count, threshold, asked) => {
          const ids = Array.from({ length: count }, (_none, index) => `n${index}`);
          const placer = new Placer(
            load,
            threshold,
            ids.map((id) => node(id)),
          );
          const taken = new Map<string, number>();
          let refused = 0;
          for (let index = 0; index < asked; index += 1) {
            const id = placer.place({});
            if (id === null) refused += 1;
            else taken.set(id, (taken.get(id) ?? 0) + 1);
          }
          const counts = ids.map((id) => taken.get(id) ?? 0);
          expect(Math.max(...counts)).toBeLessThanOrEqual(threshold);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(refused).toBe(Math.max(0, asked - count * threshold));
        },
      ),
    );
  });

  test('a full node is taken only when it must be', () => {
    const placer = new Placer(load, 1, [node('a', { gateways: 1 }), node('b')]);
    expect(placer.placeAnyhow({})).toBe('b');
    expect(placer.place({})).toBeNull();
    expect(placer.placeAnyhow({})).toBe('a');
    expect(new Placer(load, 1, []).placeAnyhow({})).toBeNull();
  });
});

describe('what nodes serve', () => {
  const misfits = (byNode: Readonly<Record<string, number>>) => (id: string) => byNode[id] ?? Infinity;

  test('comes before all else: the node that suits best, as long as it has room', () => {
    const placer = new Placer(load, 3, [node('a'), node('b', { gateways: 2 })]);
    const suits = misfits({ a: 1, b: 0 });
    expect([placer.place({}, suits), placer.place({}, suits)]).toEqual(['b', 'a']);
  });

  test('a node that a gateway cannot speak with is not taken as long as there is another, though that is full', () => {
    const placer = new Placer(load, 1, [node('a'), node('b', { gateways: 1 })]);
    expect(placer.place({}, misfits({ b: 0 }))).toBe('b');
    expect(placer.place({}, misfits({ a: 0 }))).toBe('a');
    // Now another may come.
    expect(placer.place({}, misfits({ b: 0 }))).toBeNull();
    expect(placer.placeAnyhow({}, misfits({ b: 0 }))).toBe('b');
    // Nobody can: it is told so by one of them.
    expect(placer.placeAnyhow({}, misfits({}))).toBe('a');
  });
});

test('least-loaded looks at what nodes do, and a storm does not all end on the idle one', () => {
  const nodes = [node('busy', { gateways: 10, cpuShare: 0.9 }), node('idle', { gateways: 20 })];
  const placer = new Placer(leastLoaded, 100, nodes);
  expect(placer.place({})).toBe('idle');
  const placed = Array.from({ length: 160 }, () => placer.place({}));
  expect(placed.filter((id) => id === 'busy').length).toBeGreaterThan(50);
});

describe('location', () => {
  const vienna = { latitude: '48.21', longitude: '16.37' };
  const linz = { latitude: '48.31', longitude: '14.29' };
  const lima = { latitude: '-12.05', longitude: '-77.04' };

  test('prefers the same site, then what is near, and spills over when that is full', () => {
    const placer = new Placer(location, 1, [
      node('b1', { labels: { site: 'b1' } }),
      node('vienna', { labels: vienna }),
      node('lima', { labels: lima }),
    ]);
    expect(placer.place({ site: 'b1', ...lima })).toBe('b1');
    expect(placer.place(linz)).toBe('vienna');
    expect(placer.place(linz)).toBe('lima');
    expect(placer.place(linz)).toBeNull();
  });

  test('measures great circles', () => {
    expect(location.distance(vienna, node('x', { labels: linz }))).toBeCloseTo(154, -1);
    expect(location.distance(vienna, node('x', { labels: lima }))).toBeCloseTo(11_100, -3);
    const date = location.distance(
      { latitude: '0', longitude: '179.9' },
      node('x', { labels: { latitude: '0', longitude: '-179.9' } }),
    );
    expect(date).toBeCloseTo(22, 0);
  });

  test('labels that are no coordinates are none', () => {
    for (const latitude of ['', 'north', '91', 'NaN']) {
      expect(location.distance({ latitude, longitude: '1' }, node('x', { labels: vienna }))).toBe(0);
    }
  });
});

describe('the share of a new node', () => {
  test('is even: afterwards no donor has more than one above it, and only what must is moved', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }), (counts) => {
        const nodes = [...counts.map((gateways, index) => node(`n${index}`, { gateways })), node('new')];
        const moves = shareOf(load, nodes, gatewaysOf(nodes), 'new');
        const after = new Map(nodes.map(({ id, gateways }) => [id, gateways]));
        for (const { gatewayId } of moves) {
          const from = gatewayId.split('/')[0] ?? '';
          after.set(from, (after.get(from) ?? 0) - 1);
        }
        const most = Math.max(0, ...counts.map((_count, index) => after.get(`n${index}`) ?? 0));
        expect(most - moves.length).toBeLessThanOrEqual(1);
        expect(new Set(moves.map(({ gatewayId }) => gatewayId)).size).toBe(moves.length);
        expect(moves.length).toBeLessThanOrEqual(
          Math.floor(counts.reduce((sum, count) => sum + count, 0) / 2),
        );
      }),
    );
  });

  test('leaves those at work where they are, as long as others can go', () => {
    const nodes = [node('old', { gateways: 4 }), node('new')];
    const gateways = gatewaysOf(nodes).map((gateway, index) => ({ ...gateway, isBusy: index < 2 }));
    expect(shareOf(load, nodes, gateways, 'new').map(({ gatewayId }) => gatewayId)).toEqual([
      'old/2',
      'old/3',
    ]);
  });

  test('is the same however the gateways come, and of many no more are remembered than may go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(40), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.boolean(), { minLength: 160, maxLength: 160 }),
        (counts, pageSize, busy) => {
          const nodes = [...counts.map((gateways, index) => node(`n${index}`, { gateways })), node('new')];
          const gateways = gatewaysOf(nodes).map((gateway, index) => ({
            ...gateway,
            isBusy: busy[index] === true,
          }));
          const atOnce = shareOf(load, nodes, gateways, 'new');
          expect(shareOf(load, nodes, gateways.toReversed(), 'new', pageSize)).toEqual(atOnce);
        },
      ),
    );
  });

  test('leaves those that it suits worse where they are', () => {
    const nodes = [node('old', { gateways: 4 }), node('new')];
    const gateways = gatewaysOf(nodes).map((gateway, index) => ({
      ...gateway,
      misfits: (id: string) => (id === 'new' && index > 0 ? 1 : 0),
    }));
    expect(shareOf(load, nodes, gateways, 'new').map(({ gatewayId }) => gatewayId)).toEqual(['old/0']);
  });

  test('by location, takes those that are nearer to it and no others', () => {
    const nodes = [
      node('b1', { gateways: 4, labels: { site: 'b1' } }),
      node('b2', { labels: { site: 'b2' } }),
    ];
    const gateways = gatewaysOf(nodes).map((gateway, index) => ({
      ...gateway,
      labels: { site: index === 0 ? 'b2' : 'b1' },
    }));
    expect(shareOf(location, nodes, gateways, 'b2')).toEqual([
      { gatewayId: 'b1/0', nodeId: 'b2', fromNodeId: 'b1' },
    ]);
  });
});

function shareOf(
  strategy: BalancerStrategy,
  nodes: readonly NodeLoad[],
  gateways: readonly MovableGateway[],
  newNodeId: string,
  pageSize = Infinity,
): Move[] {
  const share = new EvenShare(strategy, nodes, newNodeId);
  for (let from = 0; from < gateways.length; from += pageSize)
    share.consider(gateways.slice(from, from + pageSize));
  return share.moves();
}

function gatewaysOf(nodes: readonly NodeLoad[]): MovableGateway[] {
  return nodes.flatMap(({ id, gateways }) =>
    Array.from({ length: gateways }, (_none, index) => ({
      id: `${id}/${index}`,
      nodeId: id,
      labels: {},
      isBusy: false,
    })),
  );
}
