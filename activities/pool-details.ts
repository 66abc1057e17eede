import type { PoolAction, PoolView } from '../domain/balancer/pool.js';
import { counted } from '../domain/units.js';

/** The pool as Markdown, for the "current details" of the Temporal UI. */
export function poolDetails({ settings, nodes, queued }: PoolView, action: PoolAction): string {
  const { strategy, threshold, minNodes, maxNodes } = settings;
  const size = maxNodes === 0 ? 'fixed size' : `${minNodes} to ${counted(maxNodes, 'node')}`;
  const next = action.kind === 'wait' ? '' : `, next: **${action.kind}**`;
  const rows = nodes
    .filter(({ state }) => state !== 'stopped')
    .map(({ id, state, origin, gateways, attempts }) => {
      const note = attempts === 0 ? '' : ` (launch failed ${counted(attempts, 'time')})`;
      return `| ${id} | ${state}${note} | ${origin} | ${gateways} |`;
    });
  return [
    `Balancer **${strategy}**, ${counted(threshold, 'gateway')} a node, ${size}${next}`,
    '',
    `Waiting: ${counted(queued, 'registration')}`,
    '',
    '| node | state | origin | gateways |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
