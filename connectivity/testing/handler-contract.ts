/**
 * What every handler has to hold, whatever it speaks: run over real sockets and a real database, with a gateway that speaks
 * the protocol. A handler of one's own is tested by calling {@link describeHandlerContract} (docs/connectivity.md).
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Report, ReportsResponse, TasksResponse } from '../../domain/agent-protocol/messages.js';
import type { VariantFormat } from '../../domain/artifact/manifest.js';
import { LeonoreError } from '../../domain/errors.js';
import type { Endpoint } from '../../domain/gateway/endpoint.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import type { BlobStore } from '../../repositories/blob-store.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { SecretBox } from '../../repositories/secret-box.js';
import {
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  registrationOf,
  testRepositories,
  type OfferedContent,
  type TestRepositories,
} from '../../tests/support/test-repositories.js';
import { testValueKeys } from '../../tests/support/test-value-keys.js';
import { ClientEnrolment } from '../client-enrolment.js';
import { DeviceService } from '../device-service.js';
import type { GatewayHandler, Protocol } from '../gateway-handler.js';
import { issueGatewayToken } from '../gateway-token.js';

/**
 * A gateway that speaks the protocol under test. What it is refused throws an Error whose `failure` says what it understood:
 * `unauthenticated`, `wrongNode`, `unavailable` (with `retryAfterMs`) or `refused` (with `code`).
 */
export interface ContractGateway {
  /** What it is told to do; a client of a kind of its own may have its own names for deliveries. */
  tasks(): Promise<
    Pick<TasksResponse, 'profileWanted'> & { readonly tasks: readonly { deliveryId: string }[] }
  >;
  /** @returns null where the protocol does not say what became of a report that was taken */
  report(reports: readonly Report[]): Promise<ReportsResponse | null>;
  sendProfile(profile: GatewayProfile): Promise<void>;
  /** Sends more than any request may have; resolves when it was refused. */
  sendTooMuch(): Promise<void>;
  /** Resolves with the next notice; only asked of handlers that push. */
  noticed?(): Promise<void>;
  /** Where it listens; of protocols that need an address. */
  readonly pushAddress?: string | undefined;
  close(): Promise<void>;
}

export interface HandlerUnderTest {
  readonly protocol: Protocol;
  /** Of devices that take files as they are, and no packages. */
  readonly files?: {
    readonly format: VariantFormat;
    /** Makes a package with one such file, whose content is at least two bytes. */
    packaged(blobs: BlobStore): Promise<OfferedContent>;
  };
  /** Whatever it needs is started here. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>;
  readonly strategy: 'push' | 'pull';
  /** Its profiles come by themselves and name no gateway: the protocol has no way to ask for one, or to name another. */
  readonly profilesUnasked?: true;
  /** A gateway of that id; it is known to LEONORE when it is asked for something first, unless it is unknown. */
  gateway(who: { readonly id: string; readonly token: string }, endpoint: Endpoint): Promise<ContractGateway>;
}

/** A service that can be told to have too much to do. */
class StrainedService extends DeviceService {
  isBusy = false;

  override async tasks(...given: Parameters<DeviceService['tasks']>): ReturnType<DeviceService['tasks']> {
    this.refuseWhenBusy();
    return super.tasks(...given);
  }

  override async unsignedTasks(
    ...given: Parameters<DeviceService['unsignedTasks']>
  ): ReturnType<DeviceService['unsignedTasks']> {
    this.refuseWhenBusy();
    return super.unsignedTasks(...given);
  }

  override async report(...given: Parameters<DeviceService['report']>): ReturnType<DeviceService['report']> {
    this.refuseWhenBusy();
    return super.report(...given);
  }

  private refuseWhenBusy(): void {
    if (this.isBusy) throw new LeonoreError('TOO_MANY_REQUESTS', 'too many wait', { retryAfterSeconds: 1 });
  }
}

const content = Buffer.from('the bytes of a package');
const plain: OfferedContent = {
  digest: createHash('sha256').update(content).digest('hex'),
  sizeBytes: content.length,
};

