/** The codes of failures: who must act, what to do, whether it helps to try again. */

/** Who has to act to make the failure go away. */
export type Actor = 'caller' | 'operator' | 'gateway' | 'leonore';

export interface ErrorKind {
  /** HTTP status that the code maps to (RFC 9110). */
  readonly status: number;
  readonly actor: Actor;
  readonly retryable: boolean;
  readonly title: string;
  readonly advice: string;
  /** What is away, in words: work waits for it, within its deadline, and is not failed by it. */
  readonly awaited?: string;
}

/** Every code that LEONORE can answer with. Codes are stable: scripts match on them. */
export const errorKinds = {
  MALFORMED_INPUT: kind(
    400,
    'caller',
    false,
    'Malformed input',
    'Correct the place that the detail names and send it again.',
  ),
  MALFORMED_ARTIFACT: kind(
    400,
    'caller',
    false,
    'Malformed artifact',
    'Correct the artifact at the place that the detail names and add it again.',
  ),
  MALFORMED_CATALOG: kind(400, 'caller', false, 'Malformed catalog', 'Correct what the detail names.'),
  STRATEGY_INVALID: kind(
    400,
    'caller',
    false,
    'The strategy cannot be followed',
    'Correct the place that the detail names; docs/campaigns.md says what may stand there.',
  ),
  WINDOW_NEVER_OPENS: kind(
    422,
    'caller',
    false,
    'The windows never open',
    'Correct windows and freezes, or give the campaign more time.',
  ),
  MALFORMED_PACKAGE: kind(
    400,
    'leonore',
    false,
    'Malformed package',
    'Do not install the package; have it built again.',
  ),
  SIGNATURE_INVALID: kind(
    400,
    'caller',
    false,
    'The signature is not of this content',
    'Sign what is sent, with the same version of LEONORE as the server, and add it again.',
  ),
  UNTRUSTED: kind(
    409,
    'operator',
    false,
    'Not signed by whom it must be',
    'See docs/security.md: who may sign what is said by the trust metadata.',
  ),
  UNAUTHENTICATED: kind(401, 'caller', false, 'Not authenticated', 'Send a valid bearer token.'),
  IDENTITY_PROOF_REQUIRED: kind(
    401,
    'gateway',
    false,
    'A key is needed',
    'Register with a key of the gateway (docs/agent-protocol.md), or enrol with a token that takes gateways without one.',
  ),
  IDENTITY_PROOF_INVALID: kind(
    401,
    'gateway',
    false,
    'The proof of the key does not hold',
    'Make it over the request as it is sent, as docs/agent-protocol.md says.',
  ),
  FORBIDDEN: kind(403, 'caller', false, 'Not allowed', 'Use a token with the role that the detail names.'),
  ENROLMENT_REFUSED: kind(
    403,
    'operator',
    false,
    'This gateway may not enrol with that',
    'See what its token allows with `leonore enrolment list`, or give the gateway another.',
  ),
  CLIENT_CERTIFICATE_REQUIRED: kind(
    403,
    'gateway',
    false,
    'A certificate is needed',
    'Give the gateway a certificate of the authority that LEONORE takes gateways of, and its key.',
  ),
  GATEWAY_DECOMMISSIONED: kind(
    403,
    'operator',
    false,
    'The gateway is decommissioned',
    'Readmit it with `leonore gateway readmit` if it is to come back.',
  ),
  ARTIFACT_NOT_FOUND: kind(
    404,
    'caller',
    false,
    'No such artifact',
    'List what there is with `leonore artifact list`, or add the artifact first.',
  ),
  GATEWAY_NOT_FOUND: kind(
    404,
    'caller',
    false,
    'No such gateway',
    'List the gateways with `leonore gateway list`.',
  ),
  ENROLMENT_NOT_FOUND: kind(
    404,
    'caller',
    false,
    'No such enrolment',
    'List them with `leonore enrolment list`.',
  ),
  TOKEN_NOT_FOUND: kind(404, 'caller', false, 'No such token', 'List them with `leonore token list`.'),
  DEPLOYMENT_NOT_FOUND: kind(
    404,
    'caller',
    false,
    'No such deployment',
    'List the deployments with `leonore deployment list`, or create it first.',
  ),
  ROLLOUT_NOT_FOUND: kind(
    404,
    'caller',
    false,
    'No such rollout',
    'List the rollouts with `leonore rollout list`.',
  ),
  CAMPAIGN_NOT_FOUND: kind(404, 'caller', false, 'No such campaign', 'See `leonore campaign list`.'),
  NODE_NOT_FOUND: kind(404, 'caller', false, 'No such node', 'List the nodes with `leonore node list`.'),
  PACKAGE_NOT_FOUND: kind(
    404,
    'caller',
    false,
    'No such package',
    'List the packages with `leonore package list`.',
  ),
  ORDER_NOT_FOUND: kind(404, 'caller', false, 'No such order', 'List the orders with `leonore order list`.'),
  DELIVERY_NOT_FOUND: kind(
    404,
    'gateway',
    false,
    'No such delivery for this gateway',
    'Drop the report; ask for the task again.',
  ),
  ROUTE_NOT_FOUND: kind(404, 'caller', false, 'No such route', 'See /api/openapi.json.'),
  METHOD_NOT_ALLOWED: kind(
    405,
    'caller',
    false,
    'Not a method of this route',
    'Use one of the methods that the header Allow names.',
  ),
  UNSUPPORTED_MEDIA_TYPE: kind(
    415,
    'caller',
    false,
    'Not a media type of this route',
    'Send the body as /api/openapi.json says, and name it in Content-Type.',
  ),
  ARTIFACT_IMMUTABLE: kind(
    409,
    'caller',
    false,
    'A version never changes',
    'Publish the new content under a new version.',
  ),
  ARTIFACT_IN_USE: kind(
    409,
    'caller',
    false,
    'The artifact is in use',
    'Wait until the rollouts that need it have ended, or cancel them.',
  ),
  ARTIFACT_NEEDED: kind(
    409,
    'caller',
    false,
    'Another artifact needs it',
    'Uninstall what needs it first, or replace it by a rollout.',
  ),
  WANTED_STATE_NOT_FOUND: kind(404, 'caller', false, 'No such wanted state', 'See `leonore wanted list`.'),
  WANTED_STATE_CONFLICT: kind(409, 'caller', false, 'Another wanted state contradicts it', 'End the other.'),
  DEPLOYMENT_IN_USE: kind(
    409,
    'caller',
    false,
    'The deployment is in use',
    'Wait until the rollouts that need it have ended, or cancel them.',
  ),
  SUPERSEDED: kind(
    409,
    'caller',
    false,
    'Newer work takes its place',
    'See the rollout that the details name.',
  ),
  DEPLOYMENT_EXISTS: kind(409, 'caller', false, 'The deployment exists already', 'Choose another name.'),
  DELIVERY_ENDED: kind(
    409,
    'gateway',
    false,
    'The delivery has ended',
    'Drop the report; ask for the task again.',
  ),
  GATEWAY_IDENTITY_TAKEN: kind(
    409,
    'operator',
    false,
    'The gateway id belongs to another device',
    'Give the device an id of its own, or decommission the old gateway first.',
  ),
  GATEWAY_CONTESTED: kind(
    409,
    'operator',
    false,
    'The gateway id belongs to a gateway with another key',
    'See `leonore gateway contested`; readmit the id if this device is to have it from now on.',
  ),
  REGISTRATION_REPLAYED: kind(
    409,
    'gateway',
    false,
    'The counter has been used',
    'Go on from the counter that the details name.',
  ),
  GATEWAY_NOT_PENDING: kind(
    409,
    'caller',
    false,
    'The gateway does not wait for approval',
    'See its state with `leonore gateway show`.',
  ),
  ENROLMENT_CONTRADICTS: kind(
    409,
    'caller',
    false,
    'The enrolment contradicts itself',
    'Leave out one of the two that the detail names.',
  ),
  TOKEN_EXISTS: kind(409, 'caller', false, 'The token exists already', 'Choose another name, or revoke it.'),
  ENROLMENT_EXISTS: kind(409, 'caller', false, 'The enrolment exists already', 'Choose another name.'),
  ROLLOUT_ENDED: kind(409, 'caller', false, 'The rollout has ended', 'Nothing is left to do.'),
  CAMPAIGN_EXISTS: kind(409, 'caller', false, 'The campaign exists already', 'Leave its id out.'),
  CAMPAIGN_ENDED: kind(409, 'caller', false, 'The campaign has ended', 'Start another campaign.'),
  CAMPAIGN_STATE_FORBIDS: kind(409, 'caller', false, 'Not in this state', 'See `leonore campaign show`.'),
  APPROVAL_NOT_ALLOWED: kind(403, 'caller', false, 'Not for this role to approve', 'Ask the role named.'),
  EMPTY_DEPLOYMENT: kind(
    422,
    'caller',
    false,
    'The deployment has no gateways',
    'Correct its selector, or register gateways that match it.',
  ),
  NO_COMMON_PROTOCOL: kind(
    422,
    'gateway',
    false,
    'No protocol and strategy in common',
    'Enable on the gateway one of the pairs that the detail lists.',
  ),
  IDEMPOTENCY_KEY_REUSED: kind(
    422,
    'caller',
    false,
    'The Idempotency-Key belongs to another request',
    'Use a new key for a new request.',
  ),
  UNSATISFIABLE: kind(
    422,
    'caller',
    false,
    'No plan can satisfy the request',
    'Read the explanation: it names what stands against it.',
  ),
  PLANNING_TOO_HARD: kind(
    422,
    'caller',
    false,
    'The plan is too hard to find',
    'Ask for less at once or in narrower ranges, or make room on the gateway.',
  ),
  COMPUTATION_TOO_HARD: kind(
    422,
    'caller',
    false,
    'Too much to compute',
    'Send something simpler; the detail names what was used up.',
  ),
  TOO_LARGE: kind(413, 'caller', false, 'Too large', 'Send less; the detail names the limit.'),
  TOO_MANY_REQUESTS: kind(429, 'caller', true, 'Too many requests', 'Wait as long as Retry-After says.'),
  BUILD_FAILED: kind(
    500,
    'operator',
    false,
    'The package could not be built',
    'Read the build log; correct the artifact that it names.',
  ),
  BLOB_MISSING: kind(
    500,
    'operator',
    true,
    'Stored content is missing',
    'Restore the blob store, or add the artifact again.',
  ),
  NOT_THIS_NODE: kind(
    421,
    'gateway',
    true,
    'The gateway belongs to another node',
    'Register again at the registration address; it names the node.',
  ),
  PACKAGE_REBUILDING: kind(
    503,
    'leonore',
    true,
    'The package is being built again',
    'Wait as long as Retry-After says; its archive was lost or removed.',
  ),
  SECRETS_UNAVAILABLE: kind(
    503,
    'operator',
    true,
    'Secrets cannot be kept or read',
    'Give api and nodes the same LEONORE_SECRET_KEYS, with the key that the secret was sealed with among them.',
  ),
  VALUE_MISSING: kind(
    422,
    'operator',
    false,
    'The gateway lacks a value',
    'Set it with `leonore gateway set`, then provision again.',
  ),
  NODE_UNAVAILABLE: kind(
    503,
    'leonore',
    true,
    'The node is not available',
    'It is tried again on another node.',
  ),
  NO_NODE: kind(
    503,
    'operator',
    true,
    'No node can take the gateway now',
    'Wait as long as Retry-After says; start a node if this stays.',
    'a node',
  ),
  NODES_FULL: kind(
    503,
    'leonore',
    true,
    'All nodes are full',
    'Wait as long as Retry-After says; another node is on its way.',
  ),
  NODE_ID_TAKEN: kind(
    409,
    'operator',
    false,
    'Another process is this node',
    'Give each node a LEONORE_NODE_ID of its own.',
  ),
  NODE_NOT_ACTIVE: kind(
    409,
    'caller',
    false,
    'The node is not active',
    'See its state with `leonore node list`.',
  ),
  LAST_NODE: kind(
    409,
    'caller',
    false,
    'The last node cannot go',
    'Start another node first with `leonore node start`.',
  ),
  LAUNCH_FAILED: kind(
    502,
    'operator',
    true,
    'The node could not be launched',
    'Read what the launcher said; correct its configuration.',
  ),
  DATABASE_UNAVAILABLE: kind(
    503,
    'operator',
    true,
    'The database is away',
    'Wait as long as Retry-After says; see that PostgreSQL is running.',
    'PostgreSQL',
  ),
  TEMPORAL_UNAVAILABLE: kind(
    503,
    'operator',
    true,
    'Temporal is away',
    'Wait as long as Retry-After says; see that the Temporal server is running.',
    'Temporal',
  ),
  BLOBS_UNAVAILABLE: kind(
    503,
    'operator',
    true,
    'The blob store is away',
    'See that its directory is mounted, writable and has room.',
    'the blob store',
  ),
  TASK_QUARANTINED: kind(
    500,
    'operator',
    false,
    'The task took nodes with it',
    'Nodes died while they worked on it; read their logs, correct the artifact or the nodes, and provision again.',
  ),
  DEADLINE_PASSED: kind(
    504,
    'operator',
    false,
    'The deadline passed before the gateway could be served',
    'See what the rollout waited for, and provision again.',
  ),
  INTERNAL: kind(500, 'leonore', true, 'Internal error', 'Report it together with the request id.'),
} satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

function kind(
  status: number,
  actor: Actor,
  retryable: boolean,
  title: string,
  advice: string,
  awaited?: string,
): ErrorKind {
  return { status, actor, retryable, title, advice, ...(awaited === undefined ? {} : { awaited }) };
}

/** What is away when a code says so, in words; null for a code that speaks of something else. */
export function awaitedBy(code: string): string | null {
  return isErrorCode(code) ? (errorKinds[code].awaited ?? null) : null;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorKinds, code);
}
