import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readEnvironment } from '../../domain/read-environment.js';
import { CoordinatorConfigSchema } from '../config.js';
import { poolSettingsOf } from '../pool-settings.js';
import { CommandLauncher } from './command-launcher.js';
import { createLauncher } from './create-launcher.js';
import { KubernetesLauncher } from './kubernetes-launcher.js';
import { ProcessLauncher } from './process-launcher.js';

const { signal } = new AbortController();
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-launchers-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the command launcher', () => {
  const launcher = (launch: string, timeoutMs = 10_000) =>
    new CommandLauncher({ launch, destroy: null, timeoutMs });

  test('runs the command with the id and the labels in its environment, and never as a part of it', async () => {
    const file = join(directory, 'told');
    const hostile = '$(touch /tmp/leonore-hostile)`id`;"';
    await launcher(`printf '%s %s' "$LEONORE_NODE_ID" "$LEONORE_NODE_LABELS" > '${file}'`).launch(
      { id: 'node-2', labels: { site: hostile, other: 'a,b=c' } },
      signal,
    );
    expect(await readFile(file, 'utf8')).toBe(`node-2 site=${hostile}`);
  });

  test.each([
    ['does not exist', '/no/such/program', /exit code 127.*(not found|No such file)/s],
    ['fails and says why', 'echo "no capacity" >&2; exit 3', /exit code 3: no capacity/],
    ['is killed', 'kill -9 $$', /ended by SIGKILL/],
  ])('a command that %s is a failed launch', async (_what, command, problem) => {
    const launched = launcher(command).launch({ id: 'node-2', labels: {} }, signal);
    await expect(launched).rejects.toMatchObject({
      code: 'LAUNCH_FAILED',
      message: expect.stringMatching(problem),
    });
  });

  test('a command that does not return is ended with all that it started', async () => {
    const file = join(directory, 'pid');
    const launched = launcher(`sleep 600 & echo $! > '${file}'; wait`, 500).launch(
      { id: 'node-2', labels: {} },
      signal,
    );
    await expect(launched).rejects.toMatchObject({
      message: expect.stringMatching(/did not return within 0.5 s/),
    });
    const pid = Number(await readFile(file, 'utf8'));
    await expect(async () => {
      for (;;) {
        process.kill(pid, 0);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }).rejects.toMatchObject({ code: 'ESRCH' });
  });

  test('a command that leaves the node running returns at once', async () => {
    const file = join(directory, 'left');
    await launcher(`sleep 600 & echo $! > '${file}'`).launch({ id: 'node-2', labels: {} }, signal);
    process.kill(Number(await readFile(file, 'utf8')), 'SIGKILL');
  });

  test('without a command for it, nodes are not ended', async () => {
    expect(await launcher('true').destroy('node-2', signal)).toBe(false);
    expect(await new CommandLauncher({ launch: 'true', destroy: 'true' }).destroy('node-2', signal)).toBe(
      true,
    );
  });
});

/** Answers as the API server does for the scale of one StatefulSet. */
class FakeApiServer {
  replicas = 1;
  version = 1;
  /** Conflicts that are still to come: somebody else scales in between. */
  conflicts = 0;
  status = 200;
  readonly calls: string[] = [];
  private server: Server | null = null;

