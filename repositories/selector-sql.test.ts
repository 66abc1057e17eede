import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isolationLevels } from '../domain/gateway/isolation.js';
import type { SelectableProfile } from '../domain/gateway/profile.js';
import { keyedFacts, singleFacts } from '../domain/selector/facts.js';
import { Prisma } from '../prisma/generated/client.js';
import { matches, parseSelector, type Literal, type SelectorNode } from '../domain/selector/selector.js';
import { testRepositories, type TestRepositories } from '../tests/support/test-repositories.js';
import { sqlFactOf } from './selector-facts-sql.js';
import { selectorSql } from './selector-sql.js';

let repositories: TestRepositories;

beforeAll(async () => {
  repositories = await testRepositories();
});

afterAll(() => repositories.close());

/** Ids of the gateways that PostgreSQL finds each of some selectors to hold for, in one statement. */
async function foundByEach(
  roots: readonly SelectorNode[],
  gateways: readonly SelectableProfile[],
): Promise<string[][]> {
  const rows = JSON.stringify(
    gateways.map(({ reported, ...profile }) => ({
      id: profile.id,
      // What a device says of its labels lies in its profile, what it is known by beside it.
      profile: { ...profile, labels: reported ?? profile.labels ?? {} },
      labels: profile.labels ?? {},
      installed: profile.installed ?? [],
    })),
  );
  const conditions = roots.map((root) => Prisma.sql`coalesce(${selectorSql({ text: '', root })}, false)`);
  const answers = await repositories.database.$queryRaw<{ id: string; hold: boolean[] }[]>`
    SELECT g.id, ARRAY[${Prisma.join(conditions)}] AS hold
    FROM jsonb_to_recordset(${rows}::jsonb) AS g(id text, profile jsonb, labels jsonb, installed jsonb)`;
  return roots.map((_root, index) => answers.filter(({ hold }) => hold[index] === true).map(({ id }) => id));
}

async function found(root: SelectorNode, gateways: readonly SelectableProfile[]): Promise<string[]> {
  const [ids = []] = await foundByEach([root], gateways);
  return ids;
}

/** What they are to be. */
function expected(root: SelectorNode, gateways: readonly SelectableProfile[]): string[] {
  return gateways.filter((profile) => matches({ text: '', root }, profile)).map(({ id }) => id);
}

