import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { personId, type Person } from '../../domain/access/person.js';
import { LeonoreError } from '../../domain/errors.js';
import { Text } from '../../domain/text.js';
import type { SessionKind } from '../../repositories/session-repository.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';
import {
  DeviceAttemptSchema,
  DeviceOutcomeSchema,
  DeviceQuestionSchema,
  SignInWaysSchema,
} from '../schemas/sign-in.js';
import type { Attempt } from '../sign-in/identity-provider.js';
import type { OpenedSession } from '../sign-in/sessions.js';
import type { SignIn } from '../sign-in/sign-in.js';

const tags = ['sign-in'];
const config = { role: 'anybody' } as const;
/** Of an operation that asks for nobody. */
const open = { tags, security: [] };

/**
 * Sign-in by an OpenID provider: browsers are sent there and come back with a code (with PKCE), the command line shows a code
 * that somebody enters in a browser (RFC 8628). LEONORE speaks with the provider for both, so that its secret stays here.
 */
export const signInRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { audit } = context.repositories;

  app.get(
    '/sign-in',
    {
      schema: {
        ...open,
        operationId: 'signInWays',
        summary: 'How people can sign in',
        response: { 200: SignInWaysSchema, ...problems },
      },
      config,
    },
    async () => ({ issuer: context.signIn?.provider.issuer ?? null }),
  );

  app.get(
    '/sign-in/start',
    { schema: { hide: true, querystring: Type.Object({ to: Type.Optional(Text(4_000)) }) }, config },
    async (request, reply) => {
      const { cookies, provider } = signInOf();
      const to = cookies.pathOf(request.query.to);
      const begun = await provider.begin().catch((error: unknown) => told(error, request));
      if (begun instanceof LeonoreError) return sendTo(reply, to, cookies.ofProblem(begun));
      return sendTo(reply, begun.url.href, cookies.ofAttempt({ ...begun.attempt, to }));
    },
  );

  app.get('/sign-in/callback', { schema: { hide: true }, config }, async (request, reply) => {
    const signIn = signInOf();
    const { cookies } = signIn;
    const attempt = cookies.attemptIn(request.headers.cookie);
    const to = cookies.pathOf(attempt?.to);
    const opened = await finish(signIn, request, attempt).catch((error: unknown) => told(error, request));
    if (opened instanceof LeonoreError) return sendTo(reply, to, cookies.ofProblem(opened));
    return sendTo(reply, to, cookies.ofSession(opened.secret));
  });

  app.post(
    '/sign-in/device',
    {
      schema: {
        ...open,
        operationId: 'beginDeviceSignIn',
        summary: 'Begin a sign-in that is done in a browser elsewhere',
        response: { 200: DeviceAttemptSchema, ...problems },
      },
      config,
    },
    async () => signInOf().provider.beginOnDevice(),
  );

  app.post(
    '/sign-in/device/outcome',
    {
      schema: {
        ...open,
        operationId: 'deviceSignInOutcome',
        summary: 'Whether it is done; then a session, whose secret is shown this once',
        body: DeviceQuestionSchema,
        response: { 200: DeviceOutcomeSchema, ...problems },
      },
      config,
    },
    async (request) => {
      const signIn = signInOf();
      const outcome = await signIn.provider.finishOnDevice(request.body.deviceCode);
      if (typeof outcome === 'string') return { state: outcome };
      const { secret, principal, expiresAt } = await begin(signIn, request, outcome, 'cli');
      const { name, grants } = principal;
      return {
        state: 'signed-in' as const,
        secret,
        name,
        grants: [...grants],
        expiresAt: expiresAt.toISOString(),
      };
    },
  );

  async function finish(
    signIn: SignIn,
    request: FastifyRequest,
    attempt: Attempt | null,
  ): Promise<OpenedSession> {
    if (attempt === null)
      throw new LeonoreError(
        'SIGN_IN_REFUSED',
        'no sign-in is under way in this browser: it took too long, was done already, or began in another one',
      );
    const answer = new URL(request.url, 'http://leonore').searchParams;
    return begin(signIn, request, await signIn.provider.finish(answer, attempt), 'dashboard');
  }

  /** Begins a session, and has it in the audit who did, or was refused, and from where. */
  async function begin(
    { sessions }: SignIn,
    { id: requestId, ip: address }: FastifyRequest,
    person: Person,
    kind: SessionKind,
  ): Promise<OpenedSession> {
    const entry = await audit.begin({
      requestId,
      principalId: personId(person),
      principal: person.name,
      address,
      action: 'signIn',
      subject: 'sessions',
      asked: { kind },
      before: null,
    });
    try {
      const opened = await sessions.open(person, kind, address);
      const { grants } = opened.principal;
      await audit.end(entry, { status: 201, code: null, made: `sessions/${opened.id}`, after: { grants } });
      return opened;
    } catch (error) {
      if (error instanceof LeonoreError)
        await audit.end(entry, { status: error.kind.status, code: error.code, made: null, after: null });
      throw error;
    }
  }

  /** @throws LeonoreError SIGN_IN_NOT_CONFIGURED */
  function signInOf(): SignIn {
    if (context.signIn !== null) return context.signIn;
    throw new LeonoreError('SIGN_IN_NOT_CONFIGURED', 'this LEONORE knows no identity provider');
  }
};

/** An error as a page is told of it; what nobody foresaw is in the log alone. */
function told(error: unknown, { log }: FastifyRequest): LeonoreError {
  if (error instanceof LeonoreError) {
    log.info({ err: error }, 'a sign-in came to nothing');
    return error;
  }
  log.error({ err: error }, 'a sign-in failed');
  return new LeonoreError('INTERNAL', 'an unexpected failure; the log has it', {}, { cause: error });
}

function sendTo(reply: FastifyReply, address: string, cookies: string[]): FastifyReply {
  return reply.headers({ 'set-cookie': cookies, 'cache-control': 'no-store' }).redirect(address, 303);
}
