/** Two builders, each a process of its own, that need the same package; and one that is killed in the middle. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { removeAbandonedBuilds } from '../activities/package-builder/sandbox/build-directory.js';
import { parseRequest } from '../domain/plan/request.js';
import type { Plan } from '../domain/plan/plan.js';
import { resolve } from '../domain/resolver/resolve.js';
import { runningCommands } from './support/running-commands.js';
import { testBuilder, type TestBuilder } from './support/test-builder.js';
import { profileOf } from './support/test-repositories.js';

let builder: TestBuilder;
/** Where the builders have their directories: nodes of other tests would clear up elsewhere. */
let directory: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  builder = await testBuilder();
  directory = await mkdtemp(join(tmpdir(), 'leonore-once-'));
}, 300_000);

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

afterAll(async () => {
  await builder.close();
  await rm(directory, { recursive: true });
});

/** A builder in a process of its own. It says `started`, and what came of it. */
function startBuilder(plan: Plan): {
  child: ChildProcess;
  result: Promise<{ packageId: string; reused: boolean }>;
} {
  const hooks = fileURLToPath(new URL('../scripts/typescript-hooks.mjs', import.meta.url));
  const script = fileURLToPath(new URL('support/builder-process.ts', import.meta.url));
  const register = `data:text/javascript,import{register}from'node:module';register(${JSON.stringify(`file://${hooks}`)});`;
  const child = spawn(process.execPath, ['--import', register, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      TMPDIR: directory,
      DATABASE_URL: builder.repositories.server.url,
      LEONORE_BLOBS: builder.blobRoot,
      LEONORE_PLAN: JSON.stringify(plan),
    },
  });
  children.add(child);
  const result = once(createInterface(child.stdout), 'line').then(
    ([line]) => JSON.parse(String(line)) as { packageId: string; reused: boolean },
  );
  return { child, result };
}

/** A plan for an artifact whose build takes a while, and leaves a different file each time it is run. */
async function slowPlan(name: string, seconds: string): Promise<Plan> {
  await builder.publish(
    {
      name,
      version: '1.0.0',
      kind: 'application',
      variants: [{ size: 1, installedSize: 1, source: { directory: 'src', build: 'build.sh' } }],
    },
    { 'src/build.sh': `sleep ${seconds}; cat /proc/sys/kernel/random/uuid >"$LEONORE_OUTPUT/run"\n` },
  );
  const catalog = await builder.repositories.artifacts.loadCatalog([name]);
  const [plan] = resolve({ catalog, requests: [parseRequest(name)], gateway: profileOf('any') }).plans;
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

test('two processes that need the same package build it once', async () => {
  const plan = await slowPlan('wanted-twice', '2');
  const results = await Promise.all([startBuilder(plan).result, startBuilder(plan).result]);
  expect(results.map(({ reused }) => reused).sort()).toEqual([false, true]);
  expect(new Set(results.map(({ packageId }) => packageId)).size).toBe(1);
}, 300_000);

test('a builder that is killed in the middle leaves the lock, and nothing that runs or stays', async () => {
  // Nobody else on the machine sleeps just as long.
  const seconds = `4.${process.pid}`;
  const plan = await slowPlan('interrupted', seconds);
  const first = startBuilder(plan);
  first.result.catch(() => undefined);
  const ofChild = async () =>
    (await readdir(directory)).filter((name) => name.startsWith(`leonore-build-${first.child.pid ?? 0}-`));
  while ((await ofChild()).length === 0) await new Promise((wait) => setTimeout(wait, 20));
  const second = startBuilder(plan);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  expect(await second.result).toMatchObject({ reused: false });
  expect((await runningCommands()).filter((command) => command.includes(`sleep\0${seconds}`))).toEqual([]);
  expect(await ofChild()).toHaveLength(1);
  await removeAbandonedBuilds(directory);
  expect(await ofChild()).toEqual([]);
}, 300_000);
