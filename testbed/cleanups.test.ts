import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Cleanups } from './cleanups.js';

describe('clean-ups', () => {
  afterEach(() => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  });

  test('undo last first, each once, and go on after a failure', async () => {
    const cleanups = new Cleanups();
    const undone: number[] = [];
    cleanups.add(() => void undone.push(1));
    cleanups.add(() => Promise.reject(new Error('stuck')));
    cleanups.add(() => void undone.push(3));
    expect(await cleanups.undoAll()).toEqual([new Error('stuck')]);
    expect(undone).toEqual([3, 1]);
    expect(await cleanups.undoAll()).toEqual([]);
    expect(undone).toEqual([3, 1]);
  });

  test('a signal ends what is waited for, and nothing new is begun', async () => {
    const cleanups = new Cleanups();
    cleanups.listenToSignals();
    const waiting = cleanups.unlessInterrupted(sleep(60_000, undefined, { ref: false }));
    process.emit('SIGINT');
    await expect(waiting).rejects.toThrow('stopped by SIGINT');
    await expect(cleanups.unlessInterrupted(Promise.resolve(1))).rejects.toThrow('stopped by SIGINT');
    await cleanups.untilInterrupted();
  });

  test('what ends before a signal keeps its result', async () => {
    expect(await new Cleanups().unlessInterrupted(Promise.resolve('done'))).toBe('done');
  });
});
