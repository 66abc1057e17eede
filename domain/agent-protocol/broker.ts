/**
 * The agent protocol over a broker of messages, which has no requests of its own: each has an envelope, and the answer
 * names it. What is in them is of messages.ts. docs/connectivity.md draws the flow.
 *
 *   {prefix}/{gateway}/requests/{kind}  gateway -> node   RequestEnvelope; kinds: tasks, reports, profile
 *   {prefix}/{gateway}/answers          node -> gateway   AnswerEnvelope
 *   {prefix}/{gateway}/notices          node -> gateway   PushNotice, retained until the gateway has asked; or nothing
 *   {prefix}/{gateway}/presence         gateway -> node   Presence; as its last will, that it is away
 */
import Type, { type Static } from 'typebox';
import { Text } from '../text.js';

const strict = { additionalProperties: false } as const;
const RequestId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,32}$' });

export const requestKinds = ['tasks', 'reports', 'profile'] as const;
export type RequestKind = (typeof requestKinds)[number];

export const RequestEnvelopeSchema = Type.Object(
  {
    /** Made anew for each request. */
    id: RequestId,
    /** The gateway's token: whoever may write to a topic is not for that the gateway whose topic it is. */
    token: Type.String({ maxLength: 512 }),
    /** Which run of the agent asks (messages.ts, `runHeader`). */
    run: Type.Optional(Type.String({ maxLength: 64 })),
    /** Of `tasks`: version of the answer that the gateway has. */
    version: Type.Optional(Type.String({ maxLength: 64 })),
    /** Of `reports` a ReportsRequest, of `profile` a ProfileUpdate. */
    body: Type.Optional(Type.Unknown()),
  },
  strict,
);

export const AnswerEnvelopeSchema = Type.Object({
  /** Of the request. */
  id: RequestId,
  /** As over HTTP (RFC 9110); 304: the gateway has what there is. */
  status: Type.Integer({ minimum: 100, maximum: 599 }),
  /** When the node says that it is, in milliseconds since 1970. */
  dateMs: Type.Number(),
  version: Type.Optional(Type.String({ maxLength: 64 })),
  body: Type.Optional(Type.Unknown()),
  problem: Type.Optional(
    Type.Object({
      code: Type.String(),
      detail: Type.String(),
      retryAfterSeconds: Type.Optional(Type.Number({ minimum: 0 })),
    }),
  ),
});

export const PresenceSchema = Type.Object({ token: Text(512), present: Type.Boolean() }, strict);

export type RequestEnvelope = Static<typeof RequestEnvelopeSchema>;
export type AnswerEnvelope = Static<typeof AnswerEnvelopeSchema>;

/** The topics of one gateway. @param prefix of its node: the path of the node's endpoint */
export function topicsOf(prefix: string, gatewayId: string) {
  const own = `${prefix}/${gatewayId}`;
  return {
    request: (kind: RequestKind): string => `${own}/requests/${kind}`,
    answers: `${own}/answers`,
    notices: `${own}/notices`,
    presence: `${own}/presence`,
  };
}

/** Topics that a node listens to: all that its gateways write. */
export function nodeTopics(prefix: string): string[] {
  return [`${prefix}/+/requests/+`, `${prefix}/+/presence`];
}

/** Whose topic it is, and what is written there; null when no gateway writes it. */
export function readTopic(
  prefix: string,
  topic: string,
): { readonly gatewayId: string; readonly kind: RequestKind | 'presence' } | null {
  if (!topic.startsWith(`${prefix}/`)) return null;
  const [gatewayId = '', branch, name, ...more] = topic.slice(prefix.length + 1).split('/');
  if (gatewayId === '' || more.length > 0) return null;
  if (branch === 'presence' && name === undefined) return { gatewayId, kind: 'presence' };
  const kind = requestKinds.find((own) => own === name);
  return branch === 'requests' && kind !== undefined ? { gatewayId, kind } : null;
}
