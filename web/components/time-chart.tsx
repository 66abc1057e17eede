import { numberText } from '../logic/numbers.js';
import { axisEnd, runsOf, someOf, type Line } from '../logic/fleet-series.js';
import { Instant } from './clock.js';
import { Name } from './name.js';
import { PlainTable } from './plain-table.js';

/** Between which numbers something is, or is expected to be, over time. */
export interface Band {
  readonly name: string;
  /** One for each sample. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

interface TimeChartProps {
  readonly label: string;
  /** Instants, RFC 3339, the oldest first. */
  readonly at: readonly string[];
  readonly lines: readonly Line[];
  readonly band?: Band | null;
  /** What the last instant is; itself when not given. */
  readonly end?: string;
}

const size = { width: 600, height: 160 };
/** Rows of the table that says the same. */
const shownRows = 12;

/** Counts over time as lines, and the same as a table for who reads numbers or does not see the lines. */
export function TimeChart({ label, at, lines, band = null, end }: TimeChartProps) {
  const times = at.map((instant) => Date.parse(instant));
  const first = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? first) - first);
  const most = axisEnd(
    Math.max(0, ...(band?.high ?? []), ...lines.flatMap(({ counts }) => counts.map((count) => count ?? 0))),
  );
  const point = (index: number, count: number) => {
    const x = (((times[index] ?? first) - first) / span) * size.width;
    const y = size.height * (1 - count / most);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const rows = someOf(
    at.map((instant, index) => ({ instant, index })),
    shownRows,
  ).reverse();
  const last = at.at(-1);
  return (
    <figure className="time-chart">
      <div className="time-chart-plot">
        <div className="time-chart-scale quiet" aria-hidden="true">
          <span>{numberText(most)}</span>
          <span>0</span>
        </div>
        <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
          {band !== null && (
            <polygon
              className="band"
              points={[
                ...band.high.map((count, index) => point(index, count)),
                ...band.low.map((count, index) => point(index, count)).reverse(),
              ].join(' ')}
            />
          )}
          {lines.map((line, index) =>
            runsOf(line).map((run) => (
              <polyline
                key={`${line.name} ${run[0]?.index ?? 0}`}
                className={`line line-${index}`}
                points={run.map((one) => point(one.index, one.count)).join(' ')}
              />
            )),
          )}
        </svg>
      </div>
      <p className="time-chart-ends quiet" aria-hidden="true">
        <span>{at[0] !== undefined && <Instant at={at[0]} />}</span>
        <span>{end ?? (last !== undefined && <Instant at={last} />)}</span>
      </p>
      <figcaption className="legend">
        {lines.map(({ name, counts }, index) => (
          <span key={name} className="key">
            <span className={`dot line-${index}`} aria-hidden="true" /> <Name text={name} />{' '}
            {numberText(counts.findLast((count) => count !== null) ?? 0)}
          </span>
        ))}
        {band !== null && (
          <span className="key">
            <span className="dot band" aria-hidden="true" /> {band.name}
          </span>
        )}
      </figcaption>
      <details>
        <summary>{label} as a table</summary>
        <PlainTable
          label={label}
          head={['When', ...lines.map(({ name }) => name), ...(band === null ? [] : [band.name])]}
          rows={rows.map(({ instant, index }) => ({
            key: instant,
            cells: [
              <Instant key="at" at={instant} />,
              ...lines.map(({ counts }) => countText(counts[index])),
              ...(band === null ? [] : [`${countText(band.low[index])} to ${countText(band.high[index])}`]),
            ],
          }))}
        />
      </details>
    </figure>
  );
}

function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? '–' : numberText(count);
}
