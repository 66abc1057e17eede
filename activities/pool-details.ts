import type { PoolAction, PoolView } from '../domain/balancer/pool.js';

/** The pool as Markdown, for the "current details" of the Temporal UI. */
export function poolDetails({ settings, nodes, queued }: PoolView, action: PoolAction): string {
  const { strategy, threshold, minNodes, maxNodes } = settings;
  const size = maxNodes === 0 ? 'fixed size' : `${minNodes} to ${maxNodes} nodes`;
  const next = action.kind === 'wait' ? '' : `, next: **${action.kind}**`;
  const rows = nodes
    .filter(({ state }) => state !== 'stopped')
    .map(({ id, state, origin, gateways, attempts }) => {
      const note = attempts === 0 ? '' : ` (launch failed ${attempts} times)`;
      return `| ${id} | ${state}${note} | ${origin} | ${gateways} |`;
    });
  return [
    `Balancer **${strategy}**, ${threshold} gateways a node, ${size}${next}`,
    '',
    `**${queued}** registrations are waiting`,
    '',
    '| node | state | origin | gateways |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
