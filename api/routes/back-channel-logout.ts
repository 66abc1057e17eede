import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { personId } from '../../domain/access/person.js';
import { LeonoreError } from '../../domain/errors.js';
import { Text } from '../../domain/text.js';
import type { RouteOptions } from '../context.js';

const formType = 'application/x-www-form-urlencoded';
const tokenLength = 20_000;

/**
 * The identity provider tells that somebody has signed out there, or was locked out (OpenID Connect Back-Channel Logout 1.0): his
 * sessions end at once. It proves itself by its signature. Forms are read here and by no other route: a page of anybody can
 * have a browser send one.
 */
export const backChannelLogoutRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { audit } = context.repositories;

  app.addContentTypeParser(
    formType,
    { parseAs: 'string', bodyLimit: 2 * tokenLength },
    (_request, form, done) => done(null, Object.fromEntries(new URLSearchParams(String(form)))),
  );

  app.post(
    '/sign-in/back-channel-logout',
    {
      schema: { hide: true, body: Type.Object({ logout_token: Text(tokenLength, { minLength: 1 }) }) },
      config: { role: 'anybody' },
    },
    async (request, reply) => {
      const { signIn } = context;
      if (signIn === null)
        throw new LeonoreError('SIGN_IN_NOT_CONFIGURED', 'this LEONORE knows no identity provider');
      const { issuer } = signIn.provider;
      const subject = await signIn.provider.signedOut(request.body.logout_token).catch(asBadRequest);
      const principalId = personId({ issuer, subject });
      const entry = await audit.begin({
        requestId: request.id,
        principalId,
        principal: principalId,
        address: request.ip,
        action: 'backChannelLogout',
        subject: 'sessions',
        asked: null,
        before: null,
      });
      const ended = await signIn.sessions.endAllOf(subject);
      await audit.end(entry, { status: 200, code: null, made: null, after: { ended } });
      return reply.header('cache-control', 'no-store').send();
    },
  );
};

/** What a provider expects to be answered to a token that does not hold (section 2.8). */
function asBadRequest(error: unknown): never {
  if (error instanceof LeonoreError && error.code === 'SIGN_IN_REFUSED')
    throw new LeonoreError('MALFORMED_INPUT', error.message, {}, { cause: error });
  throw error;
}