const names = ['a', 'busybox', "o'clock", 'b"c', 'd\\e', '$name', '', 'é', '100%', '{}', '?', 'constructor'];
const odd = [
  '',
  ' ',
  'true',
  'false',
  'null',
  "'",
  '"',
  '\\',
  '%',
  '$1',
  "'; DROP TABLE gateway; --",
  'a',
  'B',
  'é',
  'e\u0301',
  '\uD7FF',
  '\uE000',
  '\uFFFD',
  '\u{10000}',
  '\u{1F600}',
  '\u{10FFFF}',
  '\u{10FFFF}\u0001',
  '\u{10FFFF}\uE000',
  'x\u{1F600}',
  'x\uFF01',
];
const numbers = [
  '0',
  '-0',
  '00',
  '7',
  '07',
  '7.0',
  '7.5',
  '7.50',
  '-7.5',
  '+7',
  ' 7',
  '7 ',
  '7\n',
  '1e3',
  '.5',
  '5.',
  '٣',
  '0.000001',
  '0.0000001',
  '-0.5',
  '999999999999999',
  '999999999999999.9999999',
  '1000000000000000',
  '1234567.123456',
  '12345678.1234567',
  '123456789012345.1',
];
const versions = [
  '1',
  '1.35',
  '1.35.0',
  'v1.35.0',
  '=1.35.0',
  '1.35.0-r2',
  '1.35.0-r10',
  '1.35.0-2',
  '1.35.0-10',
  '1.35.0-2.a',
  '1.35.0-2.a.0',
  '1.35.0--',
  '1.35.0-01',
  '1.35.0-A',
  '1.35.0+build.01',
  '1.35.0-r2+build',
  ' 1.35.0\n',
  '\u00a01.35.0-r2\ufeff',
  '\u180e1.35.0-r2',
  '1.35.0.1',
  '01.35',
  '1.05',
  'gcc 12.2 (Debian)',
  'r12a7',
  'a9007199254740991.1',
  '9007199254740991.0.0-x',
  '9007199254740992.0.0',
  '99999999999999999.0.1',
  '1.99999999999999999',
  '1.35.0-9007199254740992.1',
  '1.35.0-9007199254740993.2',
  '1.35.0-99999999999999999999',
  `1.35.0-${'x'.repeat(249)}`,
  `1.35.0-${'x'.repeat(250)}`,
  '٣.1.0',
  '1.35.0-r17',
  '3.11.2-1+b1',
  '1:2.36-9+deb12u4',
  '1:v2.36',
  'V1.35.0',
  '9.2p1',
  '2.0~rc1',
  '2.0-RC.01',
  '2.0.preview',
  '2.0\u017fnapshot1',
  '1.35.0-beta99999999999999999999',
  '007.08',
  '12345678901234567.1',
  'BusyBox v1.35.0-r2',
  ' 1.35.0-rc2\n',
  '5.10.0-21-amd64',
  'musl',
  'glibc 2.36',
  'glibc-2.36-9+deb12u4',
  ' glibc /- v2.36\n',
  'a-1-2',
  'a-v-1',
  'a--1',
  'a\u00a01',
  'a 1 2',
  '-1',
  `${'\u{1F600}'.repeat(128)}1`,
  `1.35-${'x'.repeat(252)}`,
  `1.35-${'\u{1F600}'.repeat(126)}`,
  `1.35-${'\u{1F600}'.repeat(125)}`,
];
const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, fc.string({ maxLength: 4 }));
/** PostgreSQL holds no NUL, so no gateway has one, and parseSelector takes none. */
const anyText = fc.string({ unit: 'binary', maxLength: 5 }).map((text) => text.replaceAll('\0', ''));
const versionText = fc
  .tuple(
    fc.constantFrom('', 'v', ' ', 'x', '-', '1:'),
    fc.array(fc.constantFrom('0', '1', '2', '10', '01', '1234567890123456'), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '-', '+b', ' ', '~rc', '-r', '.BETA-'),
    fc.array(fc.constantFrom('0', '1', '2', '10', '01', 'a', 'A', 'a1', '-'), { maxLength: 3 }),
  )
  .map(([before, main, sign, rest]) => `${before}${main.join('.')}${sign}${rest.join('.')}`);
const text = fc.oneof(
  fc.constantFrom(...odd),
  fc.constantFrom(...numbers),
  fc.constantFrom(...versions),
  versionText,
  anyText,
);
const amount = fc.oneof(
  fc.constantFrom(0, 1, 2, 7, 7.5, 0.1, 1e-7, 1.5e-5, 0.000001, 1e15, 1.25e20, 1e21, 1.5e300, 16 * 2 ** 20),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
);
const versioned = fc.array(fc.record({ name, version: text }), { maxLength: 4 });
const optional = { requiredKeys: [] as [] };
const gateway = fc
  .tuple(
    fc.record(
      { name: text, mac: text, strategies: fc.array(name), protocols: fc.array(name), installed: versioned },
      optional,
    ),
    fc.dictionary(name, text, { maxKeys: 5 }),
    fc.record(
      {
        cpus: amount,
        memoryTotal: amount,
        memoryFree: amount,
        diskTotal: amount,
        diskFree: amount,
        load: amount,
        uptimeSeconds: amount,
        components: versioned,
      },
      optional,
    ),
    fc.record({ kernel: text, libc: text, tools: versioned }, optional),
    fc.record({ id: text, arch: text, os: text }),
    fc.option(fc.constantFrom(...isolationLevels), { nil: undefined }),
    fc.option(fc.dictionary(name, text, { maxKeys: 5 }), { nil: undefined }),
  )
  .map(([rest, labels, hardware, software, { id, arch, os }, isolation, reported]): SelectableProfile => ({
    ...rest,
    ...(reported === undefined ? {} : { reported }),
    ...(isolation === undefined
      ? {}
      : { state: { isolation, limits: false, digest: '0', applications: [], damaged: [] } }),
    id,
    labels,
    hardware: { ...hardware, arch },
    software: { ...software, os },
  }));
const gateways = fc.uniqueArray(gateway, { selector: ({ id }) => id, minLength: 1, maxLength: 12 });

