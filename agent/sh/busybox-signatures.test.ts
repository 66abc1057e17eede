/**
 * The BusyBox agent that verifies signatures, by openssl: the attacks of agent/trust/ on a device that has nothing but
 * BusyBox besides. Where there is no openssl for Ed25519 it is skipped.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Order, Report, Task } from '../../domain/agent-protocol/messages.js';
import { signedText } from '../../domain/agent-protocol/text-form.js';
import { signedBytes } from '../../domain/trust/metadata.js';
import { verifyingBusyBoxAgent } from '../../testbed/busybox/busybox-root.js';
import { busybox, BusyBoxBed, type BusyBoxAgent } from '../../tests/support/busybox-bed.js';
import { Signer } from '../../trust/ed25519.js';
import { dayMs } from '../../trust/make-metadata.js';
import { obtainVerifiers } from '../../tests/support/obtain-verifiers.js';
import { application, type AgentBed } from '../testing/test-agent.js';
import { testPackage, testTask, withFile, type TestPackage } from '../testing/test-package.js';
import { TestTrust } from '../testing/test-trust.js';

/** Path of an openssl that verifies Ed25519 as the agent asks it to; empty where there is none. */
const openssl = (() => {
  const help = spawnSync('openssl', ['pkeyutl', '-help'], { encoding: 'utf8' });
  if (!`${help.stdout}${help.stderr}`.includes('-rawin')) return '';
  return execFileSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).trim();
})();
if (openssl === '') process.stderr.write('skipped: signatures for the BusyBox agent: no openssl 3\n');

let box: BusyBoxBed;
let bed: AgentBed;
let trust: TestTrust;

/** As the director signs it, with the tag that goes with it. */
function tagged<T extends Task | Order>(task: T): T {
  const hmac = bed.server.keys.tagOf(signedText(task));
  if (task.signed === undefined || hmac === null) throw new Error('the gateway has shown no key');
  return { ...task, signed: { ...task.signed, hmac } };
}

function offerTask(built: TestPackage, task: Task): Promise<Report> {
  bed.server.offer(built, task);
  return bed.server.ending(task.deliveryId);
}

const tasked = (deliveryId: string, built: TestPackage, over: Partial<Task> = {}): Task =>
  tagged(trust.task(testTask(deliveryId, built, over)));

function offer(deliveryId: string, built: TestPackage, over: Partial<Task> = {}): Promise<Report> {
  trust.state(built);
  return offerTask(built, tasked(deliveryId, built, over));
}

/** That it was refused for its signatures, for this reason by the agent's log, and that nothing of it is there. */
async function refused(report: Promise<Report>, why: RegExp, installed: readonly string[]): Promise<void> {
  const { state, error } = await report;
  expect({ why, state, class: error?.class }).toEqual({ why, state: 'failed', class: 'integrity' });
  const reasons = (await bed.text('agent/log'))
    .split('\n')
    .filter((line) => line.includes('not to be trusted'));
  expect(reasons.at(-1)).toMatch(why);
  await box.leftovers();
  expect(await box.store()).toEqual(installed);
}

/** Starts it, and waits until it has learned who may sign. */
async function start(over: Record<string, string> = {}): Promise<BusyBoxAgent> {
  const polls = bed.server.countOf('GET', '/device/v1/tasks');
  const agent = box.start(over);
  await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls);
  return agent;
}

const lib = (requested: boolean) => ({ name: 'lib', version: '1.0.0', requested, files: { data: 'data' } });

