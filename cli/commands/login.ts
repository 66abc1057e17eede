import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { ClientError } from '../../client/client-error.js';
import type { LeonoreClient } from '../../client/leonore-client.js';
import type { Whoami } from '../../client/resources.js';
import { grantText } from '../../domain/access/grant.js';
import type { Cli, OfflineContext } from '../cli.js';
import { clientOf, credentialsOf } from '../connection.js';
import { nameOfServer, readContexts, withContext, writeContexts, type ServerContext } from '../contexts.js';
import { instantText, printable, type OutputStream } from '../output.js';

interface LoginOptions {
  readonly context?: string;
}

/** What somebody has who signed in. */
interface SignedIn extends Whoami {
  readonly token: string;
  readonly expiresAt: string | null;
}

/** Seconds that a server which is asked too often wants more between two questions (RFC 8628, section 3.5). */
const slowDownSeconds = 5;

/** `leonore login`: signs in by the server's OpenID provider, or with a token, and keeps that as a context. */
export function loginCommand(cli: Cli): Command {
  const { env, stderr } = cli.environment;
  const command = new Command('login')
    .description(
      'sign in to a server, by a code that is entered in a browser or with --token, and use it from now on',
    )
    .option('--context <name>', 'what to call it here (default: its host)');
  return cli.offlineVerb<LoginOptions>(command, async ({ out, options }) => {
    const { server, token: known, ca, isTokenSaid } = await credentialsOf(options, env);
    const contexts = await readContexts(env);
    const { token, expiresAt, name, grants } =
      isTokenSaid && known !== undefined
        ? await byToken(known, await clientOf({ server, token: known, ca }))
        : await byDevice(await clientOf({ server, token: undefined, ca }), server, stderr);
    const context = options.context ?? nameOfServer(contexts, server);
    const kept: ServerContext = {
      server,
      token,
      // It is found from wherever the next verb is run.
      ...(ca === undefined ? {} : { ca: resolve(ca) }),
      ...(expiresAt === null ? {} : { expiresAt }),
    };
    await writeContexts(env, withContext(contexts, context, kept, true));
    out.result({ context, server, name, grants, expiresAt }, () => {
      out.line(`signed in to ${printable(server)} as ${printable(name)}; using it as ${context} from now on`);
      out.facts({
        may: grants.map(grantText).join(', '),
        until: expiresAt === null ? null : instantText(expiresAt),
      });
    });
    return undefined;
  });
}

/** `leonore logout`: ends the session at the server, and forgets its token. */
export function logoutCommand(cli: Cli): Command {
  const { env } = cli.environment;
  const command = new Command('logout').description('end the session at the server, and forget its token');
  return cli.offlineVerb<object>(command, async ({ out, connect, options }: OfflineContext<object>) => {
    const { server, isTokenSaid } = await credentialsOf(options, env);
    const client = await connect();
    try {
      await client.signIn.signOut();
    } catch (error) {
      // It has ended already, or is no session.
      const isOver =
        error instanceof ClientError && ['UNAUTHENTICATED', 'SESSION_NOT_FOUND'].includes(error.code);
      if (!isOver) throw error;
    }
    const contexts = await readContexts(env);
    const name = nameOfServer(contexts, server);
    const known = contexts.contexts[name];
    if (!isTokenSaid && known !== undefined && 'server' in known) {
      const kept = { server: known.server, ...(known.ca === undefined ? {} : { ca: known.ca }) };
      await writeContexts(env, withContext(contexts, name, kept, false));
    }
    out.result({ signedOut: server }, () => out.line(`signed out of ${printable(server)}`));
    return undefined;
  });
}

async function byToken(token: string, client: LeonoreClient): Promise<SignedIn> {
  return { ...(await client.people.whoami()), token, expiresAt: null };
}

/** Shows a code, and waits until somebody has entered it in a browser. */
async function byDevice(client: LeonoreClient, server: string, progress: OutputStream): Promise<SignedIn> {
  if ((await client.signIn.issuer()) === null)
    throw new ClientError({
      code: 'SIGN_IN_NOT_CONFIGURED',
      detail: `${server} knows no identity provider`,
      actor: 'caller',
      advice: 'Ask its administrator for a token, and give it: `leonore login --token`.',
      status: 0,
      retryable: false,
    });
  const {
    deviceCode,
    userCode,
    verificationUri,
    verificationUriComplete,
    expiresInSeconds,
    intervalSeconds,
  } = await client.signIn.beginOnDevice();
  progress.write(`Open ${printable(verificationUriComplete ?? verificationUri)} in a browser\n`);
  progress.write(`and see that it shows the code ${printable(userCode)}, or enter it there.\n`);
  const endsAtMs = performance.now() + expiresInSeconds * 1_000;
  let pauseSeconds = intervalSeconds;
  while (performance.now() < endsAtMs) {
    await delay(pauseSeconds * 1_000);
    const outcome = await outcomeOf(client, deviceCode);
    if (outcome?.state === 'signed-in') {
      const { secret: token, name, grants, expiresAt } = outcome;
      return { token, name, grants, expiresAt };
    }
    if (outcome?.state === 'slow-down') pauseSeconds += slowDownSeconds;
  }
  throw new ClientError({
    code: 'SIGN_IN_REFUSED',
    detail: 'nobody entered the code in time',
    actor: 'caller',
    advice: 'Run `leonore login` again.',
    status: 0,
    retryable: false,
  });
}

/** @returns null when nobody answered: the code is good until its time is over */
async function outcomeOf(client: LeonoreClient, deviceCode: string) {
  try {
    return await client.signIn.outcome(deviceCode);
  } catch (error) {
    if (error instanceof ClientError && error.facts.retryable) return null;
    throw error;
  }
}
