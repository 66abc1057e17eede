/**
 * Bodies of hawkBit's Direct Device Integration API, version 1, as its clients send and expect them. Clients differ in what is no
 * concern of LEONORE's (times, ids as numbers), so that is taken as it comes.
 */
import Type, { type Static } from 'typebox';
import type { ClientReport } from '../client-deliveries.js';
import type { SwitchWindow } from '../../domain/agent-protocol/messages.js';
import { windowState } from '../../domain/agent-protocol/switch-windows.js';
import type { VariantFormat } from '../../domain/artifact/manifest.js';
import { limits } from '../../domain/limits.js';
import { cleanText, Text } from '../../domain/text.js';

export const FeedbackSchema = Type.Object({
  id: Type.Optional(Type.Union([Type.String({ maxLength: 32 }), Type.Integer()])),
  status: Type.Object({
    execution: Type.Enum([
      ...['closed', 'proceeding', 'canceled', 'scheduled', 'rejected', 'resumed', 'downloaded', 'download'],
    ]),
    result: Type.Object({ finished: Type.Enum(['success', 'failure', 'none']) }),
    details: Type.Optional(Type.Array(Type.String(), { maxItems: 1_000 })),
  }),
});
export type Feedback = Static<typeof FeedbackSchema>;

export const ConfigDataSchema = Type.Object({
  mode: Type.Optional(Type.Enum(['merge', 'replace', 'remove'])),
  data: Type.Record(Type.String({ maxLength: 128 }), Text(256), { maxProperties: 256 }),
});

/** Downloads and installations as DDI tells them apart. */
export interface ActionMode {
  readonly download: 'forced' | 'attempt';
  readonly update: 'forced' | 'skip';
  readonly maintenanceWindow?: 'available' | 'unavailable';
}

/** What a client is to do now: where its rollout has windows, it may download before one opens. @param nowSeconds Unix */
export function modeIn(windows: readonly SwitchWindow[] | undefined, nowSeconds: number): ActionMode {
  if (windows === undefined) return { download: 'forced', update: 'forced' };
  return windowState(windows, nowSeconds).state === 'open'
    ? { download: 'forced', update: 'forced', maintenanceWindow: 'available' }
    : { download: 'attempt', update: 'skip', maintenanceWindow: 'unavailable' };
}

/** The pause between two polls as `HH:MM:SS`: some clients want its eight characters. */
export function sleepText(seconds: number): string {
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** What a client's feedback says of its delivery. */
export function reportOf({ status: { execution, result, details = [] } }: Feedback): ClientReport {
  const log = cleanText(details.join('\n'), limits.reportDetailBytes);
  const failed = (step: string): ClientReport => ({
    state: 'failed',
    log,
    error: { class: 'internal', step },
  });
  switch (execution) {
    case 'closed':
      // As hawkBit has it: what is closed and did not fail has succeeded.
      return result.finished === 'failure' ? failed('install') : { state: 'succeeded', log };
    case 'canceled':
    case 'rejected':
      return failed(execution);
    case 'downloaded':
      return { state: 'installing', log };
    default:
      return { state: 'downloading', log };
  }
}

/** What hawkBit's clients install, unless the device says which of them it takes. */
export const clientFormats: readonly VariantFormat[] = ['swu', 'rauc', 'raw'];
