/** The page of a figure, in Markdown. Pure. */
import type { RunRecord } from '../experiment/record.js';
import { groupBy, median, summaryOf } from '../statistics.js';
import type { PaperFigure } from './paper-figures.js';

export function figurePage(name: string, figure: PaperFigure, records: readonly RunRecord[]): string {
  const [first] = records;
  if (first === undefined) throw new RangeError('nothing was measured');
  const { machine } = first;
  const sizes = [...groupBy(records, ({ gateways }) => gateways)];
  return `# Figure ${name}: ${figure.title}

![measured, and the paper's shape](figure-${name}.svg)

The paper's text: ${figure.words}.

| | |
|---|---|
| package | ${first.package}, ${range(records.map(({ packageBytes }) => packageBytes))} bytes; ${first.packageContents} |
| strategy | ${first.strategy}${first.intervalSeconds === null ? '' : `, each gateway polls each ${first.intervalSeconds} s`} |
| level of truth | \`${first.level}\` |
| balancer | ${figure.threshold} gateways fill a node; the second node is launched by LEONORE when the first is full |
| runs at each size | ${Math.max(...sizes.map(([, own]) => own.length))}, each of a new version, after the gateways were made as new |
| clients | ${first.clients} processes, ${first.concurrency} connections each to a node |
| machine | ${machine.cpu}, ${machine.cores} cores shared by everything; ${machine.system}, Node.js ${machine.node}; load of the minute before: ${machine.loadBefore.toFixed(1)} |
| measured | ${first.at} |

Seconds from the request to the end of the rollout; \`floor\`: the same bytes to the same gateways without LEONORE.

| gateways | nodes | succeeded | least | median | most | floor | history events a gateway |
|---:|---:|---:|---:|---:|---:|---:|---:|
${sizes.map(([gateways, own]) => sizeRow(gateways, own)).join('\n')}

CPU seconds of each process, median of the runs, during the rollout (\`clients\` are the virtual gateways, \`testbed\` is the
process that measures):

${cpuTable(sizes)}

One line a run: [figure-${name}.jsonl](figure-${name}.jsonl). Made by \`npm run testbed -- figure ${name} --runs ${Math.max(...sizes.map(([, own]) => own.length))}\`.
`;
}

function sizeRow(gateways: number, own: readonly RunRecord[]): string {
  const { least, median: middle, most } = summaryOf(own.map(({ seconds }) => seconds));
  const floors = own.flatMap(({ floorSeconds }) => floorSeconds ?? []);
  const cells = [
    gateways,
    numbers([...new Set(own.map(({ nodes }) => nodes))]),
    numbers([...new Set(own.map(({ succeeded }) => succeeded))]),
    least.toFixed(2),
    `**${middle.toFixed(2)}**`,
    most.toFixed(2),
    floors.length === 0 ? '' : median(floors).toFixed(2),
    median(own.map(({ historyEvents }) => historyEvents / gateways)).toFixed(3),
  ];
  return `| ${cells.join(' | ')} |`;
}

function cpuTable(sizes: readonly (readonly [number, readonly RunRecord[]])[]): string {
  const names = [
    ...new Set(sizes.flatMap(([, own]) => own.flatMap(({ cpuSeconds }) => Object.keys(cpuSeconds)))),
  ];
  const rows = sizes.map(([gateways, own]) => {
    const cells = names.map((name) => median(own.map(({ cpuSeconds }) => cpuSeconds[name] ?? 0)).toFixed(2));
    return `| ${gateways} | ${cells.join(' | ')} |`;
  });
  return [`| gateways | ${names.join(' | ')} |`, `|---:|${names.map(() => '---:|').join('')}`, ...rows].join(
    '\n',
  );
}

function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least} to ${most}`;
}

function numbers(values: readonly number[]): string {
  return [...values].sort((left, right) => left - right).join(', ');
}
