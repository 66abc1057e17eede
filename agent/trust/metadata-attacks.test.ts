/**
 * Attacks on a gateway by metadata that are old, mixed or from stolen keys: what it believes of who may sign only ever becomes
 * newer, and goes back to the root that it has pinned.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dayMs } from '../../trust/make-metadata.js';
import { Signer } from '../../trust/ed25519.js';
import { application } from '../testing/test-agent.js';
import { testPackage, testTask } from '../testing/test-package.js';
import { TestTrust } from '../testing/test-trust.js';
import { requestedLibrary, trustBed, type TrustBed } from '../testing/trust-bed.js';

let { bed, trust, start, offer, offerTask, refused } = {} as TrustBed;
beforeEach(async () => {
  ({ bed, trust, start, offer, offerTask, refused } = await trustBed());
});
afterEach(() => bed.close());

test('rollback: delegations from before a key was taken away', async () => {
  const old = new Map(trust.files);
  trust.nextTargets([]);
  await start();
  const built = testPackage(application('1.0.0'));
  await refused(offer('d1', built), /not signed by those who may publish/);
  for (const [name, text] of old) trust.files.set(name, text);
  await refused(offer('d2', built), /not signed by those who may publish/);
});

test('freeze: who is kept from news stops when what he knows has ended', async () => {
  await start();
  expect(await offer('d1', testPackage(application('1.0.0')))).toMatchObject({ state: 'succeeded' });
  // Ten days on, the same metadata; the director is the only one who knows the time.
  trust.nowMs += 10 * dayMs;
  const second = testPackage(application('2.0.0'));
  await refused(offer('d2', second), /newer than all that is known/, ['app@1.0.0']);
  trust.nextTimestamp();
  expect(await offer('d3', second, { remove: ['app@1.0.0'] })).toMatchObject({ state: 'succeeded' });
});

test('fast-forward: versions that a stolen key has counted up are forgotten with the key', async () => {
  trust.nextTimestamp(7 * dayMs, Number.MAX_SAFE_INTEGER);
  const agent = await start();
  expect(await offer('d1', testPackage(requestedLibrary()))).toMatchObject({ state: 'succeeded' });
  const stolen = trust.online;
  trust.online = Signer.generate();
  trust.nextRoot([trust.root]);
  trust.nextTargets();
  // The gateway learns of it within a minute, or with its next start.
  await agent.close();
  await start();
  const built = testPackage(application('1.0.0'));
  trust.state(built);
  await refused(offerTask(built, trust.task(testTask('d2', built), { by: stolen })), /not signed by those/, [
    'lib@1.0.0',
  ]);
  expect(await offer('d3', built)).toMatchObject({ state: 'succeeded' });
});

test('mix and match: parts of metadata that do not belong together are not gone by', async () => {
  await start();
  await offer('d1', testPackage(requestedLibrary()));
  const old = trust.files.get('1.targets.json') ?? '';
  trust.nextTargets([]);
  trust.files.set('2.targets.json', old);
  // The publisher's key is still believed, by what was known before; the mixture did not take its place.
  const bad = testPackage(application('1.0.0'));
  trust.state(bad, ...bad.artifacts.map((one) => trust.statement(one, {}, Signer.generate())));
  await refused(offerTask(bad, trust.task(testTask('d2', bad))), /not signed by those who may publish/, [
    'lib@1.0.0',
  ]);
});

describe('keys', () => {
  test('a publisher whose key was taken away publishes nothing any more', async () => {
    const agent = await start();
    expect(await offer('d1', testPackage(application('1.0.0')))).toMatchObject({ state: 'succeeded' });
    trust.nowMs += 1_000;
    const fresh = Signer.generate();
    trust.nextTargets([trust.publishes(fresh)]);
    const second = testPackage(application('2.0.0'));
    // The gateway learns of it within a minute, or with its next start.
    await agent.close();
    await start();
    await refused(offer('d2', second), /not signed by those who may publish/, ['app@1.0.0']);
    trust.state(second, ...second.artifacts.map((one) => trust.statement(one, {}, fresh)));
    const task = trust.task(testTask('d3', second, { remove: ['app@1.0.0'] }));
    expect(await offerTask(second, task)).toMatchObject({ state: 'succeeded' });
  });

  test('whoever has the key of targets names himself publisher, and replaces no root', async () => {
    const agent = await start();
    expect(await offer('d1', testPackage(application('1.0.0')))).toMatchObject({ state: 'succeeded' });
    const thief = Signer.generate();
    trust.nextTargets([trust.publishes(thief)]);
    await agent.close();
    await start();
    const second = testPackage(application('2.0.0'));
    trust.state(second, ...second.artifacts.map((one) => trust.statement(one, {}, thief)));
    const task = trust.task(testTask('d2', second, { remove: ['app@1.0.0'] }));
    expect(await offerTask(second, task)).toMatchObject({ state: 'succeeded' });

    // A root with a key of his for the director, signed by the keys that he has, is none.
    trust.online = Signer.generate();
    trust.nextRoot([trust.targets, trust.online]);
    const third = testPackage(application('3.0.0'));
    trust.state(third, ...third.artifacts.map((one) => trust.statement(one, {}, thief)));
    await refused(offerTask(third, trust.task(testTask('d3', third))), /not signed by those/, ['app@2.0.0']);
  });

  test('a root that does not follow from the one that is pinned is none', async () => {
    const other = new TestTrust();
    await start();
    await offer('d1', testPackage(requestedLibrary()));
    for (const [name, text] of other.files) trust.files.set(name.replace(/^1\.root/, '2.root'), text);
    const built = testPackage(application('1.0.0'));
    other.state(built);
    trust.statements.set(built.digest, other.statements.get(built.digest));
    await refused(offerTask(built, other.task(testTask('d2', built))), /not signed by those/, ['lib@1.0.0']);
  });

  test('a root that came with the device counts, not the one that LEONORE shows', async () => {
    const own = new TestTrust();
    await start({ trustRoot: own.files.get('1.root.json') });
    await refused(offer('d1', testPackage(application('1.0.0'))), /not known yet|not signed by those/);
  });
});
