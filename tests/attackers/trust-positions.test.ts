/**
 * Attackers who answer a gateway: one in the network, one who has the blob store, one who has a node with its keys, one who has the database
 * that nodes tell from. Each can do what docs/security.md says of him, and no more.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Report, Task } from '../../domain/agent-protocol/messages.js';
import { answerEndlessly } from '../../agent/testing/endless-answer.js';
import { application, AgentBed } from '../../agent/testing/test-agent.js';
import { testPackage, testTask, type TestPackage } from '../../agent/testing/test-package.js';
import { TestTrust } from '../../agent/testing/test-trust.js';
import { dayMs } from '../../trust/make-metadata.js';

let bed: AgentBed;
let trust: TestTrust;
const [first, second] = [testPackage(application('1.0.0')), testPackage(application('2.0.0'))];

beforeEach(async () => {
  bed = await AgentBed.create();
  trust = new TestTrust();
  trust.serveOn(bed.server);
  trust.state(first);
  trust.state(second);
  await bed.start({ isolation: 'none' });
});
afterEach(() => bed.close());

function offer(built: TestPackage, task: Task): Promise<Report> {
  bed.server.offer(built, task);
  return bed.server.ending(task.deliveryId);
}

const install = (deliveryId: string, built: TestPackage, over: Partial<Task> = {}): Task =>
  trust.task(testTask(deliveryId, built, over));

async function refused(
  report: Promise<Report>,
  why: RegExp,
  installed: readonly string[] = [],
): Promise<void> {
  expect(await report).toMatchObject({
    state: 'failed',
    error: { class: 'integrity', message: expect.stringMatching(why) },
  });
  expect(await bed.store()).toEqual(installed);
  await bed.settled();
}

describe('the network', () => {
  test('keeps a gateway from what it is to get, and brings nothing else about', async () => {
    const good = install('d1', first);
    await refused(offer(first, testTask('d2', first)), /not signed/);
    await refused(offer(first, { ...good, deliveryId: 'd3', removeFirst: true }), /not signed by those/);
    // It can drop: nothing is installed, and nothing is undone.
    let isCut = true;
    const serve = bed.server.intercept;
    bed.server.intercept = (request, response) => {
      if (!isCut || request.url?.startsWith('/device/v1/packages') !== true) return serve(request, response);
      response.destroy();
      return true;
    };
    expect(await offer(first, good)).toMatchObject({ state: 'failed', error: { class: 'network' } });
    expect(await bed.store()).toEqual([]);
    isCut = false;
    expect(await offer(first, install('d4', first))).toMatchObject({ state: 'succeeded' });
    await refused(offer(second, { ...good, deliveryId: 'd5' }), /not signed by those/, ['app@1.0.0']);
  });

  test('keeps a gateway at what it knows for as long as a timestamp lasts', async () => {
    expect(await offer(first, install('d1', first))).toMatchObject({ state: 'succeeded' });
    trust.nowMs += 8 * dayMs;
    await refused(offer(second, install('d2', second)), /newer than all that is known/, ['app@1.0.0']);
  });
});

describe('the blob store', () => {
  test('destroys packages, and changes none', async () => {
    bed.server.offer({ ...second, digest: first.digest }, install('d1', first));
    // Of another size, or of other bytes: neither is unpacked.
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'failed' });
    expect(await bed.store()).toEqual([]);
    const damaged = Buffer.from(first.archive);
    damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
    bed.server.offer({ ...first, archive: damaged }, install('d2', first));
    expect(await bed.server.ending('d2')).toMatchObject({ state: 'failed' });
    bed.server.offer({ ...first, archive: Buffer.alloc(first.archive.length) }, install('d3', first));
    expect(await bed.server.ending('d3')).toMatchObject({ state: 'failed' });
    expect(await bed.store()).toEqual([]);
    expect(await offer(first, install('d4', first))).toMatchObject({ state: 'succeeded' });
  });
});

describe('one node, with the director’s key', () => {
  test('gives signed artifacts, old versions too, and values; nothing that no publisher has signed', async () => {
    expect(await offer(second, install('d1', second))).toMatchObject({ state: 'succeeded' });
    const back = install('d2', first, { remove: ['app@2.0.0'], values: { key: 'his' } });
    expect(await offer(first, back)).toMatchObject({ state: 'succeeded' });
    const own = testPackage({ ...application('3.0.0'), files: { 'start.sh': 'echo mine\n' } });
    const byHim = own.artifacts.map((one) => trust.statement(one, {}, trust.online));
    trust.state(own, ...byHim);
    await refused(offer(own, install('d3', own)), /not signed by those who may publish/, ['app@1.0.0']);
  });

  test('publishes no delegations, and tasks no gateway outside his own', async () => {
    expect(await offer(first, install('d1', first))).toMatchObject({ state: 'succeeded' });
    const signatureOfTargets = trust.files.get('1.targets.json') ?? '';
    const his = JSON.parse(signatureOfTargets) as { signed: object; signatures: object[] };
    trust.nextTargets([trust.publishes(trust.online)]);
    const [theirs] = [trust.files.get('2.targets.json') ?? ''];
    const { signed } = JSON.parse(theirs) as { signed: object };
    // Everything that his key signs is his: snapshot and timestamp name these delegations, which he cannot sign.
    trust.files.set('2.targets.json', JSON.stringify({ ...his, signed }));
    const own = testPackage({ ...application('3.0.0'), files: { 'start.sh': 'echo mine\n' } });
    trust.state(own, ...own.artifacts.map((one) => trust.statement(one, {}, trust.online)));
    await refused(offer(own, install('d2', own)), /not signed by those who may publish/, ['app@1.0.0']);
    const foreign = trust.task(testTask('d3', second), { gatewayId: 'gw-of-another-node' });
    await refused(offer(second, foreign), /is for the gateway|not signed by those/, ['app@1.0.0']);
  });
});

describe('the database', () => {
  test('has nodes plan what publishers have signed, and nothing else', async () => {
    // Nodes sign what the database says, so tasks are good, whatever was written there.
    expect(await offer(first, install('d1', first))).toMatchObject({ state: 'succeeded' });
    const own = testPackage({ ...application('3.0.0'), files: { 'start.sh': 'echo mine\n' } });
    trust.state(own, ...second.artifacts.map((one) => trust.statement(one)));
    await refused(offer(own, install('d2', own)), /./, ['app@1.0.0']);
    trust.statements.set(own.digest, { artifacts: [], builds: [] });
    await refused(offer(own, install('d3', own)), /not signed/, ['app@1.0.0']);
  });

  test('shows another root, and is not believed', async () => {
    expect(await offer(first, install('d1', first))).toMatchObject({ state: 'succeeded' });
    const other = new TestTrust();
    for (const [name, text] of other.files) trust.files.set(name.replace(/^1\.root/, '2.root'), text);
    const own = testPackage({ ...application('3.0.0'), files: { 'start.sh': 'echo mine\n' } });
    other.state(own);
    trust.statements.set(own.digest, other.statements.get(own.digest));
    await refused(offer(own, other.task(testTask('d2', own))), /not signed by those/, ['app@1.0.0']);
    await refused(offer(own, install('d3', own)), /not signed by those who may publish/, ['app@1.0.0']);
  });
});

test('nobody of them makes the agent wait for ever: what never ends is given up', async () => {
  trust.intercept = (path, response) => path.endsWith('/statements') && answerEndlessly(response);
  expect(await offer(first, install('d1', first))).toMatchObject({
    state: 'failed',
    error: { class: 'network' },
  });
  expect(await bed.store()).toEqual([]);
});
