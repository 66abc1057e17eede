/** Why a delivery failed, in the words of the protocol: at which step, and whose fault it is. */
import type { FailureClass, ReportError } from '../../domain/agent-protocol/messages.js';
import { LeonoreError } from '../../domain/errors.js';
import { DeviceError, IntegrityError } from '../connectivity/device-error.js';
import { HealthError } from '../container/health.js';
import { ScriptError } from '../container/run-script.js';
import { hasCode, messageOf } from '../state/system-error.js';

/** There is no room for what is to come. */
export class SpaceError extends Error {
  override readonly name = 'SpaceError';
}

/** The plan is for another state than the gateway's, or leads to one that does not hold together. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** LEONORE has ended the delivery itself: it is dropped, and nothing is reported any more. */
export class DeliveryDropped extends Error {
  override readonly name = 'DeliveryDropped';
}

/** The node does not give the package away: the delivery may have given way to another, which the next poll tells. */
export class PackageRefused extends Error {
  override readonly name = 'PackageRefused';
}

const messageLength = 2_000;
const integrityCodes: readonly string[] = ['MALFORMED_PACKAGE', 'UNTRUSTED'];

/** Sorts a failure into a report's error. */
export function reportError(step: string, error: unknown): ReportError {
  const message = messageOf(error);
  return { class: failureClass(error), step, message: message.slice(0, messageLength) };
}

function failureClass(error: unknown): FailureClass {
  if (error instanceof IntegrityError) return 'integrity';
  if (error instanceof LeonoreError) return integrityCodes.includes(error.code) ? 'integrity' : 'internal';
  if (error instanceof DeviceError) return 'network';
  if (error instanceof SpaceError) return 'space';
  if (error instanceof StateError) return 'state';
  if (error instanceof ScriptError) return 'script';
  if (error instanceof HealthError) return 'health';
  return hasCode(error, 'ENOSPC', 'EDQUOT') ? 'space' : 'internal';
}
