import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { TextEncoder } from 'node:util';
import { Worker } from 'node:worker_threads';
import { TestEnvironment } from 'jest-environment-node';
import { rememberProcess } from './process-state.mjs';

/** What Jest keeps in the global object for the tests of one file. */
const stateOfTests = new Set(['EVENT_HANDLERS', 'JEST_STATE_SYMBOL', 'RETRY_TIMES']);
const lookEveryMs = 1_000;
/** A test has its own limit; loading a file, and leaving it, take seconds. */
const loadingMinutes = 5;
/** Longer than any test computes at a stretch. */
const computingMinutes = 15;

/** A thread beside: the only one that still runs when the test's computes without end. */
const watch = `
  const { workerData: { beat, file, minutes } } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  const beats = new Int32Array(beat);
  const names = new Uint8Array(file);
  let last = -1, since = Date.now();
  setInterval(() => {
    const now = Atomics.load(beats, 0);
    if (now !== last) { last = now; since = Date.now(); return; }
    if (Date.now() - since < minutes * 60_000) return;
    const name = new TextDecoder().decode(names.slice(0, names.indexOf(0)));
    writeSync(2, name + ' has computed without a pause for ' + minutes + ' minutes: its worker is ended\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 5_000);
`;

/** Of this process: the files that it tests come one after the other. */
const beat = new Int32Array(new SharedArrayBuffer(4));
const fileName = new Uint8Array(new SharedArrayBuffer(4_096));
/** Since when a file is being loaded or left, in milliseconds since 1970; null while its tests run, and after it. */
let outsideTestsSince = null;
let testPath = '';
let isWatching = false;
const parent = process.ppid;
/** What was loaded as CommonJS, by path. */
const loaded = createRequire(import.meta.url).cache;
const temporalRuntime = join('@temporalio', 'worker', 'lib', 'runtime.js');

/**
 * Node.js as the environment of tests, in a process that ends when Jest's own is gone: a worker would otherwise go on
 * with its test, and keep alive what the test has started.
 *
 * The realm of the tests is that of the process (worker-runtime.mjs says why), so that what a file changes of the
 * process is put back when it has ended.
 *
 * Jest limits the time of tests, not that of loading a file and of leaving it, and no timer ends what computes without
 * a pause. Both would keep the whole run from its end, so that such a worker is ended, with the name of the file: Jest
 * tries a file again whose worker exits, and fails one whose worker is killed.
 */
export default class WorkerEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.restoreProcess = rememberProcess();
    this.global = globalThis;
    this.moduleMocker = new this.moduleMocker.constructor(globalThis);
    this.fakeTimersModern = new this.fakeTimersModern.constructor({
      config: config.projectConfig,
      global: globalThis,
    });
    fileName.fill(0);
    fileName.set(new TextEncoder().encode(context.testPath).slice(0, fileName.length - 1));
    testPath = context.testPath;
    outsideTestsSince = Date.now();
    if (isWatching || !process.connected) return;
    isWatching = true;
    // By looking: whoever listens for `disconnect` keeps the channel open, and the worker could not end by itself.
    setInterval(look, lookEveryMs).unref();
    const workerData = { beat: beat.buffer, file: fileName.buffer, minutes: computingMinutes };
    new Worker(watch, { eval: true, workerData, execArgv: [], env: {} }).unref();
  }

  handleTestEvent(event) {
    if (event.name === 'run_start') outsideTestsSince = null;
    if (event.name === 'run_finish') outsideTestsSince = Date.now();
  }

  async teardown() {
    await super.teardown();
    for (const key of Object.getOwnPropertySymbols(globalThis))
      if (stateOfTests.has(key.description)) Reflect.deleteProperty(globalThis, key);
    this.restoreProcess();
    try {
      await endTemporalRuntime();
    } finally {
      outsideTestsSince = null;
    }
  }
}

/**
 * Of the process, too: the SDK ends its runtime with the last connection. One that is left open would be found by a file
 * that cannot know of it, and would keep the worker from ending.
 */
async function endTemporalRuntime() {
  const path = Object.keys(loaded).find((one) => one.endsWith(temporalRuntime));
  const runtime = path === undefined ? undefined : loaded[path].exports.Runtime._instance;
  if (runtime === undefined) return;
  await runtime.shutdown();
  throw new Error(`${testPath} has left a worker of Temporal, or a connection to it, open`);
}

function look() {
  Atomics.add(beat, 0, 1);
  // A test may say that the process is not connected.
  if (process.ppid !== parent) process.exit(1);
  if (outsideTestsSince === null || Date.now() - outsideTestsSince < loadingMinutes * 60_000) return;
  process.stderr.write(
    `${testPath} is still being loaded or left after ${loadingMinutes} minutes: its worker is ended\n`,
  );
  process.exit(1);
}
