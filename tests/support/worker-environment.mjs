import { setInterval } from 'node:timers';
import { TestEnvironment } from 'jest-environment-node';

const lookEveryMs = 1_000;
let isWatching = false;

/**
 * Node.js as the environment of tests, in a process that ends when Jest's own is gone: a worker would otherwise go on
 * with its test, and keep alive what the test has started.
 */
export default class WorkerEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    if (isWatching || !process.connected) return;
    isWatching = true;
    // By looking: whoever listens for `disconnect` keeps the channel open, and the worker could not end by itself.
    setInterval(() => process.connected || process.exit(1), lookEveryMs).unref();
  }
}
