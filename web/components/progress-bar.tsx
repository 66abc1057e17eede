import type { DeliveryCounts } from '../../domain/rollout/state.js';
import { isEnded } from '../../domain/delivery/state.js';
import { partsOf, type Part } from '../logic/progress.js';
import { deliveryTones } from '../logic/tones.js';
import { numberText } from '../logic/numbers.js';

/** Deliveries as a bar of their states, with the numbers in words below it. */
export function ProgressBar({ counts }: { readonly counts: DeliveryCounts }) {
  const parts = partsOf(counts);
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const ended = parts.reduce((sum, { state, count }) => sum + (isEnded(state) ? count : 0), 0);
  const words = parts.map(({ state, count }) => `${numberText(count)} ${state}`).join(', ');
  return (
    <div className="progress">
      <div
        className="bar"
        role="img"
        aria-label={`${numberText(ended)} of ${numberText(total)} ended: ${words || 'no deliveries yet'}`}
      >
        {parts.map((part) => (
          <BarPart key={part.state} part={part} />
        ))}
      </div>
      <p className="legend">
        <strong>
          {numberText(ended)} of {numberText(total)} ended
        </strong>
        {parts.map(({ state, count }) => (
          <span key={state} className={`key tone-${deliveryTones[state]}`}>
            <span className="dot" aria-hidden="true" /> {numberText(count)} {state}
          </span>
        ))}
      </p>
    </div>
  );
}

function BarPart({ part: { state, share } }: { readonly part: Part }) {
  return <span className={`part state-${state} tone-${deliveryTones[state]}`} style={{ flexGrow: share }} />;
}
