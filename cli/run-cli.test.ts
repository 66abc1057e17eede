/** The verbs against the real API on a real database: what they print, and how they exit. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { processIdentity } from '../stack/process-identity.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { registerDevice } from '../tests/support/device-side.js';
import { ed25519Key } from '../tests/support/test-key.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { runCli } from './run-cli.js';

/** Nothing listens there. */
const nowhere = '127.0.0.1:1';

let api: TestApi;
let directory: string;

beforeAll(async () => {
  api = await testApi(nowhere);
  directory = await mkdtemp(join(tmpdir(), 'leonore-cli-test-'));
  await addNode(api.repositories, 'node-1');
  const labels = { site: 'here' };
  const x86 = { arch: 'x86_64', diskFree: 12 << 20 };
  await addGateways(api.repositories, [
    profileOf('gw-1', { labels }),
    profileOf('gw-2', { labels }),
    profileOf('gw-x86', { hardware: x86 }),
  ]);
}, 60_000);

afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the CLI with the server and token in its environment. */
async function leonore(words: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(splitWords(words), {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: {
      LEONORE_SERVER: api.address,
      LEONORE_TOKEN: testTokens.admin,
      XDG_DATA_HOME: directory,
      XDG_CONFIG_HOME: directory,
      ...env,
    },
  });
  return { exitCode, ...written };
}

function splitWords(words: string): string[] {
  return [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

async function json(words: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await leonore(`${words} --json`);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** The one line of JSON that tells an error. */
async function failure(
  words: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ exitCode: number; error: unknown }> {
  const { exitCode, stdout, stderr } = await leonore(`${words} --json`, env);
  expect(stdout).toBe('');
  expect(stderr.trimEnd()).not.toContain('\n');
  return { exitCode, error: (JSON.parse(stderr) as { error: unknown }).error };
}

async function artifactDirectory(name: string, version: string, more = ''): Promise<string> {
  const root = join(directory, `${name}-${version}`);
  await mkdir(join(root, 'bin'), { recursive: true });
  const variants = 'variants: [{ platform: { arch: armv7 }, directory: bin }]';
  await writeFile(
    join(root, 'artifact.yaml'),
    `name: ${name}\nversion: ${version}\nkind: application\n${variants}\n${more}`,
  );
  await writeFile(join(root, 'bin', 'run'), '#!/bin/sh\n');
  return root;
}

describe('artifacts', () => {
  test('add, list, show, remove', async () => {
    expect(await json(`artifact add ${await artifactDirectory('app', '1.0.0')}`)).toMatchObject({
      name: 'app',
    });
    const added = await leonore(`artifact add ${await artifactDirectory('app', '2.0.0')}`);
    expect(added).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^added app@2\.0\.0/) as unknown,
    });
    const again = await leonore(`artifact add ${await artifactDirectory('app', '2.0.0')}`);
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^unchanged app@2\.0\.0/) as unknown,
    });
    expect(await json('artifact list')).toHaveLength(2);
    expect((await leonore('artifact list')).stdout).toMatch(/NAME\s+VERSION.*\napp\s+1\.0\.0\s+application/);
    expect(await json('artifact show app@2.0.0')).toMatchObject({ version: '2.0.0' });
    expect((await leonore('artifact show app@2.0.0')).stdout).toMatch(/armv7\s+files/);
    expect(await leonore('artifact remove app@1.0.0 --yes')).toMatchObject({
      exitCode: 0,
      stdout: 'removed app@1.0.0\n',
    });
    expect(await json('artifact show app')).toHaveLength(1);
  });

  test('other content under a version that exists is refused', async () => {
    const changed = await artifactDirectory('app', '2.0.0', 'description: changed\n');
    expect(await failure(`artifact add ${changed}`)).toMatchObject({
      exitCode: 1,
      error: { code: 'ARTIFACT_IMMUTABLE' },
    });
  });

  test('an archive is added as its directory is, and one that is none is refused', async () => {
    const inside = join(directory, 'archived');
    await mkdir(join(inside, 'bin'), { recursive: true });
    await writeFile(join(inside, 'artifact.yaml'), 'name: archived\nversion: 1.0.0\nkind: tool\n');
    await writeFile(join(inside, 'bin', 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    const archives = {
      '.tar': ['-C', inside, '-cf'],
      '.tar.gz': ['-C', inside, '-czf'],
      '.tgz': ['-C', directory, '-czf'],
    };
    for (const [ending, options] of Object.entries(archives)) {
      const what = ending === '.tgz' ? 'archived' : '.';
      execFileSync('tar', [...options, join(directory, `a${ending}`), what]);
      const { exitCode, stdout } = await leonore(`artifact add ${join(directory, `a${ending}`)}`);
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: expect.stringMatching(/^(added|unchanged) archived@1\.0\.0 /) as unknown,
      });
    }
    expect((await leonore(`artifact add ${inside}`)).stdout).toMatch(/^unchanged/);
    await symlink('/etc/passwd', join(inside, 'bin', 'link'));
    execFileSync('tar', ['-C', inside, '-cf', join(directory, 'link.tar'), '.']);
    expect((await leonore(`artifact add ${join(directory, 'link.tar')}`)).stderr).toMatch(
      /^MALFORMED_ARTIFACT .*link/,
    );
    expect((await leonore(`artifact add ${join(inside, 'artifact.yaml')}`)).exitCode).toBe(2);
  });

  test('a malformed manifest is bad input, and names the place', async () => {
    const malformed = await artifactDirectory('odd', '1.0.0', 'colour: red\n');
    expect(await failure(`artifact add ${malformed}`)).toMatchObject({
      exitCode: 2,
      error: {
        code: 'MALFORMED_ARTIFACT',
        detail: expect.stringContaining('colour') as unknown,
        actor: 'caller',
      },
    });
  });
});

