import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import semver from 'semver';
import { isSemVer } from '../artifact/check-manifest.js';
import { semverOf } from './semver-of.js';

/** The order of dpkg, as deb-version(7) tells it: of one part of a version. */
function comparePart(left: string, right: string): number {
  const weight = (character: string | undefined): number => {
    if (character === undefined || /\d/.test(character)) return 0;
    if (character === '~') return -1;
    return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
  };
  const isWord = (character: string | undefined): boolean => character !== undefined && !/\d/.test(character);
  let [a, b] = [left, right];
  while (a !== '' || b !== '') {
    while (isWord(a[0]) || isWord(b[0])) {
      const order = weight(a[0]) - weight(b[0]);
      if (order !== 0) return order;
      [a, b] = [a.slice(1), b.slice(1)];
    }
    const [x = '', y = ''] = [a, b].map((text) => /^\d*/.exec(text)?.[0]);
    if (BigInt(x) !== BigInt(y)) return BigInt(x) < BigInt(y) ? -1 : 1;
    [a, b] = [a.slice(x.length), b.slice(y.length)];
  }
  return 0;
}

interface Parts {
  readonly upstream: string;
  readonly revision: string;
}

function compare(left: Parts, right: Parts): number {
  return Math.sign(comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision));
}

const textOf = ({ upstream, revision }: Parts): string =>
  revision === '' ? upstream : `${upstream}-${revision}`;

const digits = fc.oneof(fc.constantFrom('0', '00', '1', '10', '9'), fc.stringMatching(/^[0-9]{1,18}$/));
const word = fc.stringMatching(/^[a-cyzAZ~+.]{1,3}$/);
const tail = fc
  .array(fc.tuple(word, fc.oneof(fc.constant(''), digits)), { maxLength: 3 })
  .map((parts) => parts.flat().join(''));
const number = fc.constantFrom('0', '1', '02', '2', '10');
const parts: fc.Arbitrary<Parts> = fc.record({
  upstream: fc
    .tuple(number, number, number, tail)
    .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`),
  revision: fc.oneof(
    fc.constant(''),
    fc.tuple(fc.oneof(fc.constant(''), digits), tail).map(([first, rest]) => `${first}${rest}`),
  ),
});

describe('a version of a distribution as SemVer', () => {
  test('sorts as dpkg sorts, whatever follows its three numbers', () => {
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const [a, b] = [left, right].map((one) => semverOf(textOf(one)).semver);
        expect({ a, b, order: semver.compare(a ?? '', b ?? '') }).toEqual({
          a,
          b,
          order: compare(left, right),
        });
      }),
      { numRuns: 3_000 },
    );
  });

  test('is SemVer 2.0', () => {
    fc.assert(fc.property(parts, (one) => expect(isSemVer(semverOf(textOf(one)).semver)).toBe(true)));
  });

  test.each([
    ['7.88.1', '7.88.1'],
    ['7.88.1-0', '7.88.1'],
    ['7.88.1-10', '7.88.2-0.0r0.10.0e'],
    ['7.88.1-10+deb12u5', '7.88.2-0.0r0.10.zbdeb0.12.u0.5.0e'],
    ['7.88.1~rc1-1', '7.88.1--rc0.1.0r0.1.0e'],
    ['1.36.1-r1', '1.36.2-0.0rr0.1.0e'],
    ['9', '9.0.0'],
    ['20230311', '20230311.0.0'],
    ['git-23.051-a505801', '0.0.1-0.gitzc0.23.zd0.51.0ra0.505801.0e'],
  ])('%s is %s', (text, version) => {
    expect(semverOf(text)).toEqual({ semver: version, epoch: 0 });
  });

  test('the epoch is told beside it', () => {
    expect(semverOf('2:9.0.1378-2')).toEqual({ semver: '9.0.1379-0.0r0.2.0e', epoch: 2 });
  });

  test.each(['^7.88', '~7.88.1', '>=7.88.1', '<7.88.2', '>7.88.1'])('7.88.1-10 is in %s', (range) => {
    const { semver: version } = semverOf('7.88.1-10');
    expect(semver.satisfies(version, range, { includePrerelease: true })).toBe(true);
  });

  test.each([
    '',
    '-1',
    'a b',
    '1/2',
    ':1',
    '1:',
    '1:2:3 ',
    'é',
    `1.${'9'.repeat(300)}`,
    `1${'+'.repeat(200)}`,
  ])('%j is none', (text) => {
    expect(() => semverOf(text)).toThrow('is not a version as Debian and OpenWrt write them');
  });
});
