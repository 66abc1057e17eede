import { Value } from 'typebox/value';
import {
  RequestEnvelopeSchema,
  type AnswerEnvelope,
  type RequestEnvelope,
  type RequestKind,
} from '../../domain/agent-protocol/broker.js';
import { ProfileUpdateSchema } from '../../domain/agent-protocol/messages.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import type { DeviceService } from '../device-service.js';
import { gatewayOfToken } from '../gateway-token.js';

/** What a request says; null when nobody could be answered. */
export function readRequest(payload: Buffer): RequestEnvelope | null {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return Value.Check(RequestEnvelopeSchema, value) ? value : null;
  } catch {
    return null;
  }
}

/** One of the two places where errors change their form. @param failed told of what is no LeonoreError */
export async function answerRequest(
  service: DeviceService,
  { gatewayId, kind }: { readonly gatewayId: string; readonly kind: RequestKind },
  request: RequestEnvelope,
  failed: (error: unknown) => void,
): Promise<AnswerEnvelope> {
  const dateMs = Date.now();
  try {
    if (gatewayOfToken(request.token) !== gatewayId)
      throw new LeonoreError('UNAUTHENTICATED', 'the token is not that of the gateway whose topic it is');
    return { id: request.id, dateMs, ...(await carryOut(service, kind, request)) };
  } catch (error) {
    if (!(error instanceof LeonoreError)) failed(error);
    const {
      code,
      kind: own,
      message,
      details,
    } = error instanceof LeonoreError ? error : new LeonoreError('INTERNAL', 'an unexpected failure');
    const told = details['retryAfterSeconds'];
    const problem = {
      code,
      detail: message,
      ...(typeof told === 'number' ? { retryAfterSeconds: told } : {}),
    };
    return { id: request.id, dateMs, status: own.status, problem };
  }
}

async function carryOut(
  service: DeviceService,
  kind: RequestKind,
  { token, run, version, body }: RequestEnvelope,
): Promise<Pick<AnswerEnvelope, 'status' | 'version' | 'body'>> {
  switch (kind) {
    case 'tasks': {
      const answer = await service.tasks(token, run === undefined ? null : { run, address: '' });
      const { tasks, orders, profileWanted } = answer;
      if (version === answer.version && !profileWanted) return { status: 304, version };
      const content = { tasks, ...(orders.length === 0 ? {} : { orders }), profileWanted };
      return { status: 200, version: answer.version, body: content };
    }
    case 'reports':
      return { status: 200, body: await service.report(token, reportsOf(body)) };
    case 'profile':
      if (!Value.Check(ProfileUpdateSchema, body)) throw malformed('the profile');
      await service.updateProfile(token, body.profile);
      return { status: 204 };
  }
}

/** Each report is judged by itself (readReport): a malformed one keeps none of the others from being taken. */
function reportsOf(body: unknown): readonly unknown[] {
  const reports: unknown =
    typeof body === 'object' && body !== null && 'reports' in body ? body.reports : undefined;
  if (!Array.isArray(reports) || reports.length === 0 || reports.length > limits.reports)
    throw malformed('the list of reports');
  return reports;
}

function malformed(what: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `${what} has not the agreed shape`);
}
