import { numberText } from '../logic/numbers.js';
import { axisEnd, someOf, type Line } from '../logic/fleet-series.js';
import { Instant } from './clock.js';
import { Name } from './name.js';
import { PlainTable } from './plain-table.js';

interface TimeChartProps {
  readonly label: string;
  /** Instants, RFC 3339, the oldest first. */
  readonly at: readonly string[];
  readonly lines: readonly Line[];
}

const size = { width: 600, height: 160 };
/** Rows of the table that says the same. */
const shownRows = 12;

/** Counts over time as lines, and the same as a table for who reads numbers or does not see the lines. */
export function TimeChart({ label, at, lines }: TimeChartProps) {
  const times = at.map((instant) => Date.parse(instant));
  const first = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? first) - first);
  const most = axisEnd(Math.max(0, ...lines.flatMap(({ counts }) => counts)));
  const pointsOf = ({ counts }: Line) =>
    times
      .map((time, index) => {
        const x = ((time - first) / span) * size.width;
        const y = size.height * (1 - (counts[index] ?? 0) / most);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      })
      .join(' ');
  const rows = someOf(
    at.map((instant, index) => ({ instant, index })),
    shownRows,
  ).reverse();
  return (
    <figure className="time-chart">
      <div className="time-chart-plot">
        <div className="time-chart-scale quiet" aria-hidden="true">
          <span>{numberText(most)}</span>
          <span>0</span>
        </div>
        <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
          {lines.map((line, index) => (
            <polyline key={line.name} className={`line line-${index}`} points={pointsOf(line)} />
          ))}
        </svg>
      </div>
      <p className="time-chart-ends quiet" aria-hidden="true">
        <span>{at[0] !== undefined && <Instant at={at[0]} />}</span>
        <span>now</span>
      </p>
      <figcaption className="legend">
        {lines.map(({ name, counts }, index) => (
          <span key={name} className="key">
            <span className={`dot line-${index}`} aria-hidden="true" /> <Name text={name} />{' '}
            {numberText(counts.at(-1) ?? 0)}
          </span>
        ))}
      </figcaption>
      <details>
        <summary>{label} as a table</summary>
        <PlainTable
          label={label}
          head={['When', ...lines.map(({ name }) => name)]}
          rows={rows.map(({ instant, index }) => ({
            key: instant,
            cells: [
              <Instant key="at" at={instant} />,
              ...lines.map(({ counts }) => numberText(counts[index] ?? 0)),
            ],
          }))}
        />
      </details>
    </figure>
  );
}
