import { expect } from '@jest/globals';
import { deliveryEvents, mayReport } from '../../domain/delivery/events.js';
import type { HistoryEntry } from '../../domain/delivery/history.js';
import { isEnded, type DeliveryState } from '../../domain/delivery/state.js';
import { isToBePlannedAnew } from '../../domain/delivery/state-changed.js';
import type { Database } from '../../repositories/database.js';

interface DeliveryRow {
  readonly ordinal: number;
  /** As it is stored: that it is offered stands with its chunk. */
  readonly state: DeliveryState;
  readonly sequence: number;
  readonly chunk: number | null;
  readonly slot: number | null;
  readonly ended: boolean;
  readonly offered: boolean;
  readonly history: readonly HistoryEntry[];
}

/**
 * Holds the three numbers of a rollout against its deliveries, and each delivery against its own history, all as they
 * are at one moment: the sum of `rollout_count` by state, what is open of each chunk, and what has ended.
 * @param options.histories false where no histories were kept
 */
export async function expectNumbersRight(
  database: Database,
  rolloutId: string,
  { histories = true }: { readonly histories?: boolean } = {},
): Promise<void> {
  const [row] = await database.$queryRaw<
    {
      counts: Record<string, number> | null;
      chunks: Record<string, unknown>[] | null;
      deliveries: DeliveryRow[] | null;
    }[]
  >`
    SELECT
      (SELECT jsonb_object_agg(state, count) FROM (
        SELECT state, sum(count) AS count FROM rollout_count WHERE rollout_id = ${rolloutId}::uuid
        GROUP BY state HAVING sum(count) <> 0) k) AS counts,
      (SELECT jsonb_agg(jsonb_build_object('chunk', chunk, 'size', size, 'open', open, 'ended', ended_at IS NOT NULL) ORDER BY chunk)
        FROM rollout_chunk WHERE rollout_id = ${rolloutId}::uuid) AS chunks,
      (SELECT jsonb_agg(jsonb_build_object('ordinal', d.ordinal, 'state', d.state, 'sequence', d.sequence, 'chunk', d.chunk,
          'slot', d.slot, 'ended', d.ended_at IS NOT NULL, 'offered', c.offered_at IS NOT NULL, 'history', d.history) ORDER BY d.ordinal)
        FROM delivery d LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
        WHERE d.rollout_id = ${rolloutId}::uuid) AS deliveries`;
  const deliveries = row?.deliveries ?? [];
  expect(row?.counts ?? {}).toEqual(countsOf(deliveries));
  expect(row?.chunks ?? []).toEqual(chunksOf(deliveries));
  for (const { ordinal, state, ended } of deliveries)
    expect({ ordinal, ended }).toEqual({ ordinal, ended: isEnded(state) });
  if (histories) for (const delivery of deliveries) expectLegal(delivery);
}

function countsOf(deliveries: readonly DeliveryRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state, offered } of deliveries) {
    const real = state === 'pending' && offered ? 'offered' : state;
    counts[real] = (counts[real] ?? 0) + 1;
  }
  return counts;
}

function chunksOf(deliveries: readonly DeliveryRow[]): Record<string, unknown>[] {
  const chunks = new Map<number, DeliveryRow[]>();
  for (const delivery of deliveries) {
    if (delivery.chunk === null) expect(delivery.slot).toBeNull();
    else chunks.set(delivery.chunk, [...(chunks.get(delivery.chunk) ?? []), delivery]);
  }
  return [...chunks]
    .sort(([left], [right]) => left - right)
    .map(([chunk, members]) => {
      const slots = members.map(({ slot }) => slot ?? -1).sort((left, right) => left - right);
      expect(slots).toEqual(slots.map((_slot, index) => index));
      const open = members.filter(({ ended }) => !ended).length;
      return { chunk, size: members.length, open, ended: open === 0 };
    });
}

/** Goes the way that a delivery's history tells by the domain's table: it ends where the delivery is. */
function expectLegal({ ordinal, state, sequence, offered, history }: DeliveryRow): void {
  // That a chunk is offered is not told in histories: until its delivery moves on, either may be meant.
  let at: readonly DeliveryState[] = offered ? ['pending', 'offered'] : ['pending'];
  let highest = 0;
  let refusals = 0;
  for (const entry of history) {
    if ('event' in entry) {
      const rule = deliveryEvents[entry.event];
      expect({ ordinal, history, may: at.some((from) => rule.from.includes(from)) }).toMatchObject({
        may: true,
      });
      at = [rule.to];
      continue;
    }
    // A log changes nothing.
    for (const report of 'reports' in entry ? entry.reports : []) {
      expect({ ordinal, history, may: at.some((from) => mayReport(from, report.state)) }).toMatchObject({
        may: true,
      });
      expect(report.sequence).toBeGreaterThan(highest);
      highest = report.sequence;
      // What was planned for another state is not over: it is planned anew.
      const attempt = refusals;
      const refused = at.some((state) => isToBePlannedAnew({ state, attempt }, report));
      if (refused) refusals += 1;
      else at = [report.state];
    }
  }
  expect(sequence).toBeGreaterThanOrEqual(highest);
  expect({ ordinal, at }).toEqual({ ordinal, at: expect.arrayContaining([state]) });
}
