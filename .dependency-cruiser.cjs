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
  // What all servers for HTTP have in common; it knows of no gateway.
  serving: ['domain'],
  // Of workflows, other rooms run the Temporal client of rollouts; activities fulfil the types that it declares.
  connectivity: ['domain', 'repositories', 'serving', 'trust', 'workflows/client'],
  activities: [
    'domain',
    'process/within-time',
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
    'serving',
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
    'domain/canonical-json',
    'domain/gateway/gateway-id',
    'domain/gateway/isolation',
    'domain/gateway/profile',
    'domain/errors',
    'domain/error-kinds',
    'domain/limits',
    'domain/artifact/manifest-operation',
    'domain/trust',
    'process/within-time',
    'trust',
  ],
  client: [],
  // Runs in a browser: of the API it knows what the OpenAPI document says and how events are written, and the words of the domain.
  web: ['domain', 'client/openapi', 'client/event-reader'],
  stack: ['domain', 'repositories', 'process', 'trust'],
  // `leonore artifact try` builds a package as a node does, in a blob store of its own.
  cli: [
    'domain',
    'client',
    'stack',
    'agent',
    'trust',
    'process/package-root',
    'activities/package-builder',
    'repositories/content-digest',
    'repositories/disk-blob-store',
  ],
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
      comment: 'The registry alone knows which protocols there are; the rest of LEONORE knows none of them.',
      from: { pathNot: ['^connectivity/[^/]+/', '^connectivity/registry\\.ts$', notTests, '^tests/'] },
      to: { path: '^connectivity/[^/]+/' },
    },
    {
      name: 'protocols-know-no-other',
      severity: 'error',
      comment: 'A protocol is one folder: it needs nothing of another one.',
      from: { path: '^connectivity/([^/]+)/', pathNot: notTests },
      to: { path: '^connectivity/[^/]+/', pathNot: ['^connectivity/$1/'] },
    },
    {
      name: 'agents-protocols-know-themselves-only',
      severity: 'error',
      comment: 'An agent knows its protocols by its registry; virtual gateways are clients of HTTP.',
      from: {
        pathNot: [
          '^agent/connectivity/[^/]+/',
          '^agent/connectivity/registry\\.ts$',
          notTests,
          '^(testbed|tests)/',
        ],
      },
      to: { path: '^agent/connectivity/[^/]+/' },
    },
    {
      name: 'agents-protocols-know-no-other',
      severity: 'error',
      comment: 'A protocol of the agent is one folder: it needs nothing of another one.',
      from: { path: '^agent/connectivity/([^/]+)/', pathNot: notTests },
      to: { path: '^agent/connectivity/[^/]+/', pathNot: ['^agent/connectivity/$1/'] },
    },
    {
      name: 'the-dashboard-brings-no-client',
      severity: 'error',
      comment: 'The generated types, and the reader of events: the client for Node is none for browsers.',
      from: { path: '^web/' },
      to: { path: '^client/', pathNot: '^client/event-reader\\.ts$', dependencyTypesNot: ['type-only'] },
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
