/** What documents and comments name is there. */
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { sourceFiles } from './support/source-files.js';

/** Sources and documents. What runs on a gateway has files of other kinds, which are not of this repository. */
const named =
  /(?<![\w./@-])(?:\.{1,2}\/)*([a-z0-9][a-z0-9.-]*(?:\/[a-z0-9][a-z0-9.-]*)*\.(?:ts|mjs|cjs|js|sql|prisma|md))(?![\w/-])/g;
/** A folder in backticks. */
const folder = /`((?:[a-z0-9-]+\/)+)`/g;
/** `dist/` holds the sources compiled; this one is bundled from several. */
const bundled = 'dist/workflow-bundle.js';
/** It shows the folders of a gateway's disk, which are named as a room is. */
const aboutDisks = 'docs/gateway.md';
const comments: Readonly<Record<string, RegExp>> = {
  '.ts': /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g,
  '.mjs': /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g,
  '.cjs': /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g,
  '.js': /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g,
  '.prisma': /\/\/.*/g,
  '.sql': /--.*/g,
};

let texts: ReadonlyMap<string, string>;
let folders: ReadonlySet<string>;

beforeAll(async () => {
  const files = await sourceFiles();
  texts = new Map(
    await Promise.all(
      files.map(async (file) => [file, await readFile(join(packageRoot(), file), 'utf8')] as const),
    ),
  );
  folders = new Set(files.flatMap((file) => parentsOf(file)));
});

/** Every folder above a path. */
function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [parent, ...parentsOf(parent)];
}

/** What a file says to people. */
function wordsOf(file: string, text: string): string {
  if (file.endsWith('.md')) return text;
  const comment = comments[extname(file)];
  return comment === undefined ? '' : (text.match(comment) ?? []).join('\n');
}

/** A file may be named by its end: what a page is about need not be repeated in each of its lines. */
function isFile(name: string): boolean {
  if (name === bundled) return true;
  const source = name.replace(/^dist\//, '').replace(/\.js$/, '.ts');
  return [name, source].some((path) =>
    [...texts.keys()].some((file) => file === path || file.endsWith(`/${path}`)),
  );
}

test('every source and every page that is named exists', () => {
  const missing: string[] = [];
  for (const [file, text] of texts) {
    for (const [, name] of wordsOf(file, text).matchAll(named))
      if (name !== undefined && !isFile(name)) missing.push(`${file}: ${name}`);
  }
  expect(missing).toEqual([]);
});

test('every folder of a room that is named exists', () => {
  const missing: string[] = [];
  for (const [file, text] of texts) {
    if (file === aboutDisks) continue;
    for (const [, name] of wordsOf(file, text).matchAll(folder)) {
      const path = normalize(name ?? '').replace(/\/$/, '');
      const [room = ''] = path.split('/');
      if (path.includes('/') && folders.has(room) && !folders.has(path)) missing.push(`${file}: ${path}`);
    }
  }
  expect(missing).toEqual([]);
});

test('every relative link leads to a file, and its fragment to a heading', () => {
  const broken: string[] = [];
  for (const [file, text] of texts) {
    if (!file.endsWith('.md')) continue;
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [target = '', fragment] = link.split('#');
      const path = target === '' ? file : normalize(join(dirname(file), target)).replace(/\/$/, '');
      const page = texts.get(path);
      const there = page !== undefined || folders.has(path);
      if (!there || (fragment !== undefined && !anchorsOf(page ?? '').includes(fragment)))
        broken.push(`${file}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

/** The fragments by which the headings of a page are reached. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every page says at its beginning whom it is for', () => {
  const pages = [...texts].filter(([file]) => /^docs\/[^/]+\.md$/.test(file));
  expect(pages.flatMap(([file, text]) => (/^# [^\n]+\n\nFor /.test(text) ? [] : [file]))).toEqual([]);
});

test('no conflict of a merge is left', () => {
  const marker = new RegExp(['<', '=', '>', '\\|'].map((sign) => `^${sign}{7}(?: |$)`).join('|'), 'm');
  expect([...texts].flatMap(([file, text]) => (marker.test(text) ? [file] : []))).toEqual([]);
});
