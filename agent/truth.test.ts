/** What a gateway says of itself is so: damaged files, dead applications, plans for another state, damaged memory. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../domain/agent-protocol/messages.js';
import type { GatewayProfile, GatewayState } from '../domain/gateway/profile.js';
import { AgentBed, application } from './testing/test-agent.js';
import { testPackage, testTask, type TestArtifact, type TestPackage } from './testing/test-package.js';

let bed: AgentBed;
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(() => bed.close());

const lib = (version: string): TestArtifact => ({ name: 'lib', version, files: { data: version } });
/** Lives only as long as the library says so. */
const needing = (version: string, major: string): TestArtifact =>
  application(version, {
    files: {
      'start.sh': `grep -q '^${major}' "$LEONORE_ACTIVE/lib/data" || exit 4; echo "$LEONORE_VERSION" >>"$LEONORE_DATA/started"; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n`,
    },
  });

async function install(built: TestPackage, deliveryId: string, over = {}): Promise<Report> {
  bed.server.offer(built, testTask(deliveryId, built, over));
  return bed.server.ending(deliveryId);
}

const lastProfile = (): GatewayProfile | undefined =>
  bed.server.profiles.at(-1) ?? bed.server.registrations.at(-1)?.body.profile;

/** The state of the first profile, of any way in which they come, that is as wanted. */
async function told(isWanted: (state: GatewayState) => boolean): Promise<GatewayState> {
  const state = (): GatewayState | undefined => lastProfile()?.state;
  await bed.server.until(() => {
    const now = state();
    return now !== undefined && isWanted(now);
  });
  return state() as GatewayState;
}

async function damage(file: string): Promise<void> {
  const [home = ''] = await readdir(bed.path('container/store/app'));
  const path = bed.path('container/store/app', home, file);
  await chmod(path, 0o755);
  await writeFile(path, 'exit 1\n');
}

describe('evidence', () => {
  test('a change of a library that breaks a running application is undone', async () => {
    await bed.start();
    await install(testPackage(lib('1.0.0'), needing('1.0.0', '1')), 'd1');
    const report = await install(testPackage(lib('2.0.0')), 'd2');
    expect(report).toMatchObject({ state: 'failed', error: { class: 'health', step: 'health' } });
    expect(report.installed?.map(({ version }) => version)).toEqual(['1.0.0', '1.0.0']);
    await bed.running();
  });

  test('an application that was down before keeps no change from happening', async () => {
    const files = {
      'start.sh':
        'test ! -e "$LEONORE_DATA/broken" || exit 7\necho $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n',
      'check.sh': 'test -s "$LEONORE_DATA/pid"\n',
    };
    await bed.start({ profileIntervalSeconds: 0.05 });
    await install(testPackage(application('1.0.0', { files })), 'd1');
    await writeFile(bed.path('container/data/app/broken'), '');
    process.kill(Number(await bed.text('container/data/app/pid')), 'SIGKILL');
    await told((state) => (state.applications[0]?.restarts ?? 0) > 0);
    const other = testPackage({ name: 'other', version: '1.0.0', files: { x: 'y' } });
    expect(await install(other, 'd2')).toMatchObject({ state: 'succeeded' });
  });

  test('a crash-looping application whose library went is repaired by bringing both', async () => {
    await bed.start();
    await install(testPackage(lib('1.0.0'), needing('1.0.0', '1')), 'd1');
    // It cannot be up without its library, so this is what an order of an operator leads to.
    await install(testPackage(), 'd2', { remove: ['lib@1.0.0'] });
    expect(await install(testPackage(lib('1.0.0'), needing('1.0.0', '1')), 'd3')).toMatchObject({
      state: 'succeeded',
    });
    await bed.running();
    expect(await install(testPackage(lib('1.1.0')), 'd4', { remove: ['lib@1.0.0'] })).toMatchObject({
      state: 'succeeded',
    });
    await bed.running();
  });

  test('damaged files are not taken for good ones when the same version is provisioned again', async () => {
    const built = testPackage(application('1.0.0'));
    await bed.start({ verifyIntervalSeconds: 1_000_000 });
    await install(built, 'd1');
    const pid = Number(await bed.text('container/data/app/pid'));
    await damage('start.sh');
    expect(await install(built, 'd2')).toMatchObject({ state: 'succeeded' });
    expect(() => process.kill(pid, 0)).toThrow();
    await bed.running();
    const [home = ''] = await readdir(bed.path('container/store/app'));
    expect(await bed.text('container/store/app', home, 'start.sh')).not.toBe('exit 1\n');
  });
});

