/**
 * How an artifact is run on a gateway, and what it needs there. The manifest of an artifact and that of a package say
 * it in the same words: what is declared in one travels in the other.
 */
import Type, { type Static } from 'typebox';
import { demandableLevels } from '../gateway/isolation.js';
import { limits } from '../limits.js';
import { Text } from '../text.js';

const strict = { additionalProperties: false } as const;
const Path = Text(limits.pathLength, { minLength: 1 });

/** Scripts inside the artifact's files, by the action they serve; run with POSIX sh. */
export const ControlSchema = Type.Object(
  {
    install: Type.Optional(Path),
    uninstall: Type.Optional(Path),
    start: Type.Optional(Path),
    stop: Type.Optional(Path),
  },
  strict,
);

const Port = Type.Integer({ minimum: 1, maximum: 65_535 });

/** Evidence that an application works: all that is named must hold, and that it stays up. */
export const HealthSchema = Type.Object(
  {
    /** A script that must exit 0. */
    check: Type.Optional(Path),
    staysUpSeconds: Type.Optional(Type.Number({ minimum: 0, maximum: 3600 })),
    /** A port of its own that must take connections. */
    tcp: Type.Optional(Port),
    /** A request to itself that must be answered, by neither a refusal nor a failure. */
    http: Type.Optional(
      Type.Object(
        {
          port: Port,
          path: Type.String({ maxLength: limits.pathLength, pattern: '^/[\\u0021-\\u007e]*$' }),
        },
        strict,
      ),
    ),
    /** Between two checks for ever after; without it they are asked of a delivery alone. */
    periodSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
  },
  strict,
);

/** What happens when an application ends by itself. */
const RestartSchema = Type.Object(
  {
    /** `onFailure`: not when it ended with status 0. Default `always`. */
    policy: Type.Optional(Type.Enum(['always', 'onFailure', 'never'])),
    /** The longest pause before it is started again; 60 when absent. */
    mostBackoffSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
  },
  { ...strict, minProperties: 1 },
);

/** What its processes may take together, where the gateway can limit it; the agent's own limits otherwise. */
const RunLimitsSchema = Type.Object(
  {
    memoryBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    processes: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_194_304 })),
    /** Of one core. */
    cpuPercent: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    /** What it may keep on the disk, in its data directory. */
    diskBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  },
  { ...strict, minProperties: 1 },
);

/** What it uses of the gateway beyond its own directories: for whoever reads the plan, and opens it on the device. */
const NeedsSchema = Type.Object(
  {
    /** Device files, such as `/dev/ttyS1`. */
    devices: Type.Optional(Type.Array(absolute('/dev/.+'), { minItems: 1, maxItems: limits.needs })),
    /** Files and directories of the system. */
    paths: Type.Optional(Type.Array(absolute('/.+'), { minItems: 1, maxItems: limits.needs })),
    /** Ports that it listens on. */
    ports: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { minItems: 1, maxItems: limits.needs }),
    ),
  },
  { ...strict, minProperties: 1 },
);

/** What running an artifact takes from its gateway: each where the manifest says something. */
export const DemandsSchema = Type.Object(
  {
    limits: Type.Optional(RunLimitsSchema),
    /** The least that its applications are to be kept from the system; gateways of a lower level have no plan. */
    isolation: Type.Optional(Type.Enum([...demandableLevels])),
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