test('gateways and nodes', async () => {
  expect(await json('gateway list')).toHaveLength(3);
  expect((await leonore('gateway list')).stdout).toMatch(/gw-1\s+online\s+node-1\s+http pull\s+armv7/);
  expect((await leonore('gateway show gw-1')).stdout).toMatch(/labels\s+site=here/);
  expect(await json('node list')).toMatchObject([{ id: 'node-1', gatewayCount: 3 }]);
  expect((await leonore('package list')).stdout).toBe('no packages\n');
});

test('deployments, plans and what cannot be begun', async () => {
  expect(await json(`deployment create site --select 'labels.site == "here"'`)).toMatchObject({
    name: 'site',
  });
  expect(await json('deployment create two --gateway gw-1 --gateway gw-x86')).toMatchObject({
    gatewayIds: ['gw-1', 'gw-x86'],
  });
  expect(await json('deployment show site')).toMatchObject({ gateways: 2 });
  expect(await json('deployment list')).toHaveLength(2);
  expect(await json('plan app --deployment two')).toMatchObject({ gateways: 2, incompatible: 1 });
  expect((await leonore('plan app --deployment two')).stdout).toMatch(/install +app@2\.0\.0/);
  expect(await leonore('plan app --gateway gw-x86')).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining('No plan installs app:') as unknown,
  });
  expect(await json('plan app --gateway gw-1 --gateway gw-x86')).toMatchObject({ gateways: 2 });
  expect((await leonore(`plan app --select 'labels.site == "here"'`)).stdout).toMatch(
    /1 package to build, 0 there already, [\d.]+ (B|KiB) to fetch/,
  );
  expect(await json(`deployment create still --select 'labels.site == "here"' --frozen`)).toMatchObject({
    mode: 'frozen',
  });
  expect(await json('deployment change still --gateway gw-1')).toMatchObject({ gatewayIds: ['gw-1'] });
  expect(await json('deployment remove still --yes')).toEqual({ removed: 'still' });
  expect(await failure('provision app --deployment site')).toMatchObject({
    exitCode: 1,
    error: { code: 'TEMPORAL_UNAVAILABLE', actor: 'operator' },
  });
  expect((await leonore('rollout list')).stdout).toBe('no rollouts\n');
});

describe('ids', () => {
  const [first, second] = ['3f2a0000-0000-4000-8000-000000000001', '3f2a0000-0000-4000-8000-0000000000ff'];

  beforeAll(async () => {
    for (const id of [first, second])
      await api.repositories.database.$executeRaw`
        INSERT INTO rollout (id, requests, names, target, gateway_ids, request_digest, options)
        SELECT ${id}::uuid, '{app}', '{app}', '1 gateway', '{gw-1}', '', '{"deadlineSeconds": 60}'::jsonb`;
  });

  afterAll(async () => {
    await api.repositories.database
      .$executeRaw`DELETE FROM rollout WHERE id IN (${first}::uuid, ${second}::uuid)`;
  });

  test('may be as short as they are the only one to begin so', async () => {
    expect(await json('rollout show 3f2a0000-0000-4000-8000-00000000000')).toMatchObject({ id: first });
    expect(await json('rollout show 3F2A00000000400080000000000000f')).toMatchObject({ id: second });
  });

  test('of several are refused, and these are named', async () => {
    expect(await failure('rollout show 3f2a')).toMatchObject({
      exitCode: 2,
      error: {
        code: 'BAD_USAGE',
        detail: `"3f2a" begins the ids of several: rollout ${first}, rollout ${second}. Give more of it.`,
      },
    });
  });

  test.each([
    ['rollout show 3f2b', 'ROLLOUT_NOT_FOUND', 'the id of no rollout begins with "3f2b"'],
    ['rollout why 3f2b gw-1', 'ROLLOUT_NOT_FOUND', 'the id of no rollout or order begins with "3f2b"'],
    ['order cancel 3f2a', 'ORDER_NOT_FOUND', 'the id of no order begins with "3f2a"'],
    ['campaign show 3f2a', 'CAMPAIGN_NOT_FOUND', 'the id of no campaign begins with "3f2a"'],
    ['wanted show 3f2a', 'WANTED_STATE_NOT_FOUND', 'the id of no wanted state begins with "3f2a"'],
  ])('%s: %s', async (words, code, detail) => {
    expect(await failure(words)).toMatchObject({ exitCode: 2, error: { code, detail } });
  });
});

