import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loopback } from '../../../stack/free-port.js';
import { type PostgresAddress, type PostgresForTests, startPostgresForTests } from './postgres-for-tests.js';
import { startTemporalForTests, type TemporalAddress, type TemporalForTests } from './temporal-for-tests.js';
import {
  type BundledWorkflows,
  bundleWorkflowsForTests,
  type WorkflowsForTests,
} from './workflows-for-tests.js';

/** What a test file is told of a shared server, and of what is made once for those that stand on it. */
export interface SharedServer {
  readonly postgres: PostgresAddress;
  readonly temporal: TemporalAddress;
  readonly workflows: BundledWorkflows;
}

/**
 * The servers that all test files of a run share. They belong to Jest's own process, which outlives its workers: a
 * file asks over HTTP (ask-for-server.ts), the first one to ask starts the server, and none is started for nothing.
 * They end in globalTeardown; when Jest is killed before that, their guards end them.
 */
export class SharedServers {
  private postgres: Promise<PostgresForTests> | undefined;
  private temporal: Promise<TemporalForTests> | undefined;
  private workflows: Promise<WorkflowsForTests> | undefined;

  private constructor(private readonly desk: Server) {}

  static async open(): Promise<SharedServers> {
    const desk = createServer();
    const servers = new SharedServers(desk);
    desk.on('request', (request, response) => {
      // A connection that is kept would be closed some seconds later, at the very moment in which a file asks again.
      response.setHeader('connection', 'close');
      servers.answer(request.url).then(
        (answer) => response.end(JSON.stringify(answer)),
        (error: unknown) => {
          response.statusCode = 500;
          response.end(error instanceof Error ? error.message : String(error));
        },
      );
    });
    desk.listen(0, loopback);
    await once(desk, 'listening');
    desk.unref();
    return servers;
  }

  get url(): string {
    return `http://${loopback}:${(this.desk.address() as AddressInfo).port}`;
  }

  /** Ends what was started. */
  async close(): Promise<void> {
    this.desk.close();
    this.desk.closeAllConnections();
    const started = await Promise.allSettled([this.postgres, this.temporal, this.workflows]);
    for (const server of started) if (server.status === 'fulfilled') await server.value?.stop();
  }

  private async answer(path: string | undefined): Promise<SharedServer[keyof SharedServer]> {
    if (path === '/postgres') {
      const { adminUrl, template } = await (this.postgres ??= startPostgresForTests());
      return { adminUrl, template };
    }
    if (path === '/temporal') {
      const { address } = await (this.temporal ??= startTemporalForTests());
      return { address };
    }
    if (path === '/workflows') {
      const { codePath } = await (this.workflows ??= bundleWorkflowsForTests());
      return { codePath };
    }
    throw new Error(`there is no shared server ${String(path)}`);
  }
}
