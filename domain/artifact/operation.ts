/**
 * How an artifact is run on a gateway, and what it needs there. The manifest of an artifact and that of a package say
 * it in the same words: what is declared in one travels in the other.
 */
import Type, { type Static } from 'typebox';
import { demandableLevels } from '../gateway/isolation.js';
import { limits } from '../limits.js';
import { Text } from '../text.js';

const strict = { additionalProperties: false } as const;
const Path = (description: string) => Text(limits.pathLength, { minLength: 1, description });
const Bytes = (description: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description });
const Port = (description?: string) =>
  Type.Integer({ minimum: 1, maximum: 65_535, ...(description === undefined ? {} : { description }) });

export const ControlSchema = Type.Object(
  {
    install: Type.Optional(Path('Run once its files are in place, before it is started.')),
    uninstall: Type.Optional(Path('Run before its files are removed.')),
    start: Type.Optional(Path('Is the application: it stays in the foreground for as long as it runs.')),
    stop: Type.Optional(Path('Asks it to end; what is left after it is ended by signals.')),
    reload: Type.Optional(
      Path('Has the running application take over values that have changed; without it, it is started anew.'),
    ),
  },
  {
    ...strict,
    description: "Scripts inside the artifact's files, by the action they serve; run with POSIX sh.",
  },
);

export const HealthSchema = Type.Object(
  {
    check: Type.Optional(Path('A script that must exit 0.')),
    staysUpSeconds: Type.Optional(
      Type.Number({ minimum: 0, maximum: 3600, description: 'How long it must stay up; 1 when absent.' }),
    ),
    tcp: Type.Optional(Port('A port of its own that must take connections.')),
    http: Type.Optional(
      Type.Object(
        {
          port: Port('Port of the gateway itself.'),
          path: Type.String({
            maxLength: limits.pathLength,
            pattern: '^/[\\u0021-\\u007e]*$',
            description: 'What is asked for, such as `/health`.',
          }),
        },
        {
          ...strict,
          description: 'A request to itself that must be answered, by neither a refusal nor a failure.',
        },
      ),
    ),
    periodSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description: 'Between two checks for ever after; without it they are asked of a delivery alone.',
      }),
    ),
  },
  { ...strict, description: 'Evidence that it works: all that is named must hold, and that it stays up.' },
);

const RestartSchema = Type.Object(
  {
    policy: Type.Optional(
      Type.Enum(['always', 'onFailure', 'never'], {
        description: '`onFailure`: not when it ended with status 0. Default `always`.',
      }),
    ),
    mostBackoffSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description: 'The longest pause before it is started again; 60 when absent.',
      }),
    ),
  },
  { ...strict, minProperties: 1, description: 'What happens when an application ends by itself.' },
);

const RunLimitsSchema = Type.Object(
  {
    memoryBytes: Type.Optional(Bytes('Memory of all its processes.')),
    processes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 4_194_304, description: 'Processes at a time.' }),
    ),
    cpuPercent: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: 'Of one core.' })),
    diskBytes: Type.Optional(Bytes('What it may keep on the disk, in its data directory.')),
  },
  {
    ...strict,
    minProperties: 1,
    description:
      "What its processes may take together, where the gateway can limit it; the agent's own limits otherwise.",
  },
);

const NeedsSchema = Type.Object(
  {
    devices: Type.Optional(
      Type.Array(absolute('/dev/.+'), {
        minItems: 1,
        maxItems: limits.needs,
        description: 'Device files, such as `/dev/ttyS1`.',
      }),
    ),
    paths: Type.Optional(
      Type.Array(absolute('/.+'), {
        minItems: 1,
        maxItems: limits.needs,
        description: 'Files and directories of the system.',
      }),
    ),
    ports: Type.Optional(
      Type.Array(Port(), { minItems: 1, maxItems: limits.needs, description: 'Ports that it listens on.' }),
    ),
  },
  {
    ...strict,
    minProperties: 1,
    description:
      'What it uses of the gateway beyond its own directories: for whoever reads the plan, and opens it on the device.',
  },
);

/** What running an artifact takes from its gateway: each where the manifest says something. */
export const DemandsSchema = Type.Object(
  {
    limits: Type.Optional(RunLimitsSchema),
    isolation: Type.Optional(
      Type.Enum([...demandableLevels], {
        description:
          'The least that its applications are to be kept from the system; gateways of a lower level have no plan.',
      }),
    ),
    needs: Type.Optional(NeedsSchema),
    restart: Type.Optional(RestartSchema),
  },
  strict,
);
export type Demands = Static<typeof DemandsSchema>;

/** The demands among other facts of an artifact, and nothing that is undefined. */
export function demandsOf({ limits: run, isolation, needs, restart }: Demands): Demands {
  return {
    ...(run === undefined ? {} : { limits: run }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(needs === undefined ? {} : { needs }),
    ...(restart === undefined ? {} : { restart }),
  };
}

/** An absolute path without `.`, `..` or empty segments, or characters that are not seen. */
function absolute(start: string) {
  return Type.String({
    maxLength: limits.pathLength,
    pattern: `^(?=${start})(?:/(?!\\.{1,2}(?:/|$))[^/\\u0000-\\u001f\\u007f-\\u009f\\\\]+)+$`,
  });
}
