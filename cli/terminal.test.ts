/** What a terminal is like after a verb that draws on it, on a real pseudo-terminal. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { findOnPath } from '../stack/temporal/install.js';
import { emptyCounts } from '../domain/rollout/state.js';
import { runCli } from './run-cli.js';

const id = '3f2a0000-0000-4000-8000-000000000001';
const hidden = '\u001b[?25l';
const shown = '\u001b[?25h';
const wraps = '\u001b[?7h';

/** A module that has an error thrown from nowhere. */
const throwsWhenAsked =
  "data:text/javascript,process.on('SIGUSR2', () => { throw new Error('from nowhere'); });";

/** Runs its arguments on a terminal, passes on what is drawn, and tells at last how they ended. */
const onTerminal = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
os.write(1, b"pid %d\\n" % pid)
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
status = os.waitpid(pid, 0)[1]
os.write(1, b"\\nended %d\\n" % os.waitstatus_to_exitcode(status))
`;

let server: Server;
let address: string;

beforeEach(async () => {
  server = createServer((_request, response) => {
    const progress = {
      id,
      state: 'running',
      counts: { ...emptyCounts(), downloading: 2 },
      steps: [],
      failure: null,
      waitingFor: null,
    };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Follows the rollout on a terminal until its bar is drawn; then something happens. @returns all that was drawn */
async function watched(happens: (pid: number) => void): Promise<string> {
  const main = join(packageRoot(), 'dist/cli/main.js');
  const words = ['rollout', 'watch', id, '--server', address, '--token', 'x'];
  const node = [process.execPath, '--import', throwsWhenAsked, main, ...words];
  const child = spawn('python3', ['-c', onTerminal, ...node], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let drawn = '';
  let hasHappened = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    drawn += text;
    if (hasHappened || !drawn.includes('2 downloading')) return;
    hasHappened = true;
    happens(Number(/^pid (\d+)/u.exec(drawn)?.[1]));
  });
  await once(child, 'close');
  return drawn;
}

function expectAsItWas(drawn: string): void {
  expect(drawn).toContain(hidden);
  for (const sign of [shown, wraps])
    expect(drawn.lastIndexOf(sign)).toBeGreaterThan(drawn.lastIndexOf(hidden));
}

// Node.js makes no pseudo-terminals.
const onTerminals = (await findOnPath('python3', process.env)) === undefined ? test.skip : test;

describe('a terminal is as it was after', () => {
  onTerminals.each([
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const)('%s, of which the process ends', async (signal, number) => {
    const drawn = await watched((pid) => process.kill(pid, signal));
    expectAsItWas(drawn);
    expect(drawn).toContain(`ended -${number}`);
  });

  onTerminals('an error that nobody caught', async () => {
    const drawn = await watched((pid) => process.kill(pid, 'SIGUSR2'));
    expectAsItWas(drawn);
    expect(drawn).toContain('ended 1');
  });
});

describe('somebody at a terminal', () => {
  async function asked(answer: string) {
    const written = { stdout: '', stderr: '' };
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    stdin.end(answer);
    const exitCode = await runCli(['token', 'revoke', 'anna'], {
      stdout: { write: (text: string) => (written.stdout += text) },
      stderr: { write: (text: string) => (written.stderr += text) },
      // Nothing listens there: who means it gets as far as that.
      env: { LEONORE_SERVER: 'http://127.0.0.1:1', LEONORE_TOKEN: 'x' },
      stdin,
    });
    return { exitCode, ...written };
  }

  test.each(['yes\n', 'Y\n'])('%j means it', async (answer) => {
    const { stderr } = await asked(answer);
    expect(stderr).toContain('revoke the token anna? (yes, no) [no]: ');
    expect(stderr).toContain('UNREACHABLE');
  });

  test.each(['\n', 'no\n', '', 'yesterday\n'])('%j does not', async (answer) => {
    expect(await asked(answer)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Nothing was done.') as unknown,
    });
  });
});
