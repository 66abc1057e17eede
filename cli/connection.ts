import { ClientError } from '../client/client-error.js';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { defaultDataDir, readStackState } from '../stack/state-file.js';

export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
}

/**
 * The server and token to use: what the flags say, else LEONORE_SERVER and LEONORE_TOKEN, else the running
 * `leonore up`. The token of a stack is sent to that stack only.
 * @throws ClientError MALFORMED_INPUT, NO_SERVER, NO_TOKEN
 */
export async function connect(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<LeonoreClient> {
  const named = options.server ?? nonEmpty(env['LEONORE_SERVER']);
  const givenToken = options.token ?? nonEmpty(env['LEONORE_TOKEN']);
  if (named !== undefined) checkAddress(named);
  if (named !== undefined && givenToken !== undefined)
    return createLeonoreClient({ server: named, token: givenToken });

  const stack = await readStackState(defaultDataDir(env));
  const server = named ?? stack?.api;
  if (server === undefined) {
    throw badUsage(
      'NO_SERVER',
      'no server is named and no `leonore up` is running',
      'Give --server and --token, or set LEONORE_SERVER and LEONORE_TOKEN, or run `leonore up`.',
    );
  }
  const ownToken = stack !== undefined && isSameServer(stack.api, server) ? stack.adminToken : undefined;
  const token = givenToken ?? ownToken;
  if (token === undefined) {
    throw badUsage('NO_TOKEN', `no token for ${server}`, 'Give --token, or set LEONORE_TOKEN.');
  }
  return createLeonoreClient({ server, token });
}

function checkAddress(server: string): void {
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw badUsage(
      'MALFORMED_INPUT',
      `"${server}" is not the URL of a server`,
      'Write it as http://host:port or https://host.',
    );
  }
}

function isSameServer(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function badUsage(
  code: 'NO_SERVER' | 'NO_TOKEN' | 'MALFORMED_INPUT',
  detail: string,
  advice: string,
): ClientError {
  return new ClientError({ code, detail, actor: 'caller', advice, status: 0, retryable: false });
}
