import type { ReactNode } from 'react';
import { numberText, shareText } from '../logic/numbers.js';
import type { Tone } from '../logic/tones.js';

export interface BarRow {
  readonly key: string;
  readonly name: ReactNode;
  readonly count: number;
  readonly tone: Tone;
}

/** Counts below each other, each with its part of a whole. */
export function Bars({
  label,
  rows,
  whole,
}: {
  readonly label: string;
  readonly rows: readonly BarRow[];
  readonly whole: number;
}) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="plain">
        <tbody>
          {rows.map(({ key, name, count, tone }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td className="bar-cell">
                <div className="bar" aria-hidden="true">
                  <span className={`part tone-${tone}`} style={{ flexGrow: count }} />
                  <span style={{ flexGrow: Math.max(0, whole - count) }} />
                </div>
              </td>
              <td className="end">{numberText(count)}</td>
              <td className="end quiet">{whole === 0 ? '' : shareText(count / whole)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
