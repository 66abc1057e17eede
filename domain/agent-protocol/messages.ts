/**
 * The agent protocol: what a gateway and LEONORE say to each other. The schemas are used by the handlers, the
 * agents and the virtual gateways alike; docs/agent-protocol.md explains the order of the messages.
 *
 *   POST {api}/device/v1/register            key, enrolment token or own token       -> RegisterResponse | 202
 *   GET  {node}/device/v1/tasks              gateway token, If-None-Match            -> TasksResponse | 304 (tasks, orders)
 *   GET  {node}/device/v1/packages/{digest}  gateway token, Range, If-Range          -> the package | 206
 *   GET  {node}/device/v1/packages/{digest}/statements  gateway token               -> PackageStatements (domain/trust/)
 *   GET  {node}/device/v1/trust/{file}       gateway token                           -> metadata (domain/trust/)
 *   POST {node}/device/v1/reports            gateway token                           -> ReportsResponse
 *   PUT  {node}/device/v1/profile            gateway token                           -> 204
 *   POST {pushAddress}                       PushNotice, node to gateway             -> 2xx
 *   GET  {node}/device/v1/notices            gateway token                           -> PushNotices, as they come
 */
import Type, { type Static } from 'typebox';
import { reportableStates } from '../delivery/state.js';
import { EndpointSchema } from '../gateway/endpoint.js';
import { GatewayProfileSchema, InstalledSchema } from '../gateway/profile.js';
import { limits } from '../limits.js';
import { Text } from '../text.js';

const strict = { additionalProperties: false } as const;
/** Characters of the name of a step, with room for steps of other agents. */
export const stepLength = 64;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** All that gateways ask is below it. */
export const devicePrefix = '/device/';

export const devicePaths = {
  register: '/device/v1/register',
  tasks: '/device/v1/tasks',
  packages: '/device/v1/packages',
  reports: '/device/v1/reports',
  profile: '/device/v1/profile',
  /** A connection that the gateway holds open: notices as server-sent events. */
  notices: '/device/v1/notices',
  /** Followed by the name of a file of metadata, such as `1.root.json` or `timestamp.json`. */
  trust: '/device/v1/trust',
  /** Follows a package's own path. */
  statements: '/statements',
} as const;

/** Names one run of an agent: 16 hex digits, random at each start. One that comes back after another one is a second device. */
export const runHeader = 'leonore-run';

export const RegisterRequestSchema = Type.Object(
  {
    profile: GatewayProfileSchema,
    /**
     * Where the gateway listens for notices, when it offers push over a protocol that needs an address. The host must be
     * the address that the registration comes from: a gateway cannot make LEONORE call anybody else.
     */
    pushAddress: Type.Optional(Type.String({ maxLength: 512, pattern: '^[a-z][a-z0-9+.-]*://[!-~]+$' })),
    agentVersion: Type.Optional(Text(64)),
    /** Seconds between two polls, when the device has its own. */
    pollIntervalSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 31 * 86_400 })),
  },
  strict,
);

export const RegisterResponseSchema = Type.Object({
  gatewayId: Type.String(),
  /** The gateway's own token. Only when a new one was issued: the agent keeps the old one otherwise. */
  token: Type.Optional(Type.String()),
  /** The key that proves the gateway from now on; once it is the agent's own, no enrolment token is needed any more. */
  key: Type.Optional(Type.String()),
  node: Type.Object({ id: Type.String(), address: Type.String() }),
  protocol: Type.String(),
  strategy: Type.String(),
  /**
   * Where the node serves what both sides have, in the order in which the gateway tries them; the first is the channel
   * above. Packages and metadata are had at the node's own address, whichever it is. Not in the text form.
   */
  endpoints: Type.Optional(
    Type.Array(
      Type.Object({
        protocol: Type.String({ maxLength: 32 }),
        strategy: Type.String({ maxLength: 32 }),
        transport: EndpointSchema.properties.transport,
        address: EndpointSchema.properties.address,
        tls: EndpointSchema.properties.tls,
      }),
      { maxItems: limits.endpoints },
    ),
  ),
  /** Seconds between two polls; the agent adds its own jitter. */
  pollIntervalSeconds: Type.Number(),
  /** PEM of the authorities that this server and the nodes are certified by: believed alone from then on. Not in the text form. */
  authorities: Type.Optional(Type.String({ maxLength: limits.authoritiesLength })),
});

