import TestRunner from 'jest-runner';

/**
 * Runs one test file after the other, while nothing else runs: for those that keep the machine busy by themselves.
 * In a worker, as the others, and not in Jest's own process: what a test leaves open ends with the worker, and cannot
 * keep the whole run from its end.
 */
export default class SerialRunner extends TestRunner {
  isSerial = true;

  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1 }, context);
  }

  runTests(tests, watcher, options) {
    return super.runTests(tests, watcher, { ...options, serial: false });
  }
}
