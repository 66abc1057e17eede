import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BoundedLog } from './bounded-log.js';
import { launchEntryPoint } from './launch-entry-point.js';
import { SupervisedPart } from './supervised-part.js';

let directory: string;
let lines: string[];
let failures: Error[];
let parts: SupervisedPart[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-part-'));
  lines = [];
  failures = [];
  parts = [];
});

afterEach(async () => {
  await Promise.all(parts.map((part) => part.halt()));
  await rm(directory, { recursive: true, force: true });
});

async function partOf(script: string, graceMs = 2_000): Promise<SupervisedPart> {
  const path = join(directory, 'script.mjs');
  await writeFile(path, script);
  const log = new BoundedLog(join(directory, 'part.log'));
  const part = new SupervisedPart({
    name: 'part',
    stopSignal: 'SIGTERM',
    graceMs,
    firstBackoffMs: 1,
    onProgress: (line) => lines.push(line),
    onChange: () => undefined,
    onFailed: (error) => failures.push(error),
    async launch(spawned) {
      await launchEntryPoint({ name: 'part', script: path, env: process.env, log, graceMs }, spawned);
    },
  });
  parts.push(part);
  return part;
}

const serve = `process.send({ type: 'ready' }); setInterval(() => {}, 1000);`;

describe('a supervised part', () => {
  test('is started again with another pid after it was killed', async () => {
    const part = await partOf(serve);
    await part.startOnce();
    const before = part.pid;
    await part.kill('SIGKILL');
    await part.waitFor('ready');
    expect(part.pid).toBeDefined();
    expect(part.pid).not.toBe(before);
    expect(lines).toEqual(['part ended (signal SIGKILL), starting it again']);
  });

  test('stays down while halted, and comes back when started', async () => {
    const part = await partOf(serve);
    await part.startOnce();
    await part.halt();
    expect([part.state, part.pid]).toEqual(['stopped', undefined]);
    await part.start();
    expect(part.state).toBe('ready');
    await part.start();
  });

  test('is halted while it is starting', async () => {
    const part = await partOf('setInterval(() => {}, 1000);');
    const starting = expect(part.startOnce()).rejects.toThrow(/did not start/);
    await part.halt();
    await starting;
    expect([part.state, part.pid]).toEqual(['stopped', undefined]);
  });

  test('is ended by SIGKILL when it does not listen to SIGTERM', async () => {
    const part = await partOf(`process.on('SIGTERM', () => {}); ${serve}`, 100);
    await part.startOnce();
    await part.halt();
    expect(part.pid).toBeUndefined();
  });

  test('that ends before it is ready is an error with the end of its log', async () => {
    const part = await partOf(`console.error('no such setting'); process.exit(3);`);
    await expect(part.startOnce()).rejects.toThrow(/exit code 3[^]*no such setting/);
    expect(part.state).toBe('stopped');
  });

  test('that does not stay up is given up', async () => {
    const part = await partOf(`process.send({ type: 'ready' }, () => process.exit(1));`);
    await part.startOnce();
    await expect(part.waitFor('stopped')).rejects.toThrow(/does not stay up/);
    expect(failures).toHaveLength(1);
    expect(part.state).toBe('failed');
  });
});
