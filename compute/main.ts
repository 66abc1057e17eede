/** What runs in a process of a {@link ComputePool}: one call after the other, as they come. */
import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LeonoreError } from '../domain/errors.js';
import type { Call, Said } from './messages.js';
import { tasks } from './tasks.js';

/**
 * Behind the processes that talk to others, before everything that asks for nothing better: enough that an event
 * loop which wakes up runs at once, and not so much that a busy machine starves the planning.
 */
const niceness = 5;
/** Between two looks whether the pool's process is still there. */
const lookMs = 1_000;

type Task = (input: unknown, at: (what: string) => void) => unknown;

const byName = tasks as unknown as Readonly<Record<string, Task>>;
const say = (said: Said) => process.send?.(said);

process.on('message', ({ task, input }: Call) => {
  try {
    const output = byName[task]?.(input, (at) => say({ kind: 'at', at }));
    say({ kind: 'done', output });
  } catch (error) {
    if (error instanceof LeonoreError) {
      say({ kind: 'refused', code: error.code, message: error.message, details: error.details });
    } else say({ kind: 'failed', error });
  }
});
// The pool's process ends this one; a Ctrl-C in its terminal reaches both.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
setPriority(niceness);
endWithParent();
say({ kind: 'ready' });

/** A process that computes does not hear that it is alone now. A thread of its own looks, and ends it. */
function endWithParent(): void {
  const look = `
    const { parent, every } = require('node:worker_threads').workerData;
    setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), every);`;
  const workerData = { parent: process.ppid, every: lookMs };
  new Worker(look, { eval: true, workerData, resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
}