/** 202: a person has to approve the gateway first; until then it is asked for nothing and told nothing. */
export const PendingResponseSchema = Type.Object({
  gatewayId: Type.String(),
  state: Type.Literal('pending'),
  /** When to ask again; the header Retry-After says the same. */
  retryAfterSeconds: Type.Number(),
});

/**
 * When the gateway may begin to change what runs, in Unix seconds UTC: ascending, not overlapping; absent: at any time.
 * What can be fetched may be fetched before; what began is finished.
 */
const switchWindows = Type.Optional(
  Type.Array(
    Type.Object({ fromSeconds: Type.Integer({ minimum: 0 }), toSeconds: Type.Integer({ minimum: 0 }) }),
    { minItems: 1, maxItems: limits.switchWindows },
  ),
);

/** Digest that the gateway named last when this was planned; at another it refuses (`state`). */
const startState = Type.Optional(Type.String({ maxLength: limits.stateDigestLength }));

/**
 * What makes a task or an order believable: who it is for, which it is among all that the gateway was ever given, and how
 * long it holds. What is signed is its text form (text-form.ts, `signedText`).
 */
const SignedSchema = Type.Object({
  gatewayId: Type.String({ maxLength: 128 }),
  /** Only grows; one that is not above the last is a replay. */
  counter: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  /** RFC 3339: the gateway's floor of time, since its clock may be wrong. */
  signedAt: Type.String({ maxLength: 40 }),
  expires: Type.String({ maxLength: 40 }),
  signatures: Type.Array(Type.Object({ keyid: Sha256, sig: Type.String({ pattern: '^[0-9a-f]{128}$' }) }), {
    maxItems: 4,
  }),
  /** HMAC-SHA256 of the same text under the gateway's secret, in hex: for devices that verify no signatures. */
  hmac: Type.Optional(Sha256),
});
const signed = Type.Optional(SignedSchema);

/** Kept short: BusyBox agents read the same facts. */
export const TaskSchema = Type.Object({
  deliveryId: Type.String({ maxLength: 128 }),
  rolloutId: Type.String(),
  action: Type.Literal('install'),
  package: Type.Object({
    /** The package's id: sha256 of its manifest.json. */
    id: Sha256,
    /** sha256 of the archive: name in the download path, strong ETag and integrity check. */
    digest: Sha256,
    sizeBytes: Type.Integer({ minimum: 0 }),
    installedSizeBytes: Type.Integer({ minimum: 0 }),
  }),
  /** `name@version` of installed packages that go: replaced versions and what stands in the way. */
  remove: Type.Array(Type.String()),
  /** Old and new do not fit together: remove before unpacking. */
  removeFirst: Type.Boolean(),
  /** Values for this gateway alone (never in the shared package). */
  values: Type.Record(Type.String(), Type.String()),
  startState,
  /** What artifacts of the package need of others that are installed then: refused when it does not hold in the end. */
  requires: Type.Optional(
    Type.Array(
      Type.Object({
        artifact: Type.String({ maxLength: 100 }),
        name: Type.String({ maxLength: 100 }),
        range: Type.String({ maxLength: limits.rangeLength }),
      }),
      { maxItems: limits.requirements },
    ),
  ),
  switchWindows,
  /** RFC 3339; after it the delivery counts as lost. */
  deadline: Type.String(),
  /** Sequence of the last report that LEONORE has for this delivery: a gateway that lost its memory goes on from it. */
  lastSequence: Type.Integer({ minimum: 0 }),
  /** Where the node has a director's key. */
  signed,
});

/** What people may order a gateway to do with an artifact that it has; `wipe` is about all of them, and what they keep. */
export const orderActions = ['uninstall', 'start', 'stop', 'wipe'] as const;
/** What a gateway is ordered to do; `configure` gives an artifact other values. */
export const gatewayActions = [...orderActions, 'configure'] as const;

/** Something to do with an artifact that is installed; reported on like a delivery. */
export const OrderSchema = Type.Object({
  deliveryId: Type.String({ maxLength: 128 }),
  action: Type.Enum([...gatewayActions]),
  /** Name of the artifact; empty for `wipe`. */
  artifact: Type.String({ maxLength: 100 }),
  /** Names of artifacts that are uninstalled with it: dependencies that nothing needs any more. */
  also: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: limits.installed })),
  /** Whether what it keeps stays after its uninstallation; without it the artifact's own policy says so. */
  keepData: Type.Optional(Type.Boolean()),
  /** Of `configure`: what takes the place of the values of these keys; others stay. */
  values: Type.Optional(Type.Record(Type.String(), Type.String())),
  startState,
  switchWindows,
  /** RFC 3339; after it the order counts as lost. */
  deadline: Type.String(),
  lastSequence: Type.Integer({ minimum: 0 }),
  signed,
});

