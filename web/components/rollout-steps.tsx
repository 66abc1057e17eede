import { stepNames, type Step } from '../../domain/rollout/steps.js';
import type { Schemas } from '../api/queries.js';
import { Duration, useNow } from './clock.js';

type Rollout = Schemas['Rollout'];

const steps = Object.keys(stepNames) as readonly Step[];

/** The eight steps of provisioning, when each was and how long it took. */
export function RolloutSteps({ rollout }: { readonly rollout: Rollout }) {
  const now = useNow();
  const fromMs = Date.parse(rollout.createdAt);
  const untilMs = rollout.endedAt === null ? Math.max(now, fromMs) : Date.parse(rollout.endedAt);
  const spanMs = Math.max(1, untilMs - fromMs);
  return (
    <ol className="steps">
      {steps.map((step) => {
        const runs = rollout.steps.filter((run) => run.step === step);
        const first = runs.map(({ startedAt }) => startedAt).sort()[0];
        const isRunning = runs.some(({ endedAt }) => endedAt === null);
        const last =
          runs
            .map(({ endedAt }) => endedAt ?? '')
            .sort()
            .at(-1) ?? null;
        return (
          <li key={step}>
            <span className="quiet">{step}</span>
            <span>{stepNames[step]}</span>
            <span className="quiet">
              {first === undefined ? 'waits' : <Duration from={first} to={isRunning ? null : last} />}
            </span>
            {runs.map(({ nodeId, startedAt, endedAt }) => {
              const start = (Date.parse(startedAt) - fromMs) / spanMs;
              const end = ((endedAt === null ? untilMs : Date.parse(endedAt)) - fromMs) / spanMs;
              return (
                <div key={nodeId} className="track" aria-hidden="true" title={nodeId}>
                  <span
                    className="run"
                    style={{
                      marginInlineStart: `${100 * Math.max(0, start)}%`,
                      inlineSize: `${100 * Math.max(0.005, end - start)}%`,
                    }}
                  />
                </div>
              );
            })}
          </li>
        );
      })}
    </ol>
  );
}