describe('exit code 2', () => {
  test('enrolments, approval, readmission, labels and expected gateways', async () => {
    const made = await leonore(
      `enrolment create plant-7 --count 2 --expires 2d --id 'plant-*' --label kind=x --site b7 --reported floor --approval person`,
    );
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    const token = /^lge_\S+$/m.exec(made.stdout)?.[0];
    expect(token).toBeDefined();
    expect(await json('enrolment list')).toMatchObject([
      { name: 'plant-7', most: 2, used: 0, labels: { kind: 'x', site: 'b7' }, approval: 'person' },
    ]);
    expect((await leonore('enrolment list')).stdout).toMatch(
      /plant-7\s+0 of 2 .* plant-\*\s+kind=x site=b7\s+floor/,
    );
    const key = ed25519Key();
    const pending = await registerDevice(api.address, 'plant-1', { bearer: token, key });
    expect(pending.status).toBe(202);
    expect((await leonore('gateway list')).stdout).toMatch(/plant-1\s+pending/);
    expect(await json('gateway approve plant-1')).toMatchObject({ id: 'plant-1', state: 'queued' });
    expect((await leonore('gateway approve plant-1')).exitCode).toBe(1);
    await registerDevice(api.address, 'plant-1', { key: ed25519Key() });
    expect((await leonore('gateway contested')).stdout).toMatch(
      /plant-1\s+came with another key\s+127\.0\.0\.1\s+1/,
    );
    expect((await leonore('gateway label plant-1 room=12 kind=')).stdout).toMatch(/room\s+12\s+operator/);
    expect((await leonore('gateway show plant-1')).stdout).toMatch(
      /labels\s+room=12 site=b7|labels\s+site=b7 room=12/,
    );
    const readmitted = (await json('gateway readmit plant-1 --claim --expires 1d')) as { claimCode: string };
    expect(readmitted.claimCode).toMatch(/^lgc_/);
    expect(await json('gateway contested plant-1')).toEqual([]);
    expect(await json('enrolment revoke plant-7 --yes')).toEqual({ revoked: 'plant-7' });
    expect((await leonore('enrolment revoke plant-7 --yes')).exitCode).toBe(2);
  });

  test('gateways are expected by a file', async () => {
    const csv = join(directory, 'gateways.csv');
    await writeFile(
      csv,
      'id,node,site,"room, or place"\r\nexp-1,,b1,"a ""quoted"" one"\n\nexp-2,node-1,b2,\n',
    );
    expect(await leonore(`gateway expect ${csv}`)).toMatchObject({ exitCode: 2 });
    await writeFile(csv, '\ufeffid,node,site,place\r\nexp-1,,b1,"a ""quoted"", one"\n\nexp-2,node-1,b2,');
    const codes = (await json(`gateway expect ${csv}`)) as { id: string; claimCode: string }[];
    expect(codes.map(({ id }) => id)).toEqual(['exp-1', 'exp-2']);
    const { status } = await registerDevice(api.address, 'exp-1', {
      bearer: codes[0]?.claimCode,
      key: ed25519Key(),
    });
    expect(status).toBe(200);
    expect(await json('gateway show exp-1')).toMatchObject({
      labels: { site: 'b1', place: 'a "quoted", one' },
    });
    const file = join(directory, 'gateways.json');
    await writeFile(file, JSON.stringify([{ id: 'exp-3', labels: { site: 'b3' } }]));
    expect(await json(`gateway expect ${file} --no-claims`)).toEqual([{ id: 'exp-3', claimCode: null }]);
    await writeFile(file, '[{ "id": "exp-1" }]');
    expect(await leonore(`gateway expect ${file}`)).toMatchObject({ exitCode: 1 });
    for (const broken of ['site\nb1', 'id,site\nx', 'id,id\nx,y', 'id,site\n"x,y', '{ "id": 1 }', '[', '']) {
      await writeFile(file, broken);
      expect({ broken, ...(await leonore(`gateway expect ${file}`)) }).toMatchObject({ broken, exitCode: 2 });
    }
    expect((await leonore('gateway expect /nowhere')).stderr).toContain('UNREADABLE');
  });

  test.each([
    ['artifact', ''],
    ['frobnicate', 'BAD_USAGE'],
    ['artifact list --speed', 'BAD_USAGE'],
    ['artifact show', 'BAD_USAGE'],
    ['artifact remove app', 'BAD_USAGE'],
    ['deployment create both --gateway gw-1 --select x', 'BAD_USAGE'],
    ['plan app', 'BAD_USAGE'],
    ['plan app --gateway gw-1 --plans 0', 'BAD_USAGE'],
    ['provision app', 'BAD_USAGE'],
    ['provision app --deployment site --gateway gw-1', 'BAD_USAGE'],
    ['plan app --gateway gw-1 --select x', 'BAD_USAGE'],
    ['provision app --gateway nobody', 'GATEWAY_NOT_FOUND'],
    ['deployment change nothing --gateway gw-1', 'DEPLOYMENT_NOT_FOUND'],
    ['deployment remove nothing --yes', 'DEPLOYMENT_NOT_FOUND'],
    ['provision app --deployment site --deadline soon', 'BAD_USAGE'],
    ['gateway show nobody', 'GATEWAY_NOT_FOUND'],
    ['gateway decommission nobody --yes', 'GATEWAY_NOT_FOUND'],
    ['gateway decommission gw-1', 'There is nobody to ask whether to decommission gw-1'],
    ['artifact show nothing', 'ARTIFACT_NOT_FOUND'],
    ['artifact add /nowhere', 'UNREADABLE'],
    ['deployment show nothing', 'DEPLOYMENT_NOT_FOUND'],
    ['deployment create a/b --gateway gw-1', 'MALFORMED_INPUT'],
    [`deployment create bad --select 'labels.site =='`, 'MALFORMED_INPUT'],
    ['plan app@!! --gateway gw-1', 'MALFORMED_INPUT'],
    ['provision nothing --deployment site', 'ARTIFACT_NOT_FOUND'],
    ['rollout show 00000000-0000-0000-0000-000000000000', 'ROLLOUT_NOT_FOUND'],
    ['rollout watch 00000000-0000-0000-0000-000000000000', 'ROLLOUT_NOT_FOUND'],
    ['rollout cancel x', 'MALFORMED_INPUT'],
    ['node list --server nonsense', 'MALFORMED_INPUT'],
  ])('leonore %s', async (words, code) => {
    expect(await leonore(words)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(code) as unknown,
    });
  });
});

