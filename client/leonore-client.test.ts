/** The client against the real API on a real database. */
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { ClientError } from './client-error.js';
import { createLeonoreClient, type LeonoreClient } from './leonore-client.js';
import type { RolloutProgress } from './resources.js';

/** Nothing listens there. */
const nowhere = '127.0.0.1:1';

let api: TestApi;
let client: LeonoreClient;
let directory: string;

beforeAll(async () => {
  api = await testApi(nowhere);
  client = createLeonoreClient({ server: `${api.address}/`, token: testTokens.admin });
  directory = await mkdtemp(join(tmpdir(), 'leonore-client-test-'));
  await addNode(api.repositories, 'node-1');
  await addGateways(api.repositories, [profileOf('gw-1'), profileOf('gw-2')]);
}, 60_000);

afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

async function artifactDirectory(name: string, version: string): Promise<string> {
  const root = join(directory, `${name}-${version}`);
  await mkdir(join(root, 'bin'), { recursive: true });
  await writeFile(
    join(root, 'artifact.yaml'),
    `name: ${name}\nversion: ${version}\nkind: application\nvariants: [{ directory: bin }]\n`,
  );
  await writeFile(join(root, 'bin', 'run'), '#!/bin/sh\n');
  await chmod(join(root, 'bin', 'run'), 0o755);
  // A name that an archiver would read as "append this archive".
  await writeFile(join(root, 'bin', '@notes'), 'x');
  return root;
}

function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no error',
    (error: unknown) => (error instanceof ClientError ? error.code : error),
  );
}

describe('artifacts', () => {
  test('are added from their directory, listed, shown and removed', async () => {
    const added = await client.addArtifact(await artifactDirectory('app', '1.0.0'));
    expect(added).toMatchObject({ name: 'app', version: '1.0.0', kind: 'application', sizeBytes: 11 });
    expect(await client.addArtifact(await artifactDirectory('app', '1.0.0'))).toEqual({
      ...added,
      outcome: 'unchanged',
    });
    await client.addArtifact(await artifactDirectory('app', '1.10.0'));
    await client.addArtifact(await artifactDirectory('app', '1.9.0'));
    expect((await client.artifactVersions('app')).map(({ version }) => version)).toEqual([
      '1.10.0',
      '1.9.0',
      '1.0.0',
    ]);
    await client.removeArtifact('app', '1.9.0');
    expect((await client.artifacts()).map(({ version }) => version)).toEqual(['1.0.0', '1.10.0']);
    const { outcome, ...stored } = added;
    expect(outcome).toBe('added');
    expect(await client.artifact('app', '1.0.0')).toEqual(stored);
  });

  test('with links, without artifact.yaml, or without a directory are refused before anything is sent', async () => {
    const linked = await artifactDirectory('linked', '1.0.0');
    await symlink('/etc/passwd', join(linked, 'bin', 'secret'));
    expect(await codeOf(client.addArtifact(linked))).toBe('MALFORMED_ARTIFACT');
    expect(await codeOf(client.addArtifact(join(linked, 'bin')))).toBe('MALFORMED_ARTIFACT');
    expect(await codeOf(client.addArtifact(join(directory, 'none')))).toBe('UNREADABLE');
    expect(await codeOf(client.addArtifact(join(linked, 'artifact.yaml')))).toBe('UNREADABLE');
  });
});

describe('failures', () => {
  test('carry code, actor and advice of the problem', async () => {
    const error = await client.gateway('gw-9').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ClientError);
    expect((error as ClientError).facts).toMatchObject({
      code: 'GATEWAY_NOT_FOUND',
      status: 404,
      actor: 'caller',
      advice: expect.stringContaining('leonore gateway list') as unknown,
    });
  });

  test('tell a wrong token, an address that is not LEONORE’s, and nobody at the address', async () => {
    const wrong = createLeonoreClient({ server: api.address, token: 'wrong' });
    expect(await codeOf(wrong.nodes())).toBe('UNAUTHENTICATED');
    expect(await codeOf(wrong.addArtifact(await artifactDirectory('late', '1.0.0')))).toBe('UNAUTHENTICATED');
    const nobody = createLeonoreClient({ server: `http://${nowhere}`, token: 'x' });
    expect(await codeOf(nobody.nodes())).toBe('UNREACHABLE');
    const stranger = await listen(
      createServer((_request, response) => response.writeHead(404).end('<html>')),
    );
    expect(await codeOf(createLeonoreClient({ server: stranger.address, token: 'x' }).nodes())).toBe(
      'NOT_LEONORE',
    );
    stranger.server.close();
  });
});

test('gateways, nodes, deployments and plans', async () => {
  expect((await client.gateways()).map(({ id }) => id)).toEqual(['gw-1', 'gw-2']);
  expect(await client.nodes()).toMatchObject([{ id: 'node-1', gatewayCount: 2 }]);
  await client.createDeployment({ name: 'site', gatewayIds: ['gw-1', 'gw-2'] });
  expect(await client.deployment('site')).toMatchObject({ gatewayIds: ['gw-1', 'gw-2'], gateways: 2 });
  await client.addArtifact(await artifactDirectory('planned', '1.0.0'));
  expect(await client.plan({ requests: ['planned'], deployment: 'site' })).toMatchObject({
    gateways: 2,
    incompatible: 0,
    groups: [{ gateways: 2, plans: [{ install: ['planned@1.0.0'] }] }],
  });
  expect(await client.packages()).toEqual([]);
});

test('a rollout that cannot begin is not stored', async () => {
  const call = client.startRollout({ requests: ['planned'], deployment: 'site' }, 'key-1');
  expect(await codeOf(call)).toBe('TEMPORAL_UNAVAILABLE');
  expect(await client.rollouts()).toEqual([]);
});

test('watching goes on after the connection broke', async () => {
  let connections = 0;
  const { server, address } = await listen(
    createServer((_request, response) => {
      connections += 1;
      const progress = (state: string) => `event: progress\ndata: ${JSON.stringify({ id: 'r', state })}\n\n`;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (connections === 1) {
        response.write(progress('requested'), () => response.destroy());
      } else {
        response.end(`${progress('running')}event: end\ndata: {"id":"r","state":"succeeded"}\n\n`);
      }
    }),
  );
  const seen: RolloutProgress['state'][] = [];
  for await (const { state } of createLeonoreClient({ server: address, token: 'x' }).watchRollout('r'))
    seen.push(state);
  expect(seen).toEqual(['requested', 'running', 'succeeded']);
  server.close();
});

test('watching ends when what is away stays away for too long, with what the API said', async () => {
  const { server, address } = await listen(
    createServer((_request, response) => {
      const problem = { code: 'DATABASE_UNAVAILABLE', detail: 'away', status: 503, retryable: true };
      response.writeHead(503).end(JSON.stringify(problem));
    }),
  );
  const told: string[] = [];
  const onAway = ({ code }: ClientError) => told.push(code);
  // A first try, and the one after it.
  const options = { patienceMs: 0, awayPatienceMs: 100, onAway };
  const events = createLeonoreClient({ server: address, token: 'x' }).watchRollout('r', options);
  expect(await codeOf(events.next())).toBe('DATABASE_UNAVAILABLE');
  expect(told).toContain('DATABASE_UNAVAILABLE');
  server.close();
});

test('watching a rollout that there is not fails at once', async () => {
  const events = client.watchRollout('00000000-0000-0000-0000-000000000000');
  expect(await codeOf(events.next())).toBe('ROLLOUT_NOT_FOUND');
});

async function listen(server: Server): Promise<{ server: Server; address: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
