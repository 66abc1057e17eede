import { describe, expect, test } from '@jest/globals';
import { LeonoreError } from '../errors.js';
import { readProfile } from '../gateway/read-profile.js';
import { limits } from '../limits.js';
import { readCatalog } from './read-catalog.js';

function failure(text: string): LeonoreError {
  try {
    readCatalog(text, 'catalog.yaml');
  } catch (error) {
    if (error instanceof LeonoreError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const artifact = '  - name: a\n    version: 1.0.0\n    kind: tool\n';

const named = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `a${index}` }));

describe('readCatalog', () => {
  test('reads artifacts and a gateway', () => {
    const file = readCatalog(
      `artifacts:\n${artifact}gateway: { id: gw-1, hardware: { arch: armv7 }, software: { os: linux } }\n`,
      'catalog.yaml',
    );
    expect(file.artifacts).toHaveLength(1);
    expect(file.gateway?.id).toBe('gw-1');
    expect(readCatalog('artifacts: []', 'c').gateway).toBeNull();
    expect(readCatalog('{"artifacts": [], "gateway": null}', 'c').gateway).toBeNull();
  });

  test.each([
    [
      'a name and version twice',
      `artifacts:\n${artifact}${artifact}`,
      '6:14: artifacts[1].version: a@1.0.0 appears twice: first as artifacts[0].version at 3:14',
    ],
    [
      'versions that differ by build metadata alone',
      `artifacts:\n${artifact.replace('1.0.0', '1.0.0+b1')}${artifact.replace('1.0.0', '1.0.0+b2')}`,
      '6:14: artifacts[1].version: a@1.0.0+b2 is the same version as a@1.0.0+b1, artifacts[0].version at 3:14',
    ],
    [
      'a variant without size',
      `artifacts:\n${artifact}    variants:\n      - { platform: { arch: x } }\n`,
      '6:9: artifacts[0].variants[0]: the field "size" is missing',
    ],
    ['an unknown field of the file', `artifacts: []\nother: 1\n`, '2:1: other: unknown field "other"'],
    [
      'a field of an artifact',
      `artifacts:\n${artifact}    foo: 1\n`,
      '5:5: artifacts[0].foo: unknown field "foo"',
    ],
    ['no artifacts', 'gateway: {}', 'the field "artifacts" is missing'],
    [
      'an unknown field of the gateway',
      'artifacts: []\ngateway: { id: x, hardware: { disk: 7 } }\n',
      '2:31: gateway.hardware.disk: unknown field "disk"',
    ],
    [
      'an installed version',
      'artifacts: []\ngateway: { id: x, hardware: { arch: a }, software: { os: linux }, installed: [ { name: a, version: one } ] }\n',
      'gateway.installed[0].version: "one"',
    ],
    [
      'a place in JSON',
      '{"artifacts": [\n {"name": "a", "version": "1.x", "kind": "tool"}]}',
      'catalog.yaml:2:27: artifacts[0].version: "1.x"',
    ],
    [
      'a negative size',
      `artifacts:\n${artifact}    variants: [ { size: -1 } ]\n`,
      'artifacts[0].variants[0].size: ',
    ],
  ])('names the place of %s', (_what, text, expected) => {
    const error = failure(text);
    expect(error.code).toBe('MALFORMED_CATALOG');
    expect(error.message).toContain(expected);
  });

  test('a file that is called JSON is held to it', () => {
    const trailing = '{"artifacts": [\n  {"name": "a", "version": "1.0.0", "kind": "tool"},\n]}';
    const read = (name: string) => () => readCatalog(trailing, name);
    expect(read('catalog.json')).toThrow('catalog.json:3:1: not JSON: a value is expected here');
    expect(read('CATALOG.JSON')).toThrow('CATALOG.JSON:3:1: ');
    // In YAML a list may end with a comma.
    expect(read('catalog.yaml')().artifacts).toHaveLength(1);
    expect(() => readCatalog('artifacts: []', 'catalog.json')).toThrow('catalog.json:1:1: not JSON');
    expect(() => readCatalog('[]', 'catalog.json')).toThrow('catalog.json:1:1: ');
    expect(() => readCatalog('7', 'catalog.json')).toThrow('catalog.json:1:1: ');
    expect(() => readProfile('{"id": "g",}', 'g.json')).toThrow('g.json:1:12: not JSON');
  });

  test('what real catalogs have is read', () => {
    const requires = [
      { name: 'a', version: Array.from({ length: 500 }, (_, index) => `^${index}.0.0`).join(' || ') },
      { anyOf: Array.from({ length: 1_000 }, (_, index) => ({ name: `a${index}` })) },
    ];
    const installed = Array.from({ length: 5_000 }, (_, index) => ({ name: `p${index}`, version: '1.0.0' }));
    const text = JSON.stringify({
      artifacts: [{ name: 'app', version: '1.0.0', kind: 'tool', requires }],
      gateway: { installed },
    });
    expect(readCatalog(text, 'c').gateway?.installed).toHaveLength(5_000);
  });

  test.each([
    [
      'a range',
      'artifacts[0].requires[0].version',
      { requires: [{ name: 'a', version: `>=1${' '.repeat(limits.rangeLength)}` }] },
    ],
    [
      'alternatives',
      'artifacts[0].requires[0].anyOf',
      { requires: [{ anyOf: named(limits.alternatives + 1) }] },
    ],
    ['requirements', 'artifacts[0].requires', { requires: named(limits.requirements + 1) }],
    ['conflicts', 'artifacts[0].conflicts', { conflicts: named(limits.requirements + 1) }],
    [
      'variants',
      'artifacts[0].variants',
      { variants: Array.from({ length: limits.variants + 1 }, () => ({ size: 1 })) },
    ],
  ])('%s beyond the limit: refused with the place', (_what, place, sketch) => {
    const error = failure(
      JSON.stringify({ artifacts: [{ name: 'app', version: '1.0.0', kind: 'tool', ...sketch }] }),
    );
    expect(error.code).toBe('MALFORMED_CATALOG');
    expect(error.message).toMatch(/^catalog\.yaml:1:\d+: /u);
    expect(error.message).toContain(place);
  });

  test('more installed packages than the limit: refused with the place', () => {
    const installed = named(limits.installed + 1).map(({ name }) => ({ name, version: '1.0.0' }));
    expect(failure(JSON.stringify({ artifacts: [], gateway: { installed } })).message).toContain(
      'gateway.installed',
    );
  });

  test('a catalog of 100 MB is refused at once', () => {
    expect(failure('#'.repeat(100_000_000)).code).toBe('TOO_LARGE');
  });

  test('a profile of its own is read by the same rules', () => {
    expect(
      readProfile('{ "id": "g", "hardware": { "arch": "a" }, "software": { "os": "linux" } }', 'g.json').id,
    ).toBe('g');
    expect(() => readProfile('id: 7\n', 'g.yaml')).toThrow('g.yaml:1:5: id: must be string, found 7');
    expect(() => readProfile('hardware: { diskFree: lots }\n', 'g.yaml')).toThrow(
      'g.yaml:1:23: hardware.diskFree',
    );
  });

  test('what a written profile leaves out is not known', () => {
    expect(readProfile('hardware: { diskFree: 5 }\nmac: "?"\n', 'g.yaml')).toEqual({
      id: '',
      mac: '?',
      hardware: { arch: '', diskFree: 5 },
      software: { os: '' },
    });
  });
});
