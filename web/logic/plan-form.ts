/** What the form of a plan holds, as it stands in its address, and as the API and the command line take it. */
import { presetNames, type PresetName } from '../../domain/campaign/presets.js';
import { quoted } from './text.js';

/** Whom it is for: exactly one of the three. */
export const targetKinds = ['deployment', 'select', 'gateways'] as const;
export type TargetKind = (typeof targetKinds)[number];

export interface PlanForm {
  /** `NAME` or `NAME@RANGE`, separated by commas, lines, or a space before the next name. */
  readonly what: string;
  readonly kind: TargetKind;
  readonly where: string;
  readonly strategy: PresetName;
  readonly allowRemove: boolean;
  readonly allowDowngrade: boolean;
}

export interface PlanTarget {
  readonly deployment?: string;
  readonly select?: string;
  readonly gateways?: string[];
}

export const emptyForm: PlanForm = {
  what: '',
  kind: 'deployment',
  where: '',
  strategy: 'canary',
  allowRemove: false,
  allowDowngrade: false,
};

export function formFrom(parameters: URLSearchParams): PlanForm {
  return {
    what: parameters.get('what') ?? '',
    kind: targetKinds.find((kind) => kind === parameters.get('kind')) ?? emptyForm.kind,
    where: parameters.get('where') ?? '',
    strategy: presetNames.find((name) => name === parameters.get('strategy')) ?? emptyForm.strategy,
    allowRemove: parameters.get('remove') === 'yes',
    allowDowngrade: parameters.get('downgrade') === 'yes',
  };
}

export function parametersOf({
  what,
  kind,
  where,
  strategy,
  allowRemove,
  allowDowngrade,
}: PlanForm): URLSearchParams {
  return new URLSearchParams({
    ...(what === '' ? {} : { what }),
    ...(where === '' ? {} : { kind, where }),
    ...(strategy === emptyForm.strategy ? {} : { strategy }),
    ...(allowRemove ? { remove: 'yes' } : {}),
    ...(allowDowngrade ? { downgrade: 'yes' } : {}),
  });
}

export function planHref(form: Partial<PlanForm>): string {
  const query = parametersOf({ ...emptyForm, ...form }).toString();
  return query === '' ? '/plan' : `/plan?${query}`;
}

export function requestsOf({ what }: PlanForm): string[] {
  return what
    .split(/[,\n]+|\s+(?=[a-z])/u)
    .map((request) => request.trim())
    .filter((request) => request !== '');
}

export function targetOf({ kind, where }: PlanForm): PlanTarget {
  switch (kind) {
    case 'deployment':
      return { deployment: where.trim() };
    case 'select':
      return { select: where.trim() };
    case 'gateways':
      return { gateways: where.split(/[\s,]+/u).filter((id) => id !== '') };
  }
}

/** What is missing, by field; empty when it can be asked. */
export function missingIn(form: PlanForm): { readonly what?: string; readonly where?: string } {
  return {
    ...(requestsOf(form).length === 0 ? { what: 'Name an artifact, such as thermometer@^2.' } : {}),
    ...(form.where.trim() === '' ? { where: 'Say which gateways.' } : {}),
  };
}

function targetArguments({ kind, where }: PlanForm): string[] {
  const { deployment, select, gateways = [] } = targetOf({ ...emptyForm, kind, where });
  return [
    ...(deployment === undefined ? [] : ['--deployment', deployment]),
    ...(select === undefined ? [] : ['--select', select]),
    ...gateways.flatMap((id) => ['--gateway', id]),
  ];
}

/** The same dry run as a command. */
export function planCommand(form: PlanForm): string {
  return commandOf(['leonore', 'plan'], form);
}

/** The same campaign as a command. */
export function campaignCommand(form: PlanForm): string {
  return commandOf(['leonore', 'campaign', 'start'], form, ['--strategy', form.strategy]);
}

function commandOf(verb: readonly string[], form: PlanForm, more: readonly string[] = []): string {
  return [
    ...verb,
    ...requestsOf(form),
    ...targetArguments(form),
    ...more,
    ...(form.allowRemove ? ['--allow-remove'] : []),
    ...(form.allowDowngrade ? ['--allow-downgrade'] : []),
  ]
    .map(quoted)
    .join(' ');
}
