/**
 * How a campaign goes through its gateways: the one document that a person writes, or a preset of the same form. The schema
 * is published as docs/campaign-strategy.schema.json; what it cannot say is judged by check-strategy.ts.
 */
import Type, { type Static } from 'typebox';
import { limits } from '../limits.js';
import { Text } from '../text.js';
import { errorClasses, passingClasses, type ErrorClass } from './error-class.js';

const strict = { additionalProperties: false } as const;
const Share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const TimeOfDay = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM' });

/** Days of the week, in their order from Monday. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Who may approve a phase: who has the role, or a higher one. */
export const approvalRoles = ['operator', 'admin'] as const;

/** What is done when the error budget is used up, or a gate does not hold. */
export const breachActions = ['pause', 'stop', 'roll-back-phase', 'roll-back-all'] as const;

export const GateSchema = Type.Object(
  {
    successShare: Type.Optional(
      Share(
        'Part of the phase that must have succeeded; 1 less the share of the error budget when not given',
      ),
    ),
    bakeMinutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.campaignHours * 60,
        description: 'After this long the applications must still be up and their checks good',
      }),
    ),
    approval: Type.Optional(
      Type.Object(
        { role: Type.Enum([...approvalRoles]) },
        { ...strict, description: 'Somebody has to approve' },
      ),
    ),
  },
  { ...strict, description: 'What must hold before the next phase begins' },
);

const phaseName = Type.Optional(Text(60, { minLength: 1 }));
const gateOfPhase = Type.Optional(GateSchema);

export const PhaseSchema = Type.Object(
  {
    name: phaseName,
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'So many gateways' })),
    percent: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'Percent of all gateways, rounded up' }),
    ),
    select: Type.Optional(
      Text(limits.selectorLength, { minLength: 1, description: 'All gateways that the selector matches' }),
    ),
    gate: gateOfPhase,
  },
  {
    ...strict,
    oneOf: [{ required: ['count'] }, { required: ['percent'] }, { required: ['select'] }],
    description: 'Gateways that are served together, of those that no phase before has taken',
  },
);

const Thresholds = {
  share: Type.Optional(Share('Part of the ended gateways of the phase under way that may have failed')),
  count: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'Gateways of the campaign that may have failed',
    }),
  ),
};

const ClassThresholds = Type.Optional(Type.Object(Thresholds, strict));

export const ErrorBudgetSchema = Type.Object(
  {
    ...Thresholds,
    minimumSample: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Ended gateways of the phase from which on shares count',
      }),
    ),
    classes: Type.Optional(
      Type.Object(
        Object.fromEntries(errorClasses.map((name) => [name, ClassThresholds])) as Record<
          ErrorClass,
          typeof ClassThresholds
        >,
        strict,
      ),
    ),
    onBreach: Type.Enum([...breachActions]),
  },
  strict,
);

export const RetriesSchema = Type.Object(
  {
    classes: Type.Array(Type.Enum([...passingClasses]), {
      minItems: 1,
      maxItems: passingClasses.length,
      uniqueItems: true,
    }),
    most: Type.Integer({ minimum: 1, maximum: 20, description: 'Retries of one gateway' }),
    firstDelaySeconds: Type.Integer({ minimum: 1, maximum: 86_400 }),
    factor: Type.Number({ minimum: 1, maximum: 10 }),
    longestDelaySeconds: Type.Integer({ minimum: 1, maximum: 7 * 86_400 }),
  },
  strict,
);

export const WeeklyWindowSchema = Type.Object(
  {
    days: Type.Array(Type.Enum([...weekdays]), { minItems: 1, maxItems: 7, uniqueItems: true }),
    from: TimeOfDay,
    to: Type.String({
      pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
      description: 'HH:MM up to 24:00; not later than `from`: of the next day',
    }),
  },
  strict,
);

/** A date, or a date with a time of day, in the gateway's zone. */
const LocalTime = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9])?$',
  description:
    'YYYY-MM-DD or YYYY-MM-DDTHH:MM, in the zone of the gateway; a day is meant with all its hours',
});

