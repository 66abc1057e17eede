/** Other values for an artifact that stays: taken over, proven, or taken back. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AgentProcess, processesOf } from './testing/agent-process.js';
import { AgentBed } from './testing/test-agent.js';
import { testPackage, testTask, type TestPackage } from './testing/test-package.js';

let bed: AgentBed;
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(() => bed.close());

/** Notes each start with what it was told; works unless it is told not to. */
const start = [
  'echo "$LEONORE_VALUE_ROOM $LEONORE_VALUE_FLOOR" >>"$LEONORE_DATA/started"',
  'echo $$ >"$LEONORE_DATA/pid"',
  'exec sleep 1000',
  '',
].join('\n');
const reload = [
  'echo "$LEONORE_VALUE_ROOM $(cat "$LEONORE_VALUES/floor")" >>"$LEONORE_DATA/reloaded"',
  'test "$LEONORE_VALUE_ROOM" != broken',
  '',
].join('\n');
const check = 'test "$LEONORE_VALUE_ROOM" != ill\n';

const app = (files: Record<string, string> = {}): TestPackage =>
  testPackage(
    { name: 'lib', version: '1.0.0', files: { data: 'x' } },
    { name: 'app', version: '1.0.0', files: { 'start.sh': start, 'check.sh': check, ...files } },
  );

async function install(built: TestPackage): Promise<void> {
  bed.server.offer(built, testTask('d1', built, { values: { room: 'one', floor: '1' } }));
  await bed.start();
  await bed.server.ending('d1');
}

const lines = async (file: string) =>
  (await bed.text('container/data/app', file).catch(() => '')).split('\n').slice(0, -1);
const configure = (id: string, values: Record<string, string>, artifact = 'app') =>
  bed.server.order(id, 'configure', artifact, { values });

describe('an application without a reload script', () => {
  test('is started anew with what was changed, and keeps what was not', async () => {
    await install(app());
    expect(await configure('o1', { room: 'two' })).toMatchObject({
      sequence: 3,
      state: 'succeeded',
      installed: [{ name: 'lib' }, { name: 'app' }],
    });
    expect(await lines('started')).toEqual(['one 1', 'two 1']);
    await bed.running();
    await bed.settled();
  });

  test('has its former values back when it does not work with the others', async () => {
    await install(app());
    expect(await configure('o1', { room: 'ill' })).toMatchObject({
      state: 'failed',
      error: { class: 'health', step: 'health' },
    });
    await bed.running();
    expect(await lines('started')).toEqual(['one 1', 'ill 1', 'one 1']);
    await bed.settled();
  });

  test('that is stopped stays so, and has them when it is started', async () => {
    await install(app());
    await bed.server.order('o1', 'stop', 'app');
    expect(await configure('o2', { room: 'two' })).toMatchObject({ state: 'succeeded' });
    expect(await processesOf(bed.path('container'))).toEqual([]);
    await bed.server.order('o3', 'start', 'app');
    expect(await lines('started')).toEqual(['one 1', 'two 1']);
  });
});

describe('an application with a reload script', () => {
  test('takes them over while it runs, and is started with them whenever it ends', async () => {
    await install(app({ 'reload.sh': reload }));
    expect(await configure('o1', { room: 'two' })).toMatchObject({ state: 'succeeded' });
    expect(await lines('started')).toEqual(['one 1']);
    expect(await lines('reloaded')).toEqual(['two 1']);
    const running = Number(await bed.text('container/data/app/pid'));
    process.kill(running, 'SIGKILL');
    while ((await lines('started')).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await lines('started')).toEqual(['one 1', 'two 1']);
    await bed.running();
  });

  test('is started anew with the former ones when that fails', async () => {
    await install(app({ 'reload.sh': reload }));
    expect(await configure('o1', { room: 'broken', floor: '2' })).toMatchObject({
      state: 'failed',
      error: { class: 'script', step: 'reload' },
    });
    await bed.running();
    expect(await lines('reloaded')).toEqual(['broken 2']);
    expect(await lines('started')).toEqual(['one 1', 'one 1']);
    await bed.settled();
  });
});

test('what is not installed cannot be configured, and keys must be names', async () => {
  await install(app());
  expect(await configure('o1', { room: 'two' }, 'other')).toMatchObject({
    state: 'failed',
    error: { class: 'internal', step: 'change', message: 'other is not installed.' },
  });
  expect(await configure('o2', { '../room': 'two' })).toMatchObject({
    state: 'failed',
    error: { step: 'change' },
  });
  expect(await lines('started')).toEqual(['one 1']);
  await bed.running();
});

test('a state has another digest with other values', async () => {
  await install(app());
  const startState = 'another';
  const refused = await bed.server.order('o1', 'configure', 'app', { values: { room: 'two' }, startState });
  expect(refused).toMatchObject({ state: 'failed', error: { class: 'state', step: 'state-changed' } });
  const before = refused.stateDigest ?? '';
  const changed = await bed.server.order('o2', 'configure', 'app', {
    values: { room: 'two' },
    startState: before,
  });
  expect(changed.state).toBe('succeeded');
  expect(changed.stateDigest).not.toBe(before);
});

test.each(['change', 'switch', 'start', 'cleanup'])(
  'an agent that is killed in %s goes on with it',
  async (step) => {
    const built = app();
    bed.server.offer(built, testTask('d1', built, { values: { room: 'one', floor: '1' } }));
    const first = AgentProcess.start(bed);
    await bed.server.ending('d1');
    const ended = configure('o1', { room: 'two' });
    await first.reached('change');
    await first.reached(step, 'o1');
    await first.kill();
    const second = AgentProcess.start(bed);
    try {
      expect(await ended).toMatchObject({ state: 'succeeded' });
      await bed.running();
      expect((await lines('started')).at(-1)).toBe('two 1');
    } finally {
      await second.kill('SIGTERM');
    }
  },
);
