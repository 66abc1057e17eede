import type { Static } from 'typebox';
import { artifactKey } from '../domain/artifact/manifest.js';
import { failureText } from '../domain/delivery/failure-text.js';
import { deliveryStates, type DeliveryState } from '../domain/delivery/state.js';
import type { Installed } from '../domain/gateway/profile.js';
import type {
  CampaignEvidence,
  CampaignReportRepository,
} from '../repositories/campaign-report-repository.js';
import type { CampaignEvidenceSchema } from './schemas/campaign-report.js';

type Told = Static<typeof CampaignEvidenceSchema>;

/** Rows that are read at a time for a download. */
const readAtOnce = 500;

export function evidenceOnWire(evidence: CampaignEvidence): Told {
  const { gatewayId, phase, standing, rolloutId, attempts, reason, endedAt, lastSeenAt } = evidence;
  const state = (deliveryStates as readonly string[]).includes(standing) ? (standing as DeliveryState) : null;
  return {
    gatewayId,
    phase: phase + 1,
    standing,
    rollout: rolloutId,
    attempts,
    before: keysOf(evidence.before),
    installed: keysOf(evidence.installed),
    archiveDigest: evidence.archiveDigest,
    stateBefore: evidence.stateBefore,
    failure:
      state === null
        ? null
        : failureText({
            state,
            error: evidence.error,
            explanation: evidence.explanation,
            endedAt: endedAt?.toISOString() ?? null,
            lastSeenAt: lastSeenAt?.toISOString() ?? null,
          }),
    reason: reason === null ? null : { ...reason, parameters: [...reason.parameters] },
    leftBecause: evidence.leftBecause,
    offeredAt: evidence.offeredAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
  };
}

/** All of a report, a piece at a time, as it is read. */
export async function* reportText(
  reports: CampaignReportRepository,
  campaignId: string,
  format: 'jsonl' | 'csv',
): AsyncGenerator<string> {
  if (format === 'csv') yield `${columns.join(',')}\r\n`;
  let cursor: string | null = null;
  do {
    const page = await reports.list(campaignId, readAtOnce, cursor);
    const told = page.items.map(evidenceOnWire);
    yield told.map((one) => (format === 'csv' ? csvLine(one) : `${JSON.stringify(one)}\n`)).join('');
    cursor = page.nextCursor;
  } while (cursor !== null);
}

const columns = [
  'gatewayId',
  'phase',
  'standing',
  'rollout',
  'attempts',
  'before',
  'installed',
  'archiveDigest',
  'stateBefore',
  'failure',
  'leftBecause',
  'offeredAt',
  'endedAt',
] as const satisfies readonly (keyof Told)[];

function csvLine(told: Told): string {
  return `${columns.map((name) => csvField(told[name])).join(',')}\r\n`;
}

/** As RFC 4180 has it. What a spreadsheet would take for a formula is text there: devices name themselves. */
function csvField(value: Told[(typeof columns)[number]]): string {
  const text = value === null ? '' : Array.isArray(value) ? value.join(' ') : String(value);
  const safe = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function keysOf(installed: readonly Installed[] | null): string[] | null {
  return installed?.map(artifactKey) ?? null;
}
