/**
 * The rooms of the house and who may import whom (CONTRIBUTING.md draws it). Each room lists what it may import of
 * the others; anything else is an error. Tests may import what they test with.
 */
const rooms = {
  domain: [],
  process: ['domain'],
  // Keys and signatures: what the domain judges is computed here.
  trust: ['domain'],
  repositories: ['domain', 'process/package-root'],
  // What several processes ask of the repositories together with the domain; no SQL of its own.
  services: ['domain', 'repositories'],
  // Puts together what every process with a database is made of: the only room that sees process life and repositories.
  composition: ['domain', 'process', 'repositories', 'workflows/client'],
  // Processes for what computes, and what is computed in them.
  compute: ['domain', 'process/package-root', 'repositories', 'trust'],
  // Of workflows, other rooms run the Temporal client of rollouts; activities fulfil the types that it declares.
  connectivity: ['domain', 'repositories', 'trust', 'workflows/client'],
  activities: [
    'domain',
    'trust',
    'compute',
    'repositories',
    'services',
    'connectivity',
    'workflows/client',
    'workflows/activity-types',
  ],
  workflows: ['domain'],
  workers: [
    'domain',
    'trust',
    'process',
    'composition',
    'compute',
    'repositories',
    'services',
    'connectivity',
    'activities',
    'workflows',
    'stack/temporal',
  ],
  api: [
    'domain',
    'trust',
    'process',
    'composition',
    'compute',
    'repositories',
    'services',
    'connectivity',
    'workflows/client',
  ],
  agent: [
    'domain/agent-protocol',
    'domain/package-format',
    'domain/gateway/isolation',
    'domain/gateway/profile',
    'domain/errors',
    'domain/limits',
    'domain/artifact/manifest-operation',
    'domain/trust',
    'trust',
  ],
  client: [],
  stack: ['domain', 'repositories', 'process', 'trust'],
  cli: ['domain', 'client', 'stack', 'agent', 'trust', 'process/package-root'],
  // Its benchmarks measure the repositories too.
  // The benches of the builder and of what computes measure these by themselves, without a stack around them.
  testbed: [
    'activities/package-builder',
    'compute',
    'repositories/disk-blob-store',
    'domain',
    'client',
    'stack',
    'agent',
    'repositories',
    'trust',
    'process/package-root',
  ],
};

const names = Object.keys(rooms);
const notTests = '\\.test\\.ts$';

const arrows = names.map((room) => ({
  name: `${room}-imports-only-what-it-may`,
  severity: 'error',
  comment: `${room} may import: ${rooms[room].join(', ') || 'nothing of the other rooms'}`,
  from: { path: `^${room}/`, pathNot: notTests },
  to: {
    path: `^(${names.join('|')})/`,
    pathNot: [`^${room}/`, ...rooms[room].map((allowed) => `^${allowed}(/|\\.)`)],
  },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'prisma-in-repositories-only',
      severity: 'error',
      comment: 'Repositories are the only importers of Prisma.',
      from: { pathNot: ['^repositories/', '^prisma/'] },
      to: { path: '^(prisma/generated|node_modules/@?prisma)/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'No I/O in the domain.',
      from: { path: '^domain/', pathNot: notTests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'protocols-know-themselves-only',
      severity: 'error',
      comment:
        'Outside connectivity nothing knows a protocol by name; servers and push addresses of HTTP are shared.',
      from: { path: '^(domain|repositories|activities|workflows|workers)/' },
      to: { path: '^connectivity/(?!http/(create-server|push-address|tls))[^/]+/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Two files that need each other are one concept, or three.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      comment:
        'What tests share lies in tests/support or in a testing folder; the test bed measures against it too.',
      from: { pathNot: [notTests, '^tests/', '^testbed/', '/testing/'] },
      to: { path: ['\\.test\\.ts$', '^tests/', '^(?!node_modules).*/testing/'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules/\\.cache)/' },
    enhancedResolveOptions: { conditionNames: ['import', 'types', 'default'], exportsFields: ['exports'] },
  },
};
