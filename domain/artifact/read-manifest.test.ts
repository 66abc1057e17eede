import { describe, expect, test } from '@jest/globals';
import { LeonoreError } from '../errors.js';
import { readManifest } from './read-manifest.js';

function failure(text: string): LeonoreError {
  try {
    readManifest(text, 'artifact.yaml');
  } catch (error) {
    if (error instanceof LeonoreError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const minimal = 'name: thermometer\nversion: 1.2.0\nkind: application\n';

describe('readManifest', () => {
  test('reads YAML and JSON alike', () => {
    const manifest = { name: 'thermometer', version: '1.2.0', kind: 'application' };
    expect(readManifest(minimal, 'a')).toEqual(manifest);
    expect(readManifest(JSON.stringify(manifest), 'a')).toEqual(manifest);
  });

  test('accepts everything the contract shows, and leaves sizes to the files', () => {
    const manifest = readManifest(
      `${minimal}requires:
  - { name: sedona-vm, version: ">=1.2.28 <2" }
  - { name: logger, version: "^2", optional: true }
  - anyOf: [ { name: jvm, version: "^8" }, { name: jvm-compact, version: "^8" } ]
provides:  [ { name: sensor-driver, version: 1.0.0 } ]
conflicts: [ { name: old-thermometer, version: "*" } ]
variants:
  - { platform: { arch: armv7, os: linux }, directory: files/armv7 }
policies: { select: 'labels.building == "b1"' }
`,
      'artifact.yaml',
    );
    expect(manifest.requires).toHaveLength(3);
  });

  test('accepts limits, a level of isolation, and what it needs of the gateway', () => {
    const manifest = readManifest(
      `${minimal}limits: { memoryBytes: 8388608, processes: 16, cpuPercent: 50 }
isolation: user
needs: { devices: [/dev/ttyS1, /dev/i2c/1], paths: [/sys/class/gpio, /etc/a..b], ports: [1883] }
`,
      'artifact.yaml',
    );
    expect(manifest).toMatchObject({
      limits: { memoryBytes: 8_388_608, processes: 16, cpuPercent: 50 },
      isolation: 'user',
      needs: {
        devices: ['/dev/ttyS1', '/dev/i2c/1'],
        paths: ['/sys/class/gpio', '/etc/a..b'],
        ports: [1883],
      },
    });
  });

  test.each([
    ['a version that is not SemVer', 'name: a\nversion: v1.0.0\nkind: tool\n', '2:10: version: "v1.0.0"'],
    [
      'a number for a version',
      'name: a\nversion: 1.0\nkind: tool\n',
      '2:10: version: must be string, found 1 (put',
    ],
    ['an unknown field', `${minimal}author: me\n`, '4:1: author: unknown field "author"'],
    ['a missing field', 'name: a\nkind: tool\n', '1:1: the field "version" is missing'],
    ['a wrong kind', 'name: a\nversion: 1.0.0\nkind: app\n', '3:7: kind: '],
    [
      'a range that cannot be read',
      `${minimal}requires:\n  - name: b\n    version: ">=oops"\n`,
      '6:14: requires[0].version: ">=oops" is not a version range',
    ],
    [
      'a range inside anyOf',
      `${minimal}requires:\n  - anyOf:\n    - { name: b, version: nope }\n`,
      'requires[0].anyOf[0].version: "nope"',
    ],
    [
      'an unknown field inside anyOf',
      `${minimal}requires:\n  - anyOf: [ { name: b, foo: 1 } ]\n`,
      '5:25: requires[0].anyOf[0].foo: unknown field "foo"',
    ],
    [
      'an unknown field of a requirement',
      `${minimal}requires: [ { name: b, foo: 1 } ]\n`,
      'requires[0].foo: unknown field',
    ],
    ['a name with hostile characters', 'name: "../x"\nversion: 1.0.0\nkind: tool\n', '1:7: name: '],
    ['a name of a requirement', `${minimal}requires: [ { name: "a b" } ]\n`, 'requires[0].name: '],
    [
      'an unsafe path',
      `${minimal}control: { install: ../../etc/passwd }\n`,
      'control.install: "../../etc/passwd"',
    ],
    [
      'a variant that is built and pre-built',
      `${minimal}variants: [ { directory: a, source: { directory: b, build: c } } ]\n`,
      'variants[0]: ',
    ],
    ['limits that limit nothing', `${minimal}limits: {}\n`, 'limits: '],
    ['a limit below one', `${minimal}limits: { processes: 0 }\n`, 'limits.processes: '],
    ['a limit that is a fraction', `${minimal}limits: { memoryBytes: 1.5 }\n`, 'limits.memoryBytes: '],
    ['a level of isolation that is none', `${minimal}isolation: none\n`, 'isolation: '],
    ['a device elsewhere', `${minimal}needs: { devices: [/etc/passwd] }\n`, 'needs.devices[0]: '],
    ['a device that climbs', `${minimal}needs: { devices: [/dev/../etc] }\n`, 'needs.devices[0]: '],
    ['a path that is not absolute', `${minimal}needs: { paths: [etc] }\n`, 'needs.paths[0]: '],
    ['a path with a line feed', `${minimal}needs: { paths: ["/a\\nb"] }\n`, 'needs.paths[0]: '],
    ['a port that is none', `${minimal}needs: { ports: [65536] }\n`, 'needs.ports[0]: '],
    [
      'a health check that never ends',
      `${minimal}health: { staysUpSeconds: 3601 }\n`,
      'health.staysUpSeconds: ',
    ],
    ['equal keys', `${minimal}name: b\n`, '4:1: the key "name" appears twice'],
    ['equal keys in JSON', '{ "name": "a",\n "name": "b" }', '2:2: the key "name" appears twice'],
    ['broken YAML', 'name: [a\n', 'artifact.yaml:'],
    ['two documents', `${minimal}---\n${minimal}`, 'artifact.yaml:'],
    [
      'a selector that cannot be read',
      `${minimal}policies: { select: "labels.a = 1" }\n`,
      'policies.select: selector, column 10',
    ],
    ['text that is not a mapping', '42', 'must be object'],
    ['nothing', '', 'must be object'],
    ['endless nesting', '['.repeat(20_000), 'nested too deeply'],
    ['an unknown tag', 'name: !!js/function "a"\nversion: 1.0.0\nkind: tool\n', 'artifact.yaml:1:7'],
  ])('names the place of %s', (_what, text, expected) => {
    const error = failure(text);
    expect(error.code).toBe('MALFORMED_ARTIFACT');
    expect(error.message).toContain(expected);
  });

  test('an alias bomb is refused', () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let index = 1; index < 9; index += 1) {
      const [from, to] = [String.fromCharCode(96 + index), String.fromCharCode(97 + index)];
      lines.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(',')}]`);
    }
    expect(failure(lines.join('\n')).message).toContain('alias');
  });

  test('many keys are checked in linear time', () => {
    const text = minimal + Array.from({ length: 60_000 }, (_, index) => `k${String(index)}: 1\n`).join('');
    expect(failure(text).message).toContain('unknown field');
  });

  test('a file over the limit is refused before it is parsed', () => {
    expect(failure('#'.repeat(1024 * 1024 + 1)).code).toBe('TOO_LARGE');
  });
});
