import { request } from 'undici';
import { testTokens } from './test-api.js';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Asks the management API as an admin: text and bytes go as they are, any other body as JSON.
 * @param address where it listens, asked at each call
 */
export function apiCaller(address: () => string) {
  return async (method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) => {
    const raw = typeof body === 'string' || Buffer.isBuffer(body);
    const answer = await request(`${address()}${url}`, {
      method,
      headers: {
        authorization: `Bearer ${testTokens.admin}`,
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: (text === '' ? null : JSON.parse(text)) as Record<string, unknown>,
    };
  };
}
