/** API, workflows, one node and its handler for tests with real agents: real Temporal and PostgreSQL, all else in the test's process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AcknowledgementPump } from '../../connectivity/acknowledgement-pump.js';
import { DeviceService } from '../../connectivity/device-service.js';
import { SecretBox } from '../../repositories/secret-box.js';
import { startHandler } from './device-bed.js';
import { inProcessLeonore, type InProcessLeonore } from './in-process-leonore.js';
import { quietTemporal } from './quiet-temporal.js';
import { testApi, type TestApi } from './test-api.js';
import { testTemporal, type TestTemporal } from './temporal.js';
import { testValueKeys } from './test-value-keys.js';

export interface InProcessStack {
  readonly api: TestApi;
  readonly leonore: InProcessLeonore;
  readonly temporal: TestTemporal;
  /** For what the test keeps on the disk; it goes with the stack. */
  readonly directory: string;
  close(): Promise<void>;
}

const nodeId = 'node-1';

/** @param name of what is tested, in the name of the directory */
export async function inProcessStack(name: string): Promise<InProcessStack> {
  quietTemporal();
  const temporal = await testTemporal();
  const { address: temporalAddress, namespace, environment } = temporal;
  const api = await testApi(temporalAddress, { namespace });
  const { repositories } = api;
  const reached = { address: temporalAddress, namespace, client: environment.client.workflow };
  const leonore = await inProcessLeonore(repositories, reached, [nodeId], api.blobRoot);
  leonore.reconciler.start().catch(() => undefined);
  const pump = new AcknowledgementPump(
    (rolloutId, chunk, slots, look) => leonore.rolloutClient.acknowledge(rolloutId, chunk, slots, look),
    () => undefined,
  );
  const service = new DeviceService({
    nodeId,
    ...repositories,
    blobs: leonore.builder.blobs,
    secrets: new SecretBox(['5e'.repeat(32)]),
    values: testValueKeys.opener,
    missing: () => undefined,
    acknowledged: (acknowledgements) => pump.add(acknowledgements),
    failed: () => undefined,
  });
  const { handler, address } = await startHandler({ service, blobs: leonore.builder.blobs });
  await repositories.database.$executeRaw`UPDATE node SET address = ${address} WHERE id = ${nodeId}`;
  const directory = await mkdtemp(join(tmpdir(), `leonore-${name}-`));
  return {
    api,
    leonore,
    temporal,
    directory,
    async close() {
      await pump.close();
      await leonore.stop();
      await handler.close();
      await service.close();
      await api.close();
      await temporal.stop();
      await rm(directory, { recursive: true });
    },
  };
}
