/** What the form of a wanted state holds, and as the API and the command line take it. */
import type { PresetName } from '../../domain/campaign/presets.js';
import { emptyForm, requestsOf } from './plan-form.js';
import { quoted } from './text.js';

/** How a new version in the range goes out. */
export const newVersionWays = ['asked', 'at-once', 'strategy'] as const;
export type NewVersionWay = (typeof newVersionWays)[number];

export interface WantForm {
  /** As in the form of a plan. */
  readonly what: string;
  readonly deployment: string;
  readonly way: NewVersionWay;
  /** Counts where new versions go by a strategy. */
  readonly strategy: PresetName;
}

export const emptyWantForm: WantForm = { what: '', deployment: '', way: 'asked', strategy: 'canary' };

/** What is missing, by field; empty when it can be asked for. */
export function missingInWant({ what, deployment }: WantForm): {
  readonly what?: string;
  readonly deployment?: string;
} {
  return {
    ...(requestsOf({ ...emptyForm, what }).length === 0
      ? { what: 'Name an artifact, such as thermometer@^2.' }
      : {}),
    ...(deployment.trim() === '' ? { deployment: 'Say which deployment.' } : {}),
  };
}

export function wantBody({ what, deployment, way, strategy }: WantForm): {
  readonly requests: string[];
  readonly deployment: string;
  readonly automatic?: true;
  readonly strategy?: PresetName;
} {
  return {
    requests: requestsOf({ ...emptyForm, what }),
    deployment: deployment.trim(),
    ...(way === 'at-once' ? { automatic: true } : {}),
    ...(way === 'strategy' ? { strategy } : {}),
  };
}

/** The same as a command. */
export function wantCommand(form: WantForm): string {
  const { requests, deployment, automatic, strategy } = wantBody(form);
  return [
    ...['leonore', 'want', ...requests, '--deployment', deployment],
    ...(automatic === undefined ? [] : ['--automatic']),
    ...(strategy === undefined ? [] : ['--strategy', strategy]),
  ]
    .map(quoted)
    .join(' ');
}
