/**
 * Attacks on a gateway by whoever answers it: a hostile node, a proxy in between, a blob store. Each is refused with the
 * reason, and nothing of it is installed. Those by metadata and stolen keys are in metadata-attacks.test.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Order, Task } from '../../domain/agent-protocol/messages.js';
import { signedBytes } from '../../domain/trust/metadata.js';
import { Signer } from '../../trust/ed25519.js';
import { answerEndlessly } from '../testing/endless-answer.js';
import { application } from '../testing/test-agent.js';
import { testPackage, testTask, withFile } from '../testing/test-package.js';
import { requestedLibrary, trustBed, type TrustBed } from '../testing/trust-bed.js';

let { bed, trust, start, offer, offerTask, refused } = {} as TrustBed;
beforeEach(async () => {
  ({ bed, trust, start, offer, offerTask, refused } = await trustBed());
});
afterEach(() => bed.close());

test('what is signed by all who must is installed, changed and removed', async () => {
  await start();
  expect(await offer('d1', testPackage(application('1.0.0')))).toMatchObject({ state: 'succeeded' });
  const second = testPackage(application('2.0.0'));
  expect(await offer('d2', second, { remove: ['app@1.0.0'] })).toMatchObject({ state: 'succeeded' });
  const order: Order = {
    deliveryId: 'd3',
    action: 'uninstall',
    artifact: 'app',
    deadline: '2030-01-01T00:00:00Z',
    lastSequence: 0,
  };
  bed.server.orders.push(trust.task(order));
  expect(await bed.server.ending('d3')).toMatchObject({ state: 'succeeded', installed: [] });
});

test('that what is installed is verified is a fact which artifacts can require', async () => {
  await start();
  await offer('d1', testPackage(application('1.0.0')));
  const seen = bed.server.profiles.length;
  bed.server.profileWanted = true;
  await bed.server.until(() => bed.server.profiles.length > seen);
  expect(bed.server.profiles.at(-1)?.software.tools).toContainEqual({ name: 'signatures', version: '1.0.0' });
});

describe('arbitrary installation', () => {
  test('a task that nobody has signed', async () => {
    await start();
    const built = testPackage(application('1.0.0'));
    trust.state(built);
    await refused(offerTask(built, testTask('d1', built)), /not signed/);
  });

  test('a task that somebody else has signed', async () => {
    await start();
    const built = testPackage(application('1.0.0'));
    trust.state(built);
    const by = Signer.generate();
    await refused(offerTask(built, trust.task(testTask('d1', built), { by })), /not signed by those/);
  });

  test('a task whose lines were changed after it was signed, whichever', async () => {
    await start();
    const [built, other] = [testPackage(application('1.0.0')), testPackage(application('0.1.0'))];
    trust.state(built);
    trust.state(other);
    const { signed, ...task } = trust.task(testTask('d', built));
    const changes: Partial<Task>[] = [
      { package: testTask('d', other).package },
      { remove: ['other@1.0.0'] },
      { removeFirst: true },
      { values: { password: 'mine' } },
      { requires: [{ artifact: 'app', name: 'x', range: '*' }] },
      { startState: 'other' },
      { lastSequence: 7 },
    ];
    for (const [index, change] of changes.entries()) {
      const changed = { ...task, ...change, deliveryId: `d${index}` };
      await refused(
        offerTask(other, { ...changed, ...(signed === undefined ? {} : { signed }) }),
        /not signed/,
      );
    }
  });

  test('an order that nobody has signed', async () => {
    await start();
    await offer('d1', testPackage(application('1.0.0')));
    await refused(bed.server.order('d2', 'wipe', ''), /not signed/, ['app@1.0.0']);
  });
});

describe('wrong software', () => {
  test('a task for another gateway', async () => {
    await start();
    const built = testPackage(application('1.0.0'));
    trust.state(built);
    const task = trust.task(testTask('d1', built), { gatewayId: 'gw-other' });
    await refused(offerTask(built, task), /for the gateway gw-other/);
  });

  test('files that the publisher has not signed, though director and package agree', async () => {
    await start();
    const good = testPackage(application('1.0.0'));
    const bad = testPackage(application('1.0.0', { files: { 'start.sh': 'evil\n' } }));
    trust.state(bad, ...good.artifacts.map((one) => trust.statement(one)));
    await refused(offerTask(bad, trust.task(testTask('d1', bad))), /not those that its publisher/);
  });

  test('an artifact that is run otherwise than its publisher said', async () => {
    await start();
    const files = { 'other.sh': 'evil\n' };
    const good = testPackage(application('1.0.0', { files }));
    const bad = testPackage(application('1.0.0', { files, control: { start: 'other.sh' } }));
    trust.state(bad, ...good.artifacts.map((one) => trust.statement(one)));
    await refused(offerTask(bad, trust.task(testTask('d1', bad))), /run otherwise/);
  });

  test('a statement of another version', async () => {
    await start();
    const [good, bad] = [testPackage(application('1.0.0')), testPackage(application('2.0.0'))];
    trust.state(bad, ...good.artifacts.map((one) => trust.statement(one)));
    await refused(offerTask(bad, trust.task(testTask('d1', bad))), /app@2.0.0: it is not signed/);
  });

  test('a publisher who signs a name that is another one', async () => {
    const other = Signer.generate();
    trust.nextTargets([trust.publishes(trust.publisher), trust.publishes(other, 'other-*')]);
    await start();
    const built = testPackage(application('1.0.0'));
    trust.state(built, ...built.artifacts.map((one) => trust.statement(one, {}, other)));
    await refused(offerTask(built, trust.task(testTask('d1', built))), /not signed by those who may publish/);
  });

  test('what is built from source is taken from builders, where the publisher allows it', async () => {
    await start();
    const built = testPackage(application('1.0.0'));
    const [artifact] = built.artifacts;
    if (artifact === undefined) throw new Error('no artifact');
    const source = 'ab'.repeat(32);
    const { signed } = trust.statement(artifact);
    const [tree] = signed.variants.flatMap((variant) => ('tree' in variant ? [variant.tree] : []));
    const bySource = trust.statement(artifact, { variants: [{ source }] });
    const build = (by: Signer, over = {}) => {
      const statement = { _type: 'leonore-build-1', name: 'app', version: '1.0.0', source, tree, ...over };
      const signature = by.sign(signedBytes(statement));
      return { signed: statement, signatures: [signature] };
    };
    const attempts: [string, unknown, RegExp][] = [
      ['d1', { artifacts: [bySource], builds: [] }, /not those that its publisher/],
      ['d2', { artifacts: [bySource], builds: [build(trust.publisher)] }, /may build it/],
      [
        'd3',
        { artifacts: [bySource], builds: [build(trust.builder, { source: 'cd'.repeat(32) })] },
        /not those that its publisher/,
      ],
    ];
    for (const [deliveryId, statements, why] of attempts) {
      trust.statements.set(built.digest, statements);
      await refused(offerTask(built, trust.task(testTask(deliveryId, built))), why);
    }
    trust.statements.set(built.digest, { artifacts: [bySource], builds: [build(trust.builder)] });
    expect(await offerTask(built, trust.task(testTask('d4', built)))).toMatchObject({ state: 'succeeded' });
  });
});

describe('rollback and replay', () => {
  test('a task that was given before, by a restart of the agent, too', async () => {
    const agent = await start();
    const [first, second] = [testPackage(application('1.0.0')), testPackage(application('2.0.0'))];
    trust.state(first);
    const old = trust.task(testTask('d1', first));
    await offerTask(first, old);
    await offer('d2', second, { remove: ['app@1.0.0'] });
    // Another task with the old number, and one of a number in between, signed long ago.
    const counter = old.signed?.counter ?? 0;
    await refused(offerTask(first, trust.task(testTask('d3', first), { counter })), /was given before/, [
      'app@2.0.0',
    ]);
    await agent.close();
    await start();
    await refused(offerTask(first, trust.task(testTask('d4', first), { counter })), /was given before/, [
      'app@2.0.0',
    ]);
  });

  test('a signature that does not hold counts for nobody: a director whose name is put on a task goes on counting', async () => {
    await start();
    const other = trust.otherDirector;
    const built = testPackage(application('1.0.0'));
    trust.state(built);
    const task = trust.task(testTask('d1', built), { counter: 1_000_000 });
    const [own] = task.signed?.signatures ?? [];
    if (task.signed === undefined || own === undefined) throw new Error('it is not signed');
    const forged = { keyid: other.keyid, sig: own.sig };
    const named = { ...task, signed: { ...task.signed, signatures: [own, forged] } };
    expect(await offerTask(built, named)).toMatchObject({ state: 'succeeded' });
    const second = testPackage(application('2.0.0'));
    trust.state(second);
    const update = trust.task(testTask('d2', second, { remove: ['app@1.0.0'] }), { by: other });
    expect(await offerTask(second, update)).toMatchObject({ state: 'succeeded' });
  });
});

test('a task that has expired', async () => {
  await start();
  await offer('d1', testPackage(requestedLibrary()));
  const built = testPackage(application('1.0.0'));
  trust.state(built);
  const late = trust.task(testTask('d2', built), { lastsMs: 1_000 });
  trust.nowMs += 60_000;
  await offer('d3', testPackage(requestedLibrary({ version: '1.0.1' })), { remove: ['lib@1.0.0'] });
  await refused(offerTask(built, late), /has expired|was given before/, ['lib@1.0.1']);
});

describe('endless data', () => {
  test('metadata that never end', async () => {
    trust.intercept = (path, response) => path.endsWith('1.root.json') && answerEndlessly(response);
    await start({ requireSignatures: true });
    await refused(offer('d1', testPackage(application('1.0.0'))), /no root is known/);
  });

  test('statements that never end', async () => {
    trust.intercept = (path, response) => path.endsWith('/statements') && answerEndlessly(response);
    await start();
    const report = await offer('d1', testPackage(application('1.0.0')));
    expect(report).toMatchObject({ state: 'failed', error: { class: 'network' } });
    expect(await bed.store()).toEqual([]);
  });
});

test('extraneous dependencies: nothing comes along that nobody asked for, though it is signed', async () => {
  await start();
  const built = testPackage(requestedLibrary({ requested: false }), application('1.0.0'));
  await refused(offer('d1', built), /lib@1.0.0: nobody asked for it/);
  const [dependency, app] = built.artifacts;
  if (dependency === undefined || app === undefined) throw new Error('no artifacts');
  trust.state(built, trust.statement(dependency), trust.statement(app, { requires: ['lib'] }));
  expect(await offerTask(built, trust.task(testTask('d2', built)))).toMatchObject({ state: 'succeeded' });
});

test('control scripts that are not those of LEONORE', async () => {
  await start();
  const built = testPackage(application('1.0.0'));
  trust.state(built);
  trust.nextTargets();
  const evil = withFile(built, 'control/install', 'echo evil\n');
  trust.statements.set(evil.digest, trust.statements.get(built.digest));
  await refused(
    offerTask(evil, trust.task(testTask('d1', evil))),
    /control\/install is not a script of LEONORE/,
  );
});

test('malicious mirror: a blob store that gives other bytes', async () => {
  await start();
  const [good, bad] = [testPackage(application('1.0.0')), testPackage(application('0.1.0'))];
  trust.state(good);
  const size = bad.archive.length;
  const task = testTask('d1', good);
  bed.server.offer({ ...bad, digest: good.digest });
  bed.server.tasks.push(trust.task({ ...task, package: { ...task.package, sizeBytes: size } }));
  const report = await bed.server.ending('d1');
  expect(report).toMatchObject({ state: 'failed', error: { class: 'integrity' } });
  expect(await bed.store()).toEqual([]);
});

test('dropped requests: what cannot be had is waited for or fails, and nothing is taken on trust', async () => {
  await start();
  await offer('d1', testPackage(requestedLibrary()));
  trust.intercept = (path, response) => {
    if (!path.endsWith('/statements')) return false;
    response.destroy();
    return true;
  };
  const built = testPackage(application('1.0.0'));
  expect(await offer('d2', built)).toMatchObject({ state: 'failed', error: { class: 'network' } });
  expect(await bed.store()).toEqual(['lib@1.0.0']);
  // Metadata that cannot be had leave what is known, which holds for some days.
  trust.intercept = (path, response) => {
    if (!path.includes('/trust/')) return false;
    response.destroy();
    return true;
  };
  expect(await offer('d3', built)).toMatchObject({ state: 'succeeded' });
});

test('partial bundle: each artifact of a package needs its statement', async () => {
  await start();
  const built = testPackage(requestedLibrary({ requested: false }), application('1.0.0'));
  const [dependency, app] = built.artifacts;
  if (dependency === undefined || app === undefined) throw new Error('no artifacts');
  trust.state(built, trust.statement(app, { requires: ['lib'] }));
  await refused(offerTask(built, trust.task(testTask('d1', built))), /lib@1.0.0: it is not signed/);
  trust.statements.set(built.digest, { artifacts: [], builds: [] });
  await refused(offerTask(built, trust.task(testTask('d2', built))), /it is not signed/);
});

test('what nobody has to sign is installed, but where the gateway demands it', async () => {
  trust.nextTargets([], ['app']);
  const agent = await start();
  const built = testPackage(application('1.0.0'));
  trust.statements.set(built.digest, { artifacts: [], builds: [] });
  expect(await offerTask(built, trust.task(testTask('d1', built)))).toMatchObject({ state: 'succeeded' });
  await agent.close();
  await start({ requireSignatures: true });
  const second = testPackage(application('2.0.0'));
  trust.statements.set(second.digest, { artifacts: [], builds: [] });
  await refused(offerTask(second, trust.task(testTask('d2', second))), /app@2.0.0: it is not signed/, [
    'app@1.0.0',
  ]);
});