export const TasksResponseSchema = Type.Object({
  /** Oldest first; carried out one after the other. */
  tasks: Type.Array(TaskSchema, { maxItems: 8 }),
  /** Carried out after the tasks, oldest first. An agent that knows no orders leaves them alone. */
  orders: Type.Optional(Type.Array(OrderSchema, { maxItems: 8 })),
  /** True when the framework wants a fresh profile. */
  profileWanted: Type.Boolean(),
});

/** Step of a failure of class `state` by which a gateway refuses what was planned for another state of it. */
export const stateChangedStep = 'state-changed';

/** Whose fault a failure on the gateway is. */
export const failureClasses = [
  'network',
  'integrity',
  'space',
  'script',
  'health',
  'state',
  'internal',
] as const;
export type FailureClass = (typeof failureClasses)[number];

export const ReportErrorSchema = Type.Object(
  {
    class: Type.Enum([...failureClasses]),
    /** Step of the delivery at which it happened, such as `download`, `verify`, `start`. */
    step: Text(stepLength),
    message: Text(limits.reportDetailBytes),
  },
  strict,
);

export const ReportSchema = Type.Object(
  {
    deliveryId: Text(128),
    /** Grows by one within a delivery; a number met before is a duplicate and changes nothing. */
    sequence: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    state: Type.Enum([...reportableStates]),
    /** The gateway's own clock, RFC 3339; shown, never believed. */
    at: Type.Optional(Text(40)),
    detail: Type.Optional(Text(limits.reportDetailBytes)),
    error: Type.Optional(ReportErrorSchema),
    /** Digest of the state after it ended; told when the task named the one that it starts from. */
    stateDigest: Type.Optional(Text(limits.stateDigestLength)),
    /** What is installed after the delivery ended. */
    installed: Type.Optional(Type.Array(InstalledSchema, { maxItems: limits.installed })),
  },
  strict,
);

export const ReportsRequestSchema = Type.Object(
  { reports: Type.Array(ReportSchema, { minItems: 1, maxItems: limits.reports }) },
  strict,
);

export const reportOutcomes = ['applied', 'duplicate', 'ended', 'unknown', 'refused'] as const;

export const ReportsResponseSchema = Type.Object({
  /** In the order of the reports. All of them are done with: the agent drops them. */
  outcomes: Type.Array(
    Type.Object({
      deliveryId: Type.String(),
      sequence: Type.Integer(),
      /**
       * `ended`: the delivery has ended already, for instance cancelled; `unknown`: not this gateway's; `refused`: it is
       * malformed, and would be again.
       */
      outcome: Type.Enum([...reportOutcomes]),
      /** Why it was refused. */
      reason: Type.Optional(Type.String()),
      /** State of the delivery afterwards; absent when unknown. */
      state: Type.Optional(Type.String()),
    }),
  ),
});

export const ProfileUpdateSchema = Type.Object({ profile: GatewayProfileSchema }, strict);

export const PushNoticeSchema = Type.Object({ reason: Type.Enum(['task', 'profile']) }, strict);

/** One endpoint of those that a gateway was told. */
export type ToldEndpoint = NonNullable<RegisterResponse['endpoints']>[number];
export type RegisterRequest = Static<typeof RegisterRequestSchema>;
export type RegisterResponse = Static<typeof RegisterResponseSchema>;
export type PendingResponse = Static<typeof PendingResponseSchema>;
export type Task = Static<typeof TaskSchema>;
export type TaskRequirement = NonNullable<Task['requires']>[number];
export type Order = Static<typeof OrderSchema>;
export type SwitchWindow = NonNullable<Task['switchWindows']>[number];
export type OrderAction = Order['action'];
export type Signed = Static<typeof SignedSchema>;
export type TasksResponse = Static<typeof TasksResponseSchema>;
export type ReportError = Static<typeof ReportErrorSchema>;
export type Report = Static<typeof ReportSchema>;
export type ReportsRequest = Static<typeof ReportsRequestSchema>;
export type ReportsResponse = Static<typeof ReportsResponseSchema>;
export type ReportOutcome = (typeof reportOutcomes)[number];
export type PushNotice = Static<typeof PushNoticeSchema>;
