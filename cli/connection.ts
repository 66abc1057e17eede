import { readFile } from 'node:fs/promises';
import { ClientError } from '../client/client-error.js';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { defaultDataDir, readStackState } from '../stack/state-file.js';

export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
  /** File of the authority that the server must be certified by. */
  readonly ca?: string;
}

/**
 * The server and token to use: what the flags say, else LEONORE_SERVER and LEONORE_TOKEN, else the running
 * `leonore up`. The token of a stack is sent to that stack only. The authority is likewise that of --ca, LEONORE_CA, or the
 * stack; without one those of the system are believed.
 * @throws ClientError MALFORMED_INPUT, NO_SERVER, NO_TOKEN
 */
export async function connect(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<LeonoreClient> {
  const named = options.server ?? nonEmpty(env['LEONORE_SERVER']);
  const givenToken = options.token ?? nonEmpty(env['LEONORE_TOKEN']);
  const givenCa = options.ca ?? nonEmpty(env['LEONORE_CA']);
  if (named !== undefined) checkAddress(named);
  if (named !== undefined && givenToken !== undefined) return clientOf(named, givenToken, givenCa);

  const stack = await readStackState(defaultDataDir(env));
  const server = named ?? stack?.api;
  if (server === undefined) {
    throw badUsage(
      'NO_SERVER',
      'no server is named and no `leonore up` is running',
      'Give --server and --token, or set LEONORE_SERVER and LEONORE_TOKEN, or run `leonore up`.',
    );
  }
  const own = stack !== undefined && isSameServer(stack.api, server) ? stack : undefined;
  const token = givenToken ?? own?.adminToken;
  if (token === undefined) {
    throw badUsage('NO_TOKEN', `no token for ${server}`, 'Give --token, or set LEONORE_TOKEN.');
  }
  return clientOf(server, token, givenCa ?? own?.ca);
}

async function clientOf(server: string, token: string, caPath: string | undefined): Promise<LeonoreClient> {
  if (caPath === undefined) return createLeonoreClient({ server, token });
  const ca = await readFile(caPath, 'utf8').catch(() => {
    throw badUsage('MALFORMED_INPUT', `${caPath} cannot be read`, 'Name the PEM file of the authority.');
  });
  return createLeonoreClient({ server, token, ca });
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