export const FreezeSchema = Type.Object(
  { from: LocalTime, to: LocalTime, reason: Type.Optional(Text(200)) },
  strict,
);

export const WindowsSchema = Type.Object(
  {
    zone: Type.Optional(
      Text(64, {
        minLength: 1,
        description: 'IANA time zone of gateways that name none; UTC when not given',
      }),
    ),
    zoneLabel: Type.Optional(
      Text(100, { minLength: 1, description: 'Label of a gateway that names its IANA time zone' }),
    ),
    weekly: Type.Array(WeeklyWindowSchema, { minItems: 1, maxItems: 50 }),
    freezes: Type.Optional(Type.Array(FreezeSchema, { maxItems: 100 })),
  },
  { ...strict, description: 'When gateways may switch to the new software; downloads may begin before' },
);

export const SpeedSchema = Type.Object(
  {
    gatewaysPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    downloadsByLabel: Type.Optional(
      Type.Object(
        {
          label: Text(100, { minLength: 1 }),
          most: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
        },
        { ...strict, description: 'So many gateways with the same value of the label at a time' },
      ),
    ),
  },
  strict,
);

export const StrategySchema = Type.Object(
  {
    phases: Type.Array(PhaseSchema, {
      maxItems: limits.campaignPhases,
      description: 'One after the other; what they leave is the last phase, `rest`',
    }),
    gate: gateOfPhase,
    errorBudget: Type.Optional(ErrorBudgetSchema),
    retries: Type.Optional(RetriesSchema),
    windows: Type.Optional(WindowsSchema),
    speed: Type.Optional(SpeedSchema),
    priority: Type.Optional(
      Type.Enum(['normal', 'emergency'], { description: '`emergency` overtakes work that is queued' }),
    ),
    skip: Type.Optional(
      Type.Array(Type.Enum(['phases', 'windows']), {
        minItems: 1,
        maxItems: 2,
        uniqueItems: true,
        description: 'What an emergency does not wait for',
      }),
    ),
    lostAfterHours: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.campaignHours,
        description:
          'Silence after which a gateway is lost, from its window on where there are windows; 24 when not given',
      }),
    ),
    deadlineHours: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.campaignHours,
        description: 'After this long nothing new begins; 720 when not given',
      }),
    ),
  },
  { ...strict, title: 'Strategy of a campaign' },
);

export type Strategy = Static<typeof StrategySchema>;
export type Phase = Static<typeof PhaseSchema>;
export type Gate = Static<typeof GateSchema>;
export type ErrorBudget = Static<typeof ErrorBudgetSchema>;
export type Retries = Static<typeof RetriesSchema>;
export type Windows = Static<typeof WindowsSchema>;
export type Freeze = Static<typeof FreezeSchema>;
export type Speed = Static<typeof SpeedSchema>;
export type ApprovalRole = (typeof approvalRoles)[number];

/** What counts where a strategy does not say. */
export const strategyDefaults = { lostAfterHours: 24, deadlineHours: 720, zone: 'UTC' } as const;

/** Name of the phase that is made of what the stated ones leave. */
export const restName = 'rest';

/** What a strategy comes to when an emergency skips what it names: no phases but one, no windows. */
export function strategyInForce(strategy: Strategy): Strategy {
  const { windows, ...others } = strategy;
  const skips = (what: 'phases' | 'windows') => strategy.skip?.includes(what) ?? false;
  return {
    ...others,
    phases: skips('phases') ? [] : strategy.phases,
    ...(windows === undefined || skips('windows') ? {} : { windows }),
  };
}

/** The gate after a phase: its own, or that of the strategy; null when nothing is asked. */
export function gateOf(strategy: Strategy, phase: number): Gate | null {
  return strategy.phases[phase]?.gate ?? strategy.gate ?? null;
}

/** The label whose values name lines that gateways share: that of the speed limit, otherwise `site`. */
export function siteLabelOf({ speed }: Strategy): string {
  return speed?.downloadsByLabel?.label ?? 'site';
}
