import { availableParallelism } from 'node:os';

/**
 * The suite is five projects, and the room that a test file lies in says which one it belongs to: a file is in the
 * project that names its room, and in `unit` when none does, so that none can be left out.
 *
 * unit      needs no server: plain code, files, processes that end with their test
 * database  on the shared PostgreSQL
 * workflow  on Temporal, with a clock that jumps or the shared server
 * agent     agents with their applications, which wait more than they work
 * system    whole stacks of processes, which wait for leases and deadlines more than they work
 *
 * `npm run jest -- --selectProjects unit database` runs two of them.
 */
const roomsOf = {
  database: ['activities', 'api', 'cli', 'client', 'connectivity', 'repositories', 'testbed/seed', 'workers'],
  workflow: ['workflows'],
  agent: ['agent', 'testbed/conformance'],
  system: ['stack', 'tests'],
};

/** Jest runs the TypeScript sources as ES modules; processes under test run from dist/ (see scripts/build.mjs). */
const sources = {
  testEnvironment: './tests/support/worker-environment.mjs',
  runtime: './tests/support/worker-runtime.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

const ignored = ['/node_modules/', '<rootDir>/dist/'];
const inRoom = (room) => `<rootDir>/${room}/`;

const project = (name) => ({
  ...sources,
  displayName: name,
  testMatch: roomsOf[name].map((room) => `${inRoom(room)}**/*.test.ts`),
  testPathIgnorePatterns: ignored,
});

const withServers = (its) => ({
  ...its,
  globalSetup: './tests/support/servers/global-setup.mjs',
  globalTeardown: './tests/support/servers/global-teardown.mjs',
});

const withTemporal = (its) => ({
  ...withServers(its),
  globalSetup: './tests/support/servers/global-setup-with-temporal.mjs',
});

const withSecondTry = (its) => ({ ...its, setupFilesAfterEnv: ['./tests/support/second-try.mjs'] });

export default {
  projects: [
    {
      ...sources,
      displayName: 'unit',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: [...ignored, ...Object.values(roomsOf).flat().map(inRoom)],
    },
    withServers(project('database')),
    withSecondTry(withTemporal(project('workflow'))),
    withSecondTry(project('agent')),
    withSecondTry(withTemporal(project('system'))),
  ],
  reporters: ['default', './tests/support/second-try-reporter.mjs'],
  // On two cores Jest would take one, and more than half of the files wait more than they work.
  maxWorkers: Math.max(4, Math.floor(availableParallelism() / 2)),
  // Against what hangs: files share the processors, with what else the machine does, so a test may take many times what
  // it would alone.
  testTimeout: 180_000,
};
