/** A feed that is imported is resolved as apt resolves it: the same packages, or none. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCli } from '../cli/run-cli.js';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { semverOf } from '../domain/distribution/semver-of.js';
import type { Catalog } from '../domain/resolver/catalog.js';
import { createCatalog } from '../domain/resolver/create-catalog.js';
import { artifactMeets } from '../domain/resolver/gateway-facts.js';
import { readCatalog } from '../domain/resolver/read-catalog.js';
import { resolve } from '../domain/resolver/resolve.js';
import { findOnPath } from '../stack/temporal/install.js';
import { aptBed } from './support/apt-bed.js';
import { inventedFeed } from './support/invented-feed.js';

const lists = '/var/lib/apt/lists';
const isMainIndex = /dists_[^_]+_main_binary-amd64_Packages(\.\w+)?$/u;
/** Apt's own program reads whatever its lists are compressed with. */
const aptHelper = '/usr/lib/apt/apt-helper';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-apt-test-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const hasApt = (await findOnPath('apt-get', process.env)) !== undefined;

async function realIndexes(): Promise<string[]> {
  const names = hasApt ? await readdir(lists).catch(() => []) : [];
  return names.filter((name) => isMainIndex.test(name)).map((name) => join(lists, name));
}

const withApt = hasApt ? test : test.skip;
const indexes = await realIndexes();
const withRealIndex = indexes.length > 0 ? test : test.skip;

async function imported(paths: readonly string[], into: string): Promise<readonly ArtifactManifest[]> {
  const stderr: string[] = [];
  const exitCode = await runCli(['artifact', 'import', '--index', '--into', into, ...paths, '--json'], {
    stdout: { write: () => true },
    stderr: { write: (text: string) => stderr.push(text) },
    env: {},
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: [] });
  return readCatalog(await readFile(into, 'utf8'), into).artifacts;
}

/** What LEONORE would install on an empty gateway: `name@version`, sorted; null when there is no plan. */
function planned(catalog: Catalog, name: string): string[] | null {
  const { plans } = resolve({ catalog, gateway: null, requests: [{ name, range: '*' }], maxPlans: 1 });
  return plans[0]?.install.toSorted() ?? null;
}

const asArtifacts = (installed: Map<string, string> | null): string[] | null =>
  installed === null
    ? null
    : [...installed].map(([name, version]) => `${name}@${semverOf(version).semver}`).toSorted();

withApt('on a feed of invented packages', async () => {
  const { index, names } = inventedFeed(20_261);
  const repository = join(directory, 'repository');
  await mkdir(repository);
  await writeFile(join(repository, 'Packages'), index);
  await writeFile(join(directory, 'Packages.gz'), gzipSync(index));
  const apt = await aptBed(join(directory, 'invented'), `deb [trusted=yes] file:${repository} ./`);
  await apt.update();
  const catalog = createCatalog(
    await imported([join(directory, 'Packages.gz')], join(directory, 'feed.json')),
  );
  const asked = names.filter((_name, at) => at % 6 === 0);
  let [solved, refused, largest] = [0, 0, 0];
  for (const name of asked) {
    const wanted = asArtifacts(await apt.install(name));
    expect({ name, plan: planned(catalog, name) }).toEqual({ name, plan: wanted });
    if (wanted === null) refused += 1;
    else solved += 1;
    largest = Math.max(largest, wanted?.length ?? 0);
  }
  // Otherwise there was nothing to compare.
  expect(solved).toBeGreaterThan(30);
  expect(refused).toBeGreaterThan(3);
  expect(largest).toBeGreaterThan(10);
});

withRealIndex('on the index of the distribution that this machine has', async () => {
  const paths: string[] = [];
  for (const [at, path] of indexes.entries()) {
    const text = execFileSync(aptHelper, ['cat-file', path], { maxBuffer: 2 ** 29 });
    paths.push(join(directory, `Packages-${at}`));
    await writeFile(paths.at(-1) ?? '', text);
  }
  const artifacts = await imported(paths, join(directory, 'real.json'));
  const catalog = createCatalog(artifacts);
  const names = artifacts.map(({ name }) => name);
  const closures = names
    .filter((_name, at) => at % 97 === 0)
    .map((name) => ({ name, closure: onlyClosure(catalog, name) }))
    .filter(({ closure }) => closure !== null && closure.size >= 5 && closure.size <= 80);
  const step = Math.ceil(closures.length / 6);
  const asked = closures.filter((_one, at) => at % step === 0).map(({ name }) => name);
  expect(asked.length).toBeGreaterThan(3);
  const apt = await aptBed(join(directory, 'real'));
  for (const name of asked)
    expect({ name, plan: planned(catalog, name) }).toEqual({
      name,
      plan: asArtifacts(await apt.install(name)),
    });
});

/** All that a name needs, where each need can be met in one way; null where there is a choice, or no way. */
function onlyClosure(catalog: Catalog, name: string): Set<string> | null {
  const closure = new Set<string>();
  for (const pending = [name]; pending.length > 0;) {
    const next = pending.pop() ?? '';
    if (closure.has(next)) continue;
    closure.add(next);
    const [newest, ...others] = catalog.versionsOf(next);
    if (newest === undefined || others.length > 0) return null;
    for (const requirement of newest.requires ?? []) {
      const options = 'anyOf' in requirement ? requirement.anyOf : [requirement];
      const ways = new Set(
        options.flatMap((option) =>
          [...catalog.versionsOf(option.name), ...catalog.providersOf(option.name)]
            .filter((one) => artifactMeets(one, option.name, option.version))
            .map((one) => one.name),
        ),
      );
      const [way] = ways;
      if (way === undefined || ways.size > 1) return null;
      pending.push(way);
    }
  }
  return closure;
}