(busybox === '' || openssl === '' ? describe.skip : describe)('the BusyBox agent with openssl', () => {
  beforeEach(async () => {
    box = await BusyBoxBed.onPath(undefined, verifyingBusyBoxAgent, [openssl]);
    bed = box.bed;
    trust = new TestTrust();
    trust.serveOn(bed.server);
  });
  afterEach(() => box.close());

  test('carries out what all have signed who must, and no task that anybody else has given', async () => {
    await start();
    const built = testPackage(application('1.0.0'));
    expect(await offer('d1', built)).toMatchObject({ state: 'succeeded' });
    const tools = bed.server.registrations.at(-1)?.body.profile.software.tools ?? [];
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['openssl', 'signatures']));
    expect(tools.find(({ name }) => name === 'openssl')?.version).toMatch(/^\d+\.\d+\.\d+$/);
    const next = testPackage(application('2.0.0'));
    trust.state(next);
    const there = ['app@1.0.0'];
    const remove = ['app@1.0.0'];
    const bare = tasked('d2', next, { remove });
    if (bare.signed === undefined) throw new Error('it is not signed');
    const unsigned = { ...bare, signed: { ...bare.signed, signatures: [] } };
    await refused(offerTask(next, unsigned), /not signed by those who may give/, there);
    const by = Signer.generate();
    const other = tagged(trust.task(testTask('d3', next, { remove }), { by }));
    await refused(offerTask(next, other), /not signed by those who may give/, there);
    const foreign = tagged(trust.task(testTask('d4', next, { remove }), { gatewayId: 'gw-other' }));
    await refused(offerTask(next, foreign), /not for this gateway/, there);
    // Signed, and changed afterwards: the tag alone is another's to make.
    const changed = tagged({ ...tasked('d5', next, { remove }), removeFirst: true });
    await refused(offerTask(next, changed), /not signed by those who may give/, there);
    const order: Order = {
      ...{ deliveryId: 'o1', action: 'uninstall', artifact: 'app' },
      ...{ deadline: '2030-01-01T00:00:00Z', lastSequence: 0 },
    };
    bed.server.orders.push(tagged(trust.task(order)));
    expect(await bed.server.ending('o1')).toMatchObject({ state: 'succeeded', installed: [] });
  }, 120_000);

  test('installs no package that is not what its publishers have signed', async () => {
    await start();
    const good = testPackage(application('1.0.0', { files: { 'other.sh': 'evil\n' } }));
    const stated = good.artifacts.map((one) => trust.statement(one));
    let count = 0;
    const refuse = async (built: TestPackage, why: RegExp, statements = stated): Promise<void> => {
      count += 1;
      trust.state(built, ...statements);
      await refused(offerTask(built, tasked(`d${String(count)}`, built)), why, []);
    };
    const files = { 'other.sh': 'evil\n' };
    const evil = testPackage(application('1.0.0', { files: { 'start.sh': 'evil\n', ...files } }));
    await refuse(evil, /not those that its publisher/);
    const control = { start: 'other.sh' };
    await refuse(testPackage(application('1.0.0', { files, control })), /run otherwise/);
    await refuse(testPackage(application('1.0.1', { files })), /app@1.0.1: it is not signed by those/);
    const [artifact] = good.artifacts;
    if (artifact === undefined) throw new Error('no artifact');
    await refuse(good, /not signed by those/, [trust.statement(artifact, {}, Signer.generate())]);
    await refuse(withFile(good, 'control/install', 'echo evil\n'), /not a script of LEONORE/);
    // The tables say otherwise than the manifest, which is what was judged.
    const table = good.entries.find(({ path }) => path === 'control/artifacts')?.content.toString() ?? '';
    await refuse(
      withFile(good, 'control/artifacts', table.replace('start.sh', 'other.sh')),
      /tables do not follow/,
    );
    // A second description, for whoever looks for the first that he finds.
    const twice = withFile(good, 'control/install', 'x', (manifest) => ({
      ...{ a: [{ control: {}, name: 'app', needs: { devices: ['/dev/mem'] } }] },
      ...manifest,
    }));
    await refuse(twice, /manifest cannot be judged/);
    const extra = testPackage(lib(false), application('1.0.0'));
    const all = extra.artifacts.map((one) => trust.statement(one));
    await refuse(extra, /lib@1.0.0: nobody asked for it/, all);
    await refuse(extra, /lib@1.0.0: it is not signed/, all.slice(1));

    // Required by another; and built from sources, by whom the publisher lets build.
    const [library, app] = extra.artifacts;
    if (library === undefined || app === undefined) throw new Error('no artifacts');
    const source = 'ab'.repeat(32);
    const [tree] = trust.statement(app).signed.variants.flatMap((one) => ('tree' in one ? [one.tree] : []));
    const build = (by: Signer): unknown => {
      const signed = { _type: 'leonore-build-1', name: 'app', version: '1.0.0', source, tree };
      return { signed, signatures: [by.sign(signedBytes(signed))] };
    };
    const artifacts = [
      trust.statement(library),
      trust.statement(app, { requires: ['lib'], variants: [{ source }] }),
    ];
    trust.statements.set(extra.digest, { artifacts, builds: [build(trust.publisher)] });
    await refused(offerTask(extra, tasked('b1', extra)), /not those that its publisher/, []);
    trust.statements.set(extra.digest, { artifacts, builds: [build(trust.builder)] });
    expect(await offerTask(extra, tasked('b2', extra))).toMatchObject({ state: 'succeeded' });
    await box.running();
  }, 180_000);

  test('believes of who may sign what is newer, and what goes back to its root', async () => {
    let agent = await start();
    const again = async (): Promise<void> => {
      await agent.end('SIGTERM');
      agent = await start();
    };
    const [first, second] = [testPackage(application('1.0.0')), testPackage(application('2.0.0'))];
    expect(await offer('d1', first)).toMatchObject({ state: 'succeeded' });
    const remove = ['app@1.0.0'];
    const there = ['app@1.0.0'];
    const old = new Map(trust.files);

    // The publisher's key is taken away; who shows what was before is not believed.
    trust.nowMs += 1_000;
    trust.nextTargets([]);
    await again();
    await refused(offer('d2', second, { remove }), /not signed by those who may publish/, there);
    for (const [name, text] of old) trust.files.set(name, text);
    await again();
    await refused(offer('d3', second, { remove }), /not signed by those who may publish/, there);

    // A root of somebody else's does not follow; one that the pinned one has signed does, with another director.
    const other = new TestTrust();
    trust.files.set('2.root.json', other.files.get('1.root.json') ?? '');
    await again();
    expect(await bed.text('agent/trust/root')).toContain('version\t1\n');
    const stolen = trust.online;
    trust.online = Signer.generate();
    trust.nextRoot([trust.root]);
    trust.nextTargets();
    await again();
    expect(await bed.text('agent/trust/root')).toContain('version\t2\n');
    const theft = tagged(trust.task(testTask('d4', second, { remove }), { by: stolen }));
    await refused(offerTask(second, theft), /not signed by those who may give/, there);
    expect(await offer('d5', second, { remove })).toMatchObject({ state: 'succeeded' });

    // Kept from news for longer than a timestamp lasts, it stops.
    trust.nowMs += 10 * dayMs;
    const third = testPackage(application('3.0.0'));
    const last = { remove: ['app@2.0.0'] };
    await refused(offer('d6', third, last), /not known who may sign now/, ['app@2.0.0']);
    trust.nextTimestamp();
    expect(await offer('d7', third, last)).toMatchObject({ state: 'succeeded' });
    // A root that is damaged is taken from its copy.
    await agent.end('SIGTERM');
    await writeFile(bed.path('agent/trust/root'), 'version\t9\n');
    agent = await start();
    expect(await bed.text('agent/trust/root')).toContain('version\t2\n');
  }, 180_000);

  test('goes by the root that came with the device, and refuses what nobody signs where that is demanded', async () => {
    const root = bed.path('..', 'root.json');
    const own = new TestTrust();
    await writeFile(root, JSON.stringify(JSON.parse(own.files.get('1.root.json') ?? ''), null, 2));
    const agent = await start({ LEONORE_TRUST_ROOT: root });
    const built = testPackage(application('1.0.0'));
    await refused(offer('d1', built), /not known who may sign now/, []);
    await agent.end('SIGTERM');

    trust = own;
    own.serveOn(bed.server);
    own.nextTargets([], ['app']);
    own.statements.set(built.digest, { artifacts: [], builds: [] });
    const lax = await start();
    expect(await offerTask(built, tasked('d2', built))).toMatchObject({ state: 'succeeded' });
    await lax.end('SIGTERM');
    const strict = await start({ LEONORE_SIGNATURES: 'required' });
    const second = testPackage(application('2.0.0'));
    own.statements.set(second.digest, { artifacts: [], builds: [] });
    const report = offerTask(second, tasked('d3', second, { remove: ['app@1.0.0'] }));
    await refused(report, /app@2.0.0: it is not signed/, ['app@1.0.0']);
    await strict.end('SIGTERM');
  }, 120_000);
});

