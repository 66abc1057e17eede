import Type from 'typebox';
import { labelsPattern } from '../domain/balancer/labels.js';
import { strategyNames } from '../domain/balancer/strategies.js';
import { channelsPattern } from '../domain/gateway/endpoint.js';
import { commonConfig, servingConfig, webhookConfig } from '../process/config.js';

export const CoordinatorConfigSchema = Type.Object({
  ...commonConfig,
  ...webhookConfig,
  /** How the balancer chooses a node (domain/balancer/). */
  LEONORE_BALANCER: Type.Enum(strategyNames, { default: 'load' }),
  /** Gateways that fill a node: the paper's 500 (or its 2,500). */
  LEONORE_NODE_THRESHOLD: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 500 }),
  LEONORE_NODES_MIN: Type.Integer({ minimum: 0, maximum: 1_000, default: 1 }),
  /** Nodes that may be launched when all are full; 0 launches none. */
  LEONORE_NODES_MAX: Type.Integer({ minimum: 0, maximum: 1_000, default: 0 }),
  /** Seconds for which the load must be low before a node goes. */
  LEONORE_SETTLE_SECONDS: Type.Number({ minimum: 0, maximum: 86_400, default: 60 }),
  /** Channels (`mqtt/push`) or protocols (`mqtt`) that gateways are spoken to by where they can, in order. */
  LEONORE_CHANNELS: Type.Optional(Type.String({ pattern: channelsPattern })),
  /** Who starts nodes: the stack, a command, or Kubernetes. */
  LEONORE_LAUNCHER: Type.Enum(['process', 'command', 'kubernetes'], { default: 'process' }),
  /** For the launcher `command`: starts the node LEONORE_NODE_ID and returns. */
  LEONORE_LAUNCH_COMMAND: Type.Optional(Type.String({ minLength: 1 })),
  /** For the launcher `command`: ends the node LEONORE_NODE_ID and returns. */
  LEONORE_DESTROY_COMMAND: Type.Optional(Type.String({ minLength: 1 })),
  /** For the launcher `kubernetes`: the StatefulSet whose pods are the nodes, and its namespace. */
  LEONORE_STATEFULSET: Type.Optional(Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$' })),
  LEONORE_NAMESPACE: Type.Optional(Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' })),
  /** Hours after which a package that nobody has needed since is removed. */
  LEONORE_RETENTION_HOURS: Type.Number({ minimum: 0, maximum: 100_000, default: 720 }),
  /** Hours for which content without a row stays: a row may be about to be written. */
  LEONORE_BLOB_GRACE_HOURS: Type.Number({ minimum: 1, maximum: 1_000, default: 24 }),
  /** Minutes between two runs of housekeeping. */
  LEONORE_HOUSEKEEPING_MINUTES: Type.Integer({ minimum: 1, maximum: 100_000, default: 60 }),
});

export const NodeConfigSchema = Type.Object({
  ...servingConfig,
  /** Name of the node; two processes cannot be the same node. */
  LEONORE_NODE_ID: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  /** Seconds that the build script of a source variant may take. */
  LEONORE_BUILD_SECONDS: Type.Integer({ minimum: 1, maximum: 1_200, default: 600 }),
  /** MiB of memory that it may use, all its processes together. */
  LEONORE_BUILD_MEMORY_MB: Type.Integer({ minimum: 16, maximum: 1_048_576, default: 2_048 }),
  /** MiB that it may leave on the disk, its sources included. */
  LEONORE_BUILD_DISK_MB: Type.Integer({ minimum: 1, maximum: 1_048_576, default: 4_096 }),
  /** `required`: nothing is built from source where neither bubblewrap nor namespaces are allowed; `best`: as well as it goes. */
  LEONORE_BUILD_ISOLATION: Type.Enum(['best', 'required'], { default: 'required' }),
  /** Key file that opens secret values. */
  LEONORE_VALUES_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** Key file of a director: signs tasks, snapshot and timestamp. */
  LEONORE_DIRECTOR_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** Key file of a builder: signs what is built from source here. */
  LEONORE_BUILDER_KEY: Type.Optional(Type.String({ minLength: 1 })),
  /** Where the node is, for the balancer: `site=b1,latitude=48.2,longitude=16.4`. */
  LEONORE_NODE_LABELS: Type.Optional(Type.String({ pattern: labelsPattern })),
});