export function describeHandlerContract(name: string, underTest: HandlerUnderTest): void {
  describe(`the contract of handlers: ${name}`, () => {
    let repositories: TestRepositories;
    let blobRoot: string;
    let service: StrainedService;
    let handler: GatewayHandler;
    let endpoint: Endpoint;
    let id: string;
    let rolloutId: string;
    let offer: OfferedContent;
    let gateway: ContractGateway;
    const open: ContractGateway[] = [];

    beforeAll(async () => {
      repositories = await testRepositories();
      blobRoot = await mkdtemp(join(tmpdir(), 'leonore-contract-'));
      const blobs = new DiskBlobStore(blobRoot);
      await (await blobs.stage(Readable.from([content]), 1_000)).commit();
      offer = (await underTest.files?.packaged(blobs)) ?? plain;
      service = new StrainedService({
        nodeId: 'node-1',
        deliveries: repositories.deliveries,
        gateways: repositories.gateways,
        blobs,
        secrets: new SecretBox([]),
        values: testValueKeys.opener,
        missing: () => undefined,
        acknowledged: () => undefined,
        failed: (error) => {
          throw error;
        },
      });
      handler = underTest.protocol.open({ environment: await underTest.environment(), services: [] });
      const clients = new ClientEnrolment({ ...repositories, nodeId: 'node-1', secrets: new SecretBox([]) });
      const context = { nodeId: 'node-1', service, clients, blobs, logger: pino({ level: 'silent' }) };
      const endpoints = await handler.start(context);
      endpoint = endpoints[0] as Endpoint;
      await addNode(repositories, 'node-1', endpoints);
      await addNode(repositories, 'node-2', endpoints);
    }, 60_000);

    afterAll(async () => {
      await handler.close();
      await service.close();
      await repositories.close();
      await rm(blobRoot, { recursive: true, force: true });
    });

    beforeEach(async () => {
      ({ id, gateway } = await enrolled());
      rolloutId = await offered(id);
    });

    afterEach(async () => {
      service.isBusy = false;
      for (const one of open.splice(0)) await one.close();
    });

    /** A gateway that is registered on node-1. */
    async function enrolled(): Promise<{ id: string; gateway: ContractGateway }> {
      const own = `gw-${randomBytes(6).toString('hex')}`;
      const { token, hash } = issueGatewayToken(own);
      const one = await underTest.gateway({ id: own, token }, endpoint);
      open.push(one);
      const profile = ownProfile(own);
      await repositories.registrations.register(
        registrationOf(profile, hash, { pushAddress: one.pushAddress ?? null }),
      );
      await repositories.database.$executeRaw`UPDATE gateway SET node_id = 'node-1' WHERE id = ${own}`;
      return { id: own, gateway: one };
    }

    /** A profile as a gateway under test has it. */
    function ownProfile(own: string, changes: Partial<GatewayProfile> = {}): GatewayProfile {
      const { files, strategy, protocol } = underTest;
      const profile = profileOf(own, { strategies: [strategy], protocols: [protocol.name], ...changes });
      return files === undefined
        ? profile
        : { ...profile, software: { ...profile.software, formats: [files.format] } };
    }

    async function offered(gatewayId: string): Promise<string> {
      const own = await addRollout(repositories, ['thermometer'], [gatewayId]);
      await offerPackage(repositories, own, {
        plan: planOf(),
        content: offer,
      });
      return own;
    }

    async function taken(): Promise<string> {
      const { tasks } = await gateway.tasks();
      expect(tasks).toHaveLength(1);
      if (underTest.files === undefined)
        expect(tasks).toMatchObject([{ rolloutId, package: { digest: offer.digest } }]);
      return tasks[0]?.deliveryId ?? '';
    }

    function report(deliveryId: string, sequence: number, state: Report['state']): Report {
      return { deliveryId, sequence, state, ...(state === 'succeeded' ? { installed: [] } : {}) };
    }

    const counts = () => repositories.rollouts.counts(rolloutId);

    test('a task is fetched and its reports are taken, to the end', async () => {
      const deliveryId = await taken();
      await gateway.report([report(deliveryId, 1, 'downloading')]);
      expect(await counts()).toMatchObject({ downloading: 1 });
      const answer = await gateway.report([
        report(deliveryId, 2, 'installing'),
        report(deliveryId, 3, 'succeeded'),
      ]);
      if (answer !== null) {
        const { outcomes } = answer;
        expect(outcomes).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied', state: 'succeeded' }]);
      }
      expect(await counts()).toMatchObject({ succeeded: 1 });
      expect((await gateway.tasks()).tasks).toEqual([]);
    });

    test('a report that comes twice changes nothing', async () => {
      const deliveryId = await taken();
      await gateway.report([report(deliveryId, 1, 'downloading')]);
      const answer = await gateway.report([report(deliveryId, 1, 'downloading')]);
      if (answer !== null) expect(answer.outcomes).toMatchObject([{ outcome: 'duplicate' }]);
      expect(await counts()).toMatchObject({ downloading: 1 });
    });

    test('a report that comes after the deadline corrects what was taken for lost', async () => {
      const deliveryId = await taken();
      await repositories.database.$executeRaw`
        UPDATE rollout_chunk SET deadline_at = now() - interval '1 second' WHERE rollout_id = ${rolloutId}::uuid`;
      await repositories.chunks.lose(rolloutId, 0);
      expect(await counts()).toMatchObject({ lost: 1 });
      await gateway.report([report(deliveryId, 1, 'succeeded')]);
      expect(await counts()).toMatchObject({ succeeded: 1 });
    });

    test('what was cancelled is offered no more, and its reports are told so', async () => {
      const deliveryId = await taken();
      await repositories.provisioning.cancel(rolloutId);
      expect((await gateway.tasks()).tasks).toEqual([]);
      await expect(gateway.report([report(deliveryId, 1, 'downloading')])).rejects.toMatchObject({
        failure: 'refused',
        code: 'DELIVERY_ENDED',
      });
      expect(await counts()).toMatchObject({ cancelled: 1 });
    });

    test("a report about another gateway's delivery is refused", async () => {
      const other = await enrolled();
      const deliveryId = await taken();
      await expect(other.gateway.report([report(deliveryId, 1, 'succeeded')])).rejects.toMatchObject({
        failure: 'refused',
        code: 'DELIVERY_NOT_FOUND',
      });
      expect(await counts()).toMatchObject({ succeeded: 0 });
    });

    test('a profile that is asked for is sent', async () => {
      await repositories.gateways.wantProfile(id);
      service.gatewayChanged(id);
      expect((await gateway.tasks()).profileWanted).toBe(underTest.profilesUnasked !== true);
      await gateway.sendProfile(ownProfile(id, { name: 'told' }));
      expect((await gateway.tasks()).profileWanted).toBe(false);
      expect((await repositories.gateways.get(id)).profile.name).toBe('told');
    });

    if (underTest.profilesUnasked !== true) {
      test('a profile of another gateway is refused', async () => {
        // Where the id stands in an address it is the token that is not taken there.
        await expect(gateway.sendProfile(profileOf('somebody-else'))).rejects.toMatchObject({
          failure: expect.stringMatching(/^(refused|unauthenticated)$/),
        });
      });
    }

    test('a gateway that nobody knows is not served', async () => {
      const stranger = issueGatewayToken('gw-stranger');
      const unknown = await underTest.gateway({ id: 'gw-stranger', token: stranger.token }, endpoint);
      open.push(unknown);
      await expect(unknown.tasks()).rejects.toMatchObject({ failure: 'unauthenticated' });
    });

    test('a gateway that names another is not served', async () => {
      const liar = await underTest.gateway({ id, token: issueGatewayToken(id).token }, endpoint);
      open.push(liar);
      await expect(liar.tasks()).rejects.toMatchObject({ failure: 'unauthenticated' });
    });

    test('a token that was revoked is void at once, in a session that stands too', async () => {
      await taken();
      await repositories.gateways.decommission(id);
      service.gatewayChanged(id);
      await expect(gateway.tasks()).rejects.toMatchObject({ failure: 'unauthenticated' });
    });

    test('a gateway that belongs to another node is told so', async () => {
      await taken();
      await repositories.database.$executeRaw`UPDATE gateway SET node_id = 'node-2' WHERE id = ${id}`;
      service.gatewayChanged(id);
      await expect(gateway.tasks()).rejects.toMatchObject({ failure: 'wrongNode' });
    });

    test('what is too large is refused, and others are served on', async () => {
      const other = await enrolled();
      await offered(other.id);
      await gateway.sendTooMuch();
      expect((await other.gateway.tasks()).tasks).toHaveLength(1);
    });

    test('while too much waits a gateway is told to come again, and loses nothing', async () => {
      const deliveryId = await taken();
      service.isBusy = true;
      await expect(gateway.report([report(deliveryId, 1, 'downloading')])).rejects.toMatchObject({
        failure: 'unavailable',
        retryAfterMs: 1_000,
      });
      await expect(gateway.tasks()).rejects.toMatchObject({ failure: 'unavailable' });
      service.isBusy = false;
      await gateway.report([report(deliveryId, 1, 'downloading')]);
      expect(await counts()).toMatchObject({ downloading: 1 });
    });

    if (underTest.strategy === 'push') {
      test('a gateway is told that a task waits; one that is not there has not taken the notice', async () => {
        await gateway.tasks();
        const noticed = gateway.noticed?.();
        const { signal } = new AbortController();
        const target = { protocols: [underTest.protocol.name], address: gateway.pushAddress ?? null };
        expect(await handler.notify({ gatewayId: id, ...target }, signal)).toBe(true);
        await noticed;
        const absent = { gatewayId: 'gw-absent', protocols: target.protocols, address: null };
        expect(await handler.notify(absent, signal)).toBe(false);
      });
    }
  });
}
