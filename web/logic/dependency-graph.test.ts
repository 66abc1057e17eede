import { expect, test } from '@jest/globals';
import type { Schemas } from '../api/queries.js';
import { dependencyGraph } from './dependency-graph.js';

type Manifest = Schemas['Artifact']['manifest'];

const artifact = (name: string, version: string, manifest: Partial<Manifest> = {}): Schemas['Artifact'] => ({
  name,
  version,
  kind: 'application',
  digest: '',
  sizeBytes: 0,
  createdAt: '',
  signedBy: [],
  manifest: { name, version, kind: 'application', ...manifest },
});

const catalog = [
  artifact('app', '2.0.0', { requires: [{ name: 'sensor', version: '^2' }, { name: 'board' }] }),
  artifact('app', '1.0.0', { requires: [{ name: 'legacy' }] }),
  artifact('driver', '2.0.0', {
    provides: [{ name: 'sensor', version: '2.0.0' }],
    requires: [{ name: 'app' }],
  }),
  artifact('suite', '1.0.0', { requires: [{ anyOf: [{ name: 'app' }, { name: 'other' }], optional: true }] }),
  artifact('other', '1.0.0'),
];

test('both ways, through what is provided, circles too; of each name the newest, but for the one looked at', () => {
  const newest = dependencyGraph(catalog, catalog[0] ?? artifact('none', '0.0.0'));
  expect(newest.nodes.map(({ name, version }) => [name, version]).sort()).toEqual([
    ['app', '2.0.0'],
    ['board', null],
    ['driver', '2.0.0'],
    ['suite', '1.0.0'],
  ]);
  expect(newest.edges).toContainEqual({ from: 'app', to: 'driver', range: 'sensor ^2', optional: false });
  expect(newest.edges).toContainEqual({ from: 'suite', to: 'app', range: '', optional: true });
  const older = dependencyGraph(catalog, catalog[1] ?? artifact('none', '0.0.0'));
  expect(older.nodes.map(({ name }) => name)).toContain('legacy');
});

test('what cannot be drawn is counted', () => {
  const many = Array.from({ length: 100 }, (_none, index) =>
    artifact(`user-${index}`, '1.0.0', { requires: [{ name: 'base' }] }),
  );
  const base = artifact('base', '1.0.0');
  const graph = dependencyGraph([...many, base], base);
  expect(graph.nodes.length + graph.leftOut).toBe(101);
  expect(graph.leftOut).toBeGreaterThan(0);
});
