import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ClientError } from '../client/client-error.js';
import { configDirectory } from '../stack/xdg.js';

/** A server, and what it is asked with. */
export interface ServerContext {
  /** URL of the API. */
  readonly server: string;
  /** Secret. Absent once somebody has signed out. */
  readonly token?: string;
  /** File of the authority that the server must be certified by. */
  readonly ca?: string;
  /** When the token expires; absent when nobody knows. */
  readonly expiresAt?: string;
}

/** The `leonore up` on a data directory: server and token are those that it has when it runs. */
export interface StackContext {
  readonly stack: string;
}

export type Context = ServerContext | StackContext;

/** What the file says. */
export interface Contexts {
  /** Name of the one in use; null when none is. */
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, Context>>;
}

const noContexts: Contexts = { current: null, contexts: {} };
/** Names are typed, and stand in tables. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/;

/** The file that contexts are kept in. */
export function contextsFile(env: NodeJS.ProcessEnv): string {
  return join(configDirectory(env), 'contexts.json');
}

/** @throws ClientError MALFORMED_INPUT when the file is damaged, or others may read it */
export async function readContexts(env: NodeJS.ProcessEnv): Promise<Contexts> {
  const file = contextsFile(env);
  let text: string;
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw wrongFile(file, `may be read or written by others; do: chmod 600 ${file}`);
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return noContexts;
    throw error instanceof ClientError ? error : wrongFile(file, `cannot be read: ${String(error)}`);
  }
  try {
    const found: unknown = JSON.parse(text);
    if (isContexts(found)) return found;
  } catch {
    // Told below: it is not what was written here.
  }
  throw wrongFile(file, 'is not what `leonore login` writes; remove it, and sign in again');
}

/** Replaces the file, which its owner alone may read: readers see the old one or the new one, never a part. */
export async function writeContexts(env: NodeJS.ProcessEnv, contexts: Contexts): Promise<void> {
  const file = contextsFile(env);
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** @throws ClientError MALFORMED_INPUT for a name that nobody could type */
export function withContext(
  { current, contexts }: Contexts,
  name: string,
  context: Context,
  use: boolean,
): Contexts {
  if (!namePattern.test(name))
    throw wrong(`"${name}" is no name of a context`, 'Use letters, digits and . _ : - alone.');
  return { current: use ? name : current, contexts: { ...contexts, [name]: context } };
}

export function withoutContext({ current, contexts }: Contexts, name: string): Contexts {
  const left = Object.fromEntries(Object.entries(contexts).filter(([other]) => other !== name));
  return { current: current === name ? null : current, contexts: left };
}

/** @throws ClientError MALFORMED_INPUT when there is none of the name */
export function contextOf({ contexts }: Contexts, name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  throw wrong(`there is no context "${name}"`, 'List them with `leonore context list`.');
}

/** The name under which a server is kept: the one that it has, or its host. */
export function nameOfServer({ contexts }: Contexts, server: string): string {
  const { origin, host } = new URL(server);
  const known = Object.entries(contexts).find(
    ([, context]) => 'server' in context && new URL(context.server).origin === origin,
  );
  // The brackets of an IPv6 address would have to be quoted in shells.
  return known?.[0] ?? host.replaceAll(/[[\]]/g, '').replace(/^:+/, 'host-');
}

/**
 * With the stack on a data directory. It is used from now on unless a server is: nobody is to work on another one than he
 * chose because a stack was started.
 */
export function withStack(contexts: Contexts, stack: string): { contexts: Contexts; name: string } {
  const known = Object.entries(contexts.contexts).find(([, one]) => 'stack' in one && one.stack === stack);
  const name = known?.[0] ?? freeName(contexts, basename(stack).replaceAll(/[^A-Za-z0-9._-]/g, '-'));
  const { current } = contexts;
  const inUse = current === null ? undefined : contexts.contexts[current];
  return { contexts: withContext(contexts, name, { stack }, inUse === undefined || 'stack' in inUse), name };
}

function freeName({ contexts }: Contexts, wanted: string): string {
  const first = namePattern.test(wanted) ? wanted.slice(0, 80) : 'stack';
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? first : `${first}-${n}`;
    if (!Object.hasOwn(contexts, name)) return name;
  }
}

function isContexts(value: unknown): value is Contexts {
  const { current, contexts } = (value ?? {}) as { current?: unknown; contexts?: unknown };
  if (current !== null && typeof current !== 'string') return false;
  return typeof contexts === 'object' && contexts !== null && Object.values(contexts).every(isContext);
}

function isContext(value: unknown): value is Context {
  const { server, token, ca, expiresAt, stack } = (value ?? {}) as Record<string, unknown>;
  if (typeof stack === 'string') return true;
  if (typeof server !== 'string' || !URL.canParse(server)) return false;
  return [token, ca, expiresAt].every((one) => one === undefined || typeof one === 'string');
}

function wrongFile(file: string, what: string): ClientError {
  return wrong(`${file} ${what}`, 'Mend the file that the detail names, or remove it.');
}

function wrong(detail: string, advice: string): ClientError {
  return new ClientError({
    code: 'MALFORMED_INPUT',
    detail,
    actor: 'caller',
    advice,
    status: 0,
    retryable: false,
  });
}
