/**
 * Wanted states and values on real PostgreSQL and Temporal: the keeper, the workflows and the steps of the product, and
 * gateways as small as can be.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testValueKeys } from './support/test-value-keys.js';
import type { StateKeeper } from '../workers/state-keeper.js';
import type { InProcessLeonore } from './support/in-process-leonore.js';
import type { InstallingGateways } from './support/installing-gateways.js';
import { startHaltableDatabase, type HaltableDatabase } from './support/postgres.js';
import { quietTemporal } from './support/quiet-temporal.js';
import { wantedStack } from './support/wanted-bed.js';
import { testTemporal, type TestTemporal } from './support/temporal.js';
import { testRepositories, type TestRepositories } from './support/test-repositories.js';

let temporal: TestTemporal;
let database: HaltableDatabase;
let repositories: TestRepositories;
let leonore: InProcessLeonore;
let gateways: InstallingGateways;
let keepers: StateKeeper[];
type Bed = Awaited<ReturnType<typeof wantedStack>>;
let bed: Bed;
let startKeeper: Bed['startKeeper'];
let site: Bed['site'];
let publish: Bed['publish'];
let want: Bed['want'];
let stand: Bed['stand'];
let until: Bed['until'];
let isDue: Bed['isDue'];
let attemptOf: Bed['attemptOf'];
let rolloutsTo: Bed['rolloutsTo'];

beforeAll(async () => {
  quietTemporal();
  temporal = await testTemporal();
  database = await startHaltableDatabase();
  repositories = await testRepositories(60_000, database);
  bed = await wantedStack(temporal, repositories);
  ({ leonore, gateways, startKeeper, site, publish, want, stand, until, isDue, attemptOf, rolloutsTo } = bed);
  // Two, as on two coordinators: what one starts, the other does not.
  keepers = [startKeeper(), startKeeper()];
});

afterAll(async () => {
  await Promise.all(keepers.map((keeper) => keeper.stop()));
  await bed.stop();
  await repositories.close();
  await temporal.stop();
});

describe('a wanted state', () => {
  test('brings all gateways of its deployment there by one rollout, and newcomers after them', async () => {
    const { name, ids } = await site(4);
    await publish(name, '1.0.0');
    const id = await want(name, '^1');
    await stand(id, { held: 4 });
    const [first, ...others] = await repositories.wantedStates.rollouts(id, 10);
    expect([first?.gateways, others]).toEqual([4, []]);
    expect(await gateways.installed(ids[0] ?? '')).toEqual([`${name}@1.0.0`]);

    await gateways.add([`${name}-late`], { site: name });
    await stand(id, { held: 5 });
    expect(await gateways.installed(`${name}-late`)).toEqual([`${name}@1.0.0`]);
    expect(await rolloutsTo(id, ids[0] ?? '')).toBe(1);
    expect((await repositories.wantedStates.rollouts(id, 10)).map((rollout) => rollout.gateways)).toEqual([
      1, 4,
    ]);
  });

  test('brings back what drifted, and leaves what has left the deployment', async () => {
    const { name, ids } = await site(2);
    const [drifting = '', leaving = ''] = ids;
    await publish(name, '1.0.0');
    await publish(name, '1.2.0');
    const id = await want(name, '^1');
    await stand(id, { held: 2 });
    expect(await gateways.installed(drifting)).toEqual([`${name}@1.2.0`]);

    await gateways.have(drifting, [{ name, version: '1.0.0' }]);
    await until(async () => (await gateways.installed(drifting)).join() === `${name}@1.2.0`);
    await stand(id, { held: 2 });
    // So soon again it would wait for a while.
    await gateways.have(drifting, []);
    await stand(id, { held: 1, drifted: 1 });
    await isDue(id);
    await until(async () => (await gateways.installed(drifting)).join() === `${name}@1.2.0`);
    await stand(id, { held: 2 });
    expect(await rolloutsTo(id, drifting)).toBe(3);

    await repositories.gateways.changeLabels(leaving, { set: { site: 'elsewhere' }, unset: [] });
    await stand(id, { held: 1 });
    await gateways.have(leaving, []);
    await repositories.gateways.wantProfile(leaving);
    await keepers[0]?.round();
    await stand(id, { held: 1 });
    expect(await rolloutsTo(id, leaving)).toBe(1);
  });

  test('takes a new version where it is automatic, and only there', async () => {
    const { name, ids } = await site(2);
    await publish(name, '1.0.0');
    const id = await want(name, '^1', { automatic: true });
    const staying = await site(1);
    await publish(staying.name, '1.0.0');
    const other = await want(staying.name, '^1');
    await stand(id, { held: 2 });
    await stand(other, { held: 1 });

    await publish(staying.name, '1.1.0');
    await publish(name, '2.0.0');
    await publish(name, '1.1.0');
    await until(async () => (await gateways.installed(ids[1] ?? '')).join() === `${name}@1.1.0`);
    await stand(id, { held: 2 });
    expect((await repositories.wantedStates.get(id)).versions).toEqual([`${name}@1.1.0`]);
    await gateways.add([`${staying.name}-late`], { site: staying.name });
    await stand(other, { held: 2 });
    expect(await gateways.installed(`${staying.name}-late`)).toEqual([`${staying.name}@1.0.0`]);
  });

  test('does not try again and again what cannot be, until the catalog is another', async () => {
    const { name, ids } = await site(2);
    const variants = (arch: string) => ({
      variants: [{ platform: { arch }, size: 1, installedSize: 1, directory: 'files' }],
    });
    await publish(name, '1.0.0', variants('mips'));
    const id = await want(name, '^1', { automatic: true });
    await stand(id, { cannot: 2 });
    const { items } = await repositories.wantedStates.members(id, 'cannot', 10, null);
    expect(items[0]?.reason).toMatch(/armv7/);
    for (const keeper of keepers) await keeper.round();
    expect(await rolloutsTo(id, ids[0] ?? '')).toBe(1);

    await publish(name, '1.0.1', variants('armv7'));
    await stand(id, { held: 2 });
    expect(await rolloutsTo(id, ids[0] ?? '')).toBe(2);
  });

  test('tries later what failed, with the reason', async () => {
    const { name, ids } = await site(1);
    await publish(name, '1.0.0');
    gateways.conduct(ids, 'fails');
    const id = await want(name, '^1');
    await until(
      async () => (await repositories.wantedStates.members(id, 'drifted', 10, null)).items[0]?.attempts === 1,
    );
    const [member] = (await repositories.wantedStates.members(id, 'drifted', 10, null)).items;
    expect(member?.reason).toBe('no space is left');
    expect(member?.dueAt?.getTime()).toBeGreaterThan(member?.changedAt.getTime() ?? 0);

    // What it waits for has passed: it is tried again.
    gateways.conduct(ids, 'installs');
    await isDue(id);
    await stand(id, { held: 1 });
  });

  test('waits for who was lost, and brings it there when it is heard of', async () => {
    const { name, ids } = await site(1);
    const [lost = ''] = ids;
    await publish(name, '1.0.0');
    gateways.conduct(ids, 'away');
    const id = await want(name, '^1');
    await stand(id, { moving: 1 });
    const [rollout] = await repositories.wantedStates.rollouts(id, 1);
    await until(async () => (await repositories.rollouts.counts(rollout?.id ?? '')).offered === 1);
    await repositories.database.$executeRaw`
      UPDATE gateway SET last_seen_at = now() - interval '5 minutes' WHERE id = ${lost}`;
    await repositories.chunks.lose(rollout?.id ?? '', 0);
    await leonore.rolloutClient.acknowledge(rollout?.id ?? '', 0, [], true);
    await stand(id, { silent: 1 });
    gateways.conduct(ids, 'installs');
    await stand(id, { held: 1 });
    expect(await gateways.installed(lost)).toEqual([`${name}@1.0.0`]);
  });

  test('that contradicts another on a gateway is a conflict there, and no more when the other has ended', async () => {
    const { name, ids } = await site(2);
    const [common = ''] = ids;
    await publish(name, '1.0.0');
    await publish(name, '2.0.0');
    const id = await want(name, '^1');
    await stand(id, { held: 2 });
    await repositories.deployments.create(`${name}-some`, { gatewayIds: [common], selector: null });
    const other = await want(name, '^2', { deployment: `${name}-some` });
    await stand(id, { held: 1, conflict: 1 });
    await stand(other, { conflict: 1 });
    const { items } = await repositories.wantedStates.members(other, null, 10, null);
    expect(items[0]?.reason).toContain(`asks for ${name}@^1, which contradicts ^2`);
    expect(await rolloutsTo(other, common)).toBe(0);

    await repositories.wantedStates.end(id);
    await stand(other, { held: 1 });
    expect(await gateways.installed(common)).toEqual([`${name}@2.0.0`]);
  });

  test('leaves alone who is decommissioned, and keeps who moves to another node', async () => {
    const { name, ids } = await site(2);
    const [gone = '', moved = ''] = ids;
    await publish(name, '1.0.0');
    const id = await want(name, '^1');
    await stand(id, { held: 2 });
    await repositories.gateways.decommission(gone);
    await stand(id, { held: 1 });
    await repositories.database.$executeRaw`
      UPDATE gateway SET state = 'queued', node_id = NULL, queued_at = now() WHERE id = ${moved}`;
    await keepers[0]?.round();
    // If the balancer has not done so yet.
    await repositories.database.$executeRaw`
      UPDATE gateway SET state = 'active', node_id = 'node-1', queued_at = NULL WHERE id = ${moved}`;
    await stand(id, { held: 1 });
    expect(await rolloutsTo(id, moved)).toBe(1);
    expect(await rolloutsTo(id, gone)).toBe(1);
  });

  test('holds for whom its deployment names now', async () => {
    const { name, ids } = await site(2);
    const [first = '', second = ''] = ids;
    await publish(name, '1.0.0');
    await repositories.deployments.create(`${name}-one`, { gatewayIds: [first], selector: null });
    const id = await want(name, '^1', { deployment: `${name}-one` });
    await stand(id, { held: 1 });
    await repositories.deployments.change(`${name}-one`, { gatewayIds: [second], selector: null });
    await until(async () => (await gateways.installed(second)).join() === `${name}@1.0.0`);
    await stand(id, { held: 1 });
    expect(await rolloutsTo(id, first)).toBe(1);
  });

  test('that has ended starts nothing any more', async () => {
    const { name } = await site(1);
    await publish(name, '1.0.0');
    const id = await want(name, '^1');
    await stand(id, { held: 1 });
    await repositories.wantedStates.end(id);
    await repositories.wantedStates.end(id);
    await gateways.add([`${name}-late`], { site: name });
    for (const keeper of keepers) await keeper.round();
    expect(await repositories.wantedStates.compliance(id)).toMatchObject({ held: 1, moving: 0, drifted: 0 });
    expect(await gateways.installed(`${name}-late`)).toEqual([]);
  });
});

describe('values', () => {
  const declared = {
    values: [
      { key: 'interval', default: '60' },
      { key: 'token', default: '' },
    ],
  };

  test('reach gateways without a package when they change, from the nearest level', async () => {
    const { name, ids } = await site(3);
    const [own = '', some = '', rest = ''] = ids;
    await publish(name, '1.0.0', declared);
    const id = await want(name, '^1');
    await stand(id, { held: 3 });
    const interval = (gatewayId: string) => gateways.values.get(`${gatewayId} ${name}`)?.['interval'];
    expect(ids.map(interval)).toEqual(['60', '60', '60']);
    const { sharedValues, values } = repositories;
    const set = (value: string) => ({ set: { interval: value }, secret: false, unset: [] });

    await sharedValues.change(`labels.site == "${name}"`, set('site'), testValueKeys.sealer);
    await until(() => ids.every((gatewayId) => interval(gatewayId) === 'site'));
    await repositories.gateways.changeLabels(some, { set: { room: '1' }, unset: [] });
    await sharedValues.change(
      `labels.site == "${name}" && labels.room == "1"`,
      set('room'),
      testValueKeys.sealer,
    );
    await values.change(own, set('own'), testValueKeys.sealer);
    await until(() => ids.map(interval).join() === 'own,room,site');
    // Who comes under a selector by its labels has its values.
    await repositories.gateways.changeLabels(rest, { set: { room: '1' }, unset: [] });
    await until(() => interval(rest) === 'room');
    await values.change(own, { set: {}, secret: false, unset: ['interval'] }, testValueKeys.sealer);
    await until(() => interval(own) === 'site');
    expect(ids.map((gatewayId) => gateways.installations.get(gatewayId)?.length)).toEqual([1, 1, 1]);
    expect((await values.list(rest)).find(({ key }) => key === 'interval')).toMatchObject({
      value: 'room',
      level: 'select',
      select: `labels.site == "${name}" && labels.room == "1"`,
    });

    // What is set to what it is brings nothing.
    const before = gateways.configurations.get(own)?.length;
    await sharedValues.change(`labels.site == "${name}"`, set('site'), testValueKeys.sealer);
    for (const keeper of keepers) await keeper.round();
    expect(gateways.configurations.get(own)?.length).toBe(before);
    await stand(id, { held: 3 });
  });

  test('of the fleet go to those alone that have something which declares them; a rotated secret goes as well', async () => {
    const { name, ids } = await site(1);
    const [gatewayId = ''] = ids;
    const stranger = await site(1);
    await publish(name, '1.0.0', { values: [{ key: `${name}.token`, default: '' }] });
    const id = await want(name, '^1');
    await stand(id, { held: 1 });
    const { sharedValues } = repositories;
    for (let rotation = 1; rotation <= 2; rotation += 1) {
      await sharedValues.change(
        null,
        { set: { [`${name}.token`]: 'secret' }, secret: true, unset: [] },
        testValueKeys.sealer,
      );
      await until(() => gateways.configurations.get(gatewayId)?.length === rotation);
    }
    expect(gateways.configurations.get(stranger.ids[0] ?? '')).toBeUndefined();
    const answer = (await repositories.deliveries.poll([gatewayId])).get(gatewayId);
    expect(JSON.stringify(answer)).not.toContain('"secret"');
  });

  test('that could not be brought are brought later, with the reason', async () => {
    const { name, ids } = await site(1);
    const [gatewayId = ''] = ids;
    await publish(name, '1.0.0', declared);
    const id = await want(name, '^1');
    await stand(id, { held: 1 });
    gateways.conduct(ids, 'fails');
    await repositories.values.change(
      gatewayId,
      { set: { interval: '5' }, secret: false, unset: [] },
      testValueKeys.sealer,
    );
    await until(async () => (await repositories.staleValues.list(gatewayId))[0]?.attempts === 1);
    expect((await repositories.staleValues.list(gatewayId))[0]?.problem).toBe('no space is left');
    gateways.conduct(ids, 'installs');
    await repositories.database
      .$executeRaw`UPDATE stale_value SET due_at = now() WHERE gateway_id = ${gatewayId}`;
    await until(async () => (await repositories.staleValues.list(gatewayId)).length === 0);
    expect(gateways.values.get(`${gatewayId} ${name}`)?.['interval']).toBe('5');
  });

  test('other than those that waiting work was planned with have it planned anew; without one it fails', async () => {
    const { name, ids } = await site(2);
    const [changed = '', lacking = ''] = ids;
    const key = `${name}.level`;
    await publish(name, '1.0.0', { values: [{ key }] });
    const set = (value: string) => ({ set: { [key]: value }, secret: false, unset: [] });
    for (const id of ids) await repositories.values.change(id, set('1'), testValueKeys.sealer);
    gateways.conduct(ids, 'away');
    const rolloutId = await leonore.request(name, ids, 600);
    await until(async () => (await repositories.rollouts.counts(rolloutId)).offered === 2);

    await repositories.values.change(changed, set('2'), testValueKeys.sealer);
    const unset = { set: {}, secret: false, unset: [key] };
    await repositories.values.change(lacking, unset, testValueKeys.sealer);
    // Whoever asks in between is not told to go on without.
    expect((await repositories.deliveries.poll([lacking])).get(lacking)?.task).toBeNull();
    await until(async () => (await repositories.rollouts.counts(rolloutId)).failed === 1);
    const [failed] = (await repositories.deliveryLists.ofRollout(rolloutId, 1, null, { state: 'failed' }))
      .items;
    expect(failed).toMatchObject({ gatewayId: lacking, error: { code: 'VALUE_MISSING' } });
    await until(async () => (await attemptOf(changed)) === 1);

    gateways.conduct(ids, 'installs');
    expect((await leonore.ended(rolloutId)).state).toBe('partly');
    expect(gateways.values.get(`${changed} ${name}`)).toEqual({ [key]: '2' });
    for (const keeper of keepers) await keeper.round();
    expect(gateways.installations.get(changed)).toHaveLength(1);
    expect(gateways.configurations.get(changed)).toBeUndefined();
    expect(gateways.installations.get(lacking)).toBeUndefined();
  });

  test('are brought by a rollout for which all else is there by the time that it is planned anew', async () => {
    const { name, ids } = await site(1);
    const [gatewayId = ''] = ids;
    await publish(name, '1.0.0', declared);
    gateways.conduct(ids, 'away');
    const rolloutId = await leonore.request(name, ids, 600);
    await until(async () => (await repositories.rollouts.counts(rolloutId)).offered === 1);
    const set = { set: { interval: '9' }, secret: false, unset: [] };
    await repositories.values.change(gatewayId, set, testValueKeys.sealer);
    await gateways.have(gatewayId, [{ name, version: '1.0.0', installedSize: 1, requested: true }]);
    gateways.conduct(ids, 'installs');
    expect((await leonore.ended(rolloutId)).state).toBe('succeeded');
    expect(gateways.values.get(`${gatewayId} ${name}`)?.['interval']).toBe('9');
  });

  test('that are lacking have nothing configured until they are there', async () => {
    const { name, ids } = await site(1);
    const [gatewayId = ''] = ids;
    const key = `${name}.level`;
    await publish(name, '1.0.0', { values: [{ key }] });
    const set = (value: string) => ({ set: { [key]: value }, secret: false, unset: [] });
    await repositories.values.change(gatewayId, set('1'), testValueKeys.sealer);
    const id = await want(name, '^1');
    await stand(id, { held: 1 });
    const unset = { set: {}, secret: false, unset: [key] };
    await repositories.values.change(gatewayId, unset, testValueKeys.sealer);
    await until(async () => (await repositories.staleValues.list(gatewayId)).length === 1);
    expect(await repositories.staleValues.list(gatewayId)).toMatchObject([
      { artifact: name, orderId: null, problem: `there is no value for ${key}` },
    ]);
    // A rollout of the same version tells it as well.
    const again = await leonore.ended(await leonore.request(name, ids, 600));
    expect(again.state).toBe('failed');
    const [delivery] = (await repositories.deliveryLists.ofRollout(again.id, 1, null)).items;
    expect(delivery?.error).toMatchObject({ code: 'VALUE_MISSING' });
    expect(gateways.configurations.get(gatewayId)).toBeUndefined();

    await repositories.values.change(gatewayId, set('3'), testValueKeys.sealer);
    await until(() => gateways.values.get(`${gatewayId} ${name}`)?.[key] === '3');
    expect(gateways.configurations.get(gatewayId)).toHaveLength(1);
  });

  test('other than those that were given make a rollout of the same version configure the gateway', async () => {
    const { name, ids } = await site(2);
    const [changed = '', same = ''] = ids;
    await publish(name, '1.0.0', declared);
    const first = await leonore.request(name, ids, 600);
    expect((await leonore.ended(first)).state).toBe('succeeded');
    // As if the keeper had not come to it yet.
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    await repositories.values.change(
      changed,
      { set: { interval: '7' }, secret: false, unset: [] },
      testValueKeys.sealer,
    );
    const again = await leonore.request(name, ids, 600);
    expect((await leonore.ended(again)).state).toBe('succeeded');
    expect(gateways.configurations.get(changed)).toEqual([expect.stringContaining(again)]);
    expect(gateways.values.get(`${changed} ${name}`)?.['interval']).toBe('7');
    expect(gateways.configurations.get(same)).toBeUndefined();
    const third = await leonore.request(name, ids, 600);
    expect((await leonore.ended(third)).state).toBe('succeeded');
    expect(gateways.configurations.get(changed)).toHaveLength(1);
  });
});

describe('whatever is away or killed in between', () => {
  test('each gateway is brought there by one rollout: PostgreSQL, and a keeper that dies with its work recorded', async () => {
    const { name, ids } = await site(3);
    await publish(name, '1.0.0');
    await Promise.all(keepers.map((keeper) => keeper.stop()));
    // It comes no further than to the record of a rollout, and keeps its turn to the end.
    let release = (): void => undefined;
    const killed = new Promise<void>((resolve) => (release = resolve));
    const dying = startKeeper(
      new Proxy(leonore.rolloutClient, {
        get: (client, key, receiver) =>
          key === 'start' ? () => killed : (Reflect.get(client, key, receiver) as unknown),
      }),
    );
    const id = await want(name, '^1');
    await stand(id, { moving: 3 });
    await database.halt();
    const successor = startKeeper();
    keepers.push(successor);
    await successor.round();
    await database.start();
    await stand(id, { held: 3 });
    for (const gatewayId of ids) {
      expect(await rolloutsTo(id, gatewayId)).toBe(1);
      expect(gateways.installations.get(gatewayId)).toHaveLength(1);
    }
    // What is wanted of newcomers is seen to by who is left.
    await gateways.add([`${name}-late`], { site: name });
    await stand(id, { held: 4 });
    release();
    await dying.stop();
  });
});
