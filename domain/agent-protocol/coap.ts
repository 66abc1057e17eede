/**
 * The agent protocol over CoAP: the paths and bodies of messages.ts, with these differences. docs/connectivity.md draws the flow.
 *
 *   POST device/v1/register?token=ENROLMENT|T  RegisterRequest   -> 2.04 RegisterResponse | 5.03 with Max-Age
 *        [&key=KEY&counter=N&proof=PROOF]      and, with a key that is known already, without a token
 *   GET  device/v1/tasks?token=T[&run=RUN]     ETag              -> 2.05 TasksResponse | 2.03
 *   GET  device/v1/packages/{digest}?token=T   Block2            -> 2.05, a block; the ETag is how the digest begins
 *   GET  device/v1/packages/{digest}/statements, trust/{file}    -> 2.05
 *   POST device/v1/reports?token=T             Block1            -> 2.04 ReportsResponse
 *   PUT  device/v1/profile?token=T             Block1            -> 2.04
 *   POST {pushAddress}                         PushNotice        -> 2.xx
 *
 * T is the plain form of the gateway's token: who reads along has no more than that. What fails has a Problem as its payload,
 * once the token was proven; before that, nothing that is longer than the request.
 */
import Type, { type Static } from 'typebox';

/** Names in the query of a request. */
export const coapQuery = {
  token: 'token',
  run: 'run',
  // Of a registration: what the headers of registration-proof.ts say over HTTP, but for the secret.
  key: 'key',
  counter: 'counter',
  proof: 'proof',
} as const;

/** Port of an address that names none. */
export const coapPort = 5_683;

/** Numbers of content formats (RFC 7252, section 12.3). */
export const contentFormats = { text: 0, octets: 42, json: 50, cbor: 60 } as const;

export const CoapProblemSchema = Type.Object({
  /** As over HTTP (RFC 9110): some have no code of CoAP's. */
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  code: Type.String(),
  detail: Type.String(),
  retryAfterSeconds: Type.Optional(Type.Number({ minimum: 0 })),
});
export type CoapProblem = Static<typeof CoapProblemSchema>;

/** Codes of errors that are registered for CoAP (RFC 7252, 7959, 8132, 8516), as statuses. */
const registered = [400, 401, 402, 403, 404, 405, 406, 408, 409, 412, 413, 415, 422, 429, 500, 501, 502, 503];

/** The code of CoAP's that says most of what a status of HTTP does. */
export function coapCodeOf(status: number): string {
  if (status === 421) return '4.03';
  const known = registered.includes(status) ? status : status - (status % 100);
  return `${Math.floor(known / 100)}.${String(known % 100).padStart(2, '0')}`;
}

/** The status that a code of CoAP's is. */
export function statusOfCoap(code: string): number {
  return Number(code.replace('.', ''));
}
