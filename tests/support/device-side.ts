import { proofOf, type ProofHeaders, type TestKey } from './test-key.js';
import { profileOf } from './test-repositories.js';

export interface DeviceAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Record<string, unknown>;
}

/** What a device brings to its registration. */
export interface Brought {
  readonly bearer?: string | undefined;
  readonly key?: TestKey | undefined;
  readonly counter?: number;
  /** Sends the secret of a symmetric key along, as at an enrolment. */
  readonly tellsSecret?: boolean;
  readonly labels?: Record<string, string>;
  readonly mac?: string;
  /** Over those of the proof. */
  readonly headers?: ProofHeaders;
}

/** Registers as a device does, byte by byte. */
export async function registerDevice(api: string, id: string, brought: Brought): Promise<DeviceAnswer> {
  const { bearer, key, counter = 1, tellsSecret = false, labels = {}, mac, headers = {} } = brought;
  const profile = profileOf(id, { labels, ...(mac === undefined ? {} : { mac }) });
  const body = JSON.stringify({ profile });
  const answer = await fetch(`${api}/device/v1/register`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(key === undefined ? {} : proofOf(key, id, counter, body)),
      ...(tellsSecret && key?.secret !== undefined ? { 'leonore-secret': key.secret } : {}),
      ...headers,
    },
    body,
  });
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    body: (await answer.json()) as Record<string, unknown>,
  };
}
