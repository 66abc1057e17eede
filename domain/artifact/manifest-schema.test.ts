/** The schema that editors are given, the page that explains it, and what LEONORE accepts are about the same fields. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import { parse } from 'yaml';
import { packageRoot } from '../../process/package-root.js';
import { readManifest } from './read-manifest.js';

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

let schema: Node & TSchema;
let page: string;
let examples: string[];

beforeAll(async () => {
  schema = JSON.parse(
    await readFile(join(packageRoot(), 'docs/artifact.schema.json'), 'utf8'),
  ) as typeof schema;
  page = await readFile(join(packageRoot(), 'docs/artifacts.md'), 'utf8');
  examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
});

/** Fields with their schemas: `variants[].platform.arch`. */
function fieldsOf(node: Node, prefix = ''): [string, Node][] {
  const own = Object.entries(node.properties ?? {}).flatMap(([name, below]): [string, Node][] => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [[path, below], ...fieldsOf(below, path)];
  });
  const items = node.items === undefined ? [] : fieldsOf(node.items, `${prefix}[]`);
  return [...own, ...items, ...(node.anyOf ?? []).flatMap((branch) => fieldsOf(branch, prefix))];
}

test('every field is described, and has its line on the page', () => {
  const fields = fieldsOf(schema);
  expect(fields.length).toBeGreaterThan(60);
  expect(fields.filter(([, { description = '' }]) => description === '').map(([path]) => path)).toEqual([]);
  const lines = page.split('\n').filter((line) => line.startsWith('| `'));
  const explained = new Set(
    lines.flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, path]) => path)),
  );
  const paths = new Set(fields.map(([path]) => path));
  expect([...paths].filter((path) => !explained.has(path))).toEqual([]);
  expect([...explained].filter((path) => !paths.has(path ?? ''))).toEqual([]);
});

test('every example is accepted by LEONORE and by the published schema, and together they show every field', () => {
  const validator = Compile(schema);
  const shown = new Set<string>();
  for (const example of examples) {
    readManifest(example, 'example');
    const value: unknown = parse(example);
    expect(validator.Errors(value)).toEqual([]);
    note(value, '', shown);
  }
  // Sizes are measured.
  const missing = [...new Set(fieldsOf(schema).map(([path]) => path))].filter((path) => !shown.has(path));
  expect(missing).toEqual(['requires[].anyOf[].version', 'variants[].size']);
});

/** Notes the fields that a value has. */
function note(value: unknown, path: string, into: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) note(item, `${path}[]`, into);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, below] of Object.entries(value)) {
      const place = path === '' ? name : `${path}.${name}`;
      into.add(place);
      note(below, place, into);
    }
  }
}

describe('what the published schema refuses', () => {
  const base = { name: 'a', version: '1.0.0', kind: 'library' };

  test.each([
    ['an unknown field', { ...base, colour: 'red' }],
    ['an unknown field below', { ...base, variants: [{ platform: { cpu: 'arm' } }] }],
    ['a name in capitals', { ...base, name: 'A' }],
    ['a missing version', { name: 'a', kind: 'library' }],
    ['another kind', { ...base, kind: 'service' }],
    ['a number where there is text', { ...base, version: 1 }],
  ])('%s', (_, manifest) => {
    expect(Compile(schema).Check(manifest)).toBe(false);
    expect(() => readManifest(JSON.stringify(manifest), 'artifact.yaml')).toThrow();
  });
});

describe('an unknown field', () => {
  test.each([
    ['name: a\nversion: 1.0.0\nkind: library\nrequire: []\n', 'did you mean "requires"?'],
    ['name: a\nversion: 1.0.0\nkind: library\nhealth: { chek: x }\n', 'did you mean "check"?'],
    [
      'name: a\nversion: 1.0.0\nkind: library\nvariants: [{ platform: { arhc: x } }]\n',
      'did you mean "arch"?',
    ],
    ['name: a\nversion: 1.0.0\nkind: library\nrequires: [{ nmae: x }]\n', 'did you mean "name"?'],
    [
      'name: a\nversion: 1.0.0\nkind: library\nrequires: [{ anyOf: [{ verison: x }] }]\n',
      'did you mean "version"?',
    ],
    ['nam: a\nversion: 1.0.0\nkind: library\n', 'did you mean "name"?'],
  ])('%j: %s', (text, hint) => {
    expect(() => readManifest(text, 'artifact.yaml')).toThrow(hint);
  });

  test('that resembles none has no suggestion', () => {
    expect(() => readManifest('name: a\nversion: 1.0.0\nkind: library\ncolour: red\n', 'f')).toThrow(
      /unknown field "colour"$/,
    );
  });
});
