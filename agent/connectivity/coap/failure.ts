import { Value } from 'typebox/value';
import { CoapProblemSchema, statusOfCoap, type CoapProblem } from '../../../domain/agent-protocol/coap.js';
import { DeviceError, failureOfStatus } from '../device-error.js';

/** What a node answers that does not tell secrets here: another channel has to do. */
const notPrivate = 'CHANNEL_NOT_PRIVATE';
/** A node that asks for more patience than this is asked again after it all the same. */
const longestRetryAfterMs = 3_600_000;

/** Turns an answer that is not a success into a DeviceError. */
export function failureOf(answer: {
  readonly code: string;
  readonly payload: Buffer;
  /** Seconds after which it may be asked again. */
  readonly maxAge: number | undefined;
}): DeviceError {
  const { code: coapCode, payload, maxAge = 0 } = answer;
  const problem = problemIn(payload);
  const status = problem?.status ?? statusOfCoap(coapCode);
  const told = (problem?.retryAfterSeconds ?? maxAge) * 1_000;
  return new DeviceError(
    problem?.code === notPrivate ? 'unreachable' : failureOfStatus(status),
    `CoAP ${coapCode} ${problem?.detail.slice(0, 500) ?? ''}`.trimEnd(),
    Math.min(told, longestRetryAfterMs),
    problem?.code,
  );
}

function problemIn(payload: Buffer): CoapProblem | null {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return Value.Check(CoapProblemSchema, value) ? value : null;
  } catch {
    return null;
  }
}