  async start(): Promise<string> {
    this.server = createServer((message, response) => {
      void this.answer(message).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private async answer(message: IncomingMessage): Promise<{ status: number; body: unknown }> {
    this.calls.push(`${message.method ?? ''} ${message.url ?? ''}`);
    if (message.headers.authorization !== 'Bearer pod-token')
      return { status: 401, body: { message: 'Unauthorized' } };
    if (this.status !== 200) return { status: this.status, body: { message: 'forbidden by RBAC' } };
    if (message.method === 'PUT') {
      let text = '';
      for await (const chunk of message) text += String(chunk);
      const scale = JSON.parse(text) as { metadata: { resourceVersion: string }; spec: { replicas: number } };
      if (this.conflicts > 0) {
        this.conflicts -= 1;
        this.version += 1;
      }
      if (scale.metadata.resourceVersion !== String(this.version))
        return { status: 409, body: { reason: 'Conflict' } };
      this.replicas = scale.spec.replicas;
      this.version += 1;
    }
    return {
      status: 200,
      body: {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name: 'leonore-node', namespace: 'leonore', resourceVersion: String(this.version) },
        // As the API server does: nought is left out.
        spec: this.replicas === 0 ? {} : { replicas: this.replicas },
      },
    };
  }
}

describe('the Kubernetes launcher', () => {
  let server: FakeApiServer;
  let launcher: KubernetesLauncher;

  beforeEach(async () => {
    server = new FakeApiServer();
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'pod-token\n');
    launcher = new KubernetesLauncher({
      server: await server.start(),
      tokenFile,
      caFile: null,
      namespace: 'leonore',
      statefulSet: 'leonore-node',
    });
  });

  afterEach(() => server.stop());

  const node = (ordinal: number) => ({ id: `leonore-node-${ordinal}`, labels: {} });

  test('scales the StatefulSet by the one node; done again, nothing changes', async () => {
    await launcher.launch(node(1), signal);
    expect(server.replicas).toBe(2);
    await launcher.launch(node(1), signal);
    expect(server.replicas).toBe(2);
    expect(server.calls).toEqual([
      'GET /apis/apps/v1/namespaces/leonore/statefulsets/leonore-node/scale',
      'PUT /apis/apps/v1/namespaces/leonore/statefulsets/leonore-node/scale',
      'GET /apis/apps/v1/namespaces/leonore/statefulsets/leonore-node/scale',
    ]);
  });

  test('reads again when somebody else has scaled in between', async () => {
    server.conflicts = 2;
    await launcher.launch(node(1), signal);
    expect(server.replicas).toBe(2);
    server.conflicts = 100;
    await expect(launcher.launch(node(2), signal)).rejects.toMatchObject({ code: 'LAUNCH_FAILED' });
  });

  test('from no replica at all, and back', async () => {
    server.replicas = 0;
    await launcher.launch(node(0), signal);
    expect(server.replicas).toBe(1);
    expect(await launcher.destroy('leonore-node-0', signal)).toBe(true);
    expect(server.replicas).toBe(0);
    expect(await launcher.destroy('leonore-node-0', signal)).toBe(true);
  });

  test('ends the last node only: ordinals have no gaps', async () => {
    server.replicas = 3;
    expect(await launcher.destroy('leonore-node-1', signal)).toBe(false);
    expect(server.replicas).toBe(3);
    expect(await launcher.destroy('leonore-node-2', signal)).toBe(true);
    expect(server.replicas).toBe(2);
    await expect(launcher.launch(node(5), signal)).rejects.toMatchObject({
      message: expect.stringMatching(/2 replicas/),
    });
  });

  test('says what the API server says', async () => {
    server.status = 403;
    await expect(launcher.launch(node(1), signal)).rejects.toMatchObject({
      code: 'LAUNCH_FAILED',
      message: expect.stringMatching(/HTTP 403.*forbidden by RBAC/),
    });
    await server.stop();
    await expect(launcher.launch(node(1), signal)).rejects.toMatchObject({ code: 'LAUNCH_FAILED' });
    await expect(launcher.launch({ id: 'node-1', labels: {} }, signal)).rejects.toMatchObject({
      message: expect.stringMatching(/no pod of the StatefulSet/),
    });
  });
});

test('without a stack, the process launcher says what to do', async () => {
  // Jest's own workers have a parent, which would never answer.
  const alone = jest.replaceProperty(process, 'connected', false);
  await expect(new ProcessLauncher().launch({ id: 'node-2', labels: {} }, signal)).rejects.toMatchObject({
    code: 'LAUNCH_FAILED',
    message: expect.stringMatching(/LEONORE_LAUNCHER/),
  });
  alone.restore();
});

describe('what is configured', () => {
  const database = { DATABASE_URL: 'postgresql://leonore', LEONORE_BLOBS: '/tmp' };
  const read = (environment: Record<string, string>) =>
    readEnvironment(CoordinatorConfigSchema, { ...database, ...environment });

  test.each([
    ['a threshold of zero', { LEONORE_NODE_THRESHOLD: '0' }, /LEONORE_NODE_THRESHOLD/],
    ['an unknown strategy', { LEONORE_BALANCER: 'random' }, /LEONORE_BALANCER/],
    ['an unknown launcher', { LEONORE_LAUNCHER: 'magic' }, /LEONORE_LAUNCHER/],
    ['more nodes than any', { LEONORE_NODES_MAX: '-1' }, /LEONORE_NODES_MAX/],
  ])('%s is refused, and the variable is named', (_what, environment, problem) => {
    expect(() => read(environment)).toThrow(problem);
  });

  test('fewer nodes at most than at least are refused', () => {
    expect(() => poolSettingsOf(read({ LEONORE_NODES_MIN: '3', LEONORE_NODES_MAX: '2' }))).toThrow(
      /LEONORE_NODES_MAX is 2, less than LEONORE_NODES_MIN/,
    );
    expect(poolSettingsOf(read({ LEONORE_NODES_MIN: '3' }))).toMatchObject({
      minNodes: 3,
      maxNodes: 0,
      threshold: 500,
    });
  });

  test('a launcher that lacks something says what', () => {
    expect(() => createLauncher(read({ LEONORE_LAUNCHER: 'command' }))).toThrow(
      /LEONORE_LAUNCH_COMMAND is missing/,
    );
    expect(() => createLauncher(read({ LEONORE_LAUNCHER: 'kubernetes' }))).toThrow(
      /LEONORE_STATEFULSET is missing/,
    );
    const { names } = createLauncher(
      read({
        LEONORE_LAUNCHER: 'kubernetes',
        LEONORE_STATEFULSET: 'leonore-node',
        LEONORE_NAMESPACE: 'leonore',
      }),
      { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
    );
    expect(names).toEqual({ prefix: 'leonore-node-', first: 0 });
  });
});
