/** Real processes: what ends them, and that whoever waits is served or told. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { limits } from '../domain/limits.js';
import { puzzle } from '../domain/resolver/testing/puzzle.js';
import { profileOf } from '../tests/support/test-repositories.js';
import { ComputePool } from './compute-pool.js';
import type { CallOptions, ComputeProcess } from './compute-process.js';

const hard = puzzle();
const pools: ComputePool[] = [];

function newPool(options: Partial<ConstructorParameters<typeof ComputePool>[0]> = {}): ComputePool {
  const pool = new ComputePool({ processes: 2, memoryMb: 256, ...options });
  pools.push(pool);
  return pool;
}

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
});

const never = new AbortController().signal;

function options(changes: Partial<CallOptions> = {}): CallOptions {
  return { what: 'the test', limitMs: 20_000, signal: never, ...changes };
}

const goodArtifact = {
  manifestText: 'name: app\nversion: 1.0.0\nkind: application\n',
  manifestName: 'artifact.yaml',
  files: [],
};

const check = (process: ComputeProcess, changes: Partial<CallOptions> = {}) =>
  process.call('checkArtifact', goodArtifact, options(changes));

/** Work that goes on for longer than any test. */
async function solvePuzzle(process: ComputeProcess, changes: Partial<CallOptions> = {}): Promise<void> {
  const endless = { groupMs: 1e9, totalMs: 1e9, answers: new Map(), tooHard: new Set<string>() };
  const requests = [{ name: 'puzzle', range: '*' }];
  await process.call('beginPlanning', { requests, maxPlans: undefined, ...endless }, options());
  await process.call('takeManifests', hard.artifacts, options());
  const profile = profileOf('gw-1', { hardware: { arch: 'armv7', ...hard.hardware } });
  await process.call('takeGateways', [profile], options(changes));
}

describe('a process', () => {
  test('answers, and throws what the task throws', async () => {
    const pool = newPool();
    const checked = await pool.lend('short', never, (process) => check(process));
    expect(checked).toMatchObject({ manifest: { name: 'app', version: '1.0.0' } });
    const malformed = { ...goodArtifact, manifestText: 'name: [' };
    await expect(
      pool.lend('short', never, (process) => process.call('checkArtifact', malformed, options())),
    ).rejects.toMatchObject({
      name: 'LeonoreError',
      code: 'MALFORMED_ARTIFACT',
      details: { file: 'artifact.yaml', line: 1 },
    });
  });

  test('that takes too long is ended, and another does what comes next', async () => {
    const pool = newPool();
    await expect(
      pool.lend('long', never, (process) => solvePuzzle(process, { limitMs: 200 })),
    ).rejects.toMatchObject({
      code: 'COMPUTATION_TOO_HARD',
      message: 'the test takes more than the 0.2 s of computing that there are for it',
    });
    expect(await pool.lend('short', never, (process) => check(process))).toMatchObject({
      manifest: { name: 'app' },
    });
  });

  test('that uses too much memory is ended, and another does what comes next', async () => {
    const pool = newPool({ memoryMb: 64 });
    const manifest: ArtifactManifest = { name: 'many', version: '1.0.0', kind: 'library' };
    const page = Array.from({ length: 20_000 }, () => manifest);
    await expect(
      pool.lend('long', never, async (process) => {
        const none = { groupMs: 1, totalMs: 1, answers: new Map(), tooHard: new Set<string>() };
        await process.call('beginPlanning', { requests: [], maxPlans: undefined, ...none }, options());
        for (;;) await process.call('takeManifests', structuredClone(page), options());
      }),
    ).rejects.toMatchObject({
      code: 'COMPUTATION_TOO_HARD',
      message: 'the test takes more than the 64 MiB of memory that there are for it',
    });
    expect(await pool.lend('short', never, (process) => check(process))).toMatchObject({
      manifest: { name: 'app' },
    });
  });

  test('is ended when its caller is gone', async () => {
    const pool = newPool();
    const caller = new AbortController();
    const solving = pool.lend('long', caller.signal, (process) =>
      solvePuzzle(process, {
        signal: caller.signal,
        onAt: () => caller.abort(new Error('the caller is gone')),
      }),
    );
    await expect(solving).rejects.toThrow('the caller is gone');
    expect(await pool.lend('short', never, (process) => check(process))).toMatchObject({
      manifest: { name: 'app' },
    });
  });

  test('is not lent again in the middle of a call', async () => {
    const pool = newPool();
    await pool.lend('long', never, async (process) => {
      await new Promise<void>((begun) => {
        solvePuzzle(process, { onAt: () => begun() }).catch(() => undefined);
      });
    });
    expect(await pool.lend('short', never, (process) => check(process))).toMatchObject({
      manifest: { name: 'app' },
    });
  });
});

describe('a pool', () => {
  /** Keeps processes lent until it is told to let go. */
  function hold(pool: ComputePool, length: 'short' | 'long') {
    let letGo = (): void => undefined;
    const released = new Promise<void>((resolve) => (letGo = resolve));
    return { done: pool.lend(length, never, () => released), letGo };
  }

  test('long work leaves a process to what is short', async () => {
    const pool = newPool({ processes: 2 });
    const long = hold(pool, 'long');
    const order: string[] = [];
    const secondLong = pool.lend('long', never, async () => order.push('long'));
    await pool.lend('short', never, async () => order.push('short'));
    expect(order).toEqual(['short']);
    long.letGo();
    await Promise.all([long.done, secondLong]);
    expect(order).toEqual(['short', 'long']);
  });

  test('so many may wait, in the order in which they came; one more is told to come again', async () => {
    const pool = newPool({ processes: 2 });
    const held = [hold(pool, 'short'), hold(pool, 'short')];
    const order: number[] = [];
    const waiting = Array.from({ length: limits.waitingComputations }, (_none, index) =>
      pool.lend('short', new AbortController().signal, async () => void order.push(index)),
    );
    await expect(pool.lend('short', never, async () => undefined)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    });
    for (const { letGo } of held) letGo();
    await Promise.all(waiting);
    expect(order).toEqual([...order].sort((left, right) => left - right));
    expect(order).toHaveLength(limits.waitingComputations);
  });

  test('who gives up waiting is forgotten', async () => {
    const pool = newPool({ processes: 2 });
    const held = [hold(pool, 'short'), hold(pool, 'short')];
    const caller = new AbortController();
    const waiting = pool.lend('short', caller.signal, async () => 'done');
    caller.abort(new Error('the caller is gone'));
    await expect(waiting).rejects.toThrow('the caller is gone');
    for (const { letGo } of held) letGo();
    await Promise.all(held.map(({ done }) => done));
  });

  test('that is closed ends what is under way and what waits', async () => {
    const pool = newPool({ processes: 2 });
    let begun = (): void => undefined;
    const solving = new Promise<void>((resolve) => (begun = resolve));
    const underWay = pool.lend('long', never, (process) => solvePuzzle(process, { onAt: begun }));
    const waits = pool.lend('long', never, async () => undefined);
    const both = Promise.allSettled([underWay, waits]);
    await solving;
    await pool.close();
    expect(await both).toMatchObject([
      { status: 'rejected', reason: { code: 'NODE_UNAVAILABLE' } },
      { status: 'rejected', reason: { code: 'NODE_UNAVAILABLE' } },
    ]);
    await expect(pool.lend('short', never, async () => undefined)).rejects.toMatchObject({
      code: 'NODE_UNAVAILABLE',
    });
  });
});
