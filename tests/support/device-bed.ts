import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { DeviceService } from '../../connectivity/device-service.js';
import { issueGatewayToken } from '../../connectivity/gateway-token.js';
import type { GatewayHandler } from '../../connectivity/gateway-handler.js';
import { http } from '../../connectivity/http/http-handler.js';
import type { RequestBudgets } from '../../serving/request-budgets.js';
import type { BlobStore } from '../../repositories/blob-store.js';
import type { ChunkAcknowledgement } from '../../repositories/delivery/delivery-repository.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { testValueKeys } from './test-value-keys.js';
import { SecretBox } from '../../repositories/secret-box.js';
import { plentiful } from './test-api.js';
import { addNode, profileOf, registrationOf, type TestRepositories } from './test-repositories.js';

/** What the node is told of deliveries and packages; nobody hears it when it is absent. */
export interface Hearing {
  missing?(packageId: string): void;
  acknowledged?(acknowledgements: readonly ChunkAcknowledgement[]): void;
}

/** The device API of `node-1` on a real socket. */
export interface DeviceBed {
  readonly service: DeviceService;
  readonly blobs: DiskBlobStore;
  readonly address: string;
  /** Registers a gateway with an id of its own. */
  enrol(): Promise<{ id: string; token: string }>;
  /** Ends the API; the repositories are the caller's to close. */
  close(): Promise<void>;
}

/** A handler of a node, as it is where everything is on one machine. */
export async function startHandler({
  service,
  blobs,
  budgets = plentiful,
}: {
  readonly service: DeviceService;
  readonly blobs: BlobStore;
  readonly budgets?: RequestBudgets;
}): Promise<{ readonly handler: GatewayHandler; readonly address: string }> {
  const handler = http.open({
    environment: {
      LEONORE_CALLER_BUDGET: String(budgets.caller),
      LEONORE_ADDRESS_BUDGET: String(budgets.address),
      LEONORE_PUSH_ADDRESSES: '127.0.0.0/8',
    },
    services: [],
  });
  const [endpoint] = await handler.start({
    nodeId: 'node-1',
    service,
    // Of HTTP's registration somebody else takes care.
    clients: {
      enter: () => Promise.reject(new Error('nobody is entered here')),
      register: () => Promise.reject(new Error('nobody is entered here')),
    },
    blobs,
    logger: pino({ level: 'silent' }),
  });
  return { handler, address: endpoint?.address ?? '' };
}

export async function serveDevices(
  repositories: TestRepositories,
  hearing: Hearing = {},
  budgets = plentiful,
): Promise<DeviceBed> {
  await addNode(repositories, 'node-1');
  const blobRoot = await mkdtemp(join(tmpdir(), 'leonore-test-blobs-'));
  const blobs = new DiskBlobStore(blobRoot);
  const service = new DeviceService({
    nodeId: 'node-1',
    deliveries: repositories.deliveries,
    gateways: repositories.gateways,
    blobs,
    secrets: new SecretBox(['5e'.repeat(32)]),
    values: testValueKeys.opener,
    missing: (packageId) => hearing.missing?.(packageId),
    acknowledged: (acknowledgements) => hearing.acknowledged?.(acknowledgements),
    failed: (error) => {
      throw error;
    },
  });
  const { handler, address } = await startHandler({ service, blobs, budgets });
  return {
    service,
    blobs,
    address,
    async enrol() {
      const id = `gw-${randomBytes(6).toString('hex')}`;
      const { token, hash } = issueGatewayToken(id);
      await repositories.registrations.register(registrationOf(profileOf(id), hash));
      return { id, token };
    },
    async close() {
      await handler.close();
      await service.close();
      await rm(blobRoot, { recursive: true, force: true });
    },
  };
}
