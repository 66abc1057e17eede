/** Following a rollout: what is printed while it runs, and what its end means for scripts. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { emptyCounts } from '../domain/rollout/state.js';
import { runCli } from './run-cli.js';

const step = {
  step: 'vii',
  name: 'Acknowledgements awaited',
  nodeId: 'node-1',
  startedAt: '2026-01-01T00:00:00Z',
};
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function progress(state: string, counts: Record<string, number>, waitingFor: string | null = null): string {
  const ended = state === 'running' ? null : '2026-01-01T00:00:09Z';
  return JSON.stringify({
    id: 'r-1',
    state,
    counts: { ...emptyCounts(), ...counts },
    steps: [{ ...step, endedAt: ended }],
    failure: null,
    waitingFor,
  });
}

/** Serves one rollout that takes two looks and then ends. */
async function rolloutThatEnds(state: string, counts: Record<string, number>): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"id":"r-1"}');
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: progress\ndata: ${progress('running', { downloading: 2 })}\n\n`);
    const last = progress(state, counts);
    response.end(`event: progress\ndata: ${last}\n\nevent: end\ndata: ${last}\n\n`);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function leonore(words: string, server: string) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(words.split(' '), {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { LEONORE_SERVER: server, LEONORE_TOKEN: 'x' },
  });
  return { exitCode, ...written };
}

describe('a rollout that succeeds', () => {
  test('ends with 0; its progress is plain lines without a terminal', async () => {
    const server = await rolloutThatEnds('succeeded', { succeeded: 2 });
    expect(await leonore('provision app --deployment site --watch', server)).toEqual({
      exitCode: 0,
      stdout: 'succeeded: 2 succeeded\n',
      stderr:
        'rollout r-1\n0/2  (vii) Acknowledgements awaited  2 downloading\n2/2  succeeded  2 succeeded\n',
    });
  });

  test('with --wait tells its id and its end alone', async () => {
    const server = await rolloutThatEnds('succeeded', { succeeded: 2 });
    expect(await leonore('provision app --deployment site --wait', server)).toEqual({
      exitCode: 0,
      stdout: 'succeeded: 2 succeeded\n',
      stderr: 'rollout r-1\n',
    });
    const { stdout } = await leonore('provision app --deployment site --wait --json', server);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'succeeded' });
  });

  test('is one JSON document a line with --json, none twice', async () => {
    const server = await rolloutThatEnds('succeeded', { succeeded: 2 });
    const { exitCode, stdout, stderr } = await leonore('rollout watch r-1 --json', server);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { state: string }).state)).toEqual([
      'running',
      'succeeded',
    ]);
  });
});

test.each(['partly', 'failed', 'cancelled'])('a rollout that ends %s exits with 1', async (state) => {
  const server = await rolloutThatEnds(state, { succeeded: 1, incompatible: 1 });
  expect(await leonore('rollout watch r-1', server)).toMatchObject({
    exitCode: 1,
    stdout: `${state}: 1 succeeded, 1 incompatible\n`,
  });
});

describe('what is away', () => {
  /** What the API answers, one after the other: a code of failure, or a stream of these events. */
  async function answering(...answers: (string | string[])[]): Promise<string> {
    const server = createServer((_request, response) => {
      const answer = answers.shift() ?? [];
      if (Array.isArray(answer)) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(answer.join(''));
        return;
      }
      const problem = { code: answer, detail: 'away', status: 503, retryable: true };
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const event = (kind: 'progress' | 'end', data: string) => `event: ${kind}\ndata: ${data}\n\n`;
  const ends = [
    event('progress', progress('succeeded', { succeeded: 1 })),
    event('end', progress('succeeded', { succeeded: 1 })),
  ];

  test.each([
    ['DATABASE_UNAVAILABLE', 'PostgreSQL'],
    ['TEMPORAL_UNAVAILABLE', 'Temporal'],
    ['BLOBS_UNAVAILABLE', 'the blob store'],
  ])('%s is waited for and named, before anything is known', async (code, what) => {
    const server = await answering(code, code, ends);
    expect(await leonore('rollout watch r-1', server)).toMatchObject({
      exitCode: 0,
      stderr: `waiting for ${what}\n1/1  succeeded  1 succeeded\n`,
    });
  });

  test('is named with where the rollout was; the connection may break for it', async () => {
    const server = await answering(
      [event('progress', progress('running', { installing: 1 }))],
      'DATABASE_UNAVAILABLE',
      ends,
    );
    expect(await leonore('rollout watch r-1', server)).toMatchObject({
      exitCode: 0,
      stderr:
        '0/1  (vii) Acknowledgements awaited  1 installing\n' +
        '0/1  (vii) Acknowledgements awaited, waiting for PostgreSQL  1 installing\n' +
        '1/1  succeeded  1 succeeded\n',
    });
  });

  test('is told by the rollout itself while the API is there', async () => {
    const waits = event('progress', progress('running', { pending: 1 }, 'the blob store'));
    const { stderr } = await leonore('rollout watch r-1', await answering([waits, ...ends]));
    expect(stderr).toContain('(vii) Acknowledgements awaited, waiting for the blob store  1 pending\n');
  });

  test('is a document a line with --json', async () => {
    const server = await answering(
      [event('progress', progress('running', { installing: 1 }))],
      'DATABASE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE',
      ends,
    );
    const { stdout } = await leonore('rollout watch r-1 --json', server);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ state, waitingFor }) => [state, waitingFor])).toEqual([
      ['running', null],
      ['running', 'PostgreSQL'],
      ['succeeded', null],
    ]);
  });
});