describe('the profile', () => {
  test('tells how far applications are isolated, as a fact that artifacts can require', async () => {
    await bed.start();
    const { isolation } = await told(() => true);
    const tools = lastProfile()?.software.tools?.map(({ name }) => name) ?? [];
    expect(tools.includes('isolation-full')).toBe(isolation === 'full');
    expect(tools.includes('isolation-user')).toBe(isolation !== 'none');
    // Nobody here signs.
    expect(tools).not.toContain('signatures');
  });

  test('tells by itself of an application that crashes again and again', async () => {
    await bed.start();
    const restart = { mostBackoffSeconds: 1 };
    const crashing = application('1.0.0', { restart, files: { 'start.sh': 'sleep 0.3; exit 6\n' } });
    await install(testPackage(crashing), 'd1');
    expect((await told((state) => (state.applications[0]?.restarts ?? 0) > 2)).applications).toMatchObject([
      { name: 'app', lastExit: 'ended with status 6' },
    ]);
  });

  test('tells by itself that an application is up which it told to be down', async () => {
    await bed.start();
    await install(testPackage(application('1.0.0')), 'd1');
    await bed.running();
    process.kill(Number(await bed.text('container/data/app/pid')), 'SIGKILL');
    bed.server.profileWanted = true;
    const isUp = (state: GatewayState): boolean => state.applications[0]?.up === true;
    await told((state) => state.applications[0]?.lastExit !== undefined && !isUp(state));
    expect((await told(isUp)).applications).toMatchObject([{ restarts: 1 }]);
  });

  test('damaged files are repaired from LEONORE; what cannot be had is told', async () => {
    const built = testPackage(application('1.0.0'));
    await bed.start({ verifyIntervalSeconds: 0.05 });
    await install(built, 'd1');
    const [home = ''] = await readdir(bed.path('container/store/app'));
    const file = bed.path('container/store/app', home, 'start.sh');
    const promised = await readFile(file, 'utf8');
    await damage('start.sh');
    const isGood = async (): Promise<boolean> => (await readFile(file, 'utf8').catch(() => '')) === promised;
    while (!(await isGood())) await bed.server.until(() => true);
    await bed.running();
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').includes('/packages/')) return false;
      response.writeHead(404).end();
      return true;
    };
    await damage('start.sh');
    expect(await told((state) => state.damaged.length > 0)).toMatchObject({ damaged: ['app'] });
    await bed.running();
  });
});

describe('a plan', () => {
  const digest = async (): Promise<string> => {
    bed.server.profileWanted = true;
    const seen = bed.server.profiles.length;
    await bed.server.until(() => bed.server.profiles.length > seen);
    return (await told(() => true)).digest;
  };

  test('for another state is refused, with the state that there is', async () => {
    await bed.start();
    await install(testPackage(lib('1.0.0'), needing('1.0.0', '1')), 'd1');
    const startState = await digest();
    const first = await install(testPackage(lib('1.1.0')), 'd2', { startState });
    expect(first).toMatchObject({ state: 'succeeded' });
    expect(first.stateDigest).toMatch(/./);
    const late = await install(testPackage(lib('2.0.0')), 'd3', { startState });
    expect(late).toMatchObject({
      state: 'failed',
      error: { class: 'state', step: 'state-changed' },
      stateDigest: first.stateDigest,
    });
    expect(late.installed?.map(({ version }) => version).sort()).toEqual(['1.0.0', '1.1.0']);
    expect(bed.server.countOf('GET', `/device/v1/packages/${testPackage(lib('2.0.0')).digest}`)).toBe(0);
  });

  test('whose end does not hold together is refused, and so is an order', async () => {
    await bed.start();
    const requires = [{ artifact: 'app', name: 'lib', range: '^1' }];
    await install(testPackage(lib('1.0.0'), needing('1.0.0', '1')), 'd1', { requires });
    expect(await install(testPackage(lib('2.0.0')), 'd2')).toMatchObject({
      state: 'failed',
      error: { class: 'state', message: 'app needs lib ^1, and lib is 2.0.0' },
    });
    expect(await bed.server.order('o1', 'uninstall', 'lib')).toMatchObject({
      state: 'failed',
      error: { class: 'state', message: 'app needs lib ^1, and lib is not there' },
    });
    await bed.running();
    expect(await bed.store()).toEqual(['app@1.0.0', 'lib@1.0.0']);
  });
});

describe('damaged memory', () => {
  const damages: [string, () => Promise<void>][] = [
    ['a cut generation', async () => writeFile(bed.path('container/current/generation.json'), '{"artif')],
    [
      'a generation whose copies are cut both',
      async () => {
        await writeFile(bed.path('container/current/generation.json'), '{"artif');
        await writeFile(bed.path('container/current/generation.json.copy'), '');
      },
    ],
    ['a link that is gone', async () => rm(bed.path('container/current'))],
    [
      'a link that leads nowhere',
      async () => {
        await rm(bed.path('container/current'));
        await symlink('generations/77', bed.path('container/current'));
      },
    ],
    [
      'a directory in place of the link',
      async () => {
        await rm(bed.path('container/current'));
        await mkdir(bed.path('container/current'));
      },
    ],
    ['no generations at all', async () => rm(bed.path('container/generations'), { recursive: true })],
    ['noise in place of the identity', async () => writeFile(bed.path('agent/identity.json'), 'noise')],
    ['noise in place of the journal', async () => writeFile(bed.path('agent/journal.json'), 'noise')],
    ['noise in place of a report', async () => writeFile(bed.path('agent/reports/000000000009.json'), '{')],
  ];

  test.each(damages)('%s: the agent runs what there is, and goes on', async (_what, harm) => {
    const agent = await bed.start();
    await install(testPackage(lib('1.0.0'), needing('1.0.0', '1')), 'd1');
    await bed.settled();
    await agent.close();
    await harm();
    await bed.start();
    await bed.running();
    const report = await install(testPackage(lib('1.2.0')), 'd2');
    expect(report).toMatchObject({ state: 'succeeded' });
    expect(report.installed?.map(({ name }) => name).sort()).toEqual(['app', 'lib']);
    await bed.running();
    expect(existsSync(join(bed.root, 'container', 'current', 'generation.json'))).toBe(true);
  });
});
