import { randomBytes } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { defaultNamespace } from '../../stack/temporal/dev-server.js';
import { registerSearchAttributes } from '../../stack/temporal/search-attributes.js';
import { askForServer } from './servers/ask-for-server.js';
import {
  startTemporalForTests,
  type TemporalForTests,
  type TemporalForTestsOptions,
} from './servers/temporal-for-tests.js';
import { startTimeSkippingServer } from './servers/time-skipping-server.js';

/**
 * The SDK connects to a server that runs already only without time skipping, or starts one itself and waits 5 s for it.
 * Its own way to do both at once is private.
 */
const sdkEnvironment = TestWorkflowEnvironment as unknown as {
  create(options: {
    readonly server: { readonly type: 'existing' };
    readonly address: string;
    readonly supportsTimeSkipping: true;
  }): Promise<TestWorkflowEnvironment>;
};

/**
 * A Temporal server whose clock jumps over timers that nobody is awaited on. Not for load: hundreds of workflows at
 * once time out.
 * @returns the SDK's test environment; end it, and the server, with `teardown()`
 */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const server = await startTimeSkippingServer();
  try {
    const environment = await sdkEnvironment.create({
      server: { type: 'existing' },
      address: server.address,
      supportsTimeSkipping: true,
    });
    await registerSearchAttributes(environment.connection, environment.namespace ?? defaultNamespace);
    const disconnect = environment.teardown.bind(environment);
    return Object.assign(environment, {
      async teardown() {
        try {
          await disconnect();
        } finally {
          await server.stop();
        }
      },
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export interface TestTemporal {
  /** `host:port` */
  readonly address: string;
  /** Nobody else works in it. */
  readonly namespace: string;
  /** Client and connections, on the namespace. */
  readonly environment: TestWorkflowEnvironment;
  /** Closes the connections. */
  stop(): Promise<void>;
}

/** A namespace of its own on the Temporal server that all test files share. */
export async function testTemporal(): Promise<TestTemporal> {
  const { address } = await askForServer('temporal');
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      // The least that the server takes.
      workflowExecutionRetentionPeriod: { seconds: (24 * 3_600) as never },
    });
    await registerSearchAttributes(connection, namespace);
  } finally {
    await connection.close();
  }
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address, namespace });
  return { address, namespace, environment, stop: () => environment.teardown() };
}

export interface LocalTemporal extends TemporalForTests {
  /** Client and connections on the server's default namespace. */
  readonly environment: TestWorkflowEnvironment;
}

/** A Temporal server of its own, for tests that end the server or need the default namespace. About a second. */
export async function localTemporal(options: TemporalForTestsOptions = {}): Promise<LocalTemporal> {
  const server = await startTemporalForTests(options);
  const { address } = server;
  const environment = await TestWorkflowEnvironment.createFromExistingServer({
    address,
    namespace: defaultNamespace,
  });
  return {
    ...server,
    environment,
    async stop() {
      await environment.teardown();
      await server.stop();
    },
  };
}
