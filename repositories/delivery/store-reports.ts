/**
 * Stores the reports of many gateways: two statements a batch. The first reads the deliveries, the transition table
 * of the domain judges the reports, the second stores what came of it where the delivery is still as it was read.
 */
import type { Report } from '../../domain/agent-protocol/messages.js';
import { applyReports, type DeliveryProgress } from '../../domain/delivery/apply-reports.js';
import type { DeliveryKey } from '../../domain/delivery/delivery-id.js';
import { reportedState } from '../../domain/delivery/history.js';
import type { DeliveryState } from '../../domain/delivery/state.js';
import { isToBePlannedAnew } from '../../domain/delivery/state-changed.js';
import type { Database } from '../database.js';
import type { ChunkAcknowledgement, GatewayReports, ReportResult } from './delivery-repository.js';
import { readDeliveriesStatement, storeReportsStatement } from './delivery-statements.js';

interface DeliveryRow extends DeliveryProgress {
  readonly attempt: number;
  readonly rollout_id: string;
  readonly ordinal: number;
  readonly gateway_id: string;
  /** As it is; `stored` is what the row has of it. */
  readonly state: DeliveryState;
  readonly stored: DeliveryState;
}

interface ChangedRow {
  readonly rollout_id: string;
  readonly ordinal: number;
  /** True when a group has it: a workflow waits for it then. */
  readonly planned: boolean;
  readonly chunk: number | null;
  readonly slot: number | null;
  readonly remaining: number | null;
  readonly refused: boolean;
}

interface Change {
  readonly before: DeliveryRow;
  readonly after: DeliveryProgress;
  readonly applied: readonly Report[];
  /** True when the gateway refused it as planned for another state: it is planned anew. */
  readonly refused: boolean;
}

export interface StoredReports {
  /** For each entry, in order; undefined when its delivery was changed by somebody else meanwhile: to be tried again. */
  readonly results: readonly (ReportResult | undefined)[];
  readonly acknowledgements: readonly ChunkAcknowledgement[];
}

/** Stores reports once; see {@link StoredReports.results}. */
export async function storeReports(
  database: Database,
  batch: readonly GatewayReports[],
  writer: string,
): Promise<StoredReports> {
  const rows = await database.$prepared<DeliveryRow>(readDeliveriesStatement, [
    batch.map(({ delivery }) => delivery.rolloutId),
    batch.map(({ delivery }) => delivery.ordinal),
  ]);
  const found = new Map(rows.map((row) => [keyOf(row), row]));
  const { changes, results } = judge(batch, found);
  const toStore = [...changes.values()].filter(({ before, after }) => after.sequence > before.sequence);
  if (toStore.length === 0) return { results, acknowledgements: [] };
  const stored = await database.$prepared<ChangedRow>(storeReportsStatement, [...valuesOf(toStore), writer]);
  const storedKeys = new Set(stored.map(keyOf));
  const missed = new Set(toStore.map(({ before }) => keyOf(before)).filter((key) => !storedKeys.has(key)));
  return {
    results: results.map((result, index) => {
      const delivery = batch[index]?.delivery;
      return delivery !== undefined && missed.has(nameOf(delivery)) ? undefined : result;
    }),
    acknowledgements: acknowledgementsOf(stored),
  };
}

function judge(
  batch: readonly GatewayReports[],
  found: ReadonlyMap<string, DeliveryRow>,
): { changes: Map<string, Change>; results: ReportResult[] } {
  const changes = new Map<string, Change>();
  const results = batch.map((entry): ReportResult => {
    const key = nameOf(entry.delivery);
    const before = found.get(key);
    if (before?.gateway_id !== entry.gatewayId) {
      return { outcomes: entry.reports.map(() => 'unknown'), state: null };
    }
    // A delivery may be in a batch more than once.
    const so = changes.get(key) ?? { before, after: before, applied: [], refused: false };
    const { attempt = 0 } = entry.delivery;
    // What was refused has ended for the gateway, whatever it still says of it.
    if (attempt !== before.attempt + (so.refused ? 1 : 0)) {
      return { outcomes: entry.reports.map(() => 'ended'), state: so.after.state };
    }
    const last = entry.reports.at(-1);
    const refusal =
      last !== undefined &&
      last.sequence > so.after.sequence &&
      isToBePlannedAnew({ ...so.after, attempt }, last)
        ? last
        : undefined;
    const { progress, outcomes, applied } = applyReports(
      so.after,
      refusal === undefined ? entry.reports : entry.reports.slice(0, -1),
    );
    if (refusal === undefined) {
      changes.set(key, { ...so, after: progress, applied: [...so.applied, ...applied] });
      return { outcomes, state: progress.state };
    }
    const after = { ...progress, sequence: refusal.sequence };
    changes.set(key, { ...so, after, applied: [...so.applied, ...applied, refusal], refused: true });
    return { outcomes: [...outcomes, 'applied'], state: progress.state };
  });
  return { changes, results };
}

/** The values of {@link storeReportsStatement}, but for the last. */
function valuesOf(changes: readonly Change[]): unknown[] {
  return [
    changes.map(({ before }) => before.rollout_id),
    changes.map(({ before }) => before.ordinal),
    changes.map(({ before }) => before.stored),
    changes.map(({ before }) => before.sequence),
    changes.map(({ before }) => before.state),
    changes.map(({ before, after }) => (after.state === before.state ? before.stored : after.state)),
    changes.map(({ after }) => after.sequence),
    changes.map(({ applied, refused }) => (refused ? null : jsonOrNull(applied.at(-1)?.error))),
    changes.map(({ applied }) => (applied.length === 0 ? null : JSON.stringify(applied.map(reportedState)))),
    changes.map(({ applied }) => jsonOrNull(applied.at(-1)?.installed)),
    changes.map(({ applied }) => applied.at(-1)?.stateDigest ?? null),
    changes.map(({ refused }) => refused),
  ];
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function acknowledgementsOf(stored: readonly ChangedRow[]): ChunkAcknowledgement[] {
  const chunks = new Map<string, ChunkAcknowledgement & { readonly slots: number[] }>();
  for (const { rollout_id: rolloutId, planned, chunk, slot, remaining, refused } of stored) {
    if (!planned || chunk === null || slot === null || (remaining === null && !refused)) continue;
    const key = `${rolloutId}/${chunk}`;
    const entry = chunks.get(key) ?? { rolloutId, chunk, slots: [], remaining: null, refused: false };
    if (!refused) entry.slots.push(slot);
    chunks.set(key, {
      ...entry,
      remaining: remaining ?? entry.remaining,
      refused: entry.refused || refused,
    });
  }
  return [...chunks.values()];
}

function keyOf(row: { readonly rollout_id: string; readonly ordinal: number }): string {
  return nameOf({ rolloutId: row.rollout_id, ordinal: row.ordinal });
}

/** The same for all attempts at a delivery: it is one row. */
function nameOf({ rolloutId, ordinal }: DeliveryKey): string {
  return `${rolloutId}.${ordinal}`;
}
