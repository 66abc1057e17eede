/** Who the BusyBox agent says that it is: proved by a key of its own, and never shown to others on the device. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { devicePaths, runHeader } from '../../domain/agent-protocol/messages.js';
import { busybox, BusyBoxBed, type BusyBoxAgent } from '../../tests/support/busybox-bed.js';
import { enrolmentToken } from '../testing/device-server.js';
import { application, type AgentBed } from '../testing/test-agent.js';
import { testPackage, testTask } from '../testing/test-package.js';

let box: BusyBoxBed;
let bed: AgentBed;
let agent: BusyBoxAgent;

/** Starts it with the enrolment token in a file. @returns the file */
async function start(): Promise<string> {
  const file = bed.path('..', 'enrolment');
  await writeFile(file, `${enrolmentToken}\n`, { mode: 0o600 });
  agent = box.start({ LEONORE_ENROLMENT_TOKEN: '', LEONORE_ENROLMENT_TOKEN_FILE: file });
  return file;
}

/** Resolves once it has asked for tasks with a token that is known. */
async function polled(): Promise<void> {
  const built = testPackage({ name: 'nothing', version: '1.0.0', files: { data: 'x' } });
  const id = `d${String(bed.server.requests.length)}`;
  bed.server.offer(built, testTask(id, built));
  expect(await bed.server.ending(id)).toMatchObject({ state: 'succeeded' });
}

(busybox === '' ? describe.skip : describe)('the BusyBox agent', () => {
  beforeEach(async () => {
    box = await BusyBoxBed.onPath();
    bed = box.bed;
  });
  afterEach(() => box.close());

  test('enrols with a key of its own, proves it from then on, and forgets the token for enrolment', async () => {
    const file = await start();
    await polled();
    expect(bed.server.registrations.map(({ token }) => token)).toEqual([enrolmentToken]);
    expect(existsSync(file)).toBe(false);
    expect((await stat(bed.path('agent', 'secret'))).mode & 0o777).toBe(0o600);

    bed.server.token = 'another';
    await polled();
    expect(bed.server.registrations.at(-1)?.token).toBe('');
    const { key, proofs } = bed.server.keys;
    expect(key).toMatch(/^hmac-sha256:/);
    expect(proofs).toEqual([1, 2].map((counter) => ({ key, counter })));
    expect(await bed.text('agent', 'identity')).toContain('another');
  }, 60_000);

  test('goes on behind the number that LEONORE knows, when its own was lost', async () => {
    await start();
    await polled();
    bed.server.keys.skipTo(9_000_000_000);
    bed.server.token = 'another';
    await polled();
    expect(await bed.text('agent', 'counter')).toBe('9000000001\n');
  }, 60_000);

  test('takes its secret from the copy when it is damaged', async () => {
    await start();
    await polled();
    await agent.end('SIGTERM');
    await writeFile(bed.path('agent', 'secret'), 'half');
    agent = box.start({ LEONORE_ENROLMENT_TOKEN: '' });
    bed.server.token = 'another';
    await polled();
    expect(new Set(bed.server.keys.proofs.map(({ key }) => key)).size).toBe(1);
  }, 60_000);

  test('says in which run it asks for tasks: another after each start, by which a copy of it is noticed', async () => {
    const runs: string[] = [];
    bed.server.intercept = ({ url, headers }) => {
      if (url === devicePaths.tasks) runs.push(String(headers[runHeader]));
      return false;
    };
    await start();
    await polled();
    await agent.end('SIGTERM');
    expect(new Set(runs).size).toBe(1);
    expect(runs[0]).toMatch(/^[0-9a-f]{16}$/);
    agent = box.start({ LEONORE_ENROLMENT_TOKEN: '' });
    await polled();
    expect(new Set(runs).size).toBe(2);
  }, 60_000);

  test('no token and no secret is an argument of a program', async () => {
    const seen = new Set<string>();
    const watch = setInterval(() => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
        } catch {
          // It has ended meanwhile.
        }
      }
    }, 2);
    try {
      await start();
      const built = testPackage(application('1.0.0'));
      bed.server.offer(built, testTask('d1', built));
      expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
    } finally {
      clearInterval(watch);
    }
    const secret = await bed.text('agent', 'secret');
    const own = [...seen].filter((command) => command.includes('127.0.0.1'));
    expect(own).not.toEqual([]);
    for (const hidden of [enrolmentToken, bed.server.token, secret]) {
      expect(own.filter((command) => command.includes(hidden))).toEqual([]);
    }
  }, 60_000);
});
