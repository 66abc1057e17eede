import { numberText } from '../logic/numbers.js';
import type { PhasePart } from '../logic/campaign.js';

/** Parts of a whole as a bar; with words below it unless they stand elsewhere. */
export function ShareBar({
  parts,
  withWords,
}: {
  readonly parts: readonly PhasePart[];
  readonly withWords: boolean;
}) {
  const text = parts.map(({ what, count }) => `${numberText(count)} ${what}`).join(', ');
  return (
    <div className="progress">
      <div className="bar" role="img" aria-label={text || 'no gateways yet'}>
        {parts.map(({ what, tone, count }) => (
          <span key={what} className={`part tone-${tone}`} style={{ flexGrow: count }} />
        ))}
      </div>
      {withWords && (
        <p className="legend">
          {parts.map(({ what, tone, count }) => (
            <span key={what} className={`key tone-${tone}`}>
              <span className="dot" aria-hidden="true" /> {numberText(count)} {what}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}