const others = busybox === '' ? [] : await obtainVerifiers();

/** The tools that keep keys and signatures in files of their own form. */
(others.length === 0 ? describe.skip : describe)('the BusyBox agent without openssl', () => {
  afterEach(() => box.close());

  test.each(others)(
    'verifies by $name what it installs, and refuses what nobody has signed',
    async ({ name, path, libraries }) => {
      box = await BusyBoxBed.onPath(undefined, verifyingBusyBoxAgent, [path]);
      bed = box.bed;
      trust = new TestTrust();
      trust.serveOn(bed.server);
      await start({ LD_LIBRARY_PATH: libraries });
      const built = testPackage(application('1.0.0'));
      expect(await offer('d1', built)).toMatchObject({ state: 'succeeded' });
      const tools = bed.server.registrations.at(-1)?.body.profile.software.tools?.map((tool) => tool.name);
      expect(tools).toEqual(expect.arrayContaining([name, 'signatures']));
      const next = testPackage(application('2.0.0'));
      trust.state(next);
      const by = Signer.generate();
      const forged = tagged(trust.task(testTask('d2', next, { remove: ['app@1.0.0'] }), { by }));
      await refused(offerTask(next, forged), /not signed by those who may give/, ['app@1.0.0']);
    },
    60_000,
  );
});

(busybox === '' ? describe.skip : describe)('where nothing verifies signatures', () => {
  afterEach(() => box.close());

  test('the agent that could says so, and refuses what has to be signed', async () => {
    box = await BusyBoxBed.onPath(undefined, verifyingBusyBoxAgent);
    bed = box.bed;
    const agent = await start({ LEONORE_SIGNATURES: 'required' });
    const names = bed.server.registrations.at(-1)?.body.profile.software.tools?.map(({ name }) => name);
    expect(names).not.toContain('signatures');
    const built = testPackage(application('1.0.0'));
    await refused(box.install(built, 'd1'), /no root is known/, []);
    await agent.end('SIGTERM');
    await start();
    expect(await box.install(built, 'd2')).toMatchObject({ state: 'succeeded' });
  }, 60_000);

  test('the agent that cannot does not start where it has to', async () => {
    box = await BusyBoxBed.onPath();
    const { process: agent } = box.start({ LEONORE_SIGNATURES: 'required' });
    await once(agent, 'exit');
    expect(agent.exitCode).toBe(2);
  });
});
