import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { LeonoreError } from '../../domain/errors.js';

/**
 * PostgreSQL refuses to run as root. Started by root (in containers, mostly) it runs as the OS user `postgres`, who
 * is created when missing. That user often cannot reach what root owns: a checkout below /root, the default data
 * directory. Then the server gets the one capability that passes closed directories, and nothing else of root.
 */

const execute = promisify(execFile);

/** Who a PostgreSQL program runs as. */
export interface OsUser {
  /** Identity for `spawn`; absent: that of this process. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Owner that the data directory must have; absent: that of this process. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Command line to put in front of the program. */
  readonly prefix: readonly string[];
}

/**
 * Chooses the identity that PostgreSQL runs under.
 * @param paths what it must be able to reach: its programs and its data directory
 * @throws LeonoreError DATABASE_UNAVAILABLE when this process is root and there is no user to run it as
 */
export async function postgresOsUser(paths: readonly string[]): Promise<OsUser> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const owner = (await findPostgresUser()) ?? (await createPostgresUser());
  if (await canReach(owner, paths)) return { user: owner, owner, prefix: [] };
  const capability = '+dac_read_search';
  const prefix = [
    'setpriv',
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
  ];
  try {
    await execute('setpriv', [...prefix.slice(1), 'true']);
  } catch (cause) {
    throw new LeonoreError(
      'DATABASE_UNAVAILABLE',
      `PostgreSQL does not run as root, and the user postgres cannot reach ${paths.join(' or ')}; ` +
        'run as an ordinary user, or move the checkout and the data directory to where all users may look',
      {},
      { cause },
    );
  }
  return { owner, prefix };
}

async function findPostgresUser(): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const uid = await execute('id', ['-u', 'postgres']);
    const gid = await execute('id', ['-g', 'postgres']);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function createPostgresUser(): Promise<{ uid: number; gid: number }> {
  let cause: unknown;
  try {
    await execute('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  } catch (error) {
    // Another stack may have created the user at this very moment; only its absence afterwards is a failure.
    cause = error;
  }
  const created = await findPostgresUser();
  if (created !== undefined) return created;
  throw new LeonoreError(
    'DATABASE_UNAVAILABLE',
    'PostgreSQL does not run as root, and the user postgres could not be created; run as an ordinary user',
    {},
    { cause },
  );
}

async function canReach(
  user: { readonly uid: number; readonly gid: number },
  paths: readonly string[],
): Promise<boolean> {
  const directories = new Set(paths.flatMap(ancestors));
  const reachable = await Promise.all([...directories].map((path) => canPass(user, path)));
  return reachable.every(Boolean);
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...ancestors(parent)];
}

async function canPass(
  user: { readonly uid: number; readonly gid: number },
  directory: string,
): Promise<boolean> {
  const { mode, uid, gid } = await stat(directory);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  if (gid === user.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
