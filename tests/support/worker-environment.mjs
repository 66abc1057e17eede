import { TestEnvironment } from 'jest-environment-node';

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
    process.once('disconnect', () => process.exit(1));
  }
}
