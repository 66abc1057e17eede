import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ClientEnrolment } from '../../connectivity/client-enrolment.js';
import { DeviceService } from '../../connectivity/device-service.js';
import type { Protocol } from '../../connectivity/gateway-handler.js';
import { issueEnrolmentToken } from '../../connectivity/gateway-token.js';
import type { NewEnrolment } from '../../repositories/enrolment-repository.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { SecretBox } from '../../repositories/secret-box.js';
import { packagedFile } from './packaged-file.js';
import {
  addNode,
  addRollout,
  offerPackage,
  planOf,
  testRepositories,
  type TestRepositories,
} from './test-repositories.js';
import { testValueKeys } from './test-value-keys.js';

/** A node with the handler of a protocol whose devices have a client of their own, on real sockets and a real database. */
export interface ClientBed {
  readonly repositories: TestRepositories;
  readonly service: DeviceService;
  /** Seals the secrets of gateways' keys. */
  readonly secrets: SecretBox;
  /** Of the handler's first endpoint. */
  readonly address: string;
  /** For what the test keeps on the disk; it goes with the bed. */
  readonly directory: string;
  /** A token with which devices enrol. */
  enrolment(changes?: Partial<NewEnrolment>): Promise<string>;
  /** Offers a device files as they are, each of an artifact of its own. @returns the rollout */
  offer(gatewayId: string, ...files: readonly OfferedFile[]): Promise<string>;
  close(): Promise<void>;
}

export interface OfferedFile {
  /** Of its artifact; default: meter. */
  readonly name?: string;
  readonly version: string;
  readonly fileName: string;
  readonly bytes: Buffer;
}

export async function clientBed(
  protocol: Protocol,
  environment: Readonly<Record<string, string>>,
): Promise<ClientBed> {
  const repositories = await testRepositories();
  const directory = await mkdtemp(join(tmpdir(), `leonore-${protocol.name}-`));
  const blobs = new DiskBlobStore(join(directory, 'blobs'));
  const secrets = new SecretBox([randomBytes(32).toString('hex')]);
  const service = new DeviceService({
    nodeId: 'node-1',
    ...repositories,
    ...{ blobs, secrets, values: testValueKeys.opener },
    missing: () => undefined,
    acknowledged: () => undefined,
    failed: () => undefined,
  });
  const clients = new ClientEnrolment({ ...repositories, nodeId: 'node-1', secrets });
  const handler = protocol.open({ environment, services: [] });
  const logger = pino({ level: 'silent' });
  const endpoints = await handler.start({ nodeId: 'node-1', service, clients, blobs, logger });
  await addNode(repositories, 'node-1', endpoints);
  return {
    repositories,
    service,
    secrets,
    address: endpoints[0]?.address ?? '',
    directory,
    async enrolment(changes = {}) {
      const { token, hash } = issueEnrolmentToken();
      await repositories.enrolments.create({
        ...{ name: token.slice(0, 12), tokenHash: hash, ids: ['*'], labels: { line: 'a' } },
        ...{ reportedLabels: ['site'], nodeId: null, keyless: true, approval: 'automatic' },
        ...{ most: null, expiresInSeconds: null },
        ...changes,
      });
      return token;
    },
    async offer(gatewayId, ...files) {
      const named = files.map((file) => ({ name: 'meter', ...file }));
      const rolloutId = await addRollout(repositories, [named.at(-1)?.name ?? ''], [gatewayId]);
      const content = await packagedFile(blobs, ...named);
      const plan = planOf(named.map(({ name, version }) => `${name}@${version}`));
      await offerPackage(repositories, rolloutId, { plan, content });
      return rolloutId;
    },
    async close() {
      await handler.close();
      await service.close();
      await repositories.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
