import { readFile } from 'node:fs/promises';
import { ClientError } from '../client/client-error.js';
import { createLeonoreClient, type LeonoreClient } from '../client/leonore-client.js';
import { defaultDataDir, readStackState } from '../stack/state-file.js';
import { contextOf, readContexts, type Contexts } from './contexts.js';

export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
  /** File of the authority that the server must be certified by. */
  readonly ca?: string;
}

/** A server that is known here, and what it is asked with. */
interface Known {
  readonly server: string;
  readonly token?: string;
  readonly ca?: string;
}

/** What a server is asked with. */
export interface Credentials {
  readonly server: string;
  readonly token: string | undefined;
  readonly ca: string | undefined;
  /** Whether the caller named the token himself, and it is not what is kept here. */
  readonly isTokenSaid: boolean;
}

/** What the caller has said himself. */
interface Said {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly ca: string | undefined;
}

/**
 * The server and token to use: what the flags say, else LEONORE_SERVER and LEONORE_TOKEN, else the context in use, else the
 * running `leonore up`. A token is sent to the server alone that it is kept for. The authority is likewise that of --ca,
 * LEONORE_CA, or of what is known of the server; without one those of the system are believed.
 * @throws ClientError MALFORMED_INPUT, NO_SERVER, NO_TOKEN
 */
export async function connect(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<LeonoreClient> {
  const credentials = await credentialsOf(options, env);
  if (credentials.token === undefined)
    throw badUsage(
      'NO_TOKEN',
      `no token for ${credentials.server}`,
      'Sign in with `leonore login`, or give --token, or set LEONORE_TOKEN.',
    );
  return clientOf(credentials);
}

/**
 * Server and token, found as {@link connect} does; nobody has to be signed in.
 * @throws ClientError MALFORMED_INPUT, NO_SERVER
 */
export async function credentialsOf(
  options: ConnectionOptions,
  env: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const said = saidBy(options, env);
  if (said.server !== undefined && said.token !== undefined)
    return { ...said, server: said.server, isTokenSaid: true };
  const contexts = await readContexts(env);
  const inUse = await serversInUse(contexts, env);
  const server = said.server ?? inUse[0]?.server;
  if (server === undefined)
    throw badUsage(
      'NO_SERVER',
      'no server is named, no context is in use and no `leonore up` is running',
      'Sign in with `leonore login --server URL`, or give --server and --token, or set LEONORE_SERVER and LEONORE_TOKEN, or run `leonore up`.',
    );
  const kept = Object.values(contexts.contexts).filter((one) => 'server' in one);
  const own = [...inUse, ...kept].find((one) => isSameServer(one.server, server));
  return {
    server,
    token: said.token ?? own?.token,
    ca: said.ca ?? own?.ca,
    isTokenSaid: said.token !== undefined,
  };
}

/** A client without a token, or with another one than is known here. @throws ClientError MALFORMED_INPUT */
export async function clientOf({
  server,
  token,
  ca: file,
}: Omit<Credentials, 'isTokenSaid'>): Promise<LeonoreClient> {
  const options = { server, ...(token === undefined ? {} : { token }) };
  if (file === undefined) return createLeonoreClient(options);
  const ca = await readFile(file, 'utf8').catch(() => {
    throw badUsage('MALFORMED_INPUT', `${file} cannot be read`, 'Name the PEM file of the authority.');
  });
  return createLeonoreClient({ ...options, ca });
}

function saidBy(options: ConnectionOptions, env: NodeJS.ProcessEnv): Said {
  const server = options.server ?? nonEmpty(env['LEONORE_SERVER']);
  if (server !== undefined) checkAddress(server);
  return {
    server,
    token: options.token ?? nonEmpty(env['LEONORE_TOKEN']),
    ca: options.ca ?? nonEmpty(env['LEONORE_CA']),
  };
}

/** The context in use, then the stack on the default data directory; a stack that does not run is none. */
async function serversInUse(contexts: Contexts, env: NodeJS.ProcessEnv): Promise<Known[]> {
  const inUse = contexts.current === null ? null : contextOf(contexts, contexts.current);
  const first = inUse !== null && 'stack' in inUse ? await stackAt(inUse.stack) : inUse;
  return [first, await stackAt(defaultDataDir(env))].filter((one) => one !== null);
}

async function stackAt(dataDir: string): Promise<Known | null> {
  const stack = await readStackState(dataDir);
  if (stack === undefined) return null;
  const { api: server, adminToken: token, ca } = stack;
  return { server, token, ...(ca === undefined ? {} : { ca }) };
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