const path = fc.oneof(
  fc.constantFrom(...singleFacts.keys()).map((single) => ({ name: single, key: null })),
  fc.record({ name: fc.constantFrom(...keyedFacts.keys()), key: name }),
);
const literal: fc.Arbitrary<Literal> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: amount },
  { weight: 1, arbitrary: fc.constantFrom<Literal>(-7.5, -0, Infinity, true, false) },
);
const range = fc.oneof(
  fc.constantFrom(
    '*',
    '',
    '1',
    '^1.34',
    '~1.35.0-r2',
    '>1.35.0-r2 <2',
    '1.x || >=2.0.0-0',
    '<0.0.0-0',
    '=1.35.0',
  ),
  fc.constantFrom(
    '1.0 - 2',
    '>=1.35.0-2 <1.35.0-10 || 1.35.0-a',
    '>=0.0.0',
    '<1.36.0-0',
    '>1.35.0-9007199254740992',
  ),
);
const condition: fc.Arbitrary<SelectorNode> = fc.oneof(
  fc.record({ type: fc.constant('holds' as const), path }),
  fc.record({
    type: fc.constant('compare' as const),
    path,
    operator: fc.constantFrom(
      '==' as const,
      '!=' as const,
      '<' as const,
      '<=' as const,
      '>' as const,
      '>=' as const,
    ),
    literal,
  }),
  fc.record({
    type: fc.constant('compare' as const),
    path,
    operator: fc.constant('~' as const),
    literal: range,
  }),
  fc.record({
    type: fc.constant('in' as const),
    path,
    literals: fc.array(literal, { minLength: 1, maxLength: 4 }),
  }),
);
const { node } = fc.letrec<{ node: SelectorNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    fc.record({
      type: fc.constantFrom('or' as const, 'and' as const),
      parts: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ type: fc.constant('not' as const), part: tie('node') }),
  ),
}));

describe('selectorSql', () => {
  test('finds the gateways that the domain finds, whatever they report', async () => {
    await fc.assert(
      fc.asyncProperty(node, gateways, async (root, fleet) => {
        expect(await found(root, fleet)).toEqual(expected(root, fleet));
      }),
      { numRuns: 1_500 },
    );
  }, 120_000);

  test('orders texts, numbers and versions as the domain does, each with each', async () => {
    const texts = [...new Set([...odd, ...numbers, ...versions])];
    const fleet = texts.map((value, index) => ({
      id: String(index),
      labels: { a: value },
      hardware: { arch: '' },
      software: { os: '', kernel: value, libc: value },
      installed: [{ name: 'a', version: value }],
    }));
    const amounts = numbers.map(Number).filter((value) => !Number.isNaN(value));
    const operators = ['==', '<', '<=', '>', '>='] as const;
    const facts = [
      { name: 'labels', key: 'a' },
      { name: 'software.kernel', key: null },
      { name: 'installed', key: 'a' },
      { name: 'software.libc', key: null },
      { name: 'software.libcVersion', key: null },
    ];
    for (const other of [...texts, ...amounts]) {
      const roots = operators.flatMap((operator) =>
        facts.map((path): SelectorNode => ({ type: 'compare', path, operator, literal: other })),
      );
      const ids = await foundByEach(roots, fleet);
      expect(roots.map((root, index) => ({ root, ids: ids[index] }))).toEqual(
        roots.map((root) => ({ root, ids: expected(root, fleet) })),
      );
    }
  }, 120_000);

  test('knows every fact that selectors can name', () => {
    for (const single of singleFacts.keys()) expect(sqlFactOf({ name: single, key: null })).toBeDefined();
    for (const keyed of keyedFacts.keys()) expect(sqlFactOf({ name: keyed, key: 'k' })).toBeDefined();
    expect(() => sqlFactOf({ name: 'labels', key: null })).toThrow(RangeError);
  });

  test('puts every text and number of a selector into a parameter', () => {
    const { sql, values } = selectorSql(
      parseSelector(`labels["x'y"] == "it's" && hardware.cpus > 31337 && software.kernel ~ "^4711.1.0"`),
    );
    expect(sql).not.toMatch(/x'y|it's|31337|4711/);
    expect(values).toEqual(
      expect.arrayContaining([JSON.stringify({ "x'y": "it's" }), '31337', ['4711', '1', '0']]),
    );
  });
});