describe('server and token', () => {
  test('flags come before the environment', async () => {
    const wrong = { LEONORE_SERVER: `http://${nowhere}`, LEONORE_TOKEN: 'wrong' };
    expect(await failure('node list', wrong)).toMatchObject({ exitCode: 1, error: { code: 'UNREACHABLE' } });
    const words = `node list --server ${api.address} --token ${testTokens.viewer}`;
    expect(await leonore(words, wrong)).toMatchObject({ exitCode: 0 });
    expect(await failure(`gateway decommission gw-1 --yes --token ${testTokens.viewer}`)).toMatchObject({
      exitCode: 1,
      error: { code: 'FORBIDDEN' },
    });
  });

  test('without any, the CLI says what to give', async () => {
    expect(await failure('node list', { LEONORE_SERVER: '' })).toMatchObject({
      exitCode: 2,
      error: { code: 'NO_SERVER' },
    });
    expect(await failure('node list', { LEONORE_TOKEN: '' })).toMatchObject({
      exitCode: 2,
      error: { code: 'NO_TOKEN' },
    });
  });

  test('a stack on the data directory lends its address and token, but only to itself', async () => {
    const state = {
      api: api.address,
      adminToken: testTokens.admin,
      stackPid: process.pid,
      identities: { stack: processIdentity(process.pid) },
    };
    await mkdir(join(directory, 'leonore'), { recursive: true });
    await writeFile(join(directory, 'leonore', 'stack.json'), JSON.stringify(state));
    const none = { LEONORE_SERVER: '', LEONORE_TOKEN: '' };
    expect(await leonore('node list', none)).toMatchObject({ exitCode: 0 });
    expect(await failure(`node list --server http://${nowhere}`, none)).toMatchObject({
      error: { code: 'NO_TOKEN' },
    });
  });
});

describe('help and version', () => {
  test('are no failures', async () => {
    expect(await leonore('--version')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown,
    });
    const help = await leonore('--help');
    expect(help.exitCode).toBe(0);
    for (const verb of ['up', 'agent', 'artifact', 'rollout']) expect(help.stdout).toContain(verb);
  });

  test('every verb takes --json, --server and --token', async () => {
    for (const verb of ['artifact add', 'plan', 'provision', 'rollout watch', 'node list', 'agent']) {
      const { stdout } = await leonore(`${verb} --help`);
      for (const option of ['--json', '--server', '--token']) expect(stdout).toContain(option);
    }
  });
});
